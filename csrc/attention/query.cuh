// The prologue: loads the query rows of a warp and quantizes them to INT8 fragments.
#pragma once

#include "../common/memory.cuh"
#include "../common/numeric.cuh"
#include "position.cuh"
#include "state.cuh"
#include "tile.cuh"

namespace sage {

// A thread's channels of a query row: 4 in every 16, zeros past head_dim.
template <class T> using QueryRow = float[T::kTileDim / 16][4];

template <class T, typename Element>
__device__ __forceinline__ void load_row(QueryRow<T> &x, const Element *row, const AttentionParams &p, int pair) {
  pair = opaque(pair); // addresses computed ahead would take all registers
  row += 4 * pair;
  const int channels = p.head_dim_qk - 4 * pair; // from there on
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
#pragma unroll
    for (int c = 0; c < 4; ++c) x[i][c] = 16 * i + c < channels ? to_float(row[16 * i + c]) : 0.0f;
  }
}

// Where row `row` of the sequence begins, in elements; rows past the end repeat the last one and are not written.
__device__ __forceinline__ int64_t query_offset(const AttentionParams &p, const Problem &problem, const Position &at,
                                                int row) {
  return head_offset(p.query, at.batch, at.head, problem.first_q) + min(row, problem.len_q - 1) * p.query.stride_token;
}

template <class T>
__device__ __forceinline__ void load_query(QueryRow<T> &x, const AttentionParams &p, int64_t offset, int pair) {
  if constexpr (T::kAsIs)
    return load_row<T>(x, static_cast<const typename T::Element *>(p.query.data) + offset, p, pair);
  else
    switch (p.dtype) {
    case Dtype::kFloat16: return load_row<T>(x, static_cast<const __half *>(p.query.data) + offset, p, pair);
    case Dtype::kBFloat16: return load_row<T>(x, static_cast<const __nv_bfloat16 *>(p.query.data) + offset, p, pair);
    default: return load_row<T>(x, static_cast<const float *>(p.query.data) + offset, p, pair);
    }
}

// The same channels of an aligned row of 16-bit elements as they are stored: half the registers, and no conversion
// between the loads of several rows.
template <class T> using StoredQueryRow = uint2[T::kTileDim / 16];

template <class T>
__device__ __forceinline__ void load_stored(StoredQueryRow<T> &bits, const AttentionParams &p, int64_t offset,
                                            int pair) {
  const uint16_t *row = static_cast<const uint16_t *>(p.query.data) + offset + 4 * pair;
  const int channels = p.head_dim_qk - 4 * pair;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i)
    bits[i] = 16 * i < channels ? *reinterpret_cast<const uint2 *>(row + 16 * i) : make_uint2(0, 0);
}

template <class T, typename Element>
__device__ __forceinline__ void unpack_stored(QueryRow<T> &x, const StoredQueryRow<T> &bits) {
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
    const float2 low = as_floats<Element>(bits[i].x), high = as_floats<Element>(bits[i].y);
    x[i][0] = low.x, x[i][1] = low.y, x[i][2] = high.x, x[i][3] = high.y;
  }
}

// The largest magnitude of a thread's channels; inf or NaN if one is.
template <class T, typename Element> __device__ __forceinline__ float largest_stored(const StoredQueryRow<T> &bits) {
  using Two = typename Pair<Element>::type;
  const auto magnitudes = [](uint32_t word) {
    Two pair;
    memcpy(&pair, &word, sizeof(word));
    return __habs2(pair);
  };
  Two largest = magnitudes(bits[0].x);
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i)
    largest = __hmax2_nan(__hmax2_nan(largest, magnitudes(bits[i].x)), magnitudes(bits[i].y));
  const float2 both = unpack2(largest);
  return larger(both.x, both.y);
}
template <class T> __device__ __forceinline__ float largest_of(const QueryRow<T> &x) {
  float largest = 0.0f;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
#pragma unroll
    for (int c = 0; c < 4; ++c) largest = larger(largest, fabsf(x[i][c]));
  }
  return largest;
}

