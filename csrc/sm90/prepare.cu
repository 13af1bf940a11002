// Smoothing and INT8 quantization of K, FP8 quantization of V, in one launch that reads both once: a block of threads
// prepares the keys or the values of one tile.
//
// K: as in quant/quantize_key.cu, the mean over a sample of the head's keys is subtracted, and tokens n % 8 / 2 of a
// tile share a scale. V: a scale per tile and channel, which the attention kernel applies where it adds the sums of a
// tile. Source: SageAttention2 (arXiv 2411.10958) section 3.
#include "../common/dispatch.cuh"
#include "../common/memory.cuh"
#include "../quant/rows.cuh"
#include "launch.h"

namespace sage::sm90 {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace prepare {

constexpr uint32_t kBytesOfWord = 4;
using Marks = unsigned[kTileKeys / 32];

template <int kTileDim> struct KeyMemory {
  float partial[Rows<kTileDim>::kRowsPerPass][kTileDim];
  unsigned absmax[kScalesPerBlock]; // bits of non-negative floats, which order like integers
  Marks special, hidden;
};

template <int kTileDim> struct ValueMemory {
  float partial[Rows<kTileDim>::kRowsPerPass][kTileDim]; // row 0 later holds the factors
  Marks special;
  alignas(16) uint32_t tile[kTileDim][kTileKeys / kBytesOfWord]; // e4m3, four keys to a word
};

template <int kTileDim> union SharedMemory {
  KeyMemory<kTileDim> key;
  ValueMemory<kTileDim> value;
};

// Bytes from the beginning of a record to this channel (a multiple of kVector) of a key.
template <int kTileDim> __device__ __forceinline__ int key_offset(int row, int channel) {
  constexpr int kRowBytes = Record<kTileDim>::kKeyRowBytes;
  const int panel = channel / kRowBytes * Record<kTileDim>::kPanelBytes;
  return panel + swizzled<kRowBytes>(row, channel % kRowBytes / 16) + channel % 16;
}

// Keeps elements as they are stored: otherwise the compiler may keep them unpacked as well, in registers that it lacks.
template <typename Element> __device__ __forceinline__ void keep_stored(StoredVector<Element> &stored) {
  uint32_t words[sizeof(stored) / sizeof(uint32_t)];
  memcpy(words, &stored, sizeof(stored));
#pragma unroll
  for (auto &word : words) word = opaque(word);
  memcpy(&stored, words, sizeof(stored));
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_keys(KeyMemory<kTileDim> &smem, const PrepareParams &p, int batch, int head_kv,
                                             int tile, const Sequence &sequence, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kPasses = kTileKeys / R::kRowsPerPass;
  const int row = R::row(), channel = R::channel();
  const Element *head = head_of<Element>(p.key, batch, head_kv, sequence.first_kv);
  if (threadIdx.x < kScalesPerBlock) smem.absmax[threadIdx.x] = 0;
  if (threadIdx.x < kTileKeys / 32) smem.special[threadIdx.x] = 0;
  if (threadIdx.x < kTileKeys) { // whole warps
    const int token = tile * kTileKeys + threadIdx.x;
    bool hidden = token >= sequence.len_kv;
    if (!hidden && p.padding.kind != MaskKind::kNone)
      hidden =
          !static_cast<const bool *>(p.padding.data)[batch * p.padding.stride_batch + token * p.padding.stride_key];
    const unsigned word = __ballot_sync(kAllLanes, hidden);
    if (threadIdx.x % 32 == 0) smem.hidden[threadIdx.x / 32] = word;
  }

  StoredVector<Element> stored[kPasses];
  const int first_token = tile * kTileKeys + row;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    const int token = first_token + pass * R::kRowsPerPass;
    stored[pass] =
        load_row(head + token * p.key.stride_token, channel, p.head_dim_qk, token < sequence.len_kv, p.wide_key);
  }
  float mean[kVector] = {};
  if (p.smooth)
    sample_mean<Element, kTileDim>(mean, smem.partial, head, p.key.stride_token, sequence.len_kv, p.head_dim_qk,
                                   p.wide_key);
  else
    __syncthreads(); // smem is cleared
  if (tile == 0 && row == 0) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) p.mean[(int64_t{batch} * p.heads + head_kv) * kTileDim + channel + c] = mean[c];
  }

