// Attention on mma.sync: INT8 Q K^T (m16n8k32), P V in 16 bits (m16n8k16, fp32 accumulators), online softmax.
// Runs on sm_80 and everything later. Q is quantized in the prologue, one scale per row; K comes quantized.
// A warp owns kWarpRows query rows; keys and values arrive through a two-stage cp.async pipeline.
#pragma once

#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"
#include "traits.cuh"

#include <cfloat>

namespace sage::sm80 {

constexpr unsigned kAllLanes = 0xffffffffu;
// Start of the running row maximum. Finite, so that a row which sees no key needs no special case.
constexpr float kLowest = -1e38f;
// The accumulators are rescaled only when a row maximum grows by more than this (in powers of two), so P reaches 2^8
// at most: exact in fp32 sums, far from the fp16 limit, and rescaling becomes rare.
constexpr float kRescaleThreshold = 8.0f;

// Shared memory tiles are stored in 16-byte chunks, permuted within a row so that the 8 rows of a matrix that
// ldmatrix reads fall into different banks.
template <int kRowBytes> __device__ __forceinline__ int swizzled(int row, int chunk) {
  const int key = kRowBytes >= 128 ? row & 7 : (row >> 1) & 3;
  return row * kRowBytes + ((chunk ^ key) << 4);
}

// Address of the chunk `chunks` (even) further in the same swizzled row, given that of an even or odd pair's member:
// below 8 chunks the permutation is an exclusive or, above it an addition.
__device__ __forceinline__ uint32_t chunk_ahead(uint32_t address, int chunks) {
  return (address ^ (chunks % 8 << 4)) + (chunks / 8 << 7);
}

__device__ __forceinline__ float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, 1));
  return fmaxf(x, __shfl_xor_sync(kAllLanes, x, 2));
}

__device__ __forceinline__ float quad_sum(float x) {
  x += __shfl_xor_sync(kAllLanes, x, 1);
  return x + __shfl_xor_sync(kAllLanes, x, 2);
}

// Hides where a value comes from. Applied to an input (threadIdx.x), it makes rarely needed results be computed where
// they are used instead of occupying registers through the main loop; applied to a result, it makes that result be kept.
template <typename Integer> __device__ __forceinline__ Integer opaque(Integer value) {
  if constexpr (sizeof(value) == 8)
    asm volatile("" : "+l"(value));
  else
    asm volatile("" : "+r"(value));
  return value;
}

// Where a block of threads and its lanes stand in the problem.
struct Position {
  int batch, head, first_row; // first query row of the tile
  int warp, group, pair;      // group = lane / 4: fragment row; pair = lane % 4: fragment columns
  int kv_head;                // batch * heads_kv + kv head

  __device__ Position(const AttentionParams &p, int tile_rows) {
    const int block = opaque(int(blockIdx.x)), thread = opaque(int(threadIdx.x));
    const int tile = block % p.query_tiles;
    const int batch_head = block / p.query_tiles;
    batch = batch_head / p.heads_q;
    head = batch_head % p.heads_q;
    // Causal tiles differ in length: the longest start first.
    first_row = (p.causal_shift != kSeesAll ? p.query_tiles - 1 - tile : tile) * tile_rows;
    warp = __shfl_sync(kAllLanes, thread / 32, 0); // the same for all lanes, and the compiler may know it
    group = thread % 32 / 4;
    pair = thread % 4;
    kv_head = batch * p.heads_kv + head / (p.heads_q / p.heads_kv);
  }
};

// Everything that a warp keeps in registers. Row r of fragment f is row 16 f + 8 r + group of the warp's rows.
template <class T> struct WarpState {
  float query_scale[T::kRowFragments][2];                // with sm_scale * log2(e)
  float row_max[T::kRowFragments][2];                    // base-2 exponent that P is relative to
  float row_sum[T::kRowFragments][2];                    // this thread's part
  float output[T::kRowFragments][T::kTileDim / 8][4];
  int key_offset, value_offset;                          // of the matrix rows that this lane names to ldmatrix
};

