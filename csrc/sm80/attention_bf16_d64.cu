// Instantiation: bf16, head dims up to 64.
#include "../attention/kernel.cuh"
#include "launch.h"
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_bf16_d64(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__nv_bfloat16, Tile<64, 2, 4, 64, 64, 2>>, Traits<__nv_bfloat16, Tile<64, 2, 4, 32, 64, 2>>>(p, stream);
}

} // namespace sage::sm80
