// Instantiation: f16, head dims up to 128.
#include "kernel.cuh"
#include "launch.h"

namespace sageattn3 {

cudaError_t launch_f16_d128(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__half, 128>>(p, stream);
}

} // namespace sageattn3