// This thread's channels of a query row: 4 in every 16, zeros past head_dim.
template <class T>
__device__ __forceinline__ void load_row(float (&x)[T::kTileDim / 16][4], const typename T::Element *row,
                                         const AttentionParams &p, int pair) {
  using Element = typename T::Element;
  if (p.wide_query) {
#pragma unroll
    for (int i = 0; i < T::kTileDim / 16; ++i) {
      const int channel = 16 * i + 4 * pair;
      uint2 bits = {0, 0};
      if (channel < p.head_dim_qk) bits = *reinterpret_cast<const uint2 *>(row + channel);
      const float2 low = unpack2<Element>(bits.x), high = unpack2<Element>(bits.y);
      x[i][0] = low.x, x[i][1] = low.y, x[i][2] = high.x, x[i][3] = high.y;
    }
  } else {
#pragma unroll
    for (int i = 0; i < T::kTileDim / 16; ++i) {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        const int channel = 16 * i + 4 * pair + c;
        x[i][c] = channel < p.head_dim_qk ? to_float(row[channel]) : 0.0f;
      }
    }
  }
}

// Loads one query row, leaves it as INT8 fragments and returns its absmax, NaN if an element is not finite: as a scale
// it makes the whole row NaN, which is what exact arithmetic gives. `dot` receives the product with the key
// mean, which the LSE needs back.
template <class T>
__device__ __forceinline__ float quantize_row(uint32_t (&low)[T::kTileDim / 32], uint32_t (&high)[T::kTileDim / 32],
                                              const typename T::Element *row, const float *key_mean, float &dot,
                                              const AttentionParams &p, int pair) {
  constexpr int kSteps = T::kTileDim / 32;
  float x[2 * kSteps][4];
  load_row<T>(x, row, p, pair);
  float absmax = 0.0f;
#pragma unroll
  for (int i = 0; i < 2 * kSteps; ++i) {
#pragma unroll
    for (int c = 0; c < 4; ++c) absmax = fmaxf(absmax, fabsf(x[i][c]));
  }
  absmax = quad_max(absmax);
  float finite = 0.0f;
#pragma unroll
  for (int i = 0; i < 2 * kSteps; ++i) {
#pragma unroll
    for (int c = 0; c < 4; ++c) finite += nan_unless_finite(x[i][c]);
  }
  if (key_mean != nullptr) {
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < 2 * kSteps; ++i) {
      const float4 mean = *reinterpret_cast<const float4 *>(key_mean + 16 * i + 4 * pair);
      sum += x[i][0] * mean.x + x[i][1] * mean.y + x[i][2] * mean.z + x[i][3] * mean.w;
    }
    dot = quad_sum(sum);
  }
  // A negative sm_scale is a positive one with the query negated: scales stay positive, maxima stay maxima.
  const float factor = p.sm_scale < 0.0f ? -int8_factor(absmax) : int8_factor(absmax);
#pragma unroll
  for (int i = 0; i < kSteps; ++i) {
    const float(&a)[4] = x[2 * i], (&b)[4] = x[2 * i + 1];
    low[i] = pack_int8(a[0] * factor, a[1] * factor, a[2] * factor, a[3] * factor);
    high[i] = pack_int8(b[0] * factor, b[1] * factor, b[2] * factor, b[3] * factor);
  }
  return absmax + quad_sum(finite);
}

// Quantizes the warp's query rows. The INT8 A fragments go to shared memory: in registers they would push the kernel
// over its budget. Every thread reads back only what it wrote, so no barrier is needed. The LSE term of the key mean goes to p.lse, where the epilogue
// of the same thread picks it up.
template <class T>
__device__ __forceinline__ void quantize_query(WarpState<T> &state, typename T::QueryFragments &fragments, const AttentionParams &p, const Position &at) {
  const auto *query = static_cast<const typename T::Element *>(p.query.data) + at.batch * p.query.stride_batch +
                      at.head * p.query.stride_head;
  const float *key_mean = p.lse == nullptr ? nullptr : p.key_mean + int64_t{at.kv_head} * T::kTileDim;
  const float scale = fabsf(p.sm_scale) * (kLog2e / kInt8Max);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
    uint32_t low[2][T::kTileDim / 32], high[2][T::kTileDim / 32];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = at.first_row + at.warp * T::kWarpRows + 16 * f + 8 * r + at.group;
      const int present = min(row, p.len_q - 1); // rows past the end repeat the last one and are not written
      float dot = 0.0f;
      const float absmax =
          quantize_row<T>(low[r], high[r], query + present * p.query.stride_token, key_mean, dot, p, at.pair);
      const float row_scale = absmax * scale;
      state.query_scale[f][r] = row_scale < kSmallestScale ? kSmallestScale : row_scale; // NaN stays
      if (p.lse != nullptr && row < p.len_q && at.pair == 0)
        p.lse[(int64_t{at.batch} * p.heads_q + at.head) * p.len_q + row] = dot * p.sm_scale;
    }
