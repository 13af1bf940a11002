// Instantiations: values in fp16, sums of all keys in fp16.
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<__half, Sums::kFp16>(p, tile_dim, stream);
}

} // namespace sage::sm80
