// Smoothing and INT8 quantization of K, FP8 quantization of V, in one launch that reads both from memory once: a block
// of threads prepares the keys, then the values, of one tile.
//
// K: as in quant/quantize_key.cu, the mean over a sample of the head's keys is subtracted, and tokens n % 8 / 2 of a
// tile share a scale. V: a scale per tile and channel, which the attention kernel applies where it adds the sums of a
// tile. Source: SageAttention2 (arXiv 2411.10958) section 3.
//
// Memory is the limit. Loads are cp.async copies: they wait in shared memory, so that registers let several blocks
// share a multiprocessor, and need no barrier, because every thread reads only what it copied itself.
#include "../common/dispatch.cuh"
#include "../common/memory.cuh"
#include "../common/once_per_device.h"
#include "../quant/rows.cuh"
#include "launch.h"

namespace sage::sm90 {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace prepare {

constexpr uint32_t kBytesOfWord = 4;
constexpr int kWarps = kThreads / 32;
constexpr int kAbsmaxLanes = 16; // neighbouring lanes whose keys share a scale, whatever the tile
using Marks = unsigned[kTileKeys / 32];

// Blocks on a multiprocessor: what registers and shared memory have room for.
template <int kTileDim> constexpr int kBlocks = kTileDim == 64 ? 4 : kTileDim == 128 ? 3 : 2;

// 16-byte chunks of a tile and of a sample that a thread copies and works on.
template <int kTileDim> constexpr int kChunks = kTileKeys * kTileDim / kVector / kThreads;
template <int kTileDim> constexpr int kSampleChunks = kMeanSample * kTileDim / kVector / kThreads;

template <int kTileDim> struct SharedMemory {
  union { // each thread's own chunks
    uint4 key[kChunks<kTileDim>][kThreads];
    uint4 value[kChunks<kTileDim>][kThreads];
  };
  union {
    uint4 sample[kSampleChunks<kTileDim>][kThreads];                     // likewise
    alignas(16) uint32_t transposed[kTileDim][kTileKeys / kBytesOfWord]; // e4m3, four keys to a word
  };
  uint4 value_absmax[kWarps][kTileDim / kVector]; // of the values of a warp, in 16 bits
  alignas(16) unsigned key_absmax[kScalesPerBlock][kThreads / kAbsmaxLanes / kScalesPerBlock]; // bits of floats
  alignas(16) float mean[kTileDim];
  TileScales<kTileDim> scales;
  Marks special_key, special_value, hidden;
};

// Division of numbers below 2^31 by one that the host knows (Granlund and Montgomery, 1994).
struct Divisor {
  unsigned multiplier, shift;

  explicit Divisor(unsigned divisor) : shift(0) {
    while (uint64_t{1} << shift < divisor) ++shift;
    multiplier = static_cast<unsigned>((((uint64_t{1} << shift) - divisor) << 32) / divisor + 1);
  }
  __device__ __forceinline__ int quotient(int x) const {
    return (__umulhi(multiplier, static_cast<unsigned>(x)) + x) >> shift;
  }
};

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

// Two elements as floats.
template <typename Element> __device__ __forceinline__ float2 as_floats(uint32_t pair) {
  if constexpr (std::is_same_v<Element, __half>)
    return unpack2<__half>(pair);
  else // fewer instructions than the library's
    return make_float2(__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u));
}

template <typename Element> __device__ __forceinline__ void as_floats(float (&x)[kVector], const uint4 &chunk) {
  const uint32_t words[] = {chunk.x, chunk.y, chunk.z, chunk.w};
#pragma unroll
  for (int w = 0; w < kVector / 2; ++w) {
    const float2 pair = as_floats<Element>(words[w]);
    x[2 * w] = pair.x, x[2 * w + 1] = pair.y;
  }
}

// Smallest and largest elements, by channel; NaN where one is NaN.
template <typename Element> struct Range {
  uint4 low, high;

  __device__ __forceinline__ explicit Range(const uint4 &x) : low(x), high(x) {}
  __device__ __forceinline__ void include(const uint4 &x) {
    include(low.x, high.x, x.x), include(low.y, high.y, x.y);
    include(low.z, high.z, x.z), include(low.w, high.w, x.w);
  }

private:
  static __device__ __forceinline__ void include(uint32_t &low, uint32_t &high, uint32_t x) {
    typename Pair<Element>::type lows, highs, pair;
    memcpy(&lows, &low, sizeof(low)), memcpy(&highs, &high, sizeof(high)), memcpy(&pair, &x, sizeof(x));
    lows = __hmin2_nan(lows, pair), highs = __hmax2_nan(highs, pair);
    memcpy(&low, &lows, sizeof(low)), memcpy(&high, &highs, sizeof(high));
  }
};

// NaN if one is NaN.
__device__ __forceinline__ float larger(float a, float b) {
  float c;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(c) : "f"(a), "f"(b));
  return c;
}

