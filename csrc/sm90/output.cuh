// The epilogue: normalized rows and the LSE.
#pragma once

#include "softmax.cuh"
#include "traits.cuh"

#include <cstring>

namespace sage::sm90 {

// Writes the rows of a warp, 64 channels at a time through shared memory, so that rows leave in 16-byte stores.
// `query_mean`: of the warp's rows. `warp_row`: its first row in the tile.
template <class T>
__device__ __forceinline__ void write_output(const float (&output)[T::kTileDim / 2], const RowState &rows,
                                             const float *query_mean, char *staging, const AttentionParams &p,
                                             const Assignment &assigned, int warp_row) {
  const int lane = opaque(static_cast<int>(threadIdx.x)) % 32, group = lane / 4, pair = lane % 4; // see layout.cuh
  const int rows_left = assigned.rows - warp_row;
  float inverse[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float sum = assigned.fits ? quad_sum(rows.sum[r]) : NAN;
    inverse[r] = sum == 0.0f ? 0.0f : reciprocal(sum); // NaN stays NaN
    const int row = 8 * r + group;
    if (p.lse != nullptr && row < rows_left && pair == 0)
      p.lse[assigned.lse + warp_row + row] =
          sum == 0.0f ? -INFINITY : query_mean[row] + (rows.reference[r] + log2f(sum)) * kLn2;
  }
  uint16_t *target =
      static_cast<uint16_t *>(const_cast<void *>(p.output.data)) + assigned.output + warp_row * p.output.stride_token;
#pragma unroll
  for (int first = 0; first < T::kTileDim; first += 64) {
    __syncwarp();
#pragma unroll
    for (int n = 0; n < 8; ++n) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int i = first / 2 + 4 * n + 2 * r;
        const float x = output[i] * inverse[r], y = output[i + 1] * inverse[r];
        *reinterpret_cast<uint32_t *>(staging + swizzled<128>(8 * r + group, n) + 4 * pair) =
            p.dtype == Dtype::kFloat16 ? pack2<__half>(within_half(x), within_half(y)) : pack2<__nv_bfloat16>(x, y);
      }
    }
    __syncwarp();
#pragma unroll
    for (int pass = 0; pass < 4; ++pass) {
      const int local = 4 * pass + lane / 8, channel = first + lane % 8 * 8;
      if (local >= rows_left || channel >= p.head_dim_v) continue;
      const uint4 bits = *reinterpret_cast<const uint4 *>(staging + swizzled<128>(local, lane % 8));
      uint16_t *row = target + local * p.output.stride_token + channel;
      if (p.wide_output) {
        *reinterpret_cast<uint4 *>(row) = bits;
      } else {
        uint16_t values[8];
        memcpy(values, &bits, sizeof(bits));
#pragma unroll
        for (int c = 0; c < 8; ++c)
          if (channel + c < p.head_dim_v) row[c] = values[c];
      }
    }
  }
}

} // namespace sage::sm90
