// Conversions between number formats, and the arithmetic that quantization and softmax share.
#pragma once

#include "params.h"

#include <cstdint>
#include <cstring>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace sage {

constexpr float kLog2e = 1.4426950408889634f;
constexpr float kLn2 = 0.6931471805599453f;

// 1.5 * 2^23. Added to a float of magnitude below 2^22 it leaves the rounded integer in the low mantissa bits;
// an INT32 accumulator that starts from its bit pattern reads, as a float, kMagic + sum. Either way the
// conversion between integers and floats costs no conversion instruction.
constexpr float kMagic = 12582912.0f;
constexpr int32_t kMagicBits = 0x4B400000;

constexpr float kInt8Max = 127.0f;
// Magnitudes below are quantized as if it were the largest of their group: factors stay finite, scales normal floats.
constexpr float kSmallestAbsmax = 0x1p-117f;
constexpr float kSmallestScale = 0x1p-120f; // of scores

__device__ __forceinline__ float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 1 / x to within 1 ulp for normal results. Unlike the division operator it compiles to no function call, whose fixed
// registers would cost spills around it.
__device__ __forceinline__ float reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

__device__ __forceinline__ float sqrt_approx(float x) {
  float y;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Factor that takes values of magnitude up to absmax to those up to `largest`; finite for every finite absmax.
__device__ __forceinline__ float factor_to(float largest, float absmax) {
  return largest / 256.0f * reciprocal(fmaxf(absmax, kSmallestAbsmax) * (1.0f / 256.0f));
}
__device__ __forceinline__ float int8_factor(float absmax) { return factor_to(kInt8Max, absmax); }
// What takes them back.
__device__ __forceinline__ float int8_scale(float absmax) { return fmaxf(absmax, kSmallestAbsmax) / kInt8Max; }

// Scale of the scores of a query row with keys. Not 0 where the product is (a score of -inf stays one), and nothing is
// added to a product that matters. No more work than the product alone.
__device__ __forceinline__ float score_scale(float query_scale, float key_scale) {
  return fmaf(query_scale, key_scale, kSmallestScale);
}

// x * scale, where a negative scale stands for its square: powers of two beyond the range of floats.
__device__ __forceinline__ float times_scale(float x, float scale) {
  x *= scale;
  return scale < 0.0f ? x * scale : x;
}

__device__ __forceinline__ float2 unpack2(__half2 x) { return __half22float2(x); }
__device__ __forceinline__ float2 unpack2(__nv_bfloat162 x) { return __bfloat1622float2(x); }

template <typename Element> struct Pair;
template <> struct Pair<__half> {
  using type = __half2;
};
template <> struct Pair<__nv_bfloat16> {
  using type = __nv_bfloat162;
};

// Two elements stored in one 32-bit register, as floats.
template <typename Element> __device__ __forceinline__ float2 unpack2(uint32_t bits) {
  typename Pair<Element>::type pair;
  memcpy(&pair, &bits, sizeof(bits));
  return unpack2(pair);
}

// The same in fewer instructions than the library's.
template <typename Element> __device__ __forceinline__ float2 as_floats(uint32_t bits) {
  return unpack2<Element>(bits);
}
template <> __device__ __forceinline__ float2 as_floats<__nv_bfloat16>(uint32_t bits) {
  return make_float2(__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u));
}

template <typename Element> __device__ __forceinline__ uint32_t pack2(float low, float high);
template <> __device__ __forceinline__ uint32_t pack2<__half>(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}
template <> __device__ __forceinline__ uint32_t pack2<__nv_bfloat16>(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

// A finite number that rounding errors may have taken beyond the largest fp16 number.
__device__ __forceinline__ float within_half(float x) {
  return fabsf(x) < INFINITY ? fminf(fmaxf(x, -65504.0f), 65504.0f) : x;
}

// NaN if one is NaN.
__device__ __forceinline__ float larger(float a, float b) {
  float c;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(c) : "f"(a), "f"(b));
  return c;
}

// 0 for finite x, NaN for others: summed over many values it tells whether all were finite.
__device__ __forceinline__ float nan_unless_finite(float x) { return x * 0.0f; }
__device__ __forceinline__ bool is_nan(float x) { return x != x; }

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__half x) { return __half2float(x); }
__device__ __forceinline__ float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

// Two values as e4m3, `low` in the lower byte; beyond 448 they saturate.
__device__ __forceinline__ uint32_t pack_e4m3(float low, float high) {
  uint16_t bits;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(bits) : "f"(high), "f"(low));
  return bits;
}

// The lower two of e4m3 values as fp16, which is exact.
__device__ __forceinline__ uint32_t e4m3_to_half(uint32_t pair) {
  uint32_t halves;
  asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"(static_cast<uint16_t>(pair)));
  return halves;
}
__device__ __forceinline__ float2 unpack_e4m3(uint32_t pair) { return unpack2<__half>(e4m3_to_half(pair)); }

// a . b + c over the four int8 of a word.
__device__ __forceinline__ int dot4(uint32_t a, uint32_t b, int c) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), c);
}

// The scale of keys of up to `sum_of_squares` as INT8, with its norm code, rounded up; and what the code says.
template <int kTileDim> __device__ __forceinline__ float with_norm_code(float scale, unsigned sum_of_squares) {
  const float length = sqrtf(static_cast<float>(sum_of_squares));
  const unsigned code = min(static_cast<unsigned>(length * (1.0f / kNormStep<kTileDim>)) + 1, kNormCodes - 1);
  return __uint_as_float((__float_as_uint(scale) & ~(kNormCodes - 1)) | code);
}
template <int kTileDim> __device__ __forceinline__ float norm_of(float scale) {
  return static_cast<float>(__float_as_uint(scale) & (kNormCodes - 1)) * (kNormStep<kTileDim> * fabsf(scale));
}

// Rounds four values of magnitude up to 127 to nearest even and packs them as int8, first value lowest.
__device__ __forceinline__ uint32_t pack_int8(float a, float b, float c, float d) {
  const uint32_t ab = __byte_perm(__float_as_uint(a + kMagic), __float_as_uint(b + kMagic), 0x0040);
  const uint32_t cd = __byte_perm(__float_as_uint(c + kMagic), __float_as_uint(d + kMagic), 0x0040);
  return __byte_perm(ab, cd, 0x5410);
}

} // namespace sage
