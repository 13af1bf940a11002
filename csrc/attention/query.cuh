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
__device__ __forceinline__ void load_stored(StoredQueryRow<T> &bits, const AttentionParams &p, int64_t offset, int pair) {
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
    const float2 low = unpack2<Element>(bits[i].x), high = unpack2<Element>(bits[i].y);
    x[i][0] = low.x, x[i][1] = low.y, x[i][2] = high.x, x[i][3] = high.y;
  }
}

// Asks for the warp's rows ahead of time.
template <class T>
__device__ __forceinline__ void prefetch_query(const AttentionParams &p, const Problem &problem, const Position &at) {
  constexpr int kLine = 128; // bytes
  const int element = p.dtype == Dtype::kFloat32 ? 4 : 2;
  const char *rows = static_cast<const char *>(p.query.data) +
                     element * head_offset(p.query, at.batch, at.head, problem.first_q);
  const int lines = (p.head_dim_qk * element + kLine - 1) / kLine;
  for (int i = threadIdx.x % 32; i < lines * T::kWarpRows; i += 32) {
    const int row = at.first_row + at.warp * T::kWarpRows + i / lines;
    if (row < problem.len_q) prefetch_l2(rows + row * p.query.stride_token * element + i % lines * kLine);
  }
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
      for (int c = 0; c < 4; ++c) largest = is_nan(nan_unless_finite(x[i][c])) ? largest : fmaxf(largest, fabsf(x[i][c]));
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

// Leaves a row as INT8 in its halves of the fragments and returns its absmax, NaN if an element is not finite: as a scale
// it makes the whole row NaN, which is what exact arithmetic gives. `shared` is the absmax of the rows that share a scale,
// if any do. `dot` receives the product with the key mean, which the LSE needs back, `norm` the length in INT8 steps.
template <class T>
__device__ __forceinline__ float quantize_row(uint4 (&fragments)[T::kTileDim / 32][T::kThreads], int r,
                                              const QueryRow<T> &x, float shared,
                                              const float *key_mean, float &dot, float &norm, const AttentionParams &p,
                                              int pair) {
  float absmax = 0.0f, finite = 0.0f;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
#pragma unroll
    for (int c = 0; c < 4; ++c) {
      absmax = fmaxf(absmax, fabsf(x[i][c]));
      finite += nan_unless_finite(x[i][c]);
    }
  }
  absmax = p.shared_query_scale ? shared : quad_max(absmax);
  if (key_mean != nullptr) {
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < T::kTileDim / 16; ++i) {
      const float4 mean = *reinterpret_cast<const float4 *>(key_mean + 16 * i + 4 * pair);
      sum += x[i][0] * mean.x + x[i][1] * mean.y + x[i][2] * mean.z + x[i][3] * mean.w;
    }
    dot = quad_sum(sum);
  }
  // A negative sm_scale is a positive one with the query negated: scales stay positive, maxima stay maxima.
  const float factor = p.sm_scale < 0.0f ? -int8_factor(absmax) : int8_factor(absmax);
  int squares = 0;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 16; ++i) {
    uint32_t *words = reinterpret_cast<uint32_t *>(&fragments[i / 2][threadIdx.x]);
    const uint32_t word = pack_int8(x[i][0] * factor, x[i][1] * factor, x[i][2] * factor, x[i][3] * factor);
    words[i % 2 * 2 + r] = word;
    squares = dot4(word, word, squares);
  }
  norm = sqrtf(static_cast<float>(quad_sum(squares)));
  return absmax + quad_sum(finite);
}

// Where the LSE of a row lies.
__device__ __forceinline__ float *lse_of(const AttentionParams &p, const Problem &problem, const Position &at, int row) {
  return p.lse + at.batch * p.lse_stride_batch + at.head * p.lse_stride_head + problem.first_q + row;
}

// Quantizes the warp's query rows. The INT8 A fragments go to shared memory: in registers they would push the kernel
// over its budget. Every thread reads back only what it wrote, so no barrier is needed. The LSE term of the key mean goes
// to p.lse, where the epilogue of the same thread picks it up.
template <class T>
__device__ __forceinline__ void quantize_query(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p,
                                               const Problem &problem, const Position &at) {
  const float *key_mean =
      p.lse == nullptr ? nullptr : p.key_mean + (int64_t{at.batch} * p.heads_kv + at.kv_head) * T::kTileDim;
  const float scale = fabsf(p.sm_scale) * (kLog2e / kInt8Max);
  const float shared = p.shared_query_scale ? shared_absmax<T>(smem, p, problem, at) : 0.0f;
  const int first_row = at.first_row + at.warp * T::kWarpRows + at.group;
  constexpr int kRows = 2 * T::kRowFragments; // of this thread, 8 apart
  const auto quantize = [&](int i, const QueryRow<T> &x) {
    float dot = 0.0f, norm;
    const float absmax = quantize_row<T>(smem.query[i / 2], i % 2, x, shared, key_mean, dot, norm, p, at.pair);
    const float row_scale = (absmax < kSmallestAbsmax ? kSmallestAbsmax : absmax) * scale; // NaN stays
    if constexpr (T::kBoundable) smem.query_norm[i][threadIdx.x] = norm * row_scale;
#pragma unroll
    for (int target = 0; target < kRows; ++target)
      if (target == i) state.query_scale[target / 2][target % 2] = row_scale;
    const int row = first_row + 8 * i;
    if (p.lse != nullptr && row < problem.len_q && at.pair == 0) *lse_of(p, problem, at, row) = dot * p.sm_scale;
  };
  if (p.wide_query && p.dtype != Dtype::kFloat32) {
    StoredQueryRow<T> bits[kRows]; // all loads are in flight at once
#pragma unroll
    for (int i = 0; i < kRows; ++i) load_stored<T>(bits[i], p, query_offset(p, problem, at, first_row + 8 * i), at.pair);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      QueryRow<T> x;
      if (p.dtype == Dtype::kFloat16)
        unpack_stored<T, __half>(x, bits[i]);
      else
        unpack_stored<T, __nv_bfloat16>(x, bits[i]);
      quantize(i, x);
    }
  } else {
#pragma unroll 1
    for (int i = 0; i < kRows; ++i) {
      QueryRow<T> x;
      load_query<T>(x, p, query_offset(p, problem, at, first_row + 8 * i), at.pair);
      quantize(i, x);
    }
  }
}

} // namespace sage
