// Choice of the instantiation for a dtype and a tile.
#include "launch.h"

namespace sageattn3 {

cudaError_t launch_attention(const AttentionParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  const bool half = dtype == Dtype::kFloat16;
  switch (tile_dim) {
  case 64: return half ? launch_f16_d64(p, stream) : launch_bf16_d64(p, stream);
  case 128: return half ? launch_f16_d128(p, stream) : launch_bf16_d128(p, stream);
  default: return half ? launch_f16_d256(p, stream) : launch_bf16_d256(p, stream);
  }
}

} // namespace sageattn3
