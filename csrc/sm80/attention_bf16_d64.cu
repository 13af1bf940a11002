// Instantiation: bf16, head dims up to 64.
#include "attention.cuh"
#include "launch.h"

namespace sage::sm80 {

cudaError_t launch_bf16_d64(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__nv_bfloat16, 64, 2, 4, 64, 64, 2>>(p, stream);
}

} // namespace sage::sm80