#pragma unroll
    for (int k = 0; k < T::kTileDim / 32; ++k)
      fragments[f][k][threadIdx.x] = make_uint4(low[0][k], low[1][k], high[0][k], high[1][k]);
  }
}

// Copies keys, their scales and values into the stages, kStageKeys at a time and in order. Holds what one thread needs for that: the
// rows of a thread are a multiple of 8 apart, so one swizzle and one running pointer serve all of them.
template <class T> struct Loader {
  using Element = typename T::Element;
  static constexpr int kKeyChunks = T::kTileDim / T::kVectorBytes;
  static constexpr int kValuesPerChunk = T::kVectorBytes / sizeof(Element);
  static constexpr int kValueChunks = T::kTileDim / kValuesPerChunk;
  static constexpr int kKeyRows = T::kThreads / kKeyChunks; // rows per pass
  static constexpr int kValueRows = T::kThreads / kValueChunks;
  static_assert(kKeyRows % 8 == 0 && kValueRows % 8 == 0, "rows of a thread must share a swizzle");

  const int8_t *key;            // this thread's chunk in the first pass of the next stage
  const Element *value;
  const float *key_scale;       // this thread's, of the head's first block
  int key_offset, value_offset; // of the chunks in a stage
  int remaining;                // tokens from this thread's first one in the next stage to the end; negative: none

  __device__ __forceinline__ Loader(const AttentionParams &p, const Position &at) {
    const int thread = threadIdx.x;
    const int chunk = thread % kValueChunks, row = thread / kValueChunks;
    const int64_t first_block = int64_t{at.kv_head} * p.key_blocks;
    key = p.key + first_block * (kKeyBlock * T::kTileDim) + thread * T::kVectorBytes;
    key_scale = p.key_scale + first_block * kScalesPerBlock + at.pair;
    key_offset = opaque(swizzled<T::kTileDim>(thread / kKeyChunks, thread % kKeyChunks));
    value = static_cast<const Element *>(p.value.data) + at.batch * p.value.stride_batch +
            at.kv_head % p.heads_kv * p.value.stride_head + row * p.value.stride_token + chunk * kValuesPerChunk;
    value_offset = opaque(swizzled<T::kTileDim * 2>(row, chunk));
    remaining = chunk * kValuesPerChunk < p.head_dim_v ? p.len_kv - row : -1;
  }

  // Returns the scale that the scores of this thread with those keys need: it travels in a register.
  __device__ __forceinline__ float load(typename T::Stage &stage, const AttentionParams &p, int first_key) {
#pragma unroll
    for (int pass = 0; pass < T::kStageKeys / kKeyRows; ++pass)
      cp_async_16(shared_address(stage.key) + key_offset + pass * kKeyRows * T::kTileDim,
                  key + pass * T::kThreads * T::kVectorBytes);
    const float scale = __ldg(key_scale + first_key / kKeyBlock * kScalesPerBlock);
    if (p.wide_value)
      load_values(stage, p);
    else
      load_values_singly(stage, p);
    cp_async_commit();
    key += T::kStageKeys * T::kTileDim;
    remaining -= T::kStageKeys;
    return scale;
  }

private:
  __device__ __forceinline__ void load_values(typename T::Stage &stage, const AttentionParams &p) {
    const int64_t step = kValueRows * p.value.stride_token;
#pragma unroll
    for (int pass = 0; pass < T::kStageKeys / kValueRows; ++pass) {
      cp_async_16(shared_address(stage.value) + value_offset + pass * kValueRows * T::kTileDim * 2, value,
                  remaining > pass * kValueRows);
      value = opaque(value + step); // a running sum: one addition per row instead of a multiplication
    }
  }

  // For addresses that are not multiples of 16 bytes.
  __device__ __forceinline__ void load_values_singly(typename T::Stage &stage, const AttentionParams &p) {
    const int channel = threadIdx.x % kValueChunks * kValuesPerChunk;
#pragma unroll 1
    for (int pass = 0; pass < T::kStageKeys / kValueRows; ++pass) {
      Element *target = stage.value + value_offset / 2 + pass * kValueRows * T::kTileDim;
      const bool exists = remaining > pass * kValueRows;
      for (int i = 0; i < kValuesPerChunk; ++i)
        target[i] = exists && channel + i < p.head_dim_v ? value[i] : Element(0.0f);
      value += kValueRows * p.value.stride_token;
    }
  }
};

