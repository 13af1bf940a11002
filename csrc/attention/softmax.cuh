// The online softmax of one step of keys.
#pragma once

#include "../common/layout.cuh"
#include "../common/numeric.cuh"
#include "state.cuh"
#include "tile.cuh"

namespace sage {

// softmax() rounds kMagic * scale, which may be as far off as 0.75 * scale. Scores with a scale beyond this one are
// made plain floats first: exponents could be anything, and where P is nothing or infinite, so is its row.
constexpr float kLargestScale = 0x1p-4f;
// The product of the lengths of a query and of the longest of a group of keys is this large at least, in INT8 steps.
constexpr float kSmallestLengths = kInt8Max * kInt8Max;

// The reference of a row whose largest score is this. Where floats are far apart it is the score itself rather than
// beyond kUsualExponent or far above.
template <class T> __device__ __forceinline__ float below(float largest) {
  constexpr float kUsual = T::Values::kUsualExponent;
  return kUsual > 0.0f ? __fsub_ru(largest, kUsual) : __fadd_rd(largest, -kUsual);
}

// Whether scores of this warp with keys of a scale (or minus that) may be too large for softmax().
template <class T> __device__ __forceinline__ bool too_large(const WarpState<T> &state, float key_scale) {
  float scale = state.query_scale[0][0];
#pragma unroll
  for (int i = 1; i < 2 * T::kRowFragments; ++i) scale = fmaxf(scale, state.query_scale[i / 2][i % 2]);
  return fabsf(key_scale) * scale > kLargestScale;
}

// Scores as plain floats.
template <class T>
__device__ __forceinline__ void dequantize(Scores<T> &scores, const WarpState<T> &state, float key_scale) {
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float scale = score_scale(state.query_scale[f][i / 2], key_scale);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n)
        scores[f][n][i] = __float_as_int((__int_as_float(scores[f][n][i]) - kMagic) * scale);
    }
  }
}

// P is 2^(score - reference). Raises the references to what the scores need, where any row of the warp needs it, and
// rescales what was summed so far: only when P would exceed 2^kLargestExponent, so shuffles and multiplications are
// rare. A new reference lets the largest score of its row reach 2^kUsualExponent. No score exceeds the product of its
// query's and its key's lengths: norm_limit is the length of keys up to which no P can exceed 2^kBoundedExponent,
// whatever the scores are, and up to which softmax() rounds well (kLargestScale). kPlain: the scores are plain floats
// with a scale of 1.
template <class T, bool kPlain>
__device__ __forceinline__ void raise_reference(WarpState<T> &state, const SharedMemory<T> &smem,
                                                const Scores<T> &scores, float key_scale) {
  float largest[T::kRowFragments][2];
  bool grows = false;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float x = __int_as_float(scores[f][0][2 * r]);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n)
        x = fmaxf(x, fmaxf(__int_as_float(scores[f][n][2 * r]), __int_as_float(scores[f][n][2 * r + 1])));
      largest[f][r] = kPlain ? x : (x - kMagic) * score_scale(state.query_scale[f][r], key_scale);
      grows |= largest[f][r] - state.reference[f][r] > T::Values::kLargestExponent; // a sum could be rounded up
    }
  }
  if (!__any_sync(kAllLanes, grows)) return;
  state.norm_limit = INFINITY;
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float reference = fmaxf(state.reference[f][r], below<T>(quad_max(largest[f][r])));
      const float factor = exp2_approx(state.reference[f][r] - reference);
      state.reference[f][r] = reference;
      if constexpr (T::kBoundable)
        state.norm_limit =
            fminf(state.norm_limit, fminf(reference + T::Values::kBoundedExponent, kLargestScale * kSmallestLengths) *
                                        reciprocal(smem.query_norm[2 * f + r][threadIdx.x]));
      state.row_sum[f][r] *= factor;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n) state.output[f][n].scale(r, factor);
    }
  }
}

// P as A fragments of the second product; its row sums are collected on the way. Dequantization and subtraction are one
// FMA: score * scale - (kMagic * scale + reference).
template <class T, bool kPlain>
__device__ __forceinline__ void softmax(typename T::Values::Fragments &fragments, WarpState<T> &state,
                                        const Scores<T> &scores, float key_scale) {
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float scale = kPlain ? 1.0f : score_scale(state.query_scale[f][r], key_scale);
      const float offset = kPlain ? -state.reference[f][r] : -fmaf(kMagic, scale, state.reference[f][r]);
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n) {
        const float a = exp2_approx(fmaf(__int_as_float(scores[f][n][2 * r]), scale, offset));
        const float b = exp2_approx(fmaf(__int_as_float(scores[f][n][2 * r + 1]), scale, offset));
        state.row_sum[f][r] += a + b;
        T::Values::pack(fragments, f, r, n, a, b);
      }
    }
  }
}

} // namespace sage
