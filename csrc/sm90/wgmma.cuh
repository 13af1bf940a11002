// Named wrappers for wgmma (PTX ISA, "Asynchronous warpgroup level matrix instructions"), sm_90a.
// Accumulators: with g = lane / 4, t = lane % 4, element 4 n + i of warp w belongs to row 16 w + g + 8 (i / 2) and
// column 8 n + 2 t + i % 2. Operands in shared memory are K-major and swizzled; see descriptor().
#pragma once

#include <cstdint>
#include <type_traits>

namespace sage::sm90 {

__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }
template <int kGroupsInFlight> __device__ __forceinline__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(kGroupsInFlight) : "memory");
}

// Registers that an asynchronous product reads or writes: the compiler must not move their other uses across this
// point.
template <typename T, int kCount> __device__ __forceinline__ void pin(T (&registers)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    if constexpr (std::is_same_v<T, float>)
      asm volatile("" : "+f"(registers[i])::"memory");
    else
      asm volatile("" : "+r"(registers[i])::"memory");
  }
}

// Matrix descriptor (PTX ISA, "Matrix descriptor") of rows of kRowBytes = 64 or 128, swizzled over as many bytes, at a
// shared memory address that is a multiple of 8 rows. Its upper half is the same for all, so 32-bit arithmetic does:
// the next 32 channels or keys are 2 further, and any distance in bytes is a 16th of it.
template <int kRowBytes> constexpr uint32_t kDescriptorHigh = (kRowBytes == 128 ? 1u : 2u) << 30 | 8 * kRowBytes / 16;
__device__ __forceinline__ uint32_t descriptor_low(uint32_t address) { return 1u << 16 | (address & 0x3ffff) >> 4; }

// Lists of 32 and 64 registers serve ../decode/wgmma.cuh, too.
// clang-format off
#define SAGE_D32 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}"
#define SAGE_D64 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31," \
  "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63}"
#define SAGE_D36 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31," \
  "%32,%33,%34,%35}"
#define SAGE_D68 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31," \
  "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63,%64,%65,%66,%67}"
#define SAGE_4(c, d, i) c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3])
#define SAGE_8(c, d, i) c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3]), c(d[i + 4]), c(d[i + 5]), c(d[i + 6]), c(d[i + 7])
#define SAGE_32(c, d, i) SAGE_8(c, d, i), SAGE_8(c, d, i + 8), SAGE_8(c, d, i + 16), SAGE_8(c, d, i + 24)
#define SAGE_64(c, d) SAGE_32(c, d, 0), SAGE_32(c, d, 32)
// clang-format on
// Issues SAGE_WGMMA(constraint of the sums, whether they are added to) as kAccumulate says.
#define SAGE_ISSUE(type)                                                                                               \
  if constexpr (kAccumulate)                                                                                           \
    SAGE_WGMMA("+" type, "1");                                                                                         \
  else                                                                                                                 \
    SAGE_WGMMA("=" type, "0")

// d = a * b, or d += a * b if kAccumulate: INT8, 64 x 64 x 32, both operands in shared memory, rows of kRowBytes.
template <int kRowBytes, bool kAccumulate>
__device__ __forceinline__ void wgmma_s8(int32_t (&d)[32], uint32_t a, uint32_t b) {
#define SAGE_WGMMA(c, accumulate)                                                                                      \
  asm volatile("{.reg .b64 a, b; mov.b64 a, {%32, %34}; mov.b64 b, {%33, %34};\n"                                      \
               "wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8 " SAGE_D32 ", a, b, " accumulate ";}\n"               \
               : SAGE_32(c, d, 0)                                                                                      \
               : "r"(a), "r"(b), "n"(kDescriptorHigh<kRowBytes>))
  SAGE_ISSUE("r");
#undef SAGE_WGMMA
}

