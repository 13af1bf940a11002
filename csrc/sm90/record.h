// How quantized keys and values wait in the workspace: exactly the bytes that the attention kernel wants in shared
// memory, so that one bulk copy without a tensor map brings a tile.
#pragma once

#include "../common/params.h"

namespace sage::sm90 {

constexpr int kTileKeys = 128;

// What belongs to the keys and values of a tile beside them. Bit n of the marks stands for token n.
template <int kTileDim> struct alignas(128) TileScales {
  float key[kScalesPerBlock];             // scale of token n: key[n % 8 / 2]; negative where `visible` hides a token
  int any_special_key, any_special_value; // whether those marks are not all 0
  uint32_t visible[kTileKeys / 32];       // tokens that exist, are finite and are not hidden by a padding mask
  uint32_t
      special_key[kTileKeys / 32]; // tokens that padding shows, but whose key holds an inf or NaN: quantized as zeros
  uint32_t special_value[kTileKeys / 32]; // tokens whose value does: those elements are quantized as zeros
  int claimed; // of the first record: work items that blocks have claimed. Preparation sets it to 0, as all gaps
  // Scales of the values, as threads read them: channel 8 n + 2 t + i at [t][2 n + i], columns in different banks.
  alignas(16) float value[4][kTileDim / 4 + 4];
};

// [keys][values][scales]: INT8 keys in rows of kKeyRowBytes (of a further panel for every 128 channels), e4m3 values in
// rows of kTileKeys, one per channel. 16-byte chunks of a row are swizzled as wgmma descriptors expect.
template <int kTileDim> struct Record {
  static constexpr int kKeyRowBytes = kTileDim < 128 ? kTileDim : 128;
  static constexpr int kPanelBytes = kTileKeys * kKeyRowBytes;
  static constexpr int kValueOffset = kTileKeys * kTileDim;
  static constexpr int kScalesOffset = 2 * kTileKeys * kTileDim;
  static constexpr int kBytes = kScalesOffset + sizeof(TileScales<kTileDim>);
};

constexpr int record_bytes(int tile_dim) {
  return tile_dim == 64 ? Record<64>::kBytes : tile_dim == 128 ? Record<128>::kBytes : Record<256>::kBytes;
}

constexpr int kQueryRows = 64; // of a record of queries: of a consumer warp group

// Quantized queries of the general kernels, also as in shared memory: INT8 rows in panels like those of the keys, then
// the scales of the rows with sm_scale * log2(e), then query . key mean * sm_scale, for the LSE.
template <int kTileDim> struct QueryRecord {
  static constexpr int kPanelBytes = kQueryRows * Record<kTileDim>::kKeyRowBytes;
  static constexpr int kScaleOffset = kQueryRows * kTileDim;
  static constexpr int kMeanOffset = kScaleOffset + kQueryRows * sizeof(float);
  static constexpr int kBytes = kMeanOffset + kQueryRows * sizeof(float);
};
constexpr int64_t query_record_bytes(int tile_dim) {
  return tile_dim == 64    ? QueryRecord<64>::kBytes
         : tile_dim == 128 ? QueryRecord<128>::kBytes
                           : QueryRecord<256>::kBytes;
}

// Where the records of a sequence lie, [heads_q, of_head]: those of a sequence begin at its number times of_sequence,
// or, packed, at cu_seqlens_q / kQueryRows + its number, as with keys.
struct QueryRecords {
  char *data;
  int of_sequence, of_head;
};
inline QueryRecords query_records(const Sequences &s, char *data) {
  const int of_sequence = (s.len_q + kQueryRows - 1) / kQueryRows;
  return {data, of_sequence, s.cu_seqlens_q == nullptr ? s.batch * of_sequence : s.total_q / kQueryRows + s.batch};
}

// Preparation of K and V: smoothing, quantization, layout. `sequences` counts blocks of kTileKeys keys.
struct PrepareParams {
  Sequences sequences;
  TensorView key, value; // [batch, heads, len_kv, head_dim_qk or head_dim_v]
  MaskView padding;      // a boolean mask that is the same for all heads and queries; kNone: none
  char *records;         // [heads, head_blocks] records
  float *mean;           // [batch, heads, tile_dim]: what was subtracted from K
  float *value_mean;     // the same of V; null: nothing
  int heads, head_dim_qk, head_dim_v;
  bool smooth;               // false: nothing is subtracted, and the mean is written as zeros
  bool one_scale;            // for all keys of a tile: its kScalesPerBlock scales are equal
  bool mask_order;           // of the keys of a tile: see key_of_row()
  bool wide_key, wide_value; // base and strides are multiples of 16 bytes, head_dim of 8
};

// Quantization of the queries of the general kernels.
struct QueryParams {
  Sequences sequences;
  TensorView query;      // [batch, heads_q, len_q, head_dim]
  const float *key_mean; // PrepareParams::mean; null: the LSE is not wanted
  QueryRecords records;
  int heads_q, heads_kv, head_dim;
  float sm_scale;
  bool shared_scale; // by the 16 rows of a warp; else a scale per row
  bool wide;         // base and strides are multiples of 16 bytes, head_dim of 8
};

} // namespace sage::sm90
