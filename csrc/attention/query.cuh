// The prologue: loads the query rows of a warp and quantizes them to INT8 fragments.
#pragma once

#include "../common/numeric.cuh"
#include "position.cuh"
#include "state.cuh"

namespace sage {

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
__device__ __forceinline__ void quantize_query(WarpState<T> &state, typename T::QueryFragments &fragments,
                                               const AttentionParams &p, const Position &at) {
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

} // namespace sage
