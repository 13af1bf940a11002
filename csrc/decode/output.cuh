// Results: those of the groups of a block brought together, those of splits handed on, rows of the output written.
#pragma once

#include "../common/numeric.cuh"
#include "scores.cuh"
#include "tile.cuh"

namespace sage::decode {

// kCount channels of a row from `channel` on, given their sums of P V and the row's sum of P relative to 2^reference;
// the thread with the first channel writes the LSE. Rows that see no key give zeros and -inf.
template <typename Element, int kCount>
__device__ __forceinline__ void write_channels(const Params &p, int batch, const Row &row, int channel,
                                               const float (&sums)[kCount], float reference, float row_sum) {
  if (channel == 0 && p.lse != nullptr)
    p.lse[(int64_t{batch} * p.heads_q + row.head) * p.len_q + row.query] =
        row_sum == 0.0f ? -INFINITY : kLn2 * (reference + __log2f(row_sum));
  uint32_t bits[kCount / 2];
#pragma unroll
  for (int c = 0; c < kCount / 2; ++c)
    bits[c] =
        row_sum == 0.0f ? 0u : pack2<Element>(__fdividef(sums[2 * c], row_sum), __fdividef(sums[2 * c + 1], row_sum));
  uint16_t *target = static_cast<uint16_t *>(const_cast<void *>(p.output.data)) + batch * p.output.stride_batch +
                     row.head * p.output.stride_head + row.query * p.output.stride_token + channel;
  if (p.wide_output) {
    if (channel >= p.head_dim_v) return;
    if constexpr (kCount == 8)
      *reinterpret_cast<uint4 *>(target) = {bits[0], bits[1], bits[2], bits[3]};
    else if constexpr (kCount == 4)
      *reinterpret_cast<uint2 *>(target) = {bits[0], bits[1]};
    else
      *reinterpret_cast<uint32_t *>(target) = bits[0];
  } else {
#pragma unroll
    for (int c = 0; c < kCount; ++c)
      if (channel + c < p.head_dim_v) target[c] = static_cast<uint16_t>(bits[c / 2] >> (16 * (c % 2)));
  }
}

// The groups' sums go to shared memory, where the rings were; nobody may use those any more.
template <class T>
__device__ __forceinline__ void store_group(const State<T> &state, const Position<T> &at, unsigned char *shared_bytes) {
  float *sums = reinterpret_cast<float *>(shared_bytes);
  float2 *states = reinterpret_cast<float2 *>(shared_bytes + T::kStateOffset);
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = at.key_group * T::kRows + at.row_warp * T::kWarpRows + 16 * f + 8 * r + at.group;
      const float row_sum = quad_sum(state.row_sum[f][r]);
      if (at.pair == 0) states[row] = {state.reference[f][r], row_sum};
      float *target = sums + row * T::kPitch + 2 * at.pair;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n)
        *reinterpret_cast<float2 *>(target + 8 * n) = {state.output[f][n][2 * r], state.output[f][n][2 * r + 1]};
    }
  }
}

// Adds the groups up and writes the output or, if the keys were split, this split's result.
template <class T>
__device__ __forceinline__ void write_block(const Params &p, const Position<T> &at, const unsigned char *shared_bytes) {
  constexpr int kCount = 8, kChunks = T::kTileDim / kCount;
  const float *sums = reinterpret_cast<const float *>(shared_bytes);
  const float2 *states = reinterpret_cast<const float2 *>(shared_bytes + T::kStateOffset);
  for (int index = threadIdx.x; index < T::kRows * kChunks; index += T::kWriters) {
    const int row = index / kChunks, channel = index % kChunks * kCount;
    if (at.first_row + row >= p.rows) return;
    float reference = kLowest, row_sum = 0.0f, x[kCount] = {};
#pragma unroll
    for (int g = 0; g < T::kKeyGroups; ++g) reference = fmaxf(reference, states[g * T::kRows + row].x);
#pragma unroll
    for (int g = 0; g < T::kKeyGroups; ++g) {
      const float2 state = states[g * T::kRows + row];
      const float weight = exp2_approx(state.x - reference);
      row_sum += weight * state.y;
#pragma unroll
      for (int c = 0; c < kCount; ++c) x[c] += weight * sums[(g * T::kRows + row) * T::kPitch + channel + c];
    }
    if (p.splits == 1) {
      write_channels<typename T::Element>(p, at.batch, Row(p, at.kv_head, at.first_row + row), channel, x, reference,
                                          row_sum);
    } else {
      if (channel == 0) p.partial_state[at.first_place + row] = {reference, row_sum};
      float4 *target = reinterpret_cast<float4 *>(p.partial + (at.first_place + row) * T::kTileDim + channel);
      target[0] = {x[0], x[1], x[2], x[3]};
      target[1] = {x[4], x[5], x[6], x[7]};
    }
  }
}

} // namespace sage::decode
