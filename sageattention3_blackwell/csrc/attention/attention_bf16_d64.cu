// Instantiation: bf16, head dims up to 64.
#include "kernel.cuh"
#include "launch.h"

namespace sageattn3 {

cudaError_t launch_bf16_d64(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__nv_bfloat16, 64>>(p, stream);
}

} // namespace sageattn3
