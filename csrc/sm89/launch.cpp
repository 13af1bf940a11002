// Choice of the instantiation for the GPU and the kind of sums.
#include "launch.h"
#include "../common/once_per_device.h"
#include "build_config.h"

namespace sage {

#if SAGE_MULTIPLIES_FP8 // mma.cuh
constexpr bool kConvertedByCompiler = true;
#else
constexpr bool kConvertedByCompiler = false;
#endif

cudaError_t launch_attention_sm89(const AttentionParams &p, int tile_dim, [[maybe_unused]] bool fp16_sums,
                                  cudaStream_t stream) {
#if SAGEATTENTION_FP8_FP16_SUMS
  int major = 0;
  if (const cudaError_t error = compute_capability_major(major); error != cudaSuccess) return error;
  if (fp16_sums && (major != 9 || kConvertedByCompiler)) return sm89::launch_fp16_sums(p, tile_dim, stream);
#endif
  return sm89::launch_fp32_sums(p, tile_dim, stream);
}

} // namespace sage
