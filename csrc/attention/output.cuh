// The epilogue: normalizes, adds what was taken off the values, writes the output and the LSE.
#pragma once

#include "../common/layout.cuh"
#include "../common/memory.cuh"
#include "../common/numeric.cuh"
#include "query.cuh"
#include "state.cuh"
#include "tile.cuh"

#include <type_traits>

namespace sage {

// A thread's channels of a row of the output: pairs, 8 apart.
template <class T> using OutputRow = float2[T::kTileDim / 8];

// What was taken off the values: multiplies by their scale and adds their mean, where they have any. Rows that see no
// key stay zeros; without any key there is no scale.
template <class T>
__device__ __forceinline__ void restore_values(OutputRow<T> &x, const AttentionParams &p, const Position &at,
                                               bool sees_keys) {
  const int64_t channel = (int64_t{at.batch} * p.heads_kv + at.kv_head) * T::kTileDim + 2 * at.pair;
  if (p.value_scale != nullptr && sees_keys) {
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      const float2 scale = *reinterpret_cast<const float2 *>(p.value_scale + channel + 8 * n);
      x[n].x = times_scale(x[n].x, scale.x), x[n].y = times_scale(x[n].y, scale.y);
    }
  }
  if (p.value_mean != nullptr && sees_keys) {
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      const float2 mean = *reinterpret_cast<const float2 *>(p.value_mean + channel + 8 * n);
      x[n].x += mean.x, x[n].y += mean.y;
    }
  }
}

// 16-bit rows go through shared memory, to leave in 16-byte stores.
template <class T>
__device__ __forceinline__ void store_staged_rows(const char *tile, const AttentionParams &p, int64_t offset,
                                                  int warp_row, int len_q) {
  constexpr int kRowBytes = T::kTileDim * sizeof(uint16_t);
  constexpr int kChunks = kRowBytes / T::kVectorBytes;
  constexpr int kPerChunk = T::kVectorBytes / sizeof(uint16_t);
  uint16_t *output = static_cast<uint16_t *>(const_cast<void *>(p.output.data)) + offset;
#pragma unroll
  for (int pass = 0; pass < T::kWarpRows * kChunks / 32; ++pass) {
    const int i = pass * 32 + threadIdx.x % 32;
    const int local = i / kChunks, chunk = i % kChunks;
    const int channel = chunk * kPerChunk;
    if (warp_row + local >= len_q || channel >= p.head_dim_v) continue;
    const uint4 bits = *reinterpret_cast<const uint4 *>(tile + swizzled<kRowBytes>(local, chunk));
    uint16_t *target = output + (warp_row + local) * p.output.stride_token + channel;
    if (p.wide_output) {
      *reinterpret_cast<uint4 *>(target) = bits;
    } else {
      uint16_t values[kPerChunk];
      memcpy(values, &bits, sizeof(bits));
#pragma unroll
      for (int c = 0; c < kPerChunk; ++c)
        if (channel + c < p.head_dim_v) target[c] = values[c];
    }
  }
}

template <class T>
__device__ __forceinline__ void store_fp32_row(const OutputRow<T> &x, float *row, const AttentionParams &p, int pair) {
  row += 2 * pair;
  const int channels = p.head_dim_v - 2 * pair; // from there on
#pragma unroll
  for (int n = 0; n < T::kTileDim / 8; ++n) {
    if (p.wide_output) {
      if (8 * n < channels) *reinterpret_cast<float2 *>(row + 8 * n) = x[n];
    } else {
      if (8 * n < channels) row[8 * n] = x[n].x;
      if (8 * n + 1 < channels) row[8 * n + 1] = x[n].y;
    }
  }
}

template <class T, typename Element>
__device__ __forceinline__ void stage_row(const OutputRow<T> &x, char *tile, int local, int pair) {
  constexpr int kRowBytes = T::kTileDim * sizeof(uint16_t);
#pragma unroll
  for (int n = 0; n < T::kTileDim / 8; ++n) {
    constexpr bool kHalf = std::is_same_v<Element, __half>;
    const float low = kHalf ? within_half(x[n].x) : x[n].x, high = kHalf ? within_half(x[n].y) : x[n].y;
    *reinterpret_cast<uint32_t *>(tile + swizzled<kRowBytes>(local, n) + 4 * pair) = pack2<Element>(low, high);
  }
}

template <class T>
__device__ __forceinline__ void write_output(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p) {
  cp_async_wait<0>(); // a tile whose rows see no key has not waited for its first stage
  __syncthreads();    // other warps may still read the last stage
  const Position at(p, T::kTileRows);
  const Problem &problem = smem.problem();
  const int warp_row = at.first_row + at.warp * T::kWarpRows, len_q = problem.len_q;
  const int64_t offset = head_offset(p.output, at.batch, at.head, problem.first_q);
  char *tile = reinterpret_cast<char *>(smem.output[at.warp]);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float sum = problem.fits ? quad_sum(state.row_sum[f][r]) : NAN;
      const float inverse = sum == 0.0f ? 0.0f : reciprocal(sum); // NaN stays NaN
      const int local = 16 * f + 8 * r + at.group;
      const int row = warp_row + local;
      if (p.lse != nullptr && row < len_q && at.pair == 0) {
        float &lse = *lse_of(p, problem, at, row);
        lse = sum == 0.0f ? -INFINITY : lse + (state.reference[f][r] + log2f(sum)) * kLn2;
      }
      OutputRow<T> x;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n)
        x[n] = {state.output[f][n][2 * r] * inverse, state.output[f][n][2 * r + 1] * inverse};
      restore_values<T>(x, p, at, sum != 0.0f);
      if (p.dtype == Dtype::kFloat16)
        stage_row<T, __half>(x, tile, local, at.pair);
      else if (p.dtype == Dtype::kBFloat16)
        stage_row<T, __nv_bfloat16>(x, tile, local, at.pair);
      else if (row < len_q)
        store_fp32_row<T>(x, static_cast<float *>(const_cast<void *>(p.output.data)) + offset + row * p.output.stride_token,
                          p, at.pair);
    }
  }
  if (p.dtype == Dtype::kFloat32) return;
  __syncwarp();
  store_staged_rows<T>(tile, p, offset, warp_row, len_q);
}

} // namespace sage
