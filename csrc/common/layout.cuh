// Where things lie: shared memory swizzles, and what the lanes of an MMA fragment have in common.
#pragma once

#include <cstdint>

namespace sage {

constexpr unsigned kAllLanes = 0xffffffffu;
// Shared memory tiles are stored in 16-byte chunks, permuted within a row so that the 8 rows of a matrix that
// ldmatrix reads fall into different banks.
template <int kRowBytes> __device__ __forceinline__ int swizzled(int row, int chunk) {
  const int key = kRowBytes >= 128 ? row & 7 : (row >> 1) & 3;
  return row * kRowBytes + ((chunk ^ key) << 4);
}

// Address of the chunk `chunks` (even) further in the same swizzled row, given that of an even or odd pair's member:
// below 8 chunks the permutation is an exclusive or, above it an addition.
__device__ __forceinline__ uint32_t chunk_ahead(uint32_t address, int chunks) {
  return (address ^ (chunks % 8 << 4)) + (chunks / 8 << 7);
}

__device__ __forceinline__ float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, 1));
  return fmaxf(x, __shfl_xor_sync(kAllLanes, x, 2));
}

template <typename Number> __device__ __forceinline__ Number quad_sum(Number x) {
  x += __shfl_xor_sync(kAllLanes, x, 1);
  return x + __shfl_xor_sync(kAllLanes, x, 2);
}

// Hides where a value comes from. Applied to an input (threadIdx.x), it makes rarely needed results be computed where
// they are used instead of occupying registers through the main loop; applied to a result, it makes that result be
// kept.
template <typename Integer> __device__ __forceinline__ Integer opaque(Integer value) {
  if constexpr (sizeof(value) == 8)
    asm volatile("" : "+l"(value));
  else
    asm volatile("" : "+r"(value));
  return value;
}

} // namespace sage