// Copies the chunks of tokens first + offset(0), first + offset(1), ... to this thread's places; zeros where there are
// no tokens or channels.
template <typename Element, int kCount, class Offset>
__device__ __forceinline__ void fetch(uint4 (&to)[kCount][kThreads], const Element *head, int64_t stride_token,
                                      int channel, int head_dim, bool wide, int first, int len, const Offset &offset) {
  const Element *from = head + first * stride_token;
  if (wide) {
    const int end = channel < head_dim ? len - first : INT32_MIN;
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const int further = offset(i);
      cp_async_16(shared_address(&to[i][threadIdx.x]), from + further * stride_token + channel, further < end);
    }
  } else {
#pragma unroll 1
    for (int i = 0; i < kCount; ++i) {
      const int further = offset(i);
      const auto chunk = load_row(from + further * stride_token, channel, head_dim, first + further < len, false);
      memcpy(&to[i][threadIdx.x], &chunk, sizeof(chunk));
    }
  }
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_keys(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                           const Tile<Element> &tile) {
  using R = Rows<kTileDim>;
  fetch(smem.key, tile.key, p.key.stride_token, R::channel(), p.head_dim_qk, p.wide_key, tile.first_token() + R::row(),
        tile.len_kv, [](int i) { return i * R::kRowsPerPass; });
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_sample(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile) {
  using R = Rows<kTileDim>;
  // Every lane of a row finds one position.
  const int mine = threadIdx.x % R::kThreadsPerRow * R::kRowsPerPass + R::row();
  const int position = mine < min(tile.len_kv, kMeanSample) ? sample_position(mine, tile.len_kv) : tile.len_kv;
  fetch(smem.sample, tile.key, p.key.stride_token, R::channel(), p.head_dim_qk, p.wide_key, 0, tile.len_kv,
        [position](int i) { return __shfl_sync(kAllLanes, position, i, R::kThreadsPerRow); });
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

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_values(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile) {
  fetch(smem.value, tile.value, p.value.stride_token, Rows<kTileDim>::channel(), p.head_dim_v, p.wide_value,
        tile.first_token() + first_value_token<kTileDim>(), tile.len_kv,
        [](int i) { return value_token_offset<kTileDim>(i); });
}

// The mean of the sample, as sample_mean() finds it.
template <typename Element, int kTileDim>
__device__ __forceinline__ float find_mean(SharedMemory<kTileDim> &smem, int len) {
  using R = Rows<kTileDim>;
  float sum[kVector] = {}, finite = 0.0f;
  const auto add = [&](int i, bool check) {
    float x[kVector];
    as_floats<Element>(x, smem.sample[i][threadIdx.x]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] += check && is_nan(nan_unless_finite(x[c])) ? 0.0f : x[c];
  };
#pragma unroll
  for (int i = 0; i < kSampleChunks<kTileDim>; ++i) add(i, false);
#pragma unroll
  for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(sum[c]);
  if (is_nan(finite)) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] = 0.0f;
#pragma unroll 1
    for (int i = 0; i < kSampleChunks<kTileDim>; ++i) add(i, true);
  }
  // Sums take the places of two of this thread's chunks.
  auto *sums = reinterpret_cast<float4 *>(smem.sample);
  sums[threadIdx.x] = make_float4(sum[0], sum[1], sum[2], sum[3]);
  sums[kThreads + threadIdx.x] = make_float4(sum[4], sum[5], sum[6], sum[7]);
  __syncthreads();
  if (threadIdx.x >= kTileDim) return 0.0f;
  const int c = threadIdx.x;
  const float *of_channel = reinterpret_cast<const float *>(&sums[c % kVector / 4 * kThreads + c / kVector]) + c % 4;
  float total = 0.0f;
#pragma unroll
  for (int row = 0; row < R::kRowsPerPass; ++row) total += of_channel[row * R::kThreadsPerRow * 4];
  const float average = total / static_cast<float>(max(min(len, kMeanSample), 1));
  return is_nan(nan_unless_finite(average)) ? 0.0f : average;
}

