// Smoothing and INT8 quantization of K and, with it or not, FP8 quantization of V, each read from memory once.
//
// K: every block of threads takes the mean of a small sample of the head's keys (the same for all blocks of a head, so
// it is subtracted consistently; it stays in the L2 cache) and subtracts it from its own tokens. V: a scale per 64 keys
// and channel; the values are transposed to channel-major, the layout of the second operand of an m16n8k32 MMA.
// Sources: SageAttention (arXiv 2410.02367) section 4.2, SageAttention2 (2411.10958) section 3, SageAttention2++
// (2505.21136).
#pragma once

#include "../common/dispatch.cuh"
#include "../common/divisor.h"
#include "../common/once_per_device.h"
#include "chunks.cuh"

namespace sage {

// Four warps take 64 keys: as keys, each warp those of one scale, so that nothing about a scale has to be shared.
constexpr int kTeam = 128; // threads
constexpr int kTeamWarps = kTeam / 32;
static_assert(kTeamWarps == kScalesPerBlock, "a warp for every scale");

template <typename Element_, int kTileDim_> struct PrepareShape {
  using Element = Element_;
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kBlocks = kTileDim * sizeof(Element) <= 256 ? 2 : 1; // of keys, per block of threads
  static constexpr int kThreads = kBlocks * kTeam;
  using R = Rows<kTileDim, kThreads>;
  static constexpr int kRowThreads = R::kThreadsPerRow;
  static constexpr int kWarpRows = 32 / kRowThreads;                          // at a time
  static constexpr int kChunks = kKeyBlock * kTileDim / kVector / kTeam;      // of a thread
  static constexpr int kSample = kMeanSample * kTileDim / kVector / kThreads; // of a thread, too
  static constexpr bool kCopiesSample = sizeof(Element) == 2;                 // fp32 ones would not fit
  static constexpr int kWords = kBlocks * kKeyBlock / 4;                      // of four e4m3, of a channel
  static constexpr int kTwist = kWarpRows; // the lanes of a warp meet every bank once, or twice
#if __CUDA_ARCH__ == 900
  static constexpr int kBlocksPerSm = sizeof(Element) == 4 ? 1 : kTileDim == 128 ? 3 : 4;
#else // with 64 registers D = 64 spills
  static constexpr int kBlocksPerSm = sizeof(Element) == 4 ? 1 : kTileDim == 256 ? 4 : 3;
#endif

  static __device__ __forceinline__ int block() { return threadIdx.x / kTeam; }
  static __device__ __forceinline__ int warp() { return threadIdx.x / 32 % kTeamWarps; }
  static __device__ __forceinline__ int warp_row() { return threadIdx.x % 32 / kRowThreads; }

  // Keys of the scale of this warp: 8 j + 2 warp, 8 j + 2 warp + 1.
  static __device__ __forceinline__ constexpr int key_offset(int i) {
    return i * kWarpRows / 2 * 8 + i * kWarpRows % 2;
  }
  static __device__ __forceinline__ int first_key() { return warp_row() / 2 * 8 + 2 * warp() + warp_row() % 2; }

  // Values come in quads of those whose bytes are a word of the result, chunks 4 u to 4 u + 3 are quad kQuads u +
  // first_quad(). An MMA thread holds columns 2 t and 2 t + 1 of every 8 scores and packs two such pairs into a word:
  // quad 4 n + t of 64 keys are keys 16 n + 2 t + {0, 1, 8, 9}.
  static constexpr int kQuads = kTeamWarps * kWarpRows;
  static __device__ __forceinline__ int first_quad() { return warp() * kWarpRows + warp_row(); }
  static __device__ __forceinline__ int first_value() { return first_quad() / 4 * 16 + first_quad() % 4 * 2; }
  static __device__ __forceinline__ constexpr int value_offset(int i) {
    return i / 4 * kQuads * 4 + i % 4 / 2 * 8 + i % 2;
  }
  static_assert(kQuads % 4 == 0 && kChunks % 4 == 0, "quads of a thread are multiples of 16 keys apart");
};

template <class S> struct PrepareMemory {
  union {
    Chunk<typename S::Element> chunks[S::kChunks][S::kThreads]; // each thread's own, of keys, then of values
    alignas(16) uint32_t transposed[S::kTileDim][S::kWords];    // e4m3
  };
  union {
    uint4 sample[S::kCopiesSample ? S::kSample : 1][S::kThreads];      // likewise
    float partial[S::R::kRowsPerPass][S::kTileDim];                    // of a mean
    uint4 value_absmax[S::kBlocks][kTeamWarps][S::kTileDim / kVector]; // of the values of a warp, in 16 bits
  };
  alignas(16) float mean[S::kTileDim];                               // of keys, then of values
  unsigned absmax[S::kBlocks], norm[S::kBlocks];                     // where the scales of a block are one
  unsigned special_key[S::kBlocks][2], special_value[S::kBlocks][2]; // tokens with an inf or NaN, 32 to a word
  bool hidden[S::kBlocks][2];                                        // whether the padding mask hides one of the tokens
};

// What the kernel gets.
struct PrepareParams {
  QuantizeKeyParams key;
  QuantizeValueParams value; // unused without values
  Divisor chunks, heads;     // blocks of threads per head
};

// The keys of this block of threads.
template <class S> struct PrepareTile {
  int batch, head, head_index, index, len_kv, first_block, first_key, first_token;

  __device__ __forceinline__ explicit PrepareTile(const PrepareParams &p) {
    const int block = blockIdx.x;
    head_index = p.chunks.quotient(block);
    index = block - head_index * ((p.key.sequences.key_blocks + S::kBlocks - 1) / S::kBlocks);
    batch = p.heads.quotient(head_index), head = head_index - batch * p.key.heads;
    const Sequence sequence(p.key.sequences, batch);
    len_kv = sequence.len_kv, first_key = sequence.first_kv;
    first_block = sequence.first_block + index * S::kBlocks;
    first_token = index * S::kBlocks * kKeyBlock;
  }
  // Keys of this thread's 64 that exist, counted from the first; 0 or less: none.
  __device__ __forceinline__ int existing() const { return len_kv - first_token - S::block() * kKeyBlock; }
  // Of the workspace, for this thread.
  __device__ __forceinline__ int64_t block(const Sequences &s, int of_tile) const {
    return int64_t{head} * s.head_blocks + first_block + of_tile;
  }
};

// Which tokens the padding mask shows, a bit for each; the first head writes them down.
template <class S>
__device__ __forceinline__ void find_visible(PrepareMemory<S> &smem, const QuantizeKeyParams &p,
                                             const PrepareTile<S> &tile) {
  const int token = tile.first_token + threadIdx.x;
  const int blocks = min(S::kBlocks, (tile.len_kv - tile.first_token + kKeyBlock - 1) / kKeyBlock);
  if (static_cast<int>(threadIdx.x) >= blocks * kKeyBlock) return; // whole warps
  const bool *mask = static_cast<const bool *>(p.padding.data) + tile.batch * p.padding.stride_batch;
  const bool exists = token < tile.len_kv;
  const bool shown = exists && mask[token * p.padding.stride_key];
  const unsigned word = __ballot_sync(kAllLanes, shown), all = __ballot_sync(kAllLanes, exists);
  if (threadIdx.x % 32 != 0) return;
  smem.hidden[threadIdx.x / kKeyBlock][threadIdx.x / 32 % 2] = word != all;
  if (tile.head == 0) reinterpret_cast<unsigned *>(p.visible + tile.first_block)[threadIdx.x / 32] = word;
}

// Where not all keys of a warp exist and are finite: their largest magnitude (as bits), which are (`kept`, a bit for
// each chunk) and whether a key that exists is not finite.
template <class S>
__device__ __forceinline__ unsigned sort_out_keys(PrepareMemory<S> &smem, const float (&mean)[kVector], int existing,
                                                  unsigned &kept, bool &special) {
  unsigned largest = 0;
  kept = 0;
#pragma unroll 1
  for (int i = 0; i < S::kChunks; ++i) {
    float x[kVector];
    as_floats<typename S::Element>(x, smem.chunks[i][threadIdx.x]);
    unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
    for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
    const int token = S::first_key() + S::key_offset(i);
    const bool infinite = row_any<S::kTileDim>(token < existing && magnitude >= __float_as_uint(INFINITY));
    const bool keep = !infinite && token < existing;
    if (infinite && S::R::channel() == 0) atomicOr(&smem.special_key[S::block()][token / 32], 1u << token % 32);
    special |= infinite;
    kept |= unsigned{keep} << i;
    largest = max(largest, keep ? magnitude : 0u);
  }
  special = __any_sync(kAllLanes, special);
  return largest;
}

// The sums of x[0], x[1], ... over kLanes neighbouring lanes, each in some of them.
template <int kCount, int kLanes> __device__ __forceinline__ unsigned scattered_sums(const unsigned (&x)[kCount]) {
  constexpr int kHalf = kLanes / 2;
  if constexpr (kLanes == 1) {
    return x[0];
  } else if constexpr (kCount == 1) {
    const unsigned sum[1] = {x[0] + __shfl_xor_sync(kAllLanes, x[0], kHalf)};
    return scattered_sums<1, kHalf>(sum);
  } else {
    const bool upper = (threadIdx.x & kHalf) != 0;
    unsigned sums[kCount / 2];
#pragma unroll
    for (int i = 0; i < kCount / 2; ++i) {
      const unsigned kept = upper ? x[i + kCount / 2] : x[i], given = upper ? x[i] : x[i + kCount / 2];
      sums[i] = kept + __shfl_xor_sync(kAllLanes, given, kHalf);
    }
    return scattered_sums<kCount / 2, kHalf>(sums);
  }
}

// The largest of the sums of x[i] over the lanes of a row, for all rows of a warp.
template <class S> __device__ __forceinline__ unsigned largest_row_sum(const unsigned (&x)[S::kChunks]) {
  static_assert(S::kChunks <= S::kRowThreads, "one sum is left");
  return __reduce_max_sync(kAllLanes, scattered_sums<S::kChunks, S::kRowThreads>(x));
}

// Quantizes the keys. Returns the scale of this warp; negative where a key needs care. `all_read` is called when the
// copies of keys have been read.
template <class S, class AllRead>
__device__ __forceinline__ float prepare_keys(PrepareMemory<S> &smem, const QuantizeKeyParams &p,
                                              const PrepareTile<S> &tile, const AllRead &all_read) {
  using Element = typename S::Element;
  constexpr unsigned kAllKept = (1u << S::kChunks) - 1;
  const int existing = tile.existing(), channel = S::R::channel();
  float mean[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = smem.mean[channel + c];
  Chunk<Element> stored[S::kChunks];
#pragma unroll
  for (int i = 0; i < S::kChunks; ++i) stored[i] = smem.chunks[i][threadIdx.x];

  // Subtraction keeps the order of numbers, so of a channel only the smallest and the largest need it.
  Range<Element> range(stored[0]);
#pragma unroll
  for (int i = 1; i < S::kChunks; ++i) range.include(stored[i]);
  float low[kVector], high[kVector], magnitude = 0.0f;
  as_floats<Element>(low, range.low), as_floats<Element>(high, range.high);
#pragma unroll
  for (int c = 0; c < kVector; ++c) magnitude = larger(magnitude, larger(high[c] - mean[c], mean[c] - low[c]));
  unsigned kept = kAllKept, largest = __float_as_uint(magnitude);
  bool special = false;
  if (__any_sync(kAllLanes, existing < kKeyBlock || largest >= __float_as_uint(INFINITY)))
    largest = sort_out_keys(smem, mean, existing, kept, special);
  all_read();
  largest = __reduce_max_sync(kAllLanes, largest);
  if (p.one_scale) {
    atomicMax(&smem.absmax[S::block()], largest);
    __syncthreads();
    largest = smem.absmax[S::block()];
  }

  const float factor = int8_factor(__uint_as_float(largest));
  const int64_t block = tile.block(p.sequences, S::block());
  int8_t *to = p.quantized + block * p.record_bytes + S::first_key() * S::kTileDim + channel;
  unsigned squares[S::kChunks];
  const bool here = existing > 0;
#pragma unroll
  for (int i = 0; i < S::kChunks; ++i) {
    float v[kVector];
    as_floats<Element>(v, stored[i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) v[c] = (v[c] - mean[c]) * factor;
    const uint2 bytes = {pack_int8(v[0], v[1], v[2], v[3]), pack_int8(v[4], v[5], v[6], v[7])};
    if (here) *reinterpret_cast<uint2 *>(to + S::key_offset(i) * S::kTileDim) = bytes;
    squares[i] = dot4(bytes.y, bytes.y, dot4(bytes.x, bytes.x, 0));
  }
  if (here && kept != kAllKept) {
#pragma unroll
    for (int i = 0; i < S::kChunks; ++i) {
      if (kept >> i & 1) continue;
      *reinterpret_cast<uint2 *>(to + S::key_offset(i) * S::kTileDim) = {0, 0};
      squares[i] = 0;
    }
  }
  unsigned norm = largest_row_sum<S>(squares);
  if (p.one_scale) {
    atomicMax(&smem.norm[S::block()], norm);
    __syncthreads();
    norm = smem.norm[S::block()];
  }
  const float scale = with_norm_code<S::kTileDim>(int8_scale(__uint_as_float(largest)), norm);
  const bool hidden = p.padding.kind != MaskKind::kNone && (smem.hidden[S::block()][0] || smem.hidden[S::block()][1]);
  return special || hidden ? -scale : scale;
}

// The largest magnitudes of values as 16-bit numbers: as they are or, where there is a mean to take off, as bf16 and
// rounded up.
template <typename Element> __device__ __forceinline__ bool exact_magnitudes(const QuantizeValueParams &p) {
  return sizeof(Element) == 2 && p.mean == nullptr;
}
__device__ __forceinline__ uint32_t rounded_up(float low, float high) {
  constexpr uint32_t kLargest = 0x7f7fffff; // finite stays finite
  return __byte_perm(min(__float_as_uint(low) + 0xffff, kLargest), min(__float_as_uint(high) + 0xffff, kLargest),
                     0x7632);
}
template <typename Element>
__device__ __forceinline__ void unpack_magnitudes(float (&x)[kVector], const uint4 &bits,
                                                  const QuantizeValueParams &p) {
  if (std::is_same_v<Element, __half> && exact_magnitudes<Element>(p))
    as_floats<__half>(x, bits);
  else
    as_floats<__nv_bfloat16>(x, bits);
}

// Replaces those of this thread's values that are not finite by zeros, and marks their tokens.
template <class S> __device__ __forceinline__ void sort_out_values(PrepareMemory<S> &smem) {
  using Element = typename S::Element;
#pragma unroll 1
  for (int i = 0; i < S::kChunks; ++i) {
    auto &x = reinterpret_cast<StoredVector<Element> &>(smem.chunks[i][threadIdx.x]);
    bool special = false;
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      if (!is_nan(nan_unless_finite(to_float(x.x[c])))) continue;
      special = true;
      x.x[c] = Element(0.0f);
    }
    const int token = S::first_value() + S::value_offset(i);
    if (special) atomicOr(&smem.special_value[S::block()][token / 32], 1u << token % 32);
  }
}

template <class S>
__device__ __forceinline__ void prepare_values(PrepareMemory<S> &smem, const QuantizeValueParams &p,
                                               const PrepareTile<S> &tile) {
  using Element = typename S::Element;
  const float *mean = smem.mean + S::R::channel(); // where there is one
  const int column = threadIdx.x % S::kRowThreads; // of 8 channels
  Chunk<Element> stored[S::kChunks];
  uint4 largest;
  const auto read = [&] { // returns whether all values of this thread are finite
    stored[0] = smem.chunks[0][threadIdx.x];
    Range<Element> range(stored[0]);
#pragma unroll
    for (int i = 1; i < S::kChunks; ++i) {
      stored[i] = smem.chunks[i][threadIdx.x];
      range.include(stored[i]);
    }
    float x[kVector], finite = 0.0f;
    bool exact = false;
    if constexpr (sizeof(Element) == 2) {
      exact = exact_magnitudes<Element>(p);
      if (exact) {
        largest = magnitudes(range.low);
        raise(largest, magnitudes(range.high));
        as_floats<Element>(x, largest);
      }
    }
    if (!exact) {
      float low[kVector], high[kVector];
      as_floats<Element>(low, range.low), as_floats<Element>(high, range.high);
#pragma unroll
      for (int c = 0; c < kVector; ++c) {
        const float offset = p.mean == nullptr ? 0.0f : mean[c];
        x[c] = larger(fabsf(high[c] - offset), fabsf(low[c] - offset));
      }
      largest = {rounded_up(x[0], x[1]), rounded_up(x[2], x[3]), rounded_up(x[4], x[5]), rounded_up(x[6], x[7])};
    }
#pragma unroll
    for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(x[c]);
    return !is_nan(finite);
  };
  if (!read()) {
    sort_out_values(smem);
    read();
  }
#pragma unroll
  for (int offset = S::kRowThreads; offset < 32; offset *= 2)
    raise(largest, {__shfl_xor_sync(kAllLanes, largest.x, offset), __shfl_xor_sync(kAllLanes, largest.y, offset),
                    __shfl_xor_sync(kAllLanes, largest.z, offset), __shfl_xor_sync(kAllLanes, largest.w, offset)});
  if (threadIdx.x % 32 < S::kRowThreads) smem.value_absmax[S::block()][S::warp()][column] = largest;
  __syncthreads();

  largest = smem.value_absmax[S::block()][0][column];
#pragma unroll
  for (int warp = 1; warp < kTeamWarps; ++warp) raise(largest, smem.value_absmax[S::block()][warp][column]);
  float absmax[kVector], factor[kVector];
  unpack_magnitudes<Element>(absmax, largest, p);
#pragma unroll
  for (int c = 0; c < kVector; ++c) {
    absmax[c] = fmaxf(absmax[c], kSmallestAbsmax);
    factor[c] = p.largest / 256.0f * reciprocal(absmax[c] * (1.0f / 256.0f)); // finite for every finite absmax
  }
#pragma unroll
  for (int u = 0; u < S::kChunks / 4; ++u) {
    float x[4][kVector];
#pragma unroll
    for (int i = 0; i < 4; ++i) as_floats<Element>(x[i], stored[4 * u + i]);
    const int word = S::block() * (kKeyBlock / 4) + u * S::kQuads + S::first_quad();
    const auto write = [&](const auto &scaled) {
#pragma unroll
      for (int c = 0; c < kVector; ++c)
        smem.transposed[column * kVector + c][word ^ (S::kTwist * column & (S::kWords - 1))] =
            pack_e4m3(scaled(0, c), scaled(1, c)) | pack_e4m3(scaled(2, c), scaled(3, c)) << 16;
    };
    if (p.mean == nullptr)
      write([&](int i, int c) { return x[i][c] * factor[c]; });
    else
      write([&](int i, int c) { return (x[i][c] - mean[c]) * factor[c]; });
  }
  int8_t *const records = p.records + tile.block(p.sequences, 0) * p.record_bytes + kKeyBlock * S::kTileDim;
  if (tile.existing() > 0 && threadIdx.x % kTeam < S::kRowThreads) {
    auto *scales =
        reinterpret_cast<float4 *>(records + S::block() * p.record_bytes + kKeyBlock * S::kTileDim) + 2 * column;
    scales[0] = {absmax[0] / p.largest, absmax[1] / p.largest, absmax[2] / p.largest, absmax[3] / p.largest};
    scales[1] = {absmax[4] / p.largest, absmax[5] / p.largest, absmax[6] / p.largest, absmax[7] / p.largest};
  }
  __syncthreads();

#pragma unroll
  for (int pass = 0; pass < S::kTileDim * S::kWords / 4 / S::kThreads; ++pass) {
    const int i = pass * S::kThreads + threadIdx.x;
    const int channel = i / (S::kWords / 4), chunk = i % (S::kWords / 4), block = chunk / (kKeyBlock / 16);
    const int twist = S::kTwist * (channel / kVector) & (S::kWords - 1);
    uint4 words = *reinterpret_cast<const uint4 *>(&smem.transposed[channel][4 * chunk ^ (twist & ~3)]);
    if (twist & 2) words = make_uint4(words.z, words.w, words.x, words.y);
    if (twist & 1) words = make_uint4(words.y, words.x, words.w, words.z);
    if (tile.first_token + block * kKeyBlock < tile.len_kv)
      reinterpret_cast<uint4 *>(records +
                                block * p.record_bytes)[channel * (kKeyBlock / 16) + chunk % (kKeyBlock / 16)] = words;
  }
}

template <typename Element, int kTileDim, bool kValues>
__global__ void __launch_bounds__(PrepareShape<Element, kTileDim>::kThreads,
                                  PrepareShape<Element, kTileDim>::kBlocksPerSm)
    prepare_kernel(const __grid_constant__ PrepareParams params) {
  using S = PrepareShape<Element, kTileDim>;
  extern __shared__ uint4 dynamic_memory[];
  auto &smem = *reinterpret_cast<PrepareMemory<S> *>(dynamic_memory);
  const QuantizeKeyParams &p = params.key;
  allow_next_grid();
  const PrepareTile<S> tile(params);
  if (tile.index > 0 && tile.first_token >= tile.len_kv) return;
  const int first_of_block = tile.first_token + S::block() * kKeyBlock, channel = S::R::channel();
  const Element *keys = head_of<Element>(p.key, tile.batch, tile.head, tile.first_key);
  fetch(smem.chunks, keys, p.key.stride_token, channel, p.head_dim, p.wide_loads, first_of_block + S::first_key(),
        tile.len_kv, [](int i) { return S::key_offset(i); });
  if constexpr (S::kCopiesSample) {
    if (p.smooth) { // every lane of a row finds one position
      constexpr int kRowThreads = S::kRowThreads, kRows = S::R::kRowsPerPass;
      const int mine = threadIdx.x % kRowThreads * kRows + S::R::row();
      const int position = mine < min(tile.len_kv, kMeanSample) ? sample_position(mine, tile.len_kv) : tile.len_kv;
      static_assert(S::kSample <= kRowThreads, "a lane has a position");
      fetch(smem.sample, keys, p.key.stride_token, channel, p.head_dim, p.wide_loads, 0, tile.len_kv,
            [=](int i) { return __shfl_sync(kAllLanes, position, i, kRowThreads); });
    }
  }
  cp_async_commit();
  if (threadIdx.x < S::kBlocks) smem.absmax[threadIdx.x] = smem.norm[threadIdx.x] = 0;
  if (threadIdx.x < S::kBlocks * 2)
    smem.special_key[threadIdx.x / 2][threadIdx.x % 2] = smem.special_value[threadIdx.x / 2][threadIdx.x % 2] = 0;
  if (p.padding.kind != MaskKind::kNone) find_visible(smem, p, tile);
  cp_async_wait<0>();

  const auto take = [&](int c, float mean) {
    smem.mean[c] = mean;
    if (tile.index == 0) p.mean[int64_t{tile.head_index} * kTileDim + c] = mean;
  };
  if (!p.smooth) {
    for (int c = threadIdx.x; c < kTileDim; c += S::kThreads) take(c, 0.0f);
  } else if constexpr (S::kCopiesSample) {
    add_up_sample<Element>(smem.sample);
    for (int c = threadIdx.x; c < kTileDim; c += S::kThreads)
      take(c, average_sample<kTileDim>(smem.sample, c, tile.len_kv));
  } else {
    float mean[kVector];
    sample_mean<Element, kTileDim, S::kThreads>(mean, smem.partial, keys, p.key.stride_token, tile.len_kv, p.head_dim,
                                                p.wide_loads);
    if (S::R::row() == 0)
      for (int c = 0; c < kVector; ++c) take(channel + c, mean[c]);
  }
  __syncthreads();

  const QuantizeValueParams &v = params.value;
  const Element *values = nullptr;
  if constexpr (kValues) values = head_of<Element>(v.value, tile.batch, tile.head, tile.first_key);
  const float scale = prepare_keys(smem, p, tile, [&] {
    if constexpr (kValues) { // this thread has read its keys: their places are free
      fetch(smem.chunks, values, v.value.stride_token, channel, v.head_dim, v.wide_loads,
            first_of_block + S::first_value(), tile.len_kv, [](int i) { return S::value_offset(i); });
      cp_async_commit();
    }
  });
  bool special = false;
  if constexpr (kValues) {
    if (v.mean != nullptr) {
      float mean[kVector];
      sample_mean<Element, kTileDim, S::kThreads>(mean, smem.partial, values, v.value.stride_token, tile.len_kv,
                                                  v.head_dim, v.wide_loads);
      if (S::R::row() == 0) {
        for (int c = 0; c < kVector; ++c) {
          smem.mean[channel + c] = mean[c];
          if (tile.index == 0) v.mean[int64_t{tile.head_index} * kTileDim + channel + c] = mean[c];
        }
      }
      __syncthreads();
    }
    cp_async_wait<0>();
    prepare_values(smem, v, tile);
    special = (smem.special_value[S::block()][0] | smem.special_value[S::block()][1]) != 0;
  } else {
    __syncthreads(); // marks are complete
  }
  if (tile.existing() <= 0) return;
  const int64_t block = tile.block(p.sequences, S::block());
  if (threadIdx.x % 32 == 0) p.scale[block * kScalesPerBlock + S::warp()] = special ? -fabsf(scale) : scale;
  if (threadIdx.x % kTeam != 0) return;
  p.special[block] = uint64_t{smem.special_key[S::block()][1]} << 32 | smem.special_key[S::block()][0];
  if constexpr (kValues)
    v.special[block] = uint64_t{smem.special_value[S::block()][1]} << 32 | smem.special_value[S::block()][0];
}

template <bool kValues>
cudaError_t launch_prepare(const QuantizeKeyParams &key, const QuantizeValueParams &value, Dtype dtype, int tile_dim,
                           cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    using S = PrepareShape<decltype(element), tile>;
    constexpr int kBytes = sizeof(PrepareMemory<S>);
    const auto kernel = prepare_kernel<decltype(element), tile, kValues>;
    static std::atomic<int> answers[kMostDevices];
    int allowed = 0;
    const cudaError_t error = once_per_device(answers, allowed, [&](int, int &answer) {
      answer = 1;
      return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    });
    if (error != cudaSuccess) return error;
    const unsigned chunks = (key.sequences.key_blocks + S::kBlocks - 1) / S::kBlocks;
    kernel<<<chunks * key.heads * key.sequences.batch, S::kThreads, kBytes, stream>>>(
        PrepareParams{key, value, Divisor(chunks), Divisor(key.heads)});
    return cudaGetLastError();
  });
}

} // namespace sage
