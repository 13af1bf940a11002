// Instantiation: f16, head dims up to 64.
#include "kernel.cuh"
#include "launch.h"

namespace sageattn3 {

cudaError_t launch_f16_d64(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__half, 64>>(p, stream);
}

} // namespace sageattn3
