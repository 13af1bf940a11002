// The one matrix instruction of these kernels, m16n8k64 on block-scaled e2m1, and its exact emulation.
// Fragments: common/layout.h.
#pragma once

#include "../common/features.cuh"
#include "../common/formats.h"

#if !SAGEATTN3_FP4_INSTRUCTIONS
#include "../../../csrc/common/layout.cuh"
#include "../../../csrc/common/mma.cuh"
#endif

namespace sageattn3 {

#if SAGEATTN3_FP4_INSTRUCTIONS

// An A operand as the multiplication takes it.
struct OperandA {
  uint32_t numbers[4];
  uint32_t scales;
  __device__ __forceinline__ OperandA(const uint32_t (&a)[4], uint32_t scale_word)
      : numbers{a[0], a[1], a[2], a[3]}, scales(scale_word) {}
};

// What a product is multiplied by: the emulation has another factor.
constexpr float kProductScale = 1.0f;

// d += a * b * kProductScale (PTX ISA 8.7, mma with .kind::mxf4nvf4).
__device__ __forceinline__ void multiply(float (&d)[4], const OperandA &a, uint32_t b0, uint32_t b1, uint32_t scale_b) {
  constexpr uint16_t kFirst = 0; // byte-id and thread-id
  asm("mma.sync.aligned.kind::mxf4nvf4.block_scale.scale_vec::4X.m16n8k64.row.col.f32.e2m1.e2m1.f32.ue4m3 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3}, {%10}, {%12, %12}, {%11}, {%12, %12};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a.numbers[0]), "r"(a.numbers[1]), "r"(a.numbers[2]), "r"(a.numbers[3]), "r"(b0), "r"(b1), "r"(a.scales),
        "r"(scale_b), "h"(kFirst));
}

#else

// What a product is multiplied by, compared with the hardware's.
constexpr float kProductScale = 1.0f / 16384.0f / 16384.0f;

// The scale code in a byte of a word, as an fp16 number twice; NaN stays NaN.
__device__ __forceinline__ __half2 scale_pair(uint32_t word, int byte) {
  const uint32_t code = word >> 8 * byte & 0xff;
  const uint32_t bits = code == kNanE4m3 ? 0x7fff : code << 7; // exponent bias 15 instead of 7
  return __hmul2(__half2half2(__ushort_as_half(static_cast<unsigned short>(bits))), __float2half2_rn(256.0f));
}

// Elements i and i + 4 of a register times 2^-14 (exponent bias 15 instead of 1) and times their scale. e2m1 x e4m3 has
// 6 significant bits and is a multiple of 2^-10: exact in fp16, also times 2^-14.
__device__ __forceinline__ uint32_t dequantize(uint32_t numbers, int i, __half2 scale) {
  const uint32_t sign = numbers << (12 - 4 * i), magnitude = i < 3 ? numbers << (9 - 4 * i) : numbers >> 3;
  const uint32_t bits = (sign & 0x80008000) | (magnitude & 0x0e000e00);
  __half2 pair;
  memcpy(&pair, &bits, sizeof(pair));
  pair = __hmul2(pair, scale);
  uint32_t result;
  memcpy(&result, &pair, sizeof(result));
  return result;
}

// Lane t of a quad holds k = 8 t .. 8 t + 7 and 32 + 8 t ..: its part of a 16-deep multiplication may be any four of
// them in any order, as long as both operands take the same ones.
struct OperandA {
  uint32_t numbers[4][4]; // of the four m16n8k16 multiplications
  __device__ __forceinline__ OperandA(const uint32_t (&a)[4], uint32_t scale_word) {
    const int first = threadIdx.x % 32 / 4 * 4, byte = threadIdx.x % 4 / 2;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const uint32_t word = __shfl_sync(sage::kAllLanes, scale_word, first + r); // as the hardware selects it
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const __half2 scale = scale_pair(word, byte + 2 * h);
#pragma unroll
        for (int i = 0; i < 4; ++i) numbers[i][r + 2 * h] = dequantize(a[r + 2 * h], i, scale);
      }
    }
  }
};

__device__ __forceinline__ void multiply(float (&d)[4], const OperandA &a, uint32_t b0, uint32_t b1, uint32_t scale_b) {
  const int byte = threadIdx.x % 4 / 2;
  const uint32_t word = __shfl_sync(sage::kAllLanes, scale_b, threadIdx.x % 32 / 4 * 4);
  const __half2 low = scale_pair(word, byte), high = scale_pair(word, byte + 2);
#pragma unroll
  for (int i = 0; i < 4; ++i) sage::mma_16bit<__half>(d, a.numbers[i], dequantize(b0, i, low), dequantize(b1, i, high));
}

#endif

} // namespace sageattn3
