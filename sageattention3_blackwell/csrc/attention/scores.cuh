// The scores of one step of keys, and everything that changes them afterwards: visibility and masks.
#pragma once

#include "../../../csrc/common/mma.cuh"
#include "../../../csrc/common/numeric.cuh"
#include "../mma/block_scaled.cuh"
#include "traits.cuh"

namespace sageattn3 {

// Query mean times keys, in integers: each warp takes the 8 keys of one score fragment, and all warps read the result.
template <class T>
__device__ __forceinline__ void multiply_mean(SharedMemory<T> &smem, const Record<T::kTileDim> &stage) {
  const int lane = threadIdx.x % 32, fragment = warp_index();
  const auto *keys = reinterpret_cast<const uint4 *>(stage.key_int8) + fragment * (T::kTileDim / 64) * 32 + lane;
  int32_t sum[4] = {};
#pragma unroll
  for (int i = 0; i < T::kTileDim / 64; ++i) {
    const uint4 b = keys[32 * i];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      uint2 rows = {0, 0};
      if (lane < 8) rows = smem.query.mean[2 * i + h][lane];
      const uint32_t a[4] = {rows.x, 0, rows.y, 0};
      sage::mma_s8(sum, a, h == 0 ? b.x : b.z, h == 0 ? b.y : b.w, sum);
    }
  }
  // Row 0 (lanes 0 to 3) is the high part, row 1 (lanes 4 to 7) the low one.
  const int low0 = __shfl_down_sync(sage::kAllLanes, sum[0], 4), low1 = __shfl_down_sync(sage::kAllLanes, sum[1], 4);
  if (lane < 4) {
    const int column = 8 * fragment + 2 * lane;
    const float2 scale = *reinterpret_cast<const float2 *>(&stage.key_int8_scale[column]);
    smem.mean_scores[column] = static_cast<float>(kHigh * sum[0] + low0) * (scale.x * smem.query.mean_scale);
    smem.mean_scores[column + 1] = static_cast<float>(kHigh * sum[1] + low1) * (scale.y * smem.query.mean_scale);
  }
}

// FP4 products of the warp's rows with the keys of a stage.
template <class T>
__device__ __forceinline__ void multiply_keys(Scores<T> &scores, const Query<T> &query,
                                              const Record<T::kTileDim> &stage) {
  const int lane = threadIdx.x % 32;
  const auto *keys = reinterpret_cast<const uint4 *>(stage.key) + lane;
  const auto *scales = reinterpret_cast<const uint4 *>(stage.key_scale) + lane / 4;
#pragma unroll
  for (int n = 0; n < T::kScoreFragments; ++n) scores[n][0] = scores[n][1] = scores[n][2] = scores[n][3] = 0.0f;
#pragma unroll
  for (int step = 0; step < T::kSteps; ++step) {
    const uint4 rows = query.fragment[step][threadIdx.x];
    const OperandA a({rows.x, rows.y, rows.z, rows.w}, query.scale[step][threadIdx.x]);
#pragma unroll
    for (int n = 0; n < T::kScoreFragments; n += 4) {
      const uint4 scale = scales[(step * T::kScoreFragments + n) * 2];
      const uint32_t scale_of[4] = {scale.x, scale.y, scale.z, scale.w};
#pragma unroll
      for (int i = 0; i < 4; i += 2) {
        const uint4 b = keys[(step * T::kScoreFragments + n + i) / 2 * 32];
        multiply(scores[n + i], a, b.x, b.y, scale_of[i]);
        multiply(scores[n + i + 1], a, b.z, b.w, scale_of[i + 1]);
      }
    }
  }
}

// To base-2 exponents, with the query mean's part.
template <class T>
__device__ __forceinline__ void scale_scores(Scores<T> &scores, const WarpState<T> &state, const float *mean_scores) {
  const auto *columns = reinterpret_cast<const float2 *>(mean_scores) + threadIdx.x % 4;
#pragma unroll
  for (int n = 0; n < T::kScoreFragments; ++n) {
    const float2 mean = columns[4 * n];
#pragma unroll
    for (int i = 0; i < 4; ++i)
      scores[n][i] = fmaf(scores[n][i], state.score_scale[i / 2], i % 2 == 0 ? mean.x : mean.y);
  }
}

// Scores of keys that do not exist or that causality hides become -inf.
template <class T>
__device__ __forceinline__ void hide_keys(Scores<T> &scores, const Extent &extent, int first_row, int first_key) {
  const int lane = sage::opaque(int(threadIdx.x % 32));
  const int row = first_row + lane / 4;
#pragma unroll
  for (int n = 0; n < T::kScoreFragments; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int key = first_key + key_of(lane, n, i % 2);
      if (key >= extent.len_kv || key > row + 8 * (i / 2) + extent.shift) scores[n][i] = -INFINITY;
    }
  }
}

// One mask element in base-2 exponents. A finite value stays finite: rows that are masked with the lowest number of a
// type everywhere have equal probabilities, rows that are masked with -inf everywhere have none.
template <typename Mask> __device__ __forceinline__ float mask_exponent(Mask element) {
  constexpr float kLowestFinite = -1.5e38f;
  const float x = sage::to_float(element);
  const float exponent = x * sage::kLog2e;
  return exponent < kLowestFinite && x != -INFINITY ? kLowestFinite : exponent;
}

template <class T, typename Mask>
__device__ __forceinline__ void add_mask(Scores<T> &scores, const AttentionParams &p, const Position &at,
                                         const Extent &extent, int first_row, int first_key) {
  const int lane = sage::opaque(int(threadIdx.x % 32));
  const Mask *mask =
      static_cast<const Mask *>(p.mask.data) + at.batch * p.mask.stride_batch + at.head * p.mask.stride_head;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    // Rows and keys past the end: whatever is added, nothing comes of it.
    const Mask *row = mask + min(first_row + lane / 4 + 8 * r, extent.len_q - 1) * p.mask.stride_query;
#pragma unroll
    for (int n = 0; n < T::kScoreFragments; ++n) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const Mask element = row[min(first_key + key_of(lane, n, i), extent.len_kv - 1) * p.mask.stride_key];
        float &score = scores[n][2 * r + i];
        if constexpr (sizeof(Mask) == 1)
          score = element != 0 ? score : -INFINITY;
        else
          score += mask_exponent(element);
      }
    }
  }
}

template <class T>
__device__ __forceinline__ void apply_mask(Scores<T> &scores, const AttentionParams &p, const Position &at,
                                           const Extent &extent, int first_row, int first_key) {
  switch (p.mask.kind) {
  case MaskKind::kBool: return add_mask<T, uint8_t>(scores, p, at, extent, first_row, first_key);
  case MaskKind::kFloat16: return add_mask<T, __half>(scores, p, at, extent, first_row, first_key);
  case MaskKind::kBFloat16: return add_mask<T, __nv_bfloat16>(scores, p, at, extent, first_row, first_key);
  default: return add_mask<T, float>(scores, p, at, extent, first_row, first_key);
  }
}

} // namespace sageattn3