// Largest finite magnitude of the 32 rows that share a scale (kSharedRows): those of this warp, or of two neighbours.
template <class T>
__device__ __forceinline__ float shared_absmax(SharedMemory<T> &smem, const AttentionParams &p, const Problem &problem,
                                               const Position &at) {
  float largest = 0.0f;
#pragma unroll 1
  for (int row = at.group; row < T::kWarpRows; row += 8) {
    QueryRow<T> x;
    load_query<T>(x, p, query_offset(p, problem, at, at.first_row + at.warp * T::kWarpRows + row), at.pair);
#pragma unroll
    for (int i = 0; i < T::kTileDim / 16; ++i) {
#pragma unroll
      for (int c = 0; c < 4; ++c)
        largest = is_nan(nan_unless_finite(x[i][c])) ? largest : fmaxf(largest, fabsf(x[i][c]));
    }
  }
  largest = quad_max(largest);
#pragma unroll
  for (int offset = 4; offset < 32; offset *= 2) largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, offset));
  if constexpr (T::kWarpRows == kSharedRows) return largest;
  if (threadIdx.x % 32 == 0) smem.absmax[at.warp] = largest;
  __syncthreads();
  return fmaxf(smem.absmax[at.warp], smem.absmax[at.warp ^ 1]);
}

// The product of a row and the key mean, which the LSE needs back.
template <class T>
__device__ __forceinline__ float mean_product(const QueryRow<T> &x, const float *key_mean, int pair) {
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
    const float4 mean = *reinterpret_cast<const float4 *>(key_mean + 16 * i + 4 * pair);
    sum += x[i][0] * mean.x + x[i][1] * mean.y + x[i][2] * mean.z + x[i][3] * mean.w;
  }
  return quad_sum(sum);
}

// Leaves a row as INT8 in its halves of the fragments. Returns this thread's part of the sum of squares.
template <class T>
__device__ __forceinline__ int quantize_row(uint4 (&fragments)[T::kTileDim / 32][T::kThreads], int r,
                                            const QueryRow<T> &x, float factor) {
  int squares = 0;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
    uint32_t *words = reinterpret_cast<uint32_t *>(&fragments[i / 2][threadIdx.x]);
    const uint32_t word = pack_int8(x[i][0] * factor, x[i][1] * factor, x[i][2] * factor, x[i][3] * factor);
    words[i % 2 * 2 + r] = word;
    squares = dot4(word, word, squares);
  }
  return squares;
}

// Where the LSE of a row lies.
__device__ __forceinline__ float *lse_of(const AttentionParams &p, const Problem &problem, const Position &at,
                                         int row) {
  return p.lse + at.batch * p.lse_stride_batch + at.head * p.lse_stride_head + problem.first_q + row;
}

// Queries on their way.
template <class T> struct QueryLoader {
  static constexpr int kRows = 2 * T::kRowFragments; // of a thread, 8 apart
  StoredQueryRow<T> bits[kRows];                     // all loads are in flight at once
  bool stored; // whether they are in there; else they are loaded where they are used

  __device__ __forceinline__ QueryLoader(const AttentionParams &p, const Problem &problem, const Position &at)
      : stored(p.wide_query && (T::kAsIs || p.dtype != Dtype::kFloat32)) {
    if (!stored) return;
    const int first_row = at.first_row + at.warp * T::kWarpRows + at.group;
#pragma unroll
    for (int i = 0; i < kRows; ++i)
      load_stored<T>(bits[i], p, query_offset(p, problem, at, first_row + 8 * i), at.pair);
  }
};