  // The rows of one thread are a multiple of 8 apart and share a scale group; so do those of 16 neighbouring lanes.
  const int group = row % 8 / 2;
  unsigned kept = 0; // bit `pass`: this thread's token is quantized, not past the end and not special
  unsigned largest = 0;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    float x[kVector];
    unpack_row(x, stored[pass]);
    unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
    for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
    const bool special = row_any<kTileDim>(magnitude >= __float_as_uint(INFINITY));
    const int token = pass * R::kRowsPerPass + row;
    const bool keep = !special && tile * kTileKeys + token < sequence.len_kv;
    if (special && channel == 0) atomicOr(&smem.special[token / 32], 1u << token % 32);
    kept |= unsigned{keep} << pass;
    largest = max(largest, keep ? magnitude : 0u);
  }
#pragma unroll
  for (int offset = 8; offset > 0; offset /= 2) largest = max(largest, __shfl_xor_sync(kAllLanes, largest, offset));
  if (threadIdx.x % 16 == 0) atomicMax(&smem.absmax[group], largest);
  __syncthreads();

  const float factor = int8_factor(__uint_as_float(smem.absmax[group]));
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    float v[kVector];
    if (kTileDim > 128) keep_stored(stored[pass]);
    unpack_row(v, stored[pass]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) v[c] = kept >> pass & 1 ? (v[c] - mean[c]) * factor : 0.0f;
    const uint2 bytes = {pack_int8(v[0], v[1], v[2], v[3]), pack_int8(v[4], v[5], v[6], v[7])};
    *reinterpret_cast<uint2 *>(record + key_offset<kTileDim>(pass * R::kRowsPerPass + row, channel)) = bytes;
  }
  auto &scales = *reinterpret_cast<TileScales<kTileDim> *>(record + Record<kTileDim>::kScalesOffset);
  if (threadIdx.x < kScalesPerBlock) {
    const float scale = fmaxf(__uint_as_float(smem.absmax[threadIdx.x]) / kInt8Max, kSmallestScale);
    unsigned special = 0, hidden = 0;
#pragma unroll
    for (int word = 0; word < kTileKeys / 32; ++word) {
      special |= smem.special[word];
      hidden |= smem.hidden[word];
    }
    scales.key[threadIdx.x] = (special | hidden) != 0 ? -scale : scale;
    scales.special_key[threadIdx.x] = smem.special[threadIdx.x] & ~smem.hidden[threadIdx.x];
    scales.visible[threadIdx.x] = ~(smem.special[threadIdx.x] | smem.hidden[threadIdx.x]);
    if (threadIdx.x == 0) scales.any_special_key = special != 0;
  }
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_values(ValueMemory<kTileDim> &smem, const PrepareParams &p, int batch,
                                               int head_kv, int tile, const Sequence &sequence, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kUnits = kTileKeys / kBytesOfWord / R::kRowsPerPass; // of 4 keys x 8 channels, per thread
  const Element *head = head_of<Element>(p.value, batch, head_kv, sequence.first_kv);
  const int column = threadIdx.x % R::kThreadsPerRow; // of 8 channels
  if (threadIdx.x < kTileKeys / 32) smem.special[threadIdx.x] = 0;
  // Position 4 t + {0, 1, 2, 3} of every 16 holds keys 2 t, 2 t + 1, 8 + 2 t, 9 + 2 t: what a thread has of the scores.
  const auto token_of = [](int unit, int i) {
    const int quad = unit * R::kRowsPerPass + R::row();
    return quad / 4 * 16 + quad % 4 * 2 + i / 2 * 8 + i % 2;
  };
  StoredVector<Element> stored[kUnits][4];
#pragma unroll
  for (int u = 0; u < kUnits; ++u) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int token = tile * kTileKeys + token_of(u, i);
      stored[u][i] = load_row(head + token * p.value.stride_token, column * kVector, p.head_dim_v,
                              token < sequence.len_kv, p.wide_value);
    }
  }
  float largest[kVector] = {}, finite = 0.0f;
#pragma unroll
  for (int u = 0; u < kUnits; ++u) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float x[kVector];
      unpack_row(x, stored[u][i]);
#pragma unroll
      for (int c = 0; c < kVector; ++c) {
        finite += nan_unless_finite(x[c]);
        largest[c] = is_nan(nan_unless_finite(x[c])) ? largest[c] : fmaxf(largest[c], fabsf(x[c]));
      }
    }
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) smem.partial[R::row()][R::channel() + c] = largest[c];
  __syncthreads();
  auto &scales = *reinterpret_cast<TileScales<kTileDim> *>(record + Record<kTileDim>::kScalesOffset);
  for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
    float absmax = kSmallestAbsmax;
