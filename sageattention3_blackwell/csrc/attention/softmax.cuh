// The online softmax of one step of keys, P in NVFP4, and its product with V.
#pragma once

#include "../common/quantize.cuh"
#include "../mma/block_scaled.cuh"
#include "traits.cuh"

namespace sageattn3 {

// Start of the running reference. Finite, so that a row which sees no key needs no special case.
constexpr float kLowest = -3e38f;
// log2 of 448 * 6, the largest product of an e4m3 scale and an e2m1 number: the largest probability of a row becomes
// that, so it is exact however much of the row it is.
constexpr float kLargestExponent = 11.392317422778761f;

// Four score fragments are a group of 16 keys for every two lanes. The largest scores of a lane's groups: half h of the
// keys, row r.
template <class T> __device__ __forceinline__ void find_largest(float (&largest)[2][2], const Scores<T> &scores) {
#pragma unroll
  for (int h = 0; h < 2; ++h) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float x = fmaxf(scores[4 * h][2 * r], scores[4 * h][2 * r + 1]);
#pragma unroll
      for (int n = 4 * h + 1; n < 4 * h + 4; ++n) x = fmaxf(x, fmaxf(scores[n][2 * r], scores[n][2 * r + 1]));
      largest[h][r] = fmaxf(x, __shfl_xor_sync(sage::kAllLanes, x, 1));
    }
  }
}

// Raises the references to the largest scores, where any row of the warp has a larger one than before, and rescales
// what was summed so far.
template <class T> __device__ __forceinline__ void raise_reference(WarpState<T> &state, const float (&largest)[2][2]) {
  float reference[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float x = fmaxf(largest[0][r], largest[1][r]);
    x = fmaxf(x, __shfl_xor_sync(sage::kAllLanes, x, 2));
    reference[r] = fmaxf(state.reference[r], x - kLargestExponent);
  }
  const bool grows = reference[0] > state.reference[0] || reference[1] > state.reference[1];
  if (!__any_sync(sage::kAllLanes, grows)) return;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const float factor = sage::exp2_approx(state.reference[r] - reference[r]);
    state.reference[r] = reference[r];
    state.row_sum[r] *= factor;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      state.output[n][2 * r] *= factor;
      state.output[n][2 * r + 1] *= factor;
    }
  }
}

// Scores become probabilities, and their row sums are collected.
template <class T> __device__ __forceinline__ void exponentiate(Scores<T> &scores, WarpState<T> &state) {
#pragma unroll
  for (int n = 0; n < T::kScoreFragments; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      scores[n][i] = sage::exp2_approx(scores[n][i] - state.reference[i / 2]);
      state.row_sum[i / 2] += scores[n][i];
    }
  }
}

// P as an A operand; `scores` are probabilities by now, `largest` still scores.
template <class T>
__device__ __forceinline__ void quantize_probabilities(uint32_t (&numbers)[4], uint32_t &scales,
                                                       const WarpState<T> &state, const Scores<T> &scores,
                                                       const float (&largest)[2][2]) {
  uint32_t codes[2][2];
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    float absmax[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) absmax[r] = sage::exp2_approx(largest[h][r] - state.reference[r]);
    const uint32_t pair = pack_e4m3(absmax[0] * (1.0f / kLargestE2m1), absmax[1] * (1.0f / kLargestE2m1));
    codes[h][0] = pair & 0xff;
    codes[h][1] = pair >> 8;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float inverse = codes[h][r] == 0 ? 0.0f : sage::reciprocal(decode_e4m3(codes[h][r]));
      float x[8];
#pragma unroll
      for (int i = 0; i < 8; ++i) x[i] = scores[4 * h + i / 2][2 * r + i % 2] * inverse;
      numbers[r + 2 * h] = pack_e2m1(x);
    }
  }
  scales = gather_scales(codes);
}

template <class T>
__device__ __forceinline__ void multiply_values(WarpState<T> &state, const uint32_t (&numbers)[4], uint32_t scales,
                                                const Record<T::kTileDim> &stage) {
  const int lane = threadIdx.x % 32;
  const auto *values = reinterpret_cast<const uint4 *>(stage.value) + lane;
  const auto *value_scales = reinterpret_cast<const uint4 *>(stage.value_scale) + lane / 4;
  const OperandA a(numbers, scales);
#pragma unroll
  for (int n = 0; n < T::kTileDim / 8; n += 4) {
    const uint4 scale = value_scales[2 * n];
    const uint32_t scale_of[4] = {scale.x, scale.y, scale.z, scale.w};
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
      const uint4 b = values[(n + i) / 2 * 32];
      multiply(state.output[n + i], a, b.x, b.y, scale_of[i]);
      multiply(state.output[n + i + 1], a, b.z, b.w, scale_of[i + 1]);
    }
  }
}

} // namespace sageattn3