// Scores of the warp's rows with kStep keys from `key` on, as INT32 sums on top of kMagicBits.
template <class T>
__device__ __forceinline__ void query_key_product(int32_t (&scores)[T::kRowFragments][T::kStep / 8][4],
                                                  const WarpState<T> &state, const typename T::QueryFragments &query,
                                                  const typename T::Stage &stage, int key) {
  const uint32_t address = shared_address(stage.key) + state.key_offset + key * T::kTileDim;
  const int32_t start[4] = {kMagicBits, kMagicBits, kMagicBits, kMagicBits};
#pragma unroll
  for (int k = 0; k < T::kTileDim / 32; ++k) {
    uint4 rows[T::kRowFragments];
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) rows[f] = query[f][k][threadIdx.x];
#pragma unroll
    for (int n = 0; n < T::kStep / 8; n += 2) {
      uint32_t fragment[4];
      ldmatrix_x4(fragment, chunk_ahead(address, 2 * k) + 8 * n * T::kTileDim);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
        const uint32_t a[4] = {rows[f].x, rows[f].y, rows[f].z, rows[f].w};
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          int32_t(&sum)[4] = scores[f][n + i];
          if (k == 0)
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], start);
          else
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], sum);
        }
      }
    }
  }
}

// Scores of keys that do not exist or that causality hides become -inf.
template <class T>
__device__ __forceinline__ void mask_scores(int32_t (&scores)[T::kRowFragments][T::kStep / 8][4],
                                            const AttentionParams &p, int warp_row, int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
  const int hidden = __float_as_int(-INFINITY);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int row = first_row + 16 * f + 8 * (i / 2);
        const int key = first_key + 8 * n + i % 2;
        if (key >= p.len_kv || key > row + p.causal_shift) scores[f][n][i] = hidden;
      }
    }
  }
}

// The mask's value for one score, in the base-2 exponents of the scores.
__device__ __forceinline__ float mask_value(const MaskView &mask, int64_t offset) {
  switch (mask.kind) {
  case MaskKind::kBool: return static_cast<const uint8_t *>(mask.data)[offset] != 0 ? 0.0f : -INFINITY;
  case MaskKind::kFloat16: return to_float(static_cast<const __half *>(mask.data)[offset]) * kLog2e;
  case MaskKind::kBFloat16: return to_float(static_cast<const __nv_bfloat16 *>(mask.data)[offset]) * kLog2e;
  default: return static_cast<const float *>(mask.data)[offset] * kLog2e;
  }
}

// Dequantizes the scores in place and adds the mask: from here on they are plain floats with a scale of 1.
template <class T>
__device__ __forceinline__ void apply_mask(int32_t (&scores)[T::kRowFragments][T::kStep / 8][4],
                                           const WarpState<T> &state, float key_scale, const AttentionParams &p,
                                           int64_t head_offset, int warp_row, int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float scale = state.query_scale[f][r] * key_scale;
      const int row = min(first_row + 16 * f + 8 * r, p.len_q - 1);
      const int64_t row_offset = head_offset + row * p.mask.stride_query;
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float x = __int_as_float(scores[f][n][2 * r + i]);
          const int key = first_key + 8 * n + i;
          if (x != -INFINITY && key < p.len_kv)
            x = (x - kMagic) * scale + mask_value(p.mask, row_offset + key * p.mask.stride_key);
          scores[f][n][2 * r + i] = __float_as_int(x);
        }
      }
    }
  }
}

