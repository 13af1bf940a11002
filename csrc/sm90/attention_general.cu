// The attention kernels for the options of general.cuh.
#include "launch.cuh"

namespace sage::sm90 {

cudaError_t launch_attention_general(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream) {
  return launch_kind<true>(p, queries, tile_dim, stream);
}

} // namespace sage::sm90
