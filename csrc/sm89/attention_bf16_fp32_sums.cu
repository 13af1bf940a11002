// Instantiations: bf16 queries and output, FP8 values, block sums in fp32.
#include "launch.h"
#include "traits.cuh"

namespace sage::sm89 {

cudaError_t launch_bf16_fp32_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<__nv_bfloat16, Fp32Sums>(p, tile_dim, stream);
}

} // namespace sage::sm89
