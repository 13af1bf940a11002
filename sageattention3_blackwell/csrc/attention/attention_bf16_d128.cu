// Instantiation: bf16, head dims up to 128.
#include "kernel.cuh"
#include "launch.h"

namespace sageattn3 {

cudaError_t launch_bf16_d128(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__nv_bfloat16, 128>>(p, stream);
}

} // namespace sageattn3