// Bytes from the beginning of a record to this channel (a multiple of kVector) of a key.
template <int kTileDim> __device__ __forceinline__ int key_offset(int row, int channel) {
  constexpr int kRowBytes = Record<kTileDim>::kKeyRowBytes;
  const int panel = channel / kRowBytes * Record<kTileDim>::kPanelBytes;
  return panel + swizzled<kRowBytes>(row, channel % kRowBytes / 16) + channel % 16;
}

// Marks the tokens that are past the end or hidden by padding, all or none threads of a warp.
template <typename Element, int kTileDim>
__device__ __forceinline__ void find_hidden(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                            const Tile<Element> &tile) {
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
  if (threadIdx.x % 32 == 0) smem.hidden[threadIdx.x / 32] = word;
}

// Where not all keys of a warp exist and are finite: their largest magnitude (as bits) and, in `kept`, which are.
template <typename Element, int kTileDim>
__device__ __forceinline__ unsigned sort_out_keys(SharedMemory<kTileDim> &smem, const float (&mean)[kVector],
                                                  int existing, unsigned &kept) {
  using R = Rows<kTileDim>;
  unsigned largest = 0;
  kept = 0;
#pragma unroll 1
  for (int i = 0; i < kChunks<kTileDim>; ++i) {
    float x[kVector];
    as_floats<Element>(x, smem.key[i][threadIdx.x]);
    unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
    for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
    const bool special = row_any<kTileDim>(magnitude >= __float_as_uint(INFINITY));
    const int token = i * R::kRowsPerPass + R::row();
    const bool keep = !special && token < existing;
    if (special && R::channel() == 0) atomicOr(&smem.special_key[token / 32], 1u << token % 32);
    kept |= unsigned{keep} << i;
    largest = max(largest, keep ? magnitude : 0u);
  }
  return largest;
}

