// e2m1 and e4m3: rounding to nearest, ties to even, saturating; the same on the host and on every GPU.
#pragma once

#include "layout.h"

#include <cstdint>
#include <cstring>

namespace sageattn3 {

constexpr float kLargestE2m1 = 6.0f;
constexpr uint32_t kNanE4m3 = 0x7f;

SAGEATTN3_EVERYWHERE inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  return bits;
}
SAGEATTN3_EVERYWHERE inline float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof(x));
  return x;
}
constexpr uint32_t kInfinityBits = 0x7f800000;

// Code of x: sign, two bits of exponent, one of mantissa. Added to 2^22 times the power of two below it (1 at least), a
// magnitude leaves its rounded multiple of half of that power in the lowest bits.
SAGEATTN3_EVERYWHERE inline uint32_t encode_e2m1(float x) {
  const uint32_t sign = bits_of(x) >> 28 & 8;
  const float magnitude = float_of(bits_of(x) & 0x7fffffff);
  const float clamped = magnitude < kLargestE2m1 ? magnitude : kLargestE2m1;
  const uint32_t power = bits_of(clamped) & kInfinityBits;
  const uint32_t exponent = power > 0x3f800000 ? power : 0x3f800000;
  const uint32_t multiple = bits_of(clamped + float_of(exponent + (22 << 23))) & 7;
  return sign | (multiple + (exponent >> 22) - (127 << 1));
}

// Code of x >= 0; NaN stays NaN.
SAGEATTN3_EVERYWHERE inline uint32_t encode_e4m3(float x) {
  const uint32_t bits = bits_of(x);
  if (bits > kInfinityBits) return kNanE4m3;
  if (bits >= 0x43e00000) return 0x7e; // 448
  if (bits >= 0x3c800000)              // 2^-6: three bits of mantissa stay
    return ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
  return bits_of(x + 16384.0f) & 15; // added to 2^14, multiples of 2^-9 stay
}

SAGEATTN3_EVERYWHERE inline float decode_e4m3(uint32_t code) {
  constexpr float kTwoTo120 = 1.329227995784916e36f;
  return code == kNanE4m3 ? float_of(0x7fc00000) : float_of(code << 20) * kTwoTo120;
}

// The power of two that takes `absmax` into [1024, 2048), within what keeps it and its reciprocal normal numbers.
SAGEATTN3_EVERYWHERE inline float power_of_two_factor(float absmax) {
  int exponent = static_cast<int>(bits_of(absmax) >> 23) - 127; // floor(log2)
  exponent = exponent < -100 ? -100 : exponent > 117 ? 117 : exponent;
  return float_of(static_cast<uint32_t>(10 - exponent + 127) << 23);
}
// 1 / a power of two.
SAGEATTN3_EVERYWHERE inline float reciprocal_of_power(float power) { return float_of((254u << 23) - bits_of(power)); }

} // namespace sageattn3
