// The epilogue: normalized rows and the LSE.
#pragma once

#include "softmax.cuh"
#include "traits.cuh"

#include <cstring>

namespace sage::sm90 {

template <class T>
__device__ __forceinline__ void write_fp32(const float (&output)[T::kTileDim / 2], const float (&inverse)[2],
                                           const AttentionParams &p, const Assignment &assigned, int warp_row) {
  const int lane = opaque(static_cast<int>(threadIdx.x)) % 32;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = warp_row + 8 * r + lane / 4;
    if (row >= assigned.rows) continue;
    float *target = static_cast<float *>(const_cast<void *>(p.output.data)) + assigned.output +
                    row * p.output.stride_token + lane % 4 * 2;
    const int channels = p.head_dim_v - lane % 4 * 2; // from there on
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      const float x = output[4 * n + 2 * r] * inverse[r], y = output[4 * n + 2 * r + 1] * inverse[r];
      if (p.wide_output) {
        if (8 * n < channels) *reinterpret_cast<float2 *>(target + 8 * n) = {x, y};
      } else {
        if (8 * n < channels) target[8 * n] = x;
        if (8 * n + 1 < channels) target[8 * n + 1] = y;
      }
    }
  }
}

// Writes the rows of a warp, 64 channels at a time through shared memory, so that rows leave in 16-byte stores.
// `query_mean`: of the warp's rows. `warp_row`: its first row in the tile.
template <class T, bool kLse>
__device__ __forceinline__ void write_output(const float (&output)[T::kTileDim / 2], const RowState &rows,
                                             const ExactSums<kLse> &exact, const float *query_mean, char *staging,
                                             const AttentionParams &p, const Assignment &assigned, int warp_row) {
  const int lane = opaque(static_cast<int>(threadIdx.x)) % 32, group = lane / 4, pair = lane % 4; // see layout.cuh
  const int rows_left = assigned.rows - warp_row;
  float inverse[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float sum = assigned.fits ? quad_sum(rows.sum[r]) : NAN;
    inverse[r] = sum == 0.0f ? 0.0f : reciprocal(sum); // NaN stays NaN
    if constexpr (kLse) {
      const int row = 8 * r + group;
      const float all = quad_sum(exact.sum[r]);
      if (p.lse != nullptr && row < rows_left && pair == 0)
        p.lse[assigned.lse + warp_row + row] =
            sum == 0.0f ? -INFINITY : query_mean[row] + (rows.reference[r] + log2f(is_nan(sum) ? sum : all)) * kLn2;
    }
  }
  if constexpr (T::kGeneral) {
    if (p.dtype == Dtype::kFloat32) return write_fp32<T>(output, inverse, p, assigned, warp_row);
  }
  uint32_t packed[T::kTileDim / 4]; // pairs of channels
  const auto pack = [&](const auto &two) {
#pragma unroll
    for (int i = 0; i < T::kTileDim / 4; ++i)
      packed[i] = two(output[2 * i] * inverse[i % 2], output[2 * i + 1] * inverse[i % 2]);
  };
  if (p.dtype == Dtype::kFloat16)
    pack([](float x, float y) { return pack2<__half>(within_half(x), within_half(y)); });
  else
    pack([](float x, float y) { return pack2<__nv_bfloat16>(x, y); });
  const bool whole = p.wide_output && rows_left >= kWarpRows && p.head_dim_v == T::kTileDim;
  uint16_t *target = static_cast<uint16_t *>(const_cast<void *>(p.output.data)) + assigned.output +
                     (warp_row + lane / 8) * p.output.stride_token + lane % 8 * 8;
#pragma unroll
  for (int first = 0; first < T::kTileDim; first += 64) {
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 16; ++i)
      *reinterpret_cast<uint32_t *>(staging + swizzled<128>(i % 2 * 8 + group, i / 2) + 4 * pair) =
          packed[first / 4 + i];
    __syncwarp();
    if (whole) {
#pragma unroll
      for (int pass = 0; pass < 4; ++pass) {
        const uint4 bits = load_shared_16(shared_address(staging + swizzled<128>(4 * pass + lane / 8, lane % 8)));
        // Else the compiler makes four stores of it.
        asm volatile(
            "st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(target + 4 * pass * p.output.stride_token + first),
            "r"(bits.x), "r"(bits.y), "r"(bits.z), "r"(bits.w)
            : "memory");
      }
      continue;
    }
#pragma unroll
    for (int pass = 0; pass < 4; ++pass) {
      const int channels = p.head_dim_v - first - lane % 8 * 8; // from there on
      if (4 * pass + lane / 8 >= rows_left || channels <= 0) continue;
      const uint4 bits = *reinterpret_cast<const uint4 *>(staging + swizzled<128>(4 * pass + lane / 8, lane % 8));
      uint16_t *row = target + 4 * pass * p.output.stride_token + first;
      if (p.wide_output) {
        *reinterpret_cast<uint4 *>(row) = bits;
      } else {
        uint16_t values[8];
        memcpy(values, &bits, sizeof(bits));
#pragma unroll
        for (int c = 0; c < 8; ++c)
          if (c < channels) row[c] = values[c];
      }
    }
  }
}

} // namespace sage::sm90
