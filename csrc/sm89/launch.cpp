// Choice of the instantiation for a dtype and the kind of sums.
#include "launch.h"

namespace sage {

cudaError_t launch_attention_sm89(const AttentionParams &p, Dtype dtype, int tile_dim, bool fp16_sums,
                                  cudaStream_t stream) {
  if (dtype == Dtype::kFloat16)
    return fp16_sums ? sm89::launch_f16_fp16_sums(p, tile_dim, stream) : sm89::launch_f16_fp32_sums(p, tile_dim, stream);
  return fp16_sums ? sm89::launch_bf16_fp16_sums(p, tile_dim, stream) : sm89::launch_bf16_fp32_sums(p, tile_dim, stream);
}

} // namespace sage