// Scores with keys that hold an inf or NaN: the exact products, which are inf or NaN as in exact arithmetic.
template <class T>
__device__ __forceinline__ void replace_special_scores(int32_t (&scores)[T::kRowFragments][T::kStep / 8][4],
                                                       const AttentionParams &p, int first_key) {
  using Element = typename T::Element;
  const Position at(p, T::kTileRows);
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const uint64_t special =
      p.key_special[int64_t{at.kv_head} * p.key_blocks + first_key / kKeyBlock] >> first_key % kKeyBlock;
  const auto *query = static_cast<const Element *>(p.query.data) + at.batch * p.query.stride_batch +
                      at.head * p.query.stride_head;
  const auto *key = static_cast<const Element *>(p.raw_key.data) + at.batch * p.raw_key.stride_batch +
                    at.kv_head % p.heads_kv * p.raw_key.stride_head;
  constexpr int kScores = T::kRowFragments * T::kStep / 2;
#pragma unroll 1
  for (int index = 0; index < kScores; ++index) {
    const int f = index / (T::kStep / 2), n = index / 4 % (T::kStep / 8), i = index % 4;
    const int column = 8 * n + 2 * at.pair + i % 2;
    if (!(special >> column & 1)) continue;
    const int row = min(warp_row + 16 * f + 8 * (i / 2) + at.group, p.len_q - 1);
    const Element *q = query + row * p.query.stride_token;
    const Element *k = key + (first_key + column) * p.raw_key.stride_token;
    float sum = 0.0f;
    for (int c = 0; c < p.head_dim_qk; ++c) sum = fmaf(to_float(q[c]), to_float(k[c]), sum);
    const int32_t bits = __float_as_int(sum * p.sm_scale);
#pragma unroll
    for (int target = 0; target < kScores; ++target) // registers have no index: compare with every one
      if (target == index) scores[target / (T::kStep / 2)][target / 4 % (T::kStep / 8)][target % 4] = bits;
  }
}

// Raises the row maxima to what the scores need, where any row of the warp needs it, and rescales what was summed so
// far. Shuffles and multiplications happen in that rare case only.
template <class T, bool kHasMask>
__device__ __forceinline__ void update_row_max(WarpState<T> &state,
                                               const int32_t (&scores)[T::kRowFragments][T::kStep / 8][4],
                                               float key_scale) {
  float largest[T::kRowFragments][2];
  bool grows = false;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float x = __int_as_float(scores[f][0][2 * r]);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n)
        x = fmaxf(x, fmaxf(__int_as_float(scores[f][n][2 * r]), __int_as_float(scores[f][n][2 * r + 1])));
      largest[f][r] = kHasMask ? x : (x - kMagic) * (state.query_scale[f][r] * key_scale);
      grows |= largest[f][r] > state.row_max[f][r] + kRescaleThreshold;
    }
  }
  if (!__any_sync(kAllLanes, grows)) return;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float row_max = fmaxf(state.row_max[f][r], quad_max(largest[f][r]));
      const float factor = exp2_approx(state.row_max[f][r] - row_max);
      state.row_max[f][r] = row_max;
      state.row_sum[f][r] *= factor;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n) {
        state.output[f][n][2 * r] *= factor;
        state.output[f][n][2 * r + 1] *= factor;
      }
    }
  }
}

// P = 2^(score - row max) as A fragments of the second product; its row sums are collected on the way.
// Dequantization and subtraction are one FMA: score * scale - (kMagic * scale + row max).
template <class T, bool kHasMask>
__device__ __forceinline__ void softmax(uint32_t (&p_fragments)[T::kRowFragments][T::kStep / 16][4],
                                        WarpState<T> &state,
                                        const int32_t (&scores)[T::kRowFragments][T::kStep / 8][4], float key_scale) {
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float scale = kHasMask ? 1.0f : state.query_scale[f][r] * key_scale;
      const float offset = kHasMask ? -state.row_max[f][r] : -fmaf(kMagic, scale, state.row_max[f][r]);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n) {
        const float a = exp2_approx(fmaf(__int_as_float(scores[f][n][2 * r]), scale, offset));
        const float b = exp2_approx(fmaf(__int_as_float(scores[f][n][2 * r + 1]), scale, offset));
        state.row_sum[f][r] += a + b;
        p_fragments[f][n / 2][n % 2 * 2 + r] = pack2<typename T::Element>(a, b);
      }
    }
  }
}

