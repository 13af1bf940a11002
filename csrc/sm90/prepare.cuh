// What both kernels that prepare K and V share: which tile a block of threads works on, and how a record is laid out.
#pragma once

#include "../common/divisor.h"
#include "../quant/rows.cuh"
#include "launch.h"

namespace sage::sm90 {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace prepare {

constexpr uint32_t kBytesOfWord = 4;
constexpr int kWarps = kThreads / 32;
using Marks = unsigned[kTileKeys / 32];

struct KernelParams {
  PrepareParams prepare;
  Divisor key_blocks, heads;
};

// The tile that this block prepares.
template <typename Element> struct Tile {
  int batch, head, index, len_kv;
  int64_t record;
  const Element *key, *value; // of the head's first token

  __device__ __forceinline__ explicit Tile(const KernelParams &k) {
    const PrepareParams &p = k.prepare;
    const int block = blockIdx.x, head_index = k.key_blocks.quotient(block);
    index = block - head_index * p.sequences.key_blocks;
    batch = k.heads.quotient(head_index), head = head_index - batch * p.heads;
    const Sequence sequence(p.sequences, batch, kTileKeys);
    len_kv = sequence.len_kv;
    record = int64_t{head} * p.sequences.head_blocks + sequence.first_block + index;
    key = head_of<Element>(p.key, batch, head, sequence.first_kv);
    value = head_of<Element>(p.value, batch, head, sequence.first_kv);
  }
  __device__ __forceinline__ int first_token() const { return index * kTileKeys; }
};

// Bytes from the beginning of a record to this channel (a multiple of kVector) of a key.
template <int kTileDim> __device__ __forceinline__ int key_offset(int row, int channel) {
  constexpr int kRowBytes = Record<kTileDim>::kKeyRowBytes;
  const int panel = channel / kRowBytes * Record<kTileDim>::kPanelBytes;
  return panel + swizzled<kRowBytes>(row, channel % kRowBytes / 16) + channel % 16;
}

// Chunks i of values are those of units of 4 keys x 8 channels. Position 4 t + {0, 1, 2, 3} of every 16 holds keys 2 t,
// 2 t + 1, 8 + 2 t, 9 + 2 t: what a thread of the attention kernel has of the scores.
template <int kTileDim> __device__ __forceinline__ int first_value_token() {
  const int quad = Rows<kTileDim>::row();
  return quad / 4 * 16 + quad % 4 * 2;
}
template <int kTileDim> __device__ __forceinline__ constexpr int value_token_offset(int i) {
  return i / 4 * Rows<kTileDim>::kRowsPerPass * 4 + i % 4 / 2 * 8 + i % 2;
}

// Marks the tokens that are past the end or hidden by padding, all or none threads of a warp.
template <typename Element>
__device__ __forceinline__ void find_hidden(Marks &marks, const PrepareParams &p, const Tile<Element> &tile) {
  const bool padded = p.padding.kind != MaskKind::kNone;
  unsigned word = 0;
  if (padded || tile.first_token() + kTileKeys > tile.len_kv) {
    const int token = tile.first_token() + threadIdx.x;
    bool hidden = token >= tile.len_kv;
    if (padded && !hidden)
      hidden = !static_cast<const bool *>(
          p.padding.data)[tile.batch * p.padding.stride_batch + token * p.padding.stride_key];
    word = __ballot_sync(kAllLanes, hidden);
  }
  if (threadIdx.x % 32 == 0) marks[threadIdx.x / 32] = word;
}

// Writes the scale of a group of keys, those of the largest magnitude absmax, and the marks of 32 tokens: the part of
// thread i of kScalesPerBlock = kTileKeys / 32.
template <int kTileDim>
__device__ __forceinline__ void note_keys(TileScales<kTileDim> &scales, float absmax, const Marks &special_key,
                                          const Marks &hidden) {
  static_assert(kScalesPerBlock == kTileKeys / 32, "a thread has a group of keys and a word of marks");
  const float scale = int8_scale(absmax);
  unsigned any_special = 0, any_hidden = 0;
#pragma unroll
  for (int word = 0; word < kTileKeys / 32; ++word) {
    any_special |= special_key[word];
    any_hidden |= hidden[word];
  }
  scales.key[threadIdx.x] = (any_special | any_hidden) != 0 ? -scale : scale;
  scales.special_key[threadIdx.x] = special_key[threadIdx.x] & ~hidden[threadIdx.x];
  scales.visible[threadIdx.x] = ~(special_key[threadIdx.x] | hidden[threadIdx.x]);
  if (threadIdx.x == 0) scales.any_special_key = any_special != 0;
}
// The same of values, after it.
template <int kTileDim>
__device__ __forceinline__ void note_values(TileScales<kTileDim> &scales, const Marks &special_value) {
  unsigned any = 0;
#pragma unroll
  for (int word = 0; word < kTileKeys / 32; ++word) any |= special_value[word];
  if (threadIdx.x == 0) scales.any_special_value = any != 0;
  if (any != 0) scales.key[threadIdx.x] = -fabsf(scales.key[threadIdx.x]);
  scales.special_value[threadIdx.x] = special_value[threadIdx.x];
}

// The lanes of a warp meet every bank of transposed values once: words of a row are exchanged by column of 8 channels.
template <int kTileDim> constexpr int kTwist = 32 / Rows<kTileDim>::kThreadsPerRow;
template <int kTileDim> using Transposed = uint32_t[kTileDim][kTileKeys / kBytesOfWord]; // e4m3, four keys to a word

// Writes the values and the scales of a record.
template <int kTileDim>
__device__ __forceinline__ void write_record(char *record, const Transposed<kTileDim> &transposed,
                                             const TileScales<kTileDim> &scales) {
  char *values = record + Record<kTileDim>::kValueOffset;
#pragma unroll
  for (int pass = 0; pass < kTileDim * kTileKeys / 16 / kThreads; ++pass) {
    const int i = pass * kThreads + threadIdx.x;
    const int channel = i / 8, chunk = i % 8;
    const int twist = kTwist<kTileDim> * (channel / kVector);
    uint4 words = *reinterpret_cast<const uint4 *>(&transposed[channel][4 * chunk ^ (twist & ~3)]);
    if (twist & 2) words = make_uint4(words.z, words.w, words.x, words.y);
    if (twist & 1) words = make_uint4(words.y, words.x, words.w, words.z);
    *reinterpret_cast<uint4 *>(values + swizzled<kTileKeys>(channel, chunk)) = words;
  }
  // At once, so that no sector of memory is written in parts.
  if (threadIdx.x < sizeof(scales) / sizeof(uint4))
    reinterpret_cast<uint4 *>(record + Record<kTileDim>::kScalesOffset)[threadIdx.x] =
        reinterpret_cast<const uint4 *>(&scales)[threadIdx.x];
}

} // namespace prepare
} // namespace sage::sm90
