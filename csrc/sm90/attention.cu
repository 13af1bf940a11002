// The attention kernels of the sm90 family, and the choice among them.
#include "launch.cuh"

namespace sage::sm90 {

cudaError_t launch_attention(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream) {
  if (p.mask.kind != MaskKind::kNone) return launch_attention_masked(p, queries, tile_dim, stream);
  if (queries != nullptr) return launch_attention_general(p, queries, tile_dim, stream);
  return launch_kind<false>(p, queries, tile_dim, stream);
}

} // namespace sage::sm90
