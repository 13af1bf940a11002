// What the host calls: preparation of K and V, then attention. 16-bit inputs, no mask but of padding.
#pragma once

#include "record.h"

namespace sage::sm90 {

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream);

// `p.key` are the records, and p.sequences counts blocks of kTileKeys keys.
cudaError_t launch_attention(const AttentionParams &p, int tile_dim, cudaStream_t stream);

} // namespace sage::sm90
