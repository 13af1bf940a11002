// What a warp keeps in registers from one step of keys to the next.
#pragma once

#include "../common/numeric.cuh"
#include "../common/params.h"

namespace sage {

// Start of the running row maximum: the lowest float, so that a row which sees no key needs no special case, and none
// lies below it.
constexpr float kLowest = -0x1.fffffep127f;

// Sums of one MMA fragment: elements 0, 1 are two channels of row `group`, 2, 3 the same of row `group` + 8.
struct Fp32Accumulator {
  float d[4];
  __device__ __forceinline__ void clear() { d[0] = d[1] = d[2] = d[3] = 0.0f; }
  __device__ __forceinline__ float operator[](int i) const { return d[i]; }
  __device__ __forceinline__ void scale(int r, float factor) {
    d[2 * r] *= factor;
    d[2 * r + 1] *= factor;
  }
  __device__ __forceinline__ void add(int r, float low, float high) {
    d[2 * r] += low;
    d[2 * r + 1] += high;
  }
};

struct Fp16Accumulator {
  uint32_t d[2];
  __device__ __forceinline__ void clear() { d[0] = d[1] = 0; }
  __device__ __forceinline__ float operator[](int i) const {
    const float2 pair = unpack2<__half>(d[i / 2]);
    return i % 2 == 0 ? pair.x : pair.y;
  }
  __device__ __forceinline__ void scale(int r, float factor) {
    const float2 pair = unpack2<__half>(d[r]);
    d[r] = pack2<__half>(pair.x * factor, pair.y * factor);
  }
  __device__ __forceinline__ void add(int r, float low, float high) {
    const float2 pair = unpack2<__half>(d[r]);
    d[r] = pack2<__half>(pair.x + low, pair.y + high);
  }
};

// Everything that a warp keeps in registers. Row r of fragment f is row 16 f + 8 r + group of the warp's rows.
template <class T> struct WarpState {
  float query_scale[T::kRowFragments][2]; // with sm_scale * log2(e)
  float reference[T::kRowFragments][2];   // base-2 exponent that P is relative to
  float row_sum[T::kRowFragments][2];     // this thread's part
  float norm_limit;                       // keys up to this long need no look at the scores
  typename T::Accumulator output[T::kRowFragments][T::kTileDim / 8];
  // Addresses in shared memory, of the first stage. Kept: computed anew, the base of shared memory takes as long as a
  // load.
  uint32_t key_address, value_address; // of the matrix rows that this lane names to ldmatrix
  uint32_t query_address;              // of this thread's fragments
  uint32_t scale_address;              // of this thread's first scales of FP8 values
};

// One step's scores, as INT32 sums on top of kMagicBits until a mask makes plain floats of them.
template <class T> using Scores = int32_t[T::kRowFragments][T::kStep / 8][4];

} // namespace sage