// 64 x 128 x 32: the keys of two steps.
template <int kRowBytes, bool kAccumulate>
__device__ __forceinline__ void wgmma_s8(int32_t (&d)[32], int32_t (&e)[32], uint32_t a, uint32_t b) {
#define SAGE_WGMMA(c, accumulate)                                                                                      \
  asm volatile("{.reg .b64 a, b; mov.b64 a, {%64, %66}; mov.b64 b, {%65, %66};\n"                                      \
               "wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8 " SAGE_D64 ", a, b, " accumulate ";}\n"              \
               : SAGE_32(c, d, 0), SAGE_32(c, e, 0)                                                                    \
               : "r"(a), "r"(b), "n"(kDescriptorHigh<kRowBytes>))
  SAGE_ISSUE("r");
#undef SAGE_WGMMA
}

// The same in e4m3 with fp32 sums, a in registers, b in rows of 128 bytes: 64 x 136 x 32, 64 x 72 x 32 and 64 x 64
// x 32.
template <bool kAccumulate>
__device__ __forceinline__ void wgmma_e4m3(float (&d)[68], const uint32_t (&a)[4], uint32_t b) {
#define SAGE_WGMMA(c, accumulate)                                                                                      \
  asm volatile("{.reg .b64 b; mov.b64 b, {%72, %73};\n"                                                                \
               "wgmma.mma_async.sync.aligned.m64n136k32.f32.e4m3.e4m3 " SAGE_D68 ", {%68,%69,%70,%71}, b, " accumulate \
               ", 1, 1;}\n"                                                                                            \
               : SAGE_64(c, d), SAGE_4(c, d, 64)                                                                       \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "n"(kDescriptorHigh<128>))
  SAGE_ISSUE("f");
#undef SAGE_WGMMA
}
template <bool kAccumulate>
__device__ __forceinline__ void wgmma_e4m3(float (&d)[36], const uint32_t (&a)[4], uint32_t b) {
#define SAGE_WGMMA(c, accumulate)                                                                                      \
  asm volatile("{.reg .b64 b; mov.b64 b, {%40, %41};\n"                                                                \
               "wgmma.mma_async.sync.aligned.m64n72k32.f32.e4m3.e4m3 " SAGE_D36 ", {%36,%37,%38,%39}, b, " accumulate  \
               ", 1, 1;}\n"                                                                                            \
               : SAGE_32(c, d, 0), SAGE_4(c, d, 32)                                                                    \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "n"(kDescriptorHigh<128>))
  SAGE_ISSUE("f");
#undef SAGE_WGMMA
}
template <bool kAccumulate>
__device__ __forceinline__ void wgmma_e4m3(float (&d)[32], const uint32_t (&a)[4], uint32_t b) {
#define SAGE_WGMMA(c, accumulate)                                                                                      \
  asm volatile("{.reg .b64 b; mov.b64 b, {%36, %37};\n"                                                                \
               "wgmma.mma_async.sync.aligned.m64n64k32.f32.e4m3.e4m3 " SAGE_D32 ", {%32,%33,%34,%35}, b, " accumulate  \
               ", 1, 1;}\n"                                                                                            \
               : SAGE_32(c, d, 0)                                                                                      \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "n"(kDescriptorHigh<128>))
  SAGE_ISSUE("f");
#undef SAGE_WGMMA
}

// As with kAccumulate, where `accumulate` is not 0: a value that the compiler does not know keeps the sums in the
// registers that they were in.
__device__ __forceinline__ void wgmma_e4m3(float (&d)[32], const uint32_t (&a)[4], uint32_t b, int accumulate) {
  asm volatile("{.reg .b64 b; .reg .pred p; mov.b64 b, {%36, %37}; setp.ne.s32 p, %38, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k32.f32.e4m3.e4m3 " SAGE_D32 ", {%32,%33,%34,%35}, b, p, 1, 1;}\n"
               : SAGE_32("+f", d, 0)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "n"(kDescriptorHigh<128>), "r"(accumulate));
}

#undef SAGE_ISSUE
#undef SAGE_D36
#undef SAGE_D68
#undef SAGE_4
#undef SAGE_8
#undef SAGE_32
#undef SAGE_64

// Gives registers from one warp group to another (PTX ISA, setmaxnreg).
template <int kRegisters> __device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(kRegisters));
}
template <int kRegisters> __device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(kRegisters));
}

} // namespace sage::sm90
