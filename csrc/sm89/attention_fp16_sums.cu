// Instantiations: FP8 values, sums over a block of keys in fp16.
#include "launch.h"
#include "traits.cuh"

namespace sage::sm89 {

cudaError_t launch_fp16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<Fp16Accumulator>(p, tile_dim, stream);
}

} // namespace sage::sm89
