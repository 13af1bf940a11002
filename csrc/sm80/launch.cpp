// Choice of the instantiation for the dtype of values and the kind of sums.
#include "launch.h"

namespace sage {

cudaError_t launch_attention_sm80(const AttentionParams &p, Dtype value_dtype, Sums sums, int tile_dim,
                                  cudaStream_t stream) {
  switch (sums) {
  case Sums::kFp16: return sm80::launch_f16_sums(p, tile_dim, stream);
  case Sums::kFp16PerStep: return sm80::launch_f16_sums_per_step(p, tile_dim, stream);
  default:
    return value_dtype == Dtype::kFloat16 ? sm80::launch_f16(p, tile_dim, stream)
                                          : sm80::launch_bf16(p, tile_dim, stream);
  }
}

} // namespace sage