template <class T>
__device__ __forceinline__ void probability_value_product(
    WarpState<T> &state, const uint32_t (&p_fragments)[T::kRowFragments][T::kStep / 16][4],
    const typename T::Stage &stage, int key) {
  const uint32_t address = shared_address(stage.value) + state.value_offset + key * T::kTileDim * 2;
#pragma unroll
  for (int k = 0; k < T::kStep / 16; ++k) {
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; n += 2) {
      uint32_t fragment[4];
      ldmatrix_x4_transposed(fragment, chunk_ahead(address, n) + 16 * k * T::kTileDim * 2);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
        mma_16bit<typename T::Element>(state.output[f][n], p_fragments[f][k], fragment[0], fragment[1]);
        mma_16bit<typename T::Element>(state.output[f][n + 1], p_fragments[f][k], fragment[2], fragment[3]);
      }
    }
  }
}

// Keys that matter to a warp: those before `all` are seen by all of its rows, those from `any` on by none.
struct Visible {
  int all, any;

  __device__ Visible(const AttentionParams &p, int warp_row, int warp_rows) {
    all = min(p.len_kv, warp_row + p.causal_shift + 1);
    any = min(p.len_kv, warp_row + p.causal_shift + warp_rows);
  }
};

// The keys of one stage: scores, softmax and P V, kStep keys at a time. A negative key_scale announces special keys.
template <class T, bool kHasMask>
__device__ __forceinline__ void attend(WarpState<T> &state, const typename T::QueryFragments &query,
                                       const typename T::Stage &stage, float key_scale, const AttentionParams &p,
                                       int64_t mask_offset, int warp_row, const Visible &visible, int first_key) {
  const int end = min(T::kStageKeys, visible.any - first_key);
  const int seen_by_all = __any_sync(kAllLanes, key_scale < 0.0f) ? 0 : visible.all;
#pragma unroll 1 // unrolled, the steps overlap further than there are registers
  for (int key = 0; key < end; key += T::kStep) {
    int32_t scores[T::kRowFragments][T::kStep / 8][4];
    query_key_product<T>(scores, state, query, stage, key);
    if (first_key + key + T::kStep > seen_by_all) {
      if (__any_sync(kAllLanes, key_scale < 0.0f)) replace_special_scores<T>(scores, p, first_key + key);
      mask_scores<T>(scores, p, warp_row, first_key + key);
    }
    if constexpr (kHasMask) apply_mask<T>(scores, state, fabsf(key_scale), p, mask_offset, warp_row, first_key + key);
    update_row_max<T, kHasMask>(state, scores, fabsf(key_scale));
    uint32_t p_fragments[T::kRowFragments][T::kStep / 16][4];
    softmax<T, kHasMask>(p_fragments, state, scores, fabsf(key_scale));
    probability_value_product<T>(state, p_fragments, stage, key);
  }
}

// Normalizes, writes the LSE, and sends the tile through shared memory so that rows leave in 16-byte stores.
template <class T>
__device__ __forceinline__ void write_output(WarpState<T> &state, typename T::SharedMemory &smem,
                                             const AttentionParams &p) {
  using Element = typename T::Element;
  const Position at(p, T::kTileRows);
  constexpr int kRowBytes = T::kTileDim * sizeof(Element);
  constexpr int kChunks = kRowBytes / T::kVectorBytes;
  constexpr int kPerChunk = T::kVectorBytes / sizeof(Element);
  char *tile = reinterpret_cast<char *>(smem.output[at.warp]);
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  cp_async_wait<0>(); // a tile whose rows see no key has not waited for its first stage
  __syncthreads();    // other warps may still read the last stage
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float sum = quad_sum(state.row_sum[f][r]);
      const float inverse = sum == 0.0f ? 0.0f : reciprocal(sum); // NaN stays NaN
      const int local = 16 * f + 8 * r + at.group;
      const int row = warp_row + local;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n) {
        const uint32_t bits = pack2<Element>(state.output[f][n][2 * r] * inverse, state.output[f][n][2 * r + 1] * inverse);
        *reinterpret_cast<uint32_t *>(tile + swizzled<kRowBytes>(local, n) + 4 * at.pair) = bits;
      }
      if (p.lse != nullptr && row < p.len_q && at.pair == 0) {
        float &lse = p.lse[(int64_t{at.batch} * p.heads_q + at.head) * p.len_q + row];
        lse = sum == 0.0f ? -INFINITY : lse + (state.row_max[f][r] + log2f(sum)) * kLn2;
      }
    }
  }
  __syncwarp();
  Element *output = static_cast<Element *>(const_cast<void *>(p.output.data)) + at.batch * p.output.stride_batch +
                    at.head * p.output.stride_head;
