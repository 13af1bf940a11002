// Instantiations: values in fp16, sums in fp32.
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<__half, Sums::kFp32>(p, tile_dim, stream);
}

} // namespace sage::sm80
