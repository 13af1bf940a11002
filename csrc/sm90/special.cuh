// Keys and values that hold an inf or NaN. The main loop leaves such keys out and takes such elements of values as
// zeros; what exact arithmetic makes of them is settled at the end, for the rows that see them. Rarely run.
#pragma once

#include "../attention/special.cuh"
#include "softmax.cuh"
#include "traits.cuh"

namespace sage::sm90 {

// query . key of one row, inf or NaN.
__device__ __forceinline__ float special_score(const AttentionParams &p, int64_t query, int64_t key) {
  float sum = 0.0f;
#pragma unroll 1
  for (int c = 0; c < p.head_dim_qk; ++c)
    sum = fmaf(element_at(p.query.data, query + c, p.dtype), element_at(p.raw_key.data, key + c, p.dtype), sum);
  return sum * p.sm_scale;
}

// What a mask adds to a score: -inf where it hides it.
__device__ __forceinline__ float mask_at(const AttentionParams &p, int64_t offset) {
  switch (p.mask.kind) {
  case MaskKind::kBool: return static_cast<const bool *>(p.mask.data)[offset] ? 0.0f : -INFINITY;
  case MaskKind::kFloat16: return element_at(p.mask.data, offset, Dtype::kFloat16);
  case MaskKind::kBFloat16: return element_at(p.mask.data, offset, Dtype::kBFloat16);
  default: return element_at(p.mask.data, offset, Dtype::kFloat32);
  }
}

// Adds what is not finite in a value to the rows that see it.
template <int kTileDim>
__device__ __forceinline__ void add_special_value(float (&output)[kTileDim / 2], const AttentionParams &p,
                                                  int64_t value, const bool (&seen)[2]) {
#pragma unroll 1
  for (int i = 0; i < kTileDim / 4; ++i) { // channels of this thread
    const int channel = i / 2 * 8 + threadIdx.x % 4 * 2 + i % 2;
    const float x = channel < p.head_dim_v ? element_at(p.raw_value.data, value + channel, p.dtype) : 0.0f;
    if (!is_nan(nan_unless_finite(x))) continue;
#pragma unroll
    for (int target = 0; target < kTileDim / 2; ++target) // registers have no index: compare with every one
      if (target / 4 == i / 2 && target % 2 == i % 2 && seen[target % 4 / 2]) output[target] += x;
  }
}

// `warp_row`: first row of the warp in the tile. A row with a score of NaN or +inf becomes NaN, as its sum; -inf is a
// key left out.
template <class T>
__device__ __forceinline__ void settle_special(float (&output)[T::kTileDim / 2], RowState &rows,
                                               const AttentionParams &p, const Work &work, int warp_row) {
  const Problem &problem = work.problem;
  wait_for_previous_grid(); // which writes the records; this thread has only seen what came of them
  const int first_row = work.first_row + warp_row + threadIdx.x % 32 / 4;
  const int64_t query = head_offset(p.query, work.batch, work.head, problem.first_q);
  const int64_t key = head_offset(p.raw_key, work.batch, work.kv_head, problem.first_kv);
  const int64_t value = head_offset(p.raw_value, work.batch, work.kv_head, problem.first_kv);
  const char *record =
      reinterpret_cast<const char *>(p.key) + work.record(p) * T::Tile::kBytes + T::Tile::kScalesOffset;
#pragma unroll 1
  for (int word = 0; word < work.tiles * (kTileKeys / 32); ++word) {
    const auto &scales =
        *reinterpret_cast<const TileScales<T::kTileDim> *>(record + int64_t{word / 4} * T::Tile::kBytes);
    const uint32_t special_key = scales.special_key[word % 4];
    const uint32_t special_value = scales.special_value[word % 4] & (scales.visible[word % 4] | special_key);
#pragma unroll 1
    for (uint32_t left = special_key | special_value; left != 0; left &= left - 1) {
      const int bit = __ffs(left) - 1;
      const int token = min(word * 32 + bit, problem.len_kv - 1); // sequences that overlap mark each other's keys
      bool seen[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int row = first_row + 8 * r;
        seen[r] = row < problem.len_q && token <= row + problem.causal_shift;
        float mask = 0.0f;
        if constexpr (T::kMasked) {
          if (seen[r])
            mask = mask_at(p, work.batch * p.mask.stride_batch + work.head * p.mask.stride_head +
                                  row * p.mask.stride_query + token * p.mask.stride_key);
          seen[r] &= mask != -INFINITY;
        }
        if (!seen[r] || !(special_key >> bit & 1)) continue;
        float score = special_score(p, query + row * p.query.stride_token, key + token * p.raw_key.stride_token);
        if constexpr (T::kMasked) score += mask;
        if (score != -INFINITY) rows.sum[r] = NAN;
      }
      if (special_value >> bit & 1)
        add_special_value<T::kTileDim>(output, p, value + token * p.raw_value.stride_token, seen);
    }
  }
}

} // namespace sage::sm90
