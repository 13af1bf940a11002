// What the host hands to the kernels: one struct per kernel, every field with its meaning. Plain C++.
#pragma once

#include "../../../csrc/common/params.h"
#include "layout.h"

#include <cstdint>
#include <cuda_runtime_api.h>

namespace sageattn3 {

using sage::Dtype;
using sage::kSeesAll;
using sage::MaskKind;
using sage::MaskView;
using sage::Sequences;
using sage::TensorView;

// Statistics of a head over its tokens, of K, V and where wanted Q: `jobs` of them, one after the other.
struct StatisticsParams {
  Sequences sequences;
  TensorView key, value, query;
  int heads_kv, heads_q; // heads_q 0: not wanted
  int dim_qk, dim_v;
  int chunks;                            // parts of a head
  bool wide_key, wide_value, wide_query; // base and strides are multiples of 16 bytes, channels of 8
  float *partial;                        // [jobs, chunks, 3, tile_dim]: sum, smallest, largest
  float *mean;                           // [jobs, tile_dim]
  float *factor;                         // [jobs]: the power of two for the largest |x - mean| (K) or |x| (V)
};

// Jobs: the kv heads of K, those of V, the query heads; each [batch, heads].
struct Jobs {
  int key, value, query; // the first of each
  int count;
};
SAGEATTN3_EVERYWHERE inline Jobs jobs_of(int batch, int heads_kv, int heads_q) {
  return {0, batch * heads_kv, 2 * batch * heads_kv, batch * (2 * heads_kv + heads_q)};
}

// Smoothing and quantization of K and V into records.
struct PrepareParams {
  Sequences sequences;
  TensorView key, value;
  int heads_kv, dim_qk, dim_v;
  bool wide_key;
  const float *mean; // StatisticsParams::mean
  const float *factor;
  void *records; // Record<tile_dim> [heads_kv, sequences.head_blocks]
};

struct AttentionParams {
  Sequences sequences;
  TensorView query;    // [batch, heads_q, len_q, dim_qk]
  TensorView output;   // [batch, heads_q, len_q, dim_v]; written
  MaskView mask;       // [batch, heads_q, len_q, len_kv]
  const void *records; // PrepareParams::records
  const float *mean;   // StatisticsParams::mean
  const float *factor;
  float *lse; // natural logarithm, at lse_stride_batch * batch + lse_stride_head * head + query; null: not wanted
  int64_t lse_stride_batch, lse_stride_head;
  int heads_q, heads_kv, dim_qk, dim_v;
  int query_tiles; // tiles of kQueryBlock rows per head
  float sm_scale;  // multiplies query . key
  int causality;   // 0 not causal, 1 top left, 2 bottom right (sageattn3_causality)
  bool per_block_mean;
  bool wide_query, wide_output; // base and strides are multiples of 16 bytes, channels of 8
};

// Each returns the launch error, cudaSuccess if none.
cudaError_t launch_statistics(const StatisticsParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_prepare(const PrepareParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention(const AttentionParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);

} // namespace sageattn3
