// Keys and values that hold an inf or NaN: quantized as zeros and marked, they get here what exact arithmetic gives.
// Rarely run, so written to take few registers.
#pragma once

#include "padding.cuh"
#include "position.cuh"
#include "state.cuh"

namespace sage {

// An element of an input, whatever its dtype.
__device__ __forceinline__ float element_at(const void *data, int64_t index, Dtype dtype) {
  switch (dtype) {
  case Dtype::kFloat16: return to_float(static_cast<const __half *>(data)[index]);
  case Dtype::kBFloat16: return to_float(static_cast<const __nv_bfloat16 *>(data)[index]);
  default: return static_cast<const float *>(data)[index];
  }
}

// Scores with special keys: the exact products, which are inf or NaN as in exact arithmetic.
template <class T>
__device__ __forceinline__ void replace_special_scores(Scores<T> &scores, const AttentionParams &p,
                                                       const Problem &problem, int first_key) {
  const Position at(p, T::kTileRows);
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const uint64_t special =
      p.key_special[problem.block_of(p, at.kv_head) + first_key / kKeyBlock] >> first_key % kKeyBlock;
  if (special == 0) return; // the mark was for values or padding
  const int64_t query = head_offset(p.query, at.batch, at.head, problem.first_q);
  const int64_t key = head_offset(p.raw_key, at.batch, at.kv_head, problem.first_kv);
  constexpr int kScores = T::kRowFragments * T::kStep / 2;
#pragma unroll 1
  for (int index = 0; index < kScores; ++index) {
    const int f = index / (T::kStep / 2), n = index / 4 % (T::kStep / 8), i = index % 4;
    const int column = 8 * n + 2 * at.pair + i % 2;
    if (!(special >> column & 1)) continue;
    const int row = min(warp_row + 16 * f + 8 * (i / 2) + at.group, problem.len_q - 1);
    const int64_t q = query + row * p.query.stride_token;
    const int64_t k = key + min(first_key + column, problem.len_kv - 1) * p.raw_key.stride_token;
    float sum = 0.0f;
#pragma unroll 1
    for (int c = 0; c < p.head_dim_qk; ++c)
      sum = fmaf(element_at(p.query.data, q + c, p.dtype), element_at(p.raw_key.data, k + c, p.dtype), sum);
    const int32_t bits = __float_as_int(sum * p.sm_scale);
#pragma unroll
    for (int target = 0; target < kScores; ++target) // registers have no index: compare with every one
      if (target == index) scores[target / (T::kStep / 2)][target / 4 % (T::kStep / 8)][target % 4] = bits;
  }
}

// Whether the mask hides a score altogether.
__device__ __forceinline__ bool mask_hides(const AttentionParams &p, int64_t offset) {
  switch (p.mask.kind) {
  case MaskKind::kNone: return false;
  case MaskKind::kBool: return !static_cast<const bool *>(p.mask.data)[offset];
  case MaskKind::kFloat16: return element_at(p.mask.data, offset, Dtype::kFloat16) == -INFINITY;
  case MaskKind::kBFloat16: return element_at(p.mask.data, offset, Dtype::kBFloat16) == -INFINITY;
  default: return element_at(p.mask.data, offset, Dtype::kFloat32) == -INFINITY;
  }
}

// Adds what is not finite in the values of a stage to the rows that see it.
template <class T>
__device__ __forceinline__ void add_special_values(WarpState<T> &state, const AttentionParams &p,
                                                   const Problem &problem, int first_key) {
  const Position at(p, T::kTileRows);
  const int first_row = at.first_row + at.warp * T::kWarpRows + at.group;
  uint64_t special = p.value_special[problem.block_of(p, at.kv_head) + first_key / kKeyBlock] >> first_key % kKeyBlock;
  special &= shown_keys(p, problem, first_key);
  const int64_t mask = at.batch * p.mask.stride_batch + at.head * p.mask.stride_head;
#pragma unroll 1
  for (int column = 0; column < T::kStageKeys && special != 0; ++column, special >>= 1) {
    if (!(special & 1)) continue;
    const int key = min(first_key + column, problem.len_kv - 1); // sequences that overlap mark each other's keys
    bool seen[T::kRowFragments][2];
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int row = first_row + 16 * f + 8 * r;
        seen[f][r] = row < problem.len_q && key <= row + problem.causal_shift &&
                     !mask_hides(p, mask + row * p.mask.stride_query + key * p.mask.stride_key);
      }
    }
    const int64_t value =
        head_offset(p.raw_value, at.batch, at.kv_head, problem.first_kv) + key * p.raw_value.stride_token;
#pragma unroll 1
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      float x[2];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int channel = 8 * n + 2 * at.pair + i;
        x[i] = channel < p.head_dim_v ? element_at(p.raw_value.data, value + channel, p.dtype) : 0.0f;
        if (!is_nan(nan_unless_finite(x[i]))) x[i] = 0.0f;
      }
#pragma unroll
      for (int target = 0; target < T::kTileDim / 8; ++target) { // registers have no index: compare with every one
        if (target != n) continue;
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
          for (int r = 0; r < 2; ++r)
            if (seen[f][r]) state.output[f][target].add(r, x[0], x[1]);
        }
      }
    }
  }
}

} // namespace sage
