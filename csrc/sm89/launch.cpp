// Choice of the instantiation for the kind of sums.
#include "launch.h"
#include "build_config.h"

namespace sage {

cudaError_t launch_attention_sm89(const AttentionParams &p, int tile_dim, [[maybe_unused]] bool fp16_sums,
                                  cudaStream_t stream) {
#if SAGEATTENTION_FP8_FP16_SUMS
  if (fp16_sums) return sm89::launch_fp16_sums(p, tile_dim, stream);
#endif
  return sm89::launch_fp32_sums(p, tile_dim, stream);
}

} // namespace sage
