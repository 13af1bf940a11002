// Named wrappers for wgmma with 16-bit operands (PTX ISA, "Asynchronous warpgroup level matrix instructions"), sm_90a:
// a in registers or, like b, in shared memory in rows of 128 bytes, swizzled; fp32 sums. Fragments of each warp are
// those of mma.cuh.
#pragma once

#include "../sm90/wgmma.cuh"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace sage::decode {

// Low half of a matrix descriptor: address, and the distance from one 64 channels to the next where b has its channels
// along the columns of the product. The upper half is sm90::kDescriptorHigh<128>.
__device__ __forceinline__ uint32_t descriptor_low(uint32_t address, int panel_bytes) {
  return static_cast<uint32_t>(panel_bytes) / 16 << 16 | (address & 0x3ffff) >> 4;
}

// clang-format off
#define SAGE_4(c, d) c((d)[0]), c((d)[1]), c((d)[2]), c((d)[3])
#define SAGE_32(c, d, n) SAGE_4(c, d[n]), SAGE_4(c, d[n + 1]), SAGE_4(c, d[n + 2]), SAGE_4(c, d[n + 3]), SAGE_4(c, d[n + 4]), SAGE_4(c, d[n + 5]), SAGE_4(c, d[n + 6]), SAGE_4(c, d[n + 7])
// clang-format on

// d = a * b, or d += a * b if kAccumulate, 64 x 64 x 16 and 64 x 128 x 16: b has its rows, keys, side by side in
// memory.
template <typename Element, bool kAccumulate>
__device__ __forceinline__ void wgmma_scores(float (&d)[8][4], const uint32_t (&a)[4], uint32_t b);
template <typename Element, bool kAccumulate>
__device__ __forceinline__ void wgmma_scores(float (&d)[16][4], const uint32_t (&a)[4], uint32_t b);
// The same with a in shared memory.
template <typename Element, bool kAccumulate>
__device__ __forceinline__ void wgmma_scores(float (&d)[16][4], uint32_t a, uint32_t b);
// d += a * b: b has its columns, channels, side by side.
template <typename Element>
__device__ __forceinline__ void wgmma_sums(float (&d)[8][4], const uint32_t (&a)[4], uint32_t b);
template <typename Element>
__device__ __forceinline__ void wgmma_sums(float (&d)[16][4], const uint32_t (&a)[4], uint32_t b);

// clang-format off
#define SAGE_8(c, d) SAGE_32(c, d, 0)
#define SAGE_16(c, d) SAGE_32(c, d, 0), SAGE_32(c, d, 8)
#define SAGE_WGMMA(rows, columns, name, d_list, a_list, b_list, c, accumulate, transposed)                            \
  asm volatile("{.reg .b64 b; mov.b64 b, {" b_list "};\n"                                                             \
               "wgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." name "." name " " d_list ", {" a_list "}, b, "  \
               accumulate ", 1, 1, " transposed ";}\n"                                                                \
               : SAGE_##rows(c, d)                                                                                    \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "n"(sm90::kDescriptorHigh<128>))
#define SAGE_SIZE(type, name, rows, columns, d_list, a_list, b_list)                                                  \
  template <>                                                                                                         \
  __device__ __forceinline__ void wgmma_scores<type, false>(float (&d)[rows][4], const uint32_t (&a)[4], uint32_t b) { \
    SAGE_WGMMA(rows, columns, name, d_list, a_list, b_list, "=f", "0", "0");                                          \
  }                                                                                                                   \
  template <>                                                                                                         \
  __device__ __forceinline__ void wgmma_scores<type, true>(float (&d)[rows][4], const uint32_t (&a)[4], uint32_t b) { \
    SAGE_WGMMA(rows, columns, name, d_list, a_list, b_list, "+f", "1", "0");                                          \
  }                                                                                                                   \
  template <>                                                                                                         \
  __device__ __forceinline__ void wgmma_sums<type>(float (&d)[rows][4], const uint32_t (&a)[4], uint32_t b) {         \
    SAGE_WGMMA(rows, columns, name, d_list, a_list, b_list, "+f", "1", "1");                                          \
  }
#define SAGE_SHARED(type, name, kept, c, accumulate)                                                                  \
  template <> __device__ __forceinline__ void wgmma_scores<type, kept>(float (&d)[16][4], uint32_t a, uint32_t b) {    \
    asm volatile("{.reg .b64 a, b; mov.b64 a, {%64, %66}; mov.b64 b, {%65, %66};\n"                                   \
                 "wgmma.mma_async.sync.aligned.m64n128k16.f32." name "." name " " SAGE_D64 ", a, b, " accumulate      \
                 ", 1, 1, 0, 0;}\n"                                                                                   \
                 : SAGE_16(c, d)                                                                                      \
                 : "r"(a), "r"(b), "n"(sm90::kDescriptorHigh<128>));                                                  \
  }
#define SAGE_TYPE(type, name)                                                                                         \
  SAGE_SIZE(type, name, 8, 64, SAGE_D32, "%32,%33,%34,%35", "%36, %37")                                               \
  SAGE_SIZE(type, name, 16, 128, SAGE_D64, "%64,%65,%66,%67", "%68, %69")                                             \
  SAGE_SHARED(type, name, false, "=f", "0")                                                                           \
  SAGE_SHARED(type, name, true, "+f", "1")
// clang-format on
SAGE_TYPE(__half, "f16")
SAGE_TYPE(__nv_bfloat16, "bf16")
#undef SAGE_TYPE
#undef SAGE_SHARED
#undef SAGE_SIZE
#undef SAGE_WGMMA
#undef SAGE_16
#undef SAGE_8
#undef SAGE_4
#undef SAGE_32

} // namespace sage::decode
