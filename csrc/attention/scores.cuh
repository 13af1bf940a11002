// Q K^T of one step of keys, and everything that changes scores afterwards: special keys, visibility, masks.
#pragma once

#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"
#include "padding.cuh"
#include "position.cuh"
#include "state.cuh"

#include <type_traits>

namespace sage {

// Scores of the warp's rows with kStep keys from `key` on, as INT32 sums on top of kMagicBits.
template <class T>
__device__ __forceinline__ void query_key_product(Scores<T> &scores, const WarpState<T> &state, int stage_offset,
                                                  int key) {
  const uint32_t address = state.key_address + stage_offset + key * T::kTileDim;
  const int32_t start[4] = {kMagicBits, kMagicBits, kMagicBits, kMagicBits};
#pragma unroll
  for (int k = 0; k < T::kTileDim / 32; ++k) {
    uint4 rows[T::kRowFragments];
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) rows[f] = load_shared_16(state.query_address + T::query_offset(f, k));
#pragma unroll
    for (int n = 0; n < T::kStep / 8; n += 2) {
      uint32_t fragment[4];
      ldmatrix_x4(fragment, chunk_ahead(address, 2 * k) + 8 * n * T::kTileDim);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
        const uint32_t a[4] = {rows[f].x, rows[f].y, rows[f].z, rows[f].w};
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          int32_t (&sum)[4] = scores[f][n + i];
          if (k == 0)
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], start);
          else
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], sum);
        }
      }
    }
  }
}

// Scores of keys that do not exist, or that causality or a padding mask hides, become -inf.
template <class T>
__device__ __forceinline__ void mask_scores(Scores<T> &scores, const AttentionParams &p, const Problem &problem,
                                            int warp_row, int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  const uint64_t shown = shown_keys(p, problem, first_key) >> thread % 4 * 2;
  first_key += thread % 4 * 2;
  const int hidden = __float_as_int(-INFINITY);
  const int len_kv = problem.len_kv, causal_shift = problem.causal_shift;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int row = first_row + 16 * f + 8 * (i / 2);
        const int key = first_key + 8 * n + i % 2;
        const bool shown_here = shown >> (8 * n + i % 2) & 1;
        if (key >= len_kv || key > row + causal_shift || !shown_here) scores[f][n][i] = hidden;
      }
    }
  }
}

// One mask element in the base-2 exponents of the scores. Rounded towards zero, so that a finite number stays finite,
// if not above the lowest reference: rows that are masked with the lowest number of a type everywhere have equal
// probabilities, rows that are masked with -inf everywhere have none.
template <typename Mask> __device__ __forceinline__ float mask_exponent(Mask element) {
  return __fmul_rz(to_float(element), kLog2e);
}
template <> __device__ __forceinline__ float mask_exponent(bool element) { return element ? 0.0f : -INFINITY; }

// Dequantizes the scores in place and adds the mask: from here on they are plain floats with a scale of 1.
template <class T, typename Mask>
__device__ __forceinline__ void add_mask(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                         const AttentionParams &p, const Problem &problem, int64_t mask_offset,
                                         int warp_row, int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
  const Mask *mask = static_cast<const Mask *>(p.mask.data) + mask_offset;
  const bool same_for_all_rows = p.mask.stride_query == 0;
#pragma unroll
  for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      // Keys past the end are hidden afterwards, whatever is added.
      const Mask *column = mask + min(first_key + 8 * n + i, problem.len_kv - 1) * p.mask.stride_key;
      float exponent = 0.0f;
      if (same_for_all_rows) exponent = mask_exponent(*column);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          if (!same_for_all_rows)
            exponent = mask_exponent(column[min(first_row + 16 * f + 8 * r, problem.len_q - 1) * p.mask.stride_query]);
          int32_t &score = scores[f][n][2 * r + i];
          const float scale = score_scale(state.query_scale[f][r], key_scale);
          const float sum = fmaf(__int_as_float(score) - kMagic, scale, exponent);
          // A mask hides inf and NaN as well; a sum with -inf would not.
          score = __float_as_int(exponent == -INFINITY ? exponent : sum);
        }
      }
    }
  }
}

// The same where two neighbouring elements of the mask can be read at once, no score is inf or NaN (a sum with -inf
// hides all others), and rows do not share the mask.
template <class T, typename Mask>
__device__ __forceinline__ void add_mask_pairs(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                               const AttentionParams &p, const Problem &problem, int64_t mask_offset,
                                               int warp_row, int first_key) {
  struct alignas(2 * sizeof(Mask)) Two {
    Mask x, y;
  };
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
  const Mask *mask = static_cast<const Mask *>(p.mask.data) + mask_offset;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const Mask *row = mask + min(first_row + 16 * f + 8 * r, problem.len_q - 1) * p.mask.stride_query;
      const float scale = score_scale(state.query_scale[f][r], key_scale);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n) {
        const Two two = *reinterpret_cast<const Two *>(row + min(first_key + 8 * n, problem.len_kv - 2));
        int32_t &low = scores[f][n][2 * r], &high = scores[f][n][2 * r + 1];
        low = __float_as_int(fmaf(__int_as_float(low) - kMagic, scale, mask_exponent(two.x)));
        high = __float_as_int(fmaf(__int_as_float(high) - kMagic, scale, mask_exponent(two.y)));
      }
    }
  }
}

// Whether no query of the warp has an inf or NaN.
template <class T> __device__ __forceinline__ bool finite_queries(const WarpState<T> &state) {
  float finite = 0.0f;
#pragma unroll
  for (int i = 0; i < 2 * T::kRowFragments; ++i) finite += nan_unless_finite(state.query_scale[i / 2][i % 2]);
  return !__any_sync(kAllLanes, is_nan(finite));
}

// Whether pairs of elements can be read.
__device__ __forceinline__ bool has_pairs(const AttentionParams &p, const Problem &problem, int64_t mask_offset,
                                          int bytes) {
  const MaskView &m = p.mask;
  const int64_t odd = (reinterpret_cast<uintptr_t>(m.data) / bytes) | mask_offset | m.stride_query | problem.len_kv;
  return m.stride_key == 1 && m.stride_query != 0 && (odd & 1) == 0 && reinterpret_cast<uintptr_t>(m.data) % bytes == 0;
}

template <class T, typename Mask>
__device__ __forceinline__ void add_any_mask(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                             const AttentionParams &p, const Problem &problem, int64_t mask_offset,
                                             int warp_row, int first_key, bool finite) {
  if (finite && has_pairs(p, problem, mask_offset, sizeof(Mask)))
    add_mask_pairs<T, Mask>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key);
  else
    add_mask<T, Mask>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key);
}

// `finite`: no score is inf or NaN.
template <class T>
__device__ __forceinline__ void apply_mask(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                           const AttentionParams &p, const Problem &problem, int64_t mask_offset,
                                           int warp_row, int first_key, bool finite) {
  switch (p.mask.kind) {
  case MaskKind::kBool:
    return add_any_mask<T, bool>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key, finite);
  case MaskKind::kFloat16:
    return add_any_mask<T, __half>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key, finite);
  case MaskKind::kBFloat16:
    return add_any_mask<T, __nv_bfloat16>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key,
                                          finite);
  default:
    return add_any_mask<T, float>(scores, state, key_scale, p, problem, mask_offset, warp_row, first_key, finite);
  }
}

} // namespace sage
