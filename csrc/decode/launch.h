// What the host calls: attention of few queries over many keys, in 16 bits; nothing is quantized.
#pragma once

#include "../common/params.h"

#include <cstddef>

namespace sage::decode {

// Keys are split over blocks of threads in multiples of this many.
constexpr int kSplitKeys = 128;
// Blocks of threads that a call is split into, at most: GPUs of today hold 300 or fewer at a time.
constexpr int kMostBlocks = 1024;
// The kernels on wgmma (9.0) have two sizes of tiles, those on mma.sync too. Up to 16 rows, and beyond so many
// channels, those on mma.sync run everywhere.
constexpr int kFewRows = 16, kManyRows = 64, kManyRowsWgmma = 128;
constexpr int kMostWgmmaChannels = 128;
// Up to so many query rows per head of keys, those of all query heads that share it, `sageattn` quantizes nothing
// (docs/kernels/decode.md). Tiles of 64 rows keep up with memory on mma.sync; on wgmma those of 128 nearly do, and two
// of them are faster than quantizing K and V where there are many keys. Masks but of key padding are read by every row.
constexpr int64_t most_rows(bool wgmma, bool masked, int64_t len_kv) {
  if (!wgmma || masked) return 64;
  return len_kv < 2048 ? 128 : 256;
}

struct Params {
  int batch, heads_q, heads_kv;
  int len_q, len_kv;
  int head_dim_qk, head_dim_v;
  TensorView query;  // [batch, heads_q, len_q, head_dim_qk]
  TensorView key;    // [batch, heads_kv, len_kv, head_dim_qk]
  TensorView value;  // [batch, heads_kv, len_kv, head_dim_v]
  TensorView output; // [batch, heads_q, len_q, head_dim_v]; written
  MaskView mask;     // kNone also where `padding` says it all
  MaskView padding;  // a boolean mask that is the same for all heads and queries; kNone: none
  float *lse;        // natural logarithm, [batch, heads_q, len_q]; null: not wanted
  float *partial;    // [batch, heads_kv, splits, row_tiles, tile_rows, tile_dim]: sums of P V; unused with one split
  float2 *partial_state; // the same without channels: the exponent that P is relative to, and the sum of P
  float sm_scale;        // multiplies query . key
  int causal_shift;      // query i sees the keys 0 .. i + causal_shift; kSeesAll: all
  int group; // query heads that share a head of keys. Row r of such a head is query r / group of its head r % group
  int rows;  // len_q * group
  int row_tiles, tile_rows; // of a head of keys
  int splits;               // chosen by the launch
  int keys_per_split;       // a multiple of kSplitKeys
  bool wide_query;          // base and strides are multiples of 4 bytes, head_dim_qk of 2
  bool wide_key;            // base and strides are multiples of 16 bytes, head_dim_qk of 8
  bool wide_value;          // the same for values
  bool wide_output;         // and for the output
  bool mask_pairs;          // mask base and strides are multiples of 2 elements, but for stride_key, which is 1
};

// Tiles and splits of a call, and its workspace.
struct Layout {
  bool wgmma;
  int tile_rows;
  int64_t row_tiles;          // per head of keys
  int64_t most_splits;        // that there is room for
  size_t state_offset, bytes; // Params::partial_state lies behind Params::partial

  Layout() = default;
  // heads: batch * heads_kv; rows: query rows per head.
  Layout(int64_t heads, int64_t rows, int64_t len_kv, int tile_dim, bool has_wgmma);
};

// 16-bit inputs.
cudaError_t launch(const Params &p, const Layout &layout, Dtype dtype, int tile_dim, cudaStream_t stream);

// Instantiations, a translation unit for each type. attend() chooses the splits.
cudaError_t attend_f16(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream);
cudaError_t attend_bf16(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream);
cudaError_t attend_wgmma(Params &p, const Layout &layout, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t combine_f16(const Params &p, int tile_dim, cudaStream_t stream);
cudaError_t combine_bf16(const Params &p, int tile_dim, cudaStream_t stream);

} // namespace sage::decode