#pragma unroll
    for (int r = 0; r < R::kRowsPerPass; ++r) absmax = fmaxf(absmax, smem.partial[r][c]);
    scales.value[c % 8 / 2][c / 8 * 2 + c % 2] = absmax / kLargestE4m3;
    smem.partial[0][c] = kLargestE4m3 / 256.0f * reciprocal(absmax * (1.0f / 256.0f)); // finite for every finite absmax
  }
  __syncthreads();
  float factor[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) factor[c] = smem.partial[0][R::channel() + c];

#pragma unroll
  for (int u = 0; u < kUnits; ++u) {
    float x[4][kVector];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (kTileDim > 128) keep_stored(stored[u][i]);
      unpack_row(x[i], stored[u][i]);
      if (!is_nan(finite)) continue;
      bool special = false;
#pragma unroll
      for (int c = 0; c < kVector; ++c) {
        if (!is_nan(nan_unless_finite(x[i][c]))) continue;
        special = true;
        x[i][c] = 0.0f;
      }
      if (special) atomicOr(&smem.special[token_of(u, i) / 32], 1u << token_of(u, i) % 32);
    }
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      const uint32_t word = pack_e4m3(x[0][c] * factor[c], x[1][c] * factor[c]) |
                            pack_e4m3(x[2][c] * factor[c], x[3][c] * factor[c]) << 16;
      const int quad = u * R::kRowsPerPass + R::row();
      smem.tile[column * kVector + c][quad ^ 2 * column % 32] = word; // the lanes of a warp meet every bank once
    }
  }
  __syncthreads();

  constexpr int kChunks = kTileDim * kTileKeys / 16;
  char *values = record + Record<kTileDim>::kValueOffset;
#pragma unroll
  for (int pass = 0; pass < kChunks / kThreads; ++pass) {
    const int i = pass * kThreads + threadIdx.x;
    const int channel = i / 8, chunk = i % 8;
    const int twist = 2 * (channel / kVector) % 32;
    const uint4 words = *reinterpret_cast<const uint4 *>(&smem.tile[channel][4 * chunk ^ (twist & ~3)]);
    const uint4 ordered = twist & 2 ? make_uint4(words.z, words.w, words.x, words.y) : words;
    *reinterpret_cast<uint4 *>(values + swizzled<kTileKeys>(channel, chunk)) = ordered;
  }
  if (threadIdx.x < kTileKeys / 32) scales.special_value[threadIdx.x] = smem.special[threadIdx.x];
  if (threadIdx.x == 0) {
    unsigned marks = 0;
#pragma unroll
    for (int word = 0; word < kTileKeys / 32; ++word) marks |= smem.special[word];
    scales.any_special_value = marks != 0;
  }
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads, 2) prepare_kernel(const __grid_constant__ PrepareParams p) {
  __shared__ SharedMemory<kTileDim> smem;
  allow_next_grid();
  const int index = blockIdx.x / 2; // keys and values of a tile side by side
  const int head_index = index / p.sequences.key_blocks, tile = index % p.sequences.key_blocks;
  const int batch = head_index / p.heads, head_kv = head_index % p.heads;
  const Sequence sequence(p.sequences, batch, kTileKeys);
  if (tile > 0 && tile * kTileKeys >= sequence.len_kv) return;
  const int64_t record_index = int64_t{head_kv} * p.sequences.head_blocks + sequence.first_block + tile;
  char *record = p.records + record_index * Record<kTileDim>::kBytes;
  if (blockIdx.x % 2 == 0)
    prepare_keys<Element, kTileDim>(smem.key, p, batch, head_kv, tile, sequence, record);
  else
    prepare_values<Element, kTileDim>(smem.value, p, batch, head_kv, tile, sequence, record);
}

} // namespace prepare

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    if constexpr (sizeof(element) == 4) {
      return cudaErrorInvalidValue;
    } else {
      const unsigned grid = 2u * p.sequences.key_blocks * p.heads * p.sequences.batch;
      prepare_kernel<decltype(element), tile><<<grid, kThreads, 0, stream>>>(p);
      return cudaGetLastError();
    }
  });
}

} // namespace sage::sm90
