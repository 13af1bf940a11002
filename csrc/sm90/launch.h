// What the host calls: preparation of K and V, then attention.
#pragma once

#include "record.h"

namespace sage::sm90 {

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_prepare_general(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream);

// For general kernels.
cudaError_t launch_quantize_query(const QueryParams &p, Dtype dtype, int tile_dim, cudaStream_t stream);

// `p.key` are the records, and p.sequences counts blocks of kTileKeys keys. `queries`: QueryRecords::data, null for
// calls that are not general.
cudaError_t launch_attention(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention_general(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention_masked(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream);

} // namespace sage::sm90