#pragma unroll
  for (int pass = 0; pass < T::kWarpRows * kChunks / 32; ++pass) {
    const int i = pass * 32 + threadIdx.x % 32;
    const int local = i / kChunks, chunk = i % kChunks;
    const int channel = chunk * kPerChunk;
    if (warp_row + local >= p.len_q || channel >= p.head_dim_v) continue;
    const uint4 bits = *reinterpret_cast<const uint4 *>(tile + swizzled<kRowBytes>(local, chunk));
    Element *target = output + (warp_row + local) * p.output.stride_token + channel;
    if (p.wide_output) {
      *reinterpret_cast<uint4 *>(target) = bits;
    } else {
      Element values[kPerChunk];
      memcpy(values, &bits, sizeof(bits));
#pragma unroll
      for (int c = 0; c < kPerChunk; ++c)
        if (channel + c < p.head_dim_v) target[c] = values[c];
    }
  }
}

template <class T, bool kHasMask>
__global__ void __launch_bounds__(T::kThreads, T::kBlocksPerSm)
    attention_kernel(const __grid_constant__ AttentionParams p) {
  extern __shared__ __align__(128) unsigned char shared_bytes[];
  auto &smem = *reinterpret_cast<typename T::SharedMemory *>(shared_bytes);
  const Position at(p, T::kTileRows);
  Loader<T> loader(p, at);
  const int stages = max(0, Visible(p, at.first_row, T::kTileRows).any + T::kStageKeys - 1) / T::kStageKeys;

  float next_scale = p.len_kv > 0 ? loader.load(smem.stages[0], p, 0) : 0.0f;
  WarpState<T> state;
  const int lane = threadIdx.x % 32;
  state.key_offset = opaque(swizzled<T::kTileDim>(lane / 16 * 8 + lane % 8, lane / 8 % 2));
  state.value_offset = opaque(swizzled<T::kTileDim * 2>(lane % 16, lane / 16));
  quantize_query<T>(state, smem.query, p, at);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
    state.row_max[f][0] = state.row_max[f][1] = kLowest;
    state.row_sum[f][0] = state.row_sum[f][1] = 0.0f;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n)
      state.output[f][n][0] = state.output[f][n][1] = state.output[f][n][2] = state.output[f][n][3] = 0.0f;
  }

  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const Visible visible(p, warp_row, T::kWarpRows);
  const int64_t mask_offset = at.batch * p.mask.stride_batch + at.head * p.mask.stride_head;
  for (int stage = 0; stage < stages; ++stage) {
    const float key_scale = next_scale;
    cp_async_wait<0>();
    __syncthreads(); // this stage has landed for everyone, and everyone has left the other one
    if (stage + 1 < stages)
      next_scale = loader.load(smem.stages[(stage + 1) % T::kStages], p, (stage + 1) * T::kStageKeys);
    attend<T, kHasMask>(state, smem.query, smem.stages[stage % T::kStages], key_scale, p, mask_offset, warp_row,
                        visible, stage * T::kStageKeys);
  }
  write_output<T>(state, smem, p);
}

// Whether a multiprocessor of the current device holds as many blocks as the kernel is cut for.
template <class T> bool fits() {
  constexpr int kReservedPerBlock = 1024; // by the system (CUDA C++ programming guide, "Shared memory")
  int device = 0, bytes = 0;
  return cudaGetDevice(&device) == cudaSuccess &&
         cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device) == cudaSuccess &&
         bytes >= T::kBlocksPerSm * (static_cast<int>(sizeof(typename T::SharedMemory)) + kReservedPerBlock);
}

template <class T> cudaError_t launch(const AttentionParams &p, cudaStream_t stream) {
  constexpr int kBytes = sizeof(typename T::SharedMemory);
  const auto kernel = p.mask.kind == MaskKind::kNone ? attention_kernel<T, false> : attention_kernel<T, true>;
  if constexpr (kBytes > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    if (error != cudaSuccess) return error;
  }
  AttentionParams launched = p;
  launched.query_tiles = (p.len_q + T::kTileRows - 1) / T::kTileRows;
  const unsigned grid = static_cast<unsigned>(launched.query_tiles) * p.heads_q * p.batch;
  kernel<<<grid, T::kThreads, kBytes, stream>>>(launched);
  return cudaGetLastError();
}

} // namespace sage::sm80
