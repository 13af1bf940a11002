// Rows of the inputs as the kernels that prepare K and V load them, and the mean of a sample of them.
#pragma once

#include "../common/layout.cuh"
#include "../common/numeric.cuh"
#include "../common/sequence.cuh"

#include <cstring>

namespace sage {

constexpr int kThreads = 256; // of a block, if nothing else is said
constexpr int kVector = 8;    // channels per thread and row

// How the threads of a block share rows: one behind the other, kRowsPerPass at a time.
template <int kTileDim, int kBlockThreads = kThreads> struct Rows {
  static constexpr int kThreadsPerRow = kTileDim / kVector;
  static constexpr int kRowsPerPass = kBlockThreads / kThreadsPerRow;
  static constexpr int kPassesPerBlock = kKeyBlock / kRowsPerPass; // of keys
  static __device__ __forceinline__ int row() { return threadIdx.x / kThreadsPerRow; }
  static __device__ __forceinline__ int channel() { return threadIdx.x % kThreadsPerRow * kVector; }
};

// Eight channels of one row as they are stored: half the registers of floats, or the same.
template <typename Element> struct alignas(16) StoredVector {
  Element x[kVector];
};

// Zeros where there are no channels.
template <typename Element>
__device__ __forceinline__ StoredVector<Element> load_row(const Element *row, int channel, int head_dim, bool valid,
                                                          bool wide) {
  StoredVector<Element> stored;
  uint4 words[sizeof(stored) / sizeof(uint4)] = {};
  if (wide) {
    if (valid && channel < head_dim) {
#pragma unroll
      for (unsigned i = 0; i < sizeof(stored) / sizeof(uint4); ++i)
        words[i] = reinterpret_cast<const uint4 *>(row + channel)[i];
    }
    memcpy(&stored, words, sizeof(stored));
  } else {
#pragma unroll
    for (int i = 0; i < kVector; ++i) stored.x[i] = valid && channel + i < head_dim ? row[channel + i] : Element(0.0f);
  }
  return stored;
}

template <typename Element>
__device__ __forceinline__ void unpack_row(float (&x)[kVector], const StoredVector<Element> &stored) {
  if constexpr (sizeof(Element) == 4) {
#pragma unroll
    for (int i = 0; i < kVector; ++i) x[i] = stored.x[i];
  } else {
    uint32_t words[kVector / 2];
    memcpy(words, &stored, sizeof(words));
#pragma unroll
    for (int i = 0; i < kVector / 2; ++i) {
      const float2 pair = unpack2<Element>(words[i]);
      x[2 * i] = pair.x;
      x[2 * i + 1] = pair.y;
    }
  }
}

// Whether any of the lanes that hold this thread's row says so.
template <int kTileDim> __device__ __forceinline__ bool row_any(bool condition) {
  constexpr int kLanes = Rows<kTileDim>::kThreadsPerRow;
  const int first = threadIdx.x % 32 / kLanes * kLanes;
  return (__ballot_sync(kAllLanes, condition) >> first & (kAllLanes >> (32 - kLanes))) != 0;
}

// Token that sample i takes: one per stratum, staggered so that periodic data is not aliased.
__device__ __forceinline__ int sample_position(int i, int len) {
  if (len <= kMeanSample) return i;
  const int stratum = len / kMeanSample;
  return static_cast<int>(int64_t{i} * len / kMeanSample) + i * 37 % stratum;
}

// Mean of a sample of a head's tokens, for the channels of this thread; elements that are not finite count as zeros.
// All threads of the block take part; `partial` is shared memory.
template <typename Element, int kTileDim, int kBlockThreads = kThreads>
__device__ __forceinline__ void
sample_mean(float (&mean)[kVector], float (&partial)[Rows<kTileDim, kBlockThreads>::kRowsPerPass][kTileDim],
            const Element *head, int64_t stride_token, int len, int head_dim, bool wide) {
  using R = Rows<kTileDim, kBlockThreads>;
  constexpr int kPasses = kMeanSample / R::kRowsPerPass;
  const int row = R::row(), channel = R::channel();
  const int samples = min(len, kMeanSample);
  StoredVector<Element> stored[kPasses];
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    const int i = pass * R::kRowsPerPass + row;
    const bool valid = i < samples;
    stored[pass] =
        load_row(head + (valid ? sample_position(i, len) : 0) * stride_token, channel, head_dim, valid, wide);
  }
  float sum[kVector] = {};
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    float x[kVector];
    unpack_row(x, stored[pass]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] += is_nan(nan_unless_finite(x[c])) ? 0.0f : x[c];
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) partial[row][channel + c] = sum[c];
  __syncthreads();
  for (int c = threadIdx.x; c < kTileDim; c += kBlockThreads) {
    float total = 0.0f;
#pragma unroll
    for (int r = 0; r < R::kRowsPerPass; ++r) total += partial[r][c];
    const float average = total / static_cast<float>(max(samples, 1));
    partial[0][c] = is_nan(nan_unless_finite(average)) ? 0.0f : average;
  }
  __syncthreads();
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = partial[0][channel + c];
}

// First element of a head of the sequence.
template <typename Element>
__device__ __forceinline__ const Element *head_of(const TensorView &tensor, int batch, int head, int first_token) {
  return static_cast<const Element *>(tensor.data) + batch * tensor.stride_batch + head * tensor.stride_head +
         first_token * tensor.stride_token;
}

} // namespace sage
