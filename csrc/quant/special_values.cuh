// Values that are not finite are stored as zeros and marked; the attention kernel adds them to the rows that see them.
#pragma once

#include "rows.cuh"

namespace sage {

// Sets bit `token` of `special` (shared memory) if a channel of this thread's row is not finite.
template <int kTileDim>
__device__ __forceinline__ void mark_special(unsigned (&special)[2], const float (&x)[kVector], int token) {
  float finite = 0.0f;
#pragma unroll
  for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(x[c]);
  if (row_any<kTileDim>(is_nan(finite)) && Rows<kTileDim>::channel() == 0)
    atomicOr(&special[token / 32], 1u << token % 32);
}

// Writes the marks of a block, and announces them by negative scales of its keys.
__device__ __forceinline__ void announce_special(const unsigned (&special)[2], uint64_t *marks, float *key_scale) {
  if (threadIdx.x == 0) *marks = uint64_t{special[1]} << 32 | special[0];
  if (threadIdx.x < kScalesPerBlock && (special[0] | special[1]) != 0)
    key_scale[threadIdx.x] = -fabsf(key_scale[threadIdx.x]);
}

} // namespace sage
