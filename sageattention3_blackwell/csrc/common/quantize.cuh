// NVFP4 quantization in registers, with the conversion instructions of the GPUs that have them.
#pragma once

#include "../../../csrc/common/layout.cuh"
#include "../../../csrc/common/numeric.cuh"
#include "features.cuh"
#include "formats.h"

namespace sageattn3 {

// Eight numbers as e2m1, the first in the lowest bits.
__device__ __forceinline__ uint32_t pack_e2m1(const float (&x)[8]) {
  uint32_t packed = 0;
#if SAGEATTN3_FP4_INSTRUCTIONS
  asm("{\n.reg .b8 a, b, c, d;\n"
      "cvt.rn.satfinite.e2m1x2.f32 a, %2, %1;\n"
      "cvt.rn.satfinite.e2m1x2.f32 b, %4, %3;\n"
      "cvt.rn.satfinite.e2m1x2.f32 c, %6, %5;\n"
      "cvt.rn.satfinite.e2m1x2.f32 d, %8, %7;\n"
      "mov.b32 %0, {a, b, c, d};\n}\n"
      : "=r"(packed)
      : "f"(x[0]), "f"(x[1]), "f"(x[2]), "f"(x[3]), "f"(x[4]), "f"(x[5]), "f"(x[6]), "f"(x[7]));
#else
#pragma unroll
  for (int i = 0; i < 8; ++i) packed |= encode_e2m1(x[i]) << 4 * i;
#endif
  return packed;
}

// Two numbers >= 0 as e4m3, the first in the lower byte.
__device__ __forceinline__ uint32_t pack_e4m3(float low, float high) {
#if __CUDA_ARCH__ >= 890
  return sage::pack_e4m3(low, high);
#else
  return encode_e4m3(low) | encode_e4m3(high) << 8;
#endif
}

// x / divisor, correctly rounded, given the divisor's approximate reciprocal; both of ordinary size.
__device__ __forceinline__ float divide(float x, float divisor, float reciprocal) {
  const float quotient = x * reciprocal;
  return fmaf(fmaf(-quotient, divisor, x), reciprocal, quotient);
}

// Code of the scale of a group whose largest magnitude has these bits (inf and NaN among them: NaN).
__device__ __forceinline__ uint32_t group_scale(uint32_t absmax_bits) {
  if (absmax_bits >= kInfinityBits) return kNanE4m3;
  return pack_e4m3(divide(float_of(absmax_bits), kLargestE2m1, 1.0f / kLargestE2m1), 0.0f) & 0xff;
}

// Eight numbers of a group with that scale.
__device__ __forceinline__ uint32_t quantize_octet(const float (&x)[8], uint32_t scale) {
  if (scale == 0 || scale == kNanE4m3) return 0;
  const float divisor = decode_e4m3(scale), inverse = sage::reciprocal(divisor);
  float quotient[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) quotient[i] = divide(x[i], divisor, inverse);
  return pack_e2m1(quotient);
}

// The largest magnitude, as bits: NaN above inf above every finite number.
template <int kCount> __device__ __forceinline__ uint32_t largest_magnitude(const float (&x)[kCount]) {
  uint32_t largest = 0;
#pragma unroll
  for (int i = 0; i < kCount; ++i) largest = max(largest, bits_of(x[i]) & 0x7fffffffu);
  return largest;
}

__device__ __forceinline__ float finite_or_zero(float x) { return fabsf(x) < INFINITY ? x : 0.0f; }

// The lanes of a quad hold 8 channels (or keys) each of rows g and g + 8, so two lanes share a group: the bytes of one
// row's scales are in both halves of the quad. Brings them together where the matrix instruction reads them: the word
// of row g in the first lane of the quad, that of row g + 8 in the second. codes[h][r]: of the half h of 64 elements,
// row r.
__device__ __forceinline__ uint32_t gather_scales(const uint32_t (&codes)[2][2]) {
  const int pair = threadIdx.x % 4, row = pair % 2;
  const uint32_t low = row == 0 ? codes[0][0] : codes[0][1], high = row == 0 ? codes[1][0] : codes[1][1];
  const uint32_t own = (low | high << 16) << pair / 2 * 8;
  return own | __shfl_xor_sync(sage::kAllLanes, own, 2);
}

} // namespace sageattn3