// Quantizes the warp's query rows. The INT8 A fragments go to shared memory: in registers they would push the kernel
// over its budget. Every thread reads back only what it wrote, so no barrier is needed. A row with an inf or NaN gets
// NaN as its scale: the whole row becomes NaN, which is what exact arithmetic gives. The LSE term of the key mean goes
// to p.lse, where the epilogue of the same thread picks it up.
template <class T>
__device__ __forceinline__ void quantize_query(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p,
                                               const Problem &problem, const Position &at,
                                               const QueryLoader<T> &queries) {
  // A negative sm_scale is a positive one with the query negated: scales stay positive, maxima stay maxima.
  const float sign = p.sm_scale < 0.0f ? -1.0f : 1.0f, scale = fabsf(p.sm_scale) * (kLog2e / kInt8Max);
  const float shared = p.shared_query_scale ? shared_absmax<T>(smem, p, problem, at) : 0.0f;
  const int first_row = at.first_row + at.warp * T::kWarpRows + at.group;
  constexpr int kRows = QueryLoader<T>::kRows;
  // Of a row whose largest magnitude this thread has found: the factor that quantizes it and, in `row_scale`, what
  // takes it back.
  const auto scales = [&](float largest, float &row_scale) {
    largest = larger(largest, __shfl_xor_sync(kAllLanes, largest, 1));
    largest = larger(largest, __shfl_xor_sync(kAllLanes, largest, 2));
    const float absmax = p.shared_query_scale ? shared : largest;
    row_scale = fmaxf(absmax, kSmallestAbsmax) * scale + nan_unless_finite(largest);
    return sign * int8_factor(absmax);
  };
  const auto note_norm = [&](int i, int squares, float row_scale) {
    if constexpr (T::kBoundable)
      smem.query_norm[i][threadIdx.x] =
          fmaxf(sqrt_approx(static_cast<float>(quad_sum(squares))), kInt8Max) * row_scale; // kSmallestLengths
  };
  const auto add_mean = [&](int i, const QueryRow<T> &x) {
    const float *key_mean = p.key_mean + (int64_t{at.batch} * p.heads_kv + at.kv_head) * T::kTileDim;
    const float dot = mean_product<T>(x, key_mean, at.pair);
    const int row = first_row + 8 * i;
    if (row < problem.len_q && at.pair == 0) *lse_of(p, problem, at, row) = dot * p.sm_scale;
  };
  const auto from_stored = [&](auto element) { // one thing after the other for all rows, so that none waits for itself
    using Element = decltype(element);
    float factor[kRows];
    int squares[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i)
      factor[i] = scales(largest_stored<T, Element>(queries.bits[i]), state.query_scale[i / 2][i % 2]);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      QueryRow<T> x;
      unpack_stored<T, Element>(x, queries.bits[i]);
      squares[i] = quantize_row<T>(smem.query[i / 2], i % 2, x, factor[i]);
    }
#pragma unroll
    for (int i = 0; i < kRows; ++i) note_norm(i, squares[i], state.query_scale[i / 2][i % 2]);
    if (p.lse == nullptr) return;
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      QueryRow<T> x;
      unpack_stored<T, Element>(x, queries.bits[i]);
      add_mean(i, x);
    }
  };
  if (queries.stored) {
    if constexpr (T::kAsIs)
      from_stored(typename T::Element{});
    else if (p.dtype == Dtype::kFloat16)
      from_stored(__half{});
    else
      from_stored(__nv_bfloat16{});
  } else {
#pragma unroll
    for (int i = 0; i < kRows; ++i) state.query_scale[i / 2][i % 2] = 0.0f;
#pragma unroll 1
    for (int i = 0; i < kRows; ++i) {
      QueryRow<T> x;
      load_query<T>(x, p, query_offset(p, problem, at, first_row + 8 * i), at.pair);
      float row_scale;
      const float factor = scales(largest_of<T>(x), row_scale);
      note_norm(i, quantize_row<T>(smem.query[i / 2], i % 2, x, factor), row_scale);
#pragma unroll
      for (int target = 0; target < kRows;
           ++target) { // no store under a condition: CUDA 12.6 would index by i, in memory
        float &kept = state.query_scale[target / 2][target % 2];
        kept = target == i ? row_scale : kept;
      }
      if (p.lse != nullptr) add_mean(i, x);
    }
  }
}

} // namespace sage
