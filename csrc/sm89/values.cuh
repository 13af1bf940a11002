// V in FP8: how it gets to shared memory, and P V on m16n8k32 in two levels: the sum over a block of 64 keys in the tensor
// cores' accumulators (fp32 or fp16), then scaled per channel and added in fp32.
#pragma once

#include "../attention/position.cuh"
#include "../attention/state.cuh"
#include "../common/layout.cuh"
#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"

#include <cuda_fp16.h>

namespace sage::sm89 {

// The sums of one fragment over a step of keys.
struct Fp32Sums {
  static constexpr int kStepOfSmallTile = 32; // with 64 the registers do not last
  float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  __device__ __forceinline__ float operator[](int i) const { return d[i]; }
};
struct Fp16Sums {
  static constexpr int kStepOfSmallTile = 64;
  uint32_t d[2] = {0, 0};
  __device__ __forceinline__ float operator[](int i) const {
    const float2 pair = unpack2<__half>(d[i / 2]);
    return i % 2 == 0 ? pair.x : pair.y;
  }
};

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

  int offset; // of this thread's chunk in a stage

  __device__ __forceinline__ Values(const AttentionParams &, const Position &)
      : offset(opaque(swizzled<kRowBytes>(threadIdx.x / kChunks, threadIdx.x % kChunks))) {}

  // `record` points 16 bytes times the thread's index into the record of the block.
  __device__ __forceinline__ void load(typename T::Stage &stage, const AttentionParams &, const int8_t *record) {
    const int8_t *value = record + sizeof(stage.key), *scale = value + sizeof(stage.value);
#pragma unroll
    for (int pass = 0; pass < T::kTileDim / kRows; ++pass)
      cp_async_16(shared_address(stage.value) + offset + pass * kRows * kRowBytes,
                  value + pass * T::kThreads * T::kVectorBytes);
    if (threadIdx.x < T::kTileDim / 4) cp_async_16(shared_address(stage.value_scale + 4 * threadIdx.x), scale);
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
                                                  const typename T::Stage &stage, int key, int pair) {
    const uint32_t address = (shared_address(stage.value) + state.value_offset) ^ (key / 32 << 5);
    constexpr int kFragmentsPerLoad = T::kStep == 64 ? 1 : 2;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; n += kFragmentsPerLoad) {
      __syncwarp(); // keeps the loads of later fragments from being moved up, where they would take registers
      uint32_t b[4];
      ldmatrix_x4(b, address + 8 * n * kRowBytes);
#pragma unroll
      for (int i = 0; i < kFragmentsPerLoad; ++i) {
        const float2 scale = load_shared_pair(stage.value_scale + 8 * (n + i) + 2 * pair);
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) {
          typename T::Sums sums;
#pragma unroll
          for (int k = 0; k < T::kStep / 32; ++k)
            mma_e4m3(sums.d, fragments[f][k], b[2 * (k + i)], b[2 * (k + i) + 1]);
#pragma unroll
          for (int j = 0; j < 4; ++j)
            state.output[f][n + i][j] = fmaf(sums[j], j % 2 == 0 ? scale.x : scale.y, state.output[f][n + i][j]);
        }
      }
    }
  }
};

} // namespace sage::sm89