template <int kTileDim> __device__ __forceinline__ float key_absmax(const SharedMemory<kTileDim> &smem, int group) {
  const uint4 x = *reinterpret_cast<const uint4 *>(smem.key_absmax[group]);
  return __uint_as_float(max(max(x.x, x.y), max(x.z, x.w)));
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_keys(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kChunks<kTileDim>;
  constexpr unsigned kAllKept = (1u << kCount) - 1;
  const int row = R::row(), channel = R::channel();
  const int existing = tile.len_kv - tile.first_token();
  float mean[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = smem.mean[channel + c];
  uint4 stored[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) stored[i] = smem.key[i][threadIdx.x];

  // Subtraction keeps the order of numbers, so of a channel only the smallest and the largest need it.
  Range<Element> range(stored[0]);
#pragma unroll
  for (int i = 1; i < kCount; ++i) range.include(stored[i]);
  float low[kVector], high[kVector], magnitude = 0.0f;
  as_floats<Element>(low, range.low), as_floats<Element>(high, range.high);
#pragma unroll
  for (int c = 0; c < kVector; ++c) magnitude = larger(magnitude, larger(high[c] - mean[c], mean[c] - low[c]));
  unsigned kept = kAllKept, largest = __float_as_uint(magnitude);
  if (existing < kTileKeys || __any_sync(kAllLanes, largest >= __float_as_uint(INFINITY)))
    largest = sort_out_keys<Element, kTileDim>(smem, mean, existing, kept);
  fetch_values<Element, kTileDim>(smem, p, tile); // this thread has read its keys: their places are free
  cp_async_commit();

  // The rows of one thread are a multiple of 8 apart and share a scale group; so do those of kAbsmaxLanes lanes.
#pragma unroll
  for (int offset = kAbsmaxLanes / 2; offset > 0; offset /= 2)
    largest = max(largest, __shfl_xor_sync(kAllLanes, largest, offset));
  const int group = row % 8 / 2;
  constexpr int kSharesPerGroup = 2 * R::kThreadsPerRow / kAbsmaxLanes; // of 8 rows
  const int share = row / 8 * kSharesPerGroup + threadIdx.x / kAbsmaxLanes % kSharesPerGroup;
  if (threadIdx.x % kAbsmaxLanes == 0) smem.key_absmax[group][share] = largest;
  __syncthreads();

  const float factor = int8_factor(key_absmax(smem, group));
  char *to = record + key_offset<kTileDim>(row, channel);
  constexpr int kStride = R::kRowsPerPass * Record<kTileDim>::kKeyRowBytes; // the same chunk: whole swizzles further
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    float v[kVector];
    as_floats<Element>(v, stored[i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) v[c] = (v[c] - mean[c]) * factor;
    *reinterpret_cast<uint2 *>(to + i * kStride) = {pack_int8(v[0], v[1], v[2], v[3]),
                                                    pack_int8(v[4], v[5], v[6], v[7])};
  }
  if (kept != kAllKept) {
#pragma unroll 1
    for (int i = 0; i < kCount; ++i)
      if (!(kept >> i & 1)) *reinterpret_cast<uint2 *>(to + i * kStride) = {0, 0};
  }
  if (threadIdx.x < kScalesPerBlock) {
    const float scale = int8_scale(key_absmax(smem, threadIdx.x));
    unsigned special = 0, hidden = 0;
#pragma unroll
    for (int word = 0; word < kTileKeys / 32; ++word) {
      special |= smem.special_key[word];
      hidden |= smem.hidden[word];
    }
    smem.scales.key[threadIdx.x] = (special | hidden) != 0 ? -scale : scale;
    smem.scales.special_key[threadIdx.x] = smem.special_key[threadIdx.x] & ~smem.hidden[threadIdx.x];
    smem.scales.visible[threadIdx.x] = ~(smem.special_key[threadIdx.x] | smem.hidden[threadIdx.x]);
    if (threadIdx.x == 0) smem.scales.any_special_key = special != 0;
  }
}

// Magnitudes of 16-bit numbers order like integers.
__device__ __forceinline__ void raise(uint4 &largest, const uint4 &x) {
  largest.x = __vmaxu2(largest.x, x.x), largest.y = __vmaxu2(largest.y, x.y);
  largest.z = __vmaxu2(largest.z, x.z), largest.w = __vmaxu2(largest.w, x.w);
}

__device__ __forceinline__ uint4 magnitudes(const uint4 &x) {
  return {x.x & 0x7fff7fffu, x.y & 0x7fff7fffu, x.z & 0x7fff7fffu, x.w & 0x7fff7fffu};
}

// Replaces those of this thread's values that are not finite by zeros, and marks their tokens.
template <typename Element, int kTileDim>
__device__ __forceinline__ void sort_out_values(SharedMemory<kTileDim> &smem) {
  constexpr uint32_t kInfinity = std::is_same_v<Element, __half> ? 0x7c00 : 0x7f80;
#pragma unroll 1
  for (int i = 0; i < kChunks<kTileDim>; ++i) {
    uint4 x = smem.value[i][threadIdx.x];
    bool special = false;
    for (uint32_t *word : {&x.x, &x.y, &x.z, &x.w}) {
      if ((*word & kInfinity) == kInfinity) special = true, *word &= 0xffff0000u;
      if ((*word >> 16 & kInfinity) == kInfinity) special = true, *word &= 0x0000ffffu;
    }
    if (!special) continue;
    smem.value[i][threadIdx.x] = x;
    const int token = first_value_token<kTileDim>() + value_token_offset<kTileDim>(i);
    atomicOr(&smem.special_value[token / 32], 1u << token % 32);
  }
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_values(SharedMemory<kTileDim> &smem, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kChunks<kTileDim>;
  const int column = threadIdx.x % R::kThreadsPerRow; // of 8 channels
  uint4 stored[kCount], largest;
  const auto read = [&] {
    stored[0] = smem.value[0][threadIdx.x];
    Range<Element> range(stored[0]);
#pragma unroll
    for (int i = 1; i < kCount; ++i) {
      stored[i] = smem.value[i][threadIdx.x];
      range.include(stored[i]);
    }
    largest = magnitudes(range.low);
    raise(largest, magnitudes(range.high));
  };
  read();
  float channels[kVector], finite = 0.0f;
  as_floats<Element>(channels, largest);
#pragma unroll
  for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(channels[c]);
  if (is_nan(finite)) {
    sort_out_values<Element, kTileDim>(smem);
    read();
  }
#pragma unroll
  for (int offset = R::kThreadsPerRow; offset < 32; offset *= 2)
    raise(largest, {__shfl_xor_sync(kAllLanes, largest.x, offset), __shfl_xor_sync(kAllLanes, largest.y, offset),
                    __shfl_xor_sync(kAllLanes, largest.z, offset), __shfl_xor_sync(kAllLanes, largest.w, offset)});
  if (threadIdx.x % 32 < R::kThreadsPerRow) smem.value_absmax[threadIdx.x / 32][column] = largest;
  __syncthreads();

  largest = smem.value_absmax[0][column];
#pragma unroll
  for (int warp = 1; warp < kWarps; ++warp) raise(largest, smem.value_absmax[warp][column]);
  float factor[kVector];
  as_floats<Element>(factor, largest);
#pragma unroll
  for (int c = 0; c < kVector; ++c) // finite for every finite absmax
    factor[c] = kLargestE4m3 / 256.0f * reciprocal(fmaxf(factor[c], kSmallestAbsmax) * (1.0f / 256.0f));

  constexpr int kTwist = 32 / R::kThreadsPerRow; // the lanes of a warp meet every bank once
#pragma unroll
  for (int u = 0; u < kCount / 4; ++u) {
    float x[4][kVector];
#pragma unroll
    for (int i = 0; i < 4; ++i) as_floats<Element>(x[i], stored[4 * u + i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      const uint32_t word = pack_e4m3(x[0][c] * factor[c], x[1][c] * factor[c]) |
                            pack_e4m3(x[2][c] * factor[c], x[3][c] * factor[c]) << 16;
      const int quad = u * R::kRowsPerPass + R::row();
      smem.transposed[column * kVector + c][quad ^ kTwist * column] = word;
    }
  }
  if (threadIdx.x < kTileDim) {
    const int c = threadIdx.x;
    uint32_t bits = 0;
#pragma unroll
    for (int warp = 0; warp < kWarps; ++warp)
      bits = max(bits, uint32_t{reinterpret_cast<const uint16_t *>(smem.value_absmax[warp])[c]});
    const float absmax = fmaxf(as_floats<Element>(bits).x, kSmallestAbsmax);
    smem.scales.value[c % 8 / 2][c / 8 * 2 + c % 2] = absmax / kLargestE4m3;
  }
  if (threadIdx.x < kTileKeys / 32) {
    unsigned marks = 0;
#pragma unroll
    for (int word = 0; word < kTileKeys / 32; ++word) marks |= smem.special_value[word];
    if (threadIdx.x == 0) smem.scales.any_special_value = marks != 0;
    smem.scales.special_value[threadIdx.x] = smem.special_value[threadIdx.x];
  }
  __syncthreads();

  char *values = record + Record<kTileDim>::kValueOffset;
#pragma unroll
  for (int pass = 0; pass < kTileDim * kTileKeys / 16 / kThreads; ++pass) {
    const int i = pass * kThreads + threadIdx.x;
    const int channel = i / 8, chunk = i % 8;
    const int twist = kTwist * (channel / kVector);
    uint4 words = *reinterpret_cast<const uint4 *>(&smem.transposed[channel][4 * chunk ^ (twist & ~3)]);
    if (twist & 2) words = make_uint4(words.z, words.w, words.x, words.y);
    if (twist & 1) words = make_uint4(words.y, words.x, words.w, words.z);
    *reinterpret_cast<uint4 *>(values + swizzled<kTileKeys>(channel, chunk)) = words;
  }
  // At once, so that no sector of memory is written in parts.
  if (threadIdx.x < sizeof(smem.scales) / sizeof(uint4))
    reinterpret_cast<uint4 *>(record + Record<kTileDim>::kScalesOffset)[threadIdx.x] =
        reinterpret_cast<const uint4 *>(&smem.scales)[threadIdx.x];
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads, kBlocks<kTileDim>) prepare_kernel(const __grid_constant__ KernelParams k) {
  extern __shared__ uint4 dynamic_memory[];
  auto &smem = *reinterpret_cast<SharedMemory<kTileDim> *>(dynamic_memory);
  const PrepareParams &p = k.prepare;
  allow_next_grid();
  const Tile<Element> tile(k);
  if (tile.index > 0 && tile.first_token() >= tile.len_kv) return;
  char *record = p.records + tile.record * Record<kTileDim>::kBytes;
  fetch_keys<Element, kTileDim>(smem, p, tile);
  if (p.smooth) fetch_sample<Element, kTileDim>(smem, p, tile);
  cp_async_commit();
  if (threadIdx.x < kTileKeys / 32) smem.special_key[threadIdx.x] = smem.special_value[threadIdx.x] = 0;
  if (threadIdx.x < kTileKeys) find_hidden<Element, kTileDim>(smem, p, tile);
  if (threadIdx.x < sizeof(smem.scales) / sizeof(uint4)) // its gaps are written too
    reinterpret_cast<uint4 *>(&smem.scales)[threadIdx.x] = {};
  cp_async_wait<0>();

  const float mean = p.smooth ? find_mean<Element, kTileDim>(smem, tile.len_kv) : 0.0f;
  if (threadIdx.x < kTileDim) {
    smem.mean[threadIdx.x] = mean;
    if (tile.index == 0) p.mean[(int64_t{tile.batch} * p.heads + tile.head) * kTileDim + threadIdx.x] = mean;
  }
  __syncthreads();
  prepare_keys<Element, kTileDim>(smem, p, tile, record);
  cp_async_wait<0>();
  prepare_values<Element, kTileDim>(smem, record);
}

template <typename Element, int kTileDim> cudaError_t launch(const KernelParams &k, cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedMemory<kTileDim>);
  static std::atomic<int> answers[kMostDevices];
  int allowed = 0;
  const cudaError_t error = once_per_device(answers, allowed, [](int, int &answer) {
    answer = 1;
    return cudaFuncSetAttribute(prepare_kernel<Element, kTileDim>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  });
  if (error != cudaSuccess) return error;
  const Sequences &s = k.prepare.sequences;
  prepare_kernel<Element, kTileDim><<<s.key_blocks * k.prepare.heads * s.batch, kThreads, kBytes, stream>>>(k);
  return cudaGetLastError();
}

} // namespace prepare

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    if constexpr (sizeof(element) == 4) {
      return cudaErrorInvalidValue;
    } else {
      const KernelParams k{p, Divisor(p.sequences.key_blocks), Divisor(p.heads)};
      return launch<decltype(element), tile>(k, stream);
    }
  });
}

} // namespace sage::sm90
