// V in FP8: how it gets to shared memory, and P V on m16n8k32 in two levels: the sum over a block of 64 keys in the tensor
// cores' accumulators (fp32 or fp16), then scaled per channel and added in fp32.
#pragma once

#include "../attention/position.cuh"
#include "../attention/state.cuh"
#include "../common/layout.cuh"
#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"

namespace sage::sm89 {

template <class T> struct Values {
  // P is scaled to use the range of e4m3: up to 448 when a row maximum lags behind, usually up to a quarter of that.
  static constexpr float kLargestExponent = 8.807f;
  static constexpr float kUsualExponent = 6.8f;
  using Fragments = uint32_t[T::kRowFragments][T::kStep / 32][4];

  static constexpr int kRowBytes = kKeyBlock; // one channel of V
  static constexpr int kChunks = kRowBytes / T::kVectorBytes;
  static constexpr int kRows = T::kThreads / kChunks; // per pass
  static_assert(kRows % 8 == 0, "rows of a thread must share a swizzle");
  static_assert(T::kStageKeys == kKeyBlock, "a stage is a whole record");

  uint32_t address; // of this thread's chunk in the first stage
  uint32_t scale_address;

  __device__ __forceinline__ Values(const AttentionParams &, const Problem &, const Position &,
                                    const typename T::Stage &stage)
      : address(opaque(shared_address(stage.value) + swizzled<kRowBytes>(threadIdx.x / kChunks, threadIdx.x % kChunks))),
        scale_address(opaque(shared_address(stage.value_scale + 4 * threadIdx.x))) {}

  // `record` points 16 bytes times the thread's index into the record of the block.
  __device__ __forceinline__ void load(int stage_offset, const AttentionParams &, const int8_t *record) {
    const int8_t *value = record + sizeof(T::Stage::key), *scale = value + sizeof(T::Stage::value);
#pragma unroll
    for (int pass = 0; pass < T::kTileDim / kRows; ++pass)
      cp_async_16(address + stage_offset + pass * kRows * kRowBytes,
                  value + pass * T::kThreads * T::kVectorBytes);
    if (threadIdx.x < T::kTileDim / 4) cp_async_16(scale_address + stage_offset, scale);
  }

  // ldmatrix brings four 8x8 matrices (8 channels x 16 keys): the four key groups of one fragment of channels where a
  // step is a whole block, two groups of two fragments where it is half of one.
  static __device__ __forceinline__ int lane_offset(int lane) {
    return T::kStep == 64 ? swizzled<kRowBytes>(lane % 8, lane / 8)
                          : swizzled<kRowBytes>(lane / 16 * 8 + lane % 8, lane / 8 % 2);
  }

  // Two neighbouring probabilities of row r, score columns of fragment n. Four fragments give one k32 operand, in the key
  // order of fp8_position().
  static __device__ __forceinline__ void pack(Fragments &fragments, int f, int r, int n, float a, float b) {
    uint32_t &target = fragments[f][n / 4][n % 4 / 2 * 2 + r];
    const uint32_t bits = pack_e4m3(a, b);
    target = n % 2 == 0 ? bits : __byte_perm(target, bits, 0x5410);
  }

  static __device__ __forceinline__ void multiply(WarpState<T> &state, const Fragments &fragments,
                                                  int stage_offset, int key) {
    const uint32_t address = (state.value_address + stage_offset) ^ (key / 32 << 5);
    constexpr int kFragmentsPerLoad = T::kStep == 64 ? 1 : 2;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; n += kFragmentsPerLoad) {
      __syncwarp(); // keeps the loads of later fragments from being moved up, where they would take registers
      uint32_t b[4];
      ldmatrix_x4(b, address + 8 * n * kRowBytes);
#pragma unroll
      for (int i = 0; i < kFragmentsPerLoad; ++i) {
#if __CUDA_ARCH__ >= 1200
        __syncwarp(); // the same for the scales; other architectures do without
#endif
        const float2 scale = load_shared_pair(state.scale_address + stage_offset + 32 * (n + i));
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) {
          typename T::BlockSums sums;
          sums.clear();
#pragma unroll
          for (int k = 0; k < T::kStep / 32; ++k)
            mma_e4m3(sums.d, fragments[f][k], b[2 * (k + i)], b[2 * (k + i) + 1]);
#pragma unroll
          for (int j = 0; j < 4; ++j)
            state.output[f][n + i].d[j] = fmaf(sums[j], j % 2 == 0 ? scale.x : scale.y, state.output[f][n + i].d[j]);
        }
      }
    }
  }
};

} // namespace sage::sm89
