// Instantiations: values in fp16, sums of a step of keys in fp16, those of steps in fp32.
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16_sums_per_step(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  return launch_tile<__half, Sums::kFp16PerStep>(p, tile_dim, stream);
}

} // namespace sage::sm80
