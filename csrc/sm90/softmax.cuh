// What happens to the scores of a step of keys between the two products.
#pragma once

#include "../common/numeric.cuh"
#include "traits.cuh"

namespace sage::sm90 {

constexpr int kStepKeys = kTileKeys / 2; // whose scores a warp group works on at a time

// P is 2^(score - reference) and must not exceed kLargestP, the largest e4m3. The reference of a row moves
// only when it must; then the largest P of the row is 2^kUsualExponent. (The 16 scores of a row that a thread holds may
// all be that large without exceeding kLargestP in sum.)
constexpr float kLargestP = 448.0f;
constexpr float kUsualExponent = 4.0f;     // a whole number: the largest P of a row is then free of rounding
constexpr float kLowestReference = -3e38f; // finite, so that a row which sees no key needs no special case

// What a thread keeps of its two rows, 8 apart.
struct RowState {
  float reference[2]; // base-2 exponent that P is relative to
  float sum[2];       // this thread's part
};

// INT32 sums; element 4 n + i is key 8 n + 2 pair + i % 2 of row i / 2.
using Scores = int32_t[kStepKeys / 2];

// Which scores of a step count.
struct Visibility {
  uint64_t shown; // bit i: this thread's key + i is shown
  int limit;      // of those, its first row sees the ones up to this

  // The first row of the warp sees the keys of the step up to `limit`.
  template <class Scales>
  __device__ __forceinline__ Visibility(const Scales &scales, int step, int limit)
      : shown((uint64_t{scales.visible[2 * step + 1]} << 32 | scales.visible[2 * step]) >> threadIdx.x % 4 * 2),
        limit(limit + static_cast<int>(threadIdx.x % 32 / 4) - static_cast<int>(threadIdx.x % 4) * 2) {}
  __device__ __forceinline__ bool operator()(int i) const {
    const int key = i / 4 * 8 + i % 2;
    return (shown >> key & 1) != 0 && key - i % 4 / 2 * 8 <= limit;
  }
};

// Raises the references to what the scores of a step need; `factor` is what everything summed so far has to be
// multiplied with.
__device__ __forceinline__ void raise_reference(RowState &rows, float (&factor)[2], const Scores &scores,
                                                const float (&scale)[2], const Visibility &visible) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float largest = -INFINITY;
#pragma unroll
    for (int i = 2 * r; i < kStepKeys / 2; i += i % 2 == 0 ? 1 : 3)
      if (visible(i)) largest = fmaxf(largest, static_cast<float>(scores[i]));
    const float reference = fmaxf(rows.reference[r], quad_max(largest * scale[r]) - kUsualExponent);
    factor[r] = exp2_approx(rows.reference[r] - reference);
    rows.reference[r] = reference;
    rows.sum[r] *= factor[r];
  }
}

// Sets the references to what the scores of the first tile need, of which all count.
__device__ __forceinline__ void set_reference(RowState &rows, const Scores (&scores)[2], const float (&scale)[2]) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    int32_t largest = max(scores[0][2 * r], scores[1][2 * r]);
#pragma unroll
    for (int i = 2 * r; i < kStepKeys / 2; i += i % 2 == 0 ? 1 : 3)
      largest = max(largest, max(scores[0][i], scores[1][i]));
    rows.reference[r] = quad_max(static_cast<float>(largest) * scale[r]) - kUsualExponent;
  }
}

// P as A operands of wgmma, e4m3: four fragments of scores make one of 32 keys, in the order of the keys of V.
using Probabilities = uint32_t[kStepKeys / 32][4];

__device__ __forceinline__ void clear(Probabilities &p) {
#pragma unroll
  for (int i = 0; i < kStepKeys / 8; ++i) p[i / 4][i % 4] = 0;
}

// This thread's part of the sums of P as they were before rounding, if kWanted: rounding is not even where P are much
// the same, and what it does to sums and output alike does not cancel out of the LSE.
template <bool kWanted> struct ExactSums {
  __device__ __forceinline__ void clear() {}
  __device__ __forceinline__ void add(int, float) {}
  __device__ __forceinline__ void add(const ExactSums &) {}
  __device__ __forceinline__ void multiply(const float (&)[2]) {}
};
template <> struct ExactSums<true> {
  float sum[2];
  __device__ __forceinline__ void clear() { sum[0] = sum[1] = 0.0f; }
  __device__ __forceinline__ void add(int row, float p) { sum[row] += p; }
  __device__ __forceinline__ void add(const ExactSums &other) { sum[0] += other.sum[0], sum[1] += other.sum[1]; }
  __device__ __forceinline__ void multiply(const float (&factor)[2]) { sum[0] *= factor[0], sum[1] *= factor[1]; }
};

// Scores become P, and `meet` meets every P and its row. `midway` is called when half of them is done.
template <bool kHide, typename Meet, typename Midway>
__device__ __forceinline__ void exponentiate(Probabilities &packed, const Scores &scores, const RowState &rows,
                                             const float (&scale)[2], const Visibility &visible, const Meet &meet,
                                             const Midway &midway) {
#pragma unroll
  for (int k = 0; k < kStepKeys / 32; ++k) {
    if (k == 1) midway();
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int r = i % 2;
      const int first = 16 * k + i / 2 * 8 + r * 2; // fragments 2 (i / 2) and 2 (i / 2) + 1 of these 32 keys
      float p[4];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int at = first + j / 2 * 4 + j % 2;
        p[j] = exp2_approx(fmaf(static_cast<float>(scores[at]), scale[r], -rows.reference[r]));
        if (kHide && !visible(at)) p[j] = 0.0f;
        meet(r, j, p[j]);
      }
      packed[k][i] = pack_e4m3(p[0], p[1]) | pack_e4m3(p[2], p[3]) << 16;
    }
  }
}
template <bool kHide, bool kExact, typename Midway>
__device__ __forceinline__ void exponentiate(Probabilities &packed, ExactSums<kExact> &exact, const Scores &scores,
                                             const RowState &rows, const float (&scale)[2], const Visibility &visible,
                                             const Midway &midway) {
  exact.clear();
  exponentiate<kHide>(packed, scores, rows, scale, visible, [&](int r, int, float p) { exact.add(r, p); }, midway);
}

// `sum` is this thread's part of their row sums.
template <bool kHide>
__device__ __forceinline__ void exponentiate(Probabilities &packed, float (&sum)[2], const Scores &scores,
                                             const RowState &rows, const float (&scale)[2], const Visibility &visible) {
  float sums[2][2] = {};
  exponentiate<kHide>(packed, scores, rows, scale, visible, [&](int r, int j, float p) { sums[r][j % 2] += p; }, [] {});
  sum[0] = sums[0][0] + sums[0][1];
  sum[1] = sums[1][0] + sums[1][1];
}

// Whether a P of the warp may have been too large: it is the largest e4m3 now, or NaN, and so has a byte of 0x7e or
// 0x7f.
__device__ __forceinline__ bool saturates(const Probabilities &p) {
  uint32_t high = 0;
#pragma unroll
  for (int i = 0; i < kStepKeys / 8; ++i) high |= p[i / 4][i % 4] + 0x02020202u;
  return __any_sync(kAllLanes, (high & 0x80808080u) != 0);
}

// Whether a P of the warp may be too large: a test on sums, which are there anyway.
__device__ __forceinline__ bool exceeds(const float (&sum)[2]) {
  return __any_sync(kAllLanes, !(fmaxf(sum[0], sum[1]) <= kLargestP));
}

} // namespace sage::sm90
