// Chunks of 8 channels of a row: how the kernels that prepare K and V copy them to shared memory, and what these find
// out about 16-bit ones without unpacking them.
//
// Memory is the limit of such kernels. Loads are cp.async copies: they wait in shared memory, so that registers let
// several blocks share a multiprocessor, and need no barrier, because every thread reads only what it copied itself.
#pragma once

#include "../common/memory.cuh"
#include "rows.cuh"

#include <type_traits>

namespace sage {

template <typename Element> using Chunk = std::conditional_t<sizeof(Element) == 4, StoredVector<float>, uint4>;

template <typename Element> __device__ __forceinline__ void as_floats(float (&x)[kVector], const uint4 &chunk) {
  const uint32_t words[] = {chunk.x, chunk.y, chunk.z, chunk.w};
#pragma unroll
  for (int w = 0; w < kVector / 2; ++w) {
    const float2 pair = as_floats<Element>(words[w]);
    x[2 * w] = pair.x, x[2 * w + 1] = pair.y;
  }
}
template <typename Element>
__device__ __forceinline__ void as_floats(float (&x)[kVector], const StoredVector<float> &chunk) {
  unpack_row(x, chunk);
}

// Smallest and largest elements, by channel; NaN where one is NaN.
template <typename Element> struct Range {
  uint4 low, high;

  __device__ __forceinline__ explicit Range(const uint4 &x) : low(x), high(x) {}
  __device__ __forceinline__ void include(const uint4 &x) {
    include(low.x, high.x, x.x), include(low.y, high.y, x.y);
    include(low.z, high.z, x.z), include(low.w, high.w, x.w);
  }

private:
  static __device__ __forceinline__ void include(uint32_t &low, uint32_t &high, uint32_t x) {
    typename Pair<Element>::type lows, highs, pair;
    memcpy(&lows, &low, sizeof(low)), memcpy(&highs, &high, sizeof(high)), memcpy(&pair, &x, sizeof(x));
    lows = __hmin2_nan(lows, pair), highs = __hmax2_nan(highs, pair);
    memcpy(&low, &lows, sizeof(low)), memcpy(&high, &highs, sizeof(high));
  }
};
template <> struct Range<float> {
  StoredVector<float> low, high;

  __device__ __forceinline__ explicit Range(const StoredVector<float> &x) : low(x), high(x) {}
  __device__ __forceinline__ void include(const StoredVector<float> &x) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) low.x[c] = -larger(-low.x[c], -x.x[c]), high.x[c] = larger(high.x[c], x.x[c]);
  }
};

// Copies the chunks of tokens first + offset(0), first + offset(1), ... to this thread's places; zeros where there are
// no tokens or channels.
template <typename Element, class Place, int kCount, int kPlaces, class Offset>
__device__ __forceinline__ void fetch(Place (&to)[kCount][kPlaces], const Element *head, int64_t stride_token,
                                      int channel, int head_dim, bool wide, int first, int len, const Offset &offset) {
  const Element *from = head + first * stride_token;
  if (wide) {
    const int end = channel < head_dim ? len - first : INT32_MIN;
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const int further = offset(i);
#pragma unroll
      for (int part = 0; part < static_cast<int>(sizeof(Place) / 16); ++part)
        cp_async_16(shared_address(&to[i][threadIdx.x]) + 16 * part,
                    from + further * stride_token + channel + part * (16 / static_cast<int>(sizeof(Element))),
                    further < end);
    }
  } else {
#pragma unroll 1
    for (int i = 0; i < kCount; ++i) {
      const int further = offset(i);
      const auto chunk = load_row(from + further * stride_token, channel, head_dim, first + further < len, false);
      memcpy(&to[i][threadIdx.x], &chunk, sizeof(chunk));
    }
  }
}

// The mean of a sample of which this thread copied a part, as sample_mean() finds it: all threads add up their chunks,
// whose places sums take; then any can average a channel.
template <typename Element, int kCount, int kPlaces>
__device__ __forceinline__ void add_up_sample(uint4 (&sample)[kCount][kPlaces]) {
  float sum[kVector] = {}, finite = 0.0f;
  const auto add = [&](int i, bool check) {
    float x[kVector];
    as_floats<Element>(x, sample[i][threadIdx.x]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] += check && is_nan(nan_unless_finite(x[c])) ? 0.0f : x[c];
  };
#pragma unroll
  for (int i = 0; i < kCount; ++i) add(i, false);
#pragma unroll
  for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(sum[c]);
  if (is_nan(finite)) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] = 0.0f;
#pragma unroll 1
    for (int i = 0; i < kCount; ++i) add(i, true);
  }
  auto *sums = reinterpret_cast<float4 *>(sample); // in the places of two of this thread's chunks
  sums[threadIdx.x] = make_float4(sum[0], sum[1], sum[2], sum[3]);
  sums[kPlaces + threadIdx.x] = make_float4(sum[4], sum[5], sum[6], sum[7]);
  __syncthreads();
}

template <int kTileDim, int kCount, int kPlaces>
__device__ __forceinline__ float average_sample(const uint4 (&sample)[kCount][kPlaces], int c, int len) {
  constexpr int kRowThreads = kTileDim / kVector;
  const auto *sums = reinterpret_cast<const float4 *>(sample);
  const float *of_channel = reinterpret_cast<const float *>(&sums[c % kVector / 4 * kPlaces + c / kVector]) + c % 4;
  float total = 0.0f;
#pragma unroll
  for (int row = 0; row < kPlaces / kRowThreads; ++row) total += of_channel[row * kRowThreads * 4];
  const float average = total / static_cast<float>(max(min(len, kMeanSample), 1));
  return is_nan(nan_unless_finite(average)) ? 0.0f : average;
}

// Magnitudes of 16-bit numbers order like integers.
__device__ __forceinline__ void raise(uint4 &largest, const uint4 &x) {
  largest.x = __vmaxu2(largest.x, x.x), largest.y = __vmaxu2(largest.y, x.y);
  largest.z = __vmaxu2(largest.z, x.z), largest.w = __vmaxu2(largest.w, x.w);
}

__device__ __forceinline__ uint4 magnitudes(const uint4 &x) {
  return {x.x & 0x7fff7fffu, x.y & 0x7fff7fffu, x.z & 0x7fff7fffu, x.w & 0x7fff7fffu};
}

} // namespace sage
