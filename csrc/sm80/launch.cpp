// Choice of the instantiation for a dtype and a tile.
#include "launch.h"

namespace sage {

cudaError_t launch_attention_sm80(const AttentionParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  const bool half = dtype == Dtype::kFloat16;
  switch (tile_dim) {
  case 64: return half ? sm80::launch_f16_d64(p, stream) : sm80::launch_bf16_d64(p, stream);
  case 128: return half ? sm80::launch_f16_d128(p, stream) : sm80::launch_bf16_d128(p, stream);
  default: return half ? sm80::launch_f16_d256(p, stream) : sm80::launch_bf16_d256(p, stream);
  }
}

} // namespace sage
