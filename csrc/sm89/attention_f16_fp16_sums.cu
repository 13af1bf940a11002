// Instantiations: f16 queries and output, FP8 values, block sums in fp16.
#include "launch.h"
#include "traits.cuh"

namespace sage::sm89 {

cudaError_t launch_f16_fp16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<__half, Fp16Sums>(p, tile_dim, stream);
}

} // namespace sage::sm89
