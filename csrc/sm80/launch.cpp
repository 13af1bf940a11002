// Choice of the instantiation for a dtype and a tile.
#include "launch.h"

namespace sage {

cudaError_t launch_attention_sm80(const AttentionParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  if (dtype == Dtype::kFloat16)
    return tile_dim == 64 ? sm80::launch_f16_d64(p, stream) : sm80::launch_f16_d128(p, stream);
  return tile_dim == 64 ? sm80::launch_bf16_d64(p, stream) : sm80::launch_bf16_d128(p, stream);
}

} // namespace sage
