// Rows of 16-bit inputs as the quantization kernels load them: eight channels per thread.
#pragma once

#include "../common/numeric.cuh"

#include <cstring>

namespace sage {

constexpr int kVector = 8; // channels per thread and row

// Eight channels of one row as they are stored, zeros where there are none.
template <typename Element>
__device__ __forceinline__ uint4 load_row(const Element *row, int channel, int head_dim, bool valid, bool wide) {
  uint4 bits = {0, 0, 0, 0};
  if (wide) {
    if (valid && channel < head_dim) bits = *reinterpret_cast<const uint4 *>(row + channel);
  } else {
    Element x[kVector];
#pragma unroll
    for (int i = 0; i < kVector; ++i) x[i] = valid && channel + i < head_dim ? row[channel + i] : Element(0.0f);
    memcpy(&bits, x, sizeof(bits));
  }
  return bits;
}

template <typename Element> __device__ __forceinline__ void unpack_row(float (&x)[kVector], uint4 bits) {
  const uint32_t words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = unpack2<Element>(words[i]);
    x[2 * i] = pair.x;
    x[2 * i + 1] = pair.y;
  }
}

} // namespace sage
