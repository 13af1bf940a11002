// V in FP8: how it gets to shared memory, and P V on m16n8k32 in two levels: the sum over a block of 64 keys in the
// tensor cores' accumulators (fp32 or fp16), then scaled per channel and added in fp32.
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
  // In fp16 there is more room, and more below 1 than is needed.
  static constexpr float kLargestExponent = kMultipliesFp8 ? 8.807f : 14.0f;
  static constexpr float kUsualExponent = kMultipliesFp8 ? 6.8f : -6.0f;
  static constexpr float kBoundedExponent = kMultipliesFp8 || !T::kBoundable ? 0.0f : 15.0f;
  static constexpr bool kStraight = false; // without bounds
  // Where FP8 is not multiplied, P is packed as fp16 and V converted in registers: nothing is rounded on the way.
  using Fragments = uint32_t[T::kRowFragments][T::kStep / (kMultipliesFp8 ? 32 : 16)][4];

  static constexpr int kRowBytes = kKeyBlock; // one channel of V
  static constexpr int kChunks = kRowBytes / T::kVectorBytes;
  static constexpr int kRows = T::kThreads / kChunks; // per pass
  static_assert(kRows % 8 == 0, "rows of a thread must share a swizzle");
  static_assert(T::kStageKeys == kKeyBlock, "a stage is a whole record");

  uint32_t address; // of this thread's chunk in the first stage
  uint32_t scale_address;

  __device__ __forceinline__ Values(const AttentionParams &, const Problem &, const Position &,
                                    const typename T::Stage &stage)
      : address(
            opaque(shared_address(stage.value) + swizzled<kRowBytes>(threadIdx.x / kChunks, threadIdx.x % kChunks))),
        scale_address(opaque(shared_address(stage.value_scale + 4 * threadIdx.x))) {}

  // One of kParts parts of a stage, all of them in turn; zeros if it does not exist. `record` points to this thread's
  // chunk of the same part of the keys of the block.
  template <int kParts>
  __device__ __forceinline__ void load(int stage_offset, int part, bool exists, const AttentionParams &,
                                       const int8_t *record) {
    constexpr int kPasses = T::kTileDim / kRows / kParts;
    static_assert(sizeof(T::Stage::value) == sizeof(T::Stage::key) && kPasses * kRows * kParts == T::kTileDim,
                  "values are divided as keys are");
    const int8_t *value = record + sizeof(T::Stage::key);
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass)
      cp_async_16(address + stage_offset + (part * kPasses + pass) * kRows * kRowBytes,
                  value + pass * T::kThreads * T::kVectorBytes, exists);
    if (part == 0 && threadIdx.x < T::kTileDim / 4)
      cp_async_16(scale_address + stage_offset, value + sizeof(T::Stage::value), exists);
  }

  // ldmatrix brings four 8x8 matrices (8 channels x 16 keys): the four key groups of one fragment of channels where a
  // step is a whole block, two groups of two fragments where it is half of one.
  static __device__ __forceinline__ int lane_offset(int lane) {
    return T::kStep == 64 ? swizzled<kRowBytes>(lane % 8, lane / 8)
                          : swizzled<kRowBytes>(lane / 16 * 8 + lane % 8, lane / 8 % 2);
  }

  // Two neighbouring probabilities of row r, score columns of fragment n. Four fragments give one k32 operand, in the
  // key order of PrepareShape::first_value().
  static __device__ __forceinline__ void pack(Fragments &fragments, int f, int r, int n, float a, float b) {
    if constexpr (!kMultipliesFp8) {
      fragments[f][n / 2][n % 2 * 2 + r] = pack2<__half>(a, b);
      return;
    }
    uint32_t &target = fragments[f][n / 4][n % 4 / 2 * 2 + r];
    const uint32_t bits = pack_e4m3(a, b);
    target = n % 2 == 0 ? bits : __byte_perm(target, bits, 0x5410);
  }

  static __device__ __forceinline__ void multiply(WarpState<T> &state, const Fragments &fragments, int stage_offset,
                                                  int key) {
    const uint32_t address = (state.value_address + stage_offset) ^ (key / 32 << 5);
    constexpr int kFragmentsPerLoad = T::kStep == 64 ? 1 : 2;
    constexpr int kTogether = !kMultipliesFp8 && T::kTileDim <= 128 ? 4 : 1; // loads
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; n += kFragmentsPerLoad) {
      if (n % (kTogether * kFragmentsPerLoad) == 0)
        __syncwarp(); // keeps the loads of later fragments from being moved up, where they would take registers
      uint32_t b[4];
      ldmatrix_x4(b, address + 8 * n * kRowBytes);
#pragma unroll
      for (int i = 0; i < kFragmentsPerLoad; ++i) {
#if __CUDA_ARCH__ >= 1000
        __syncwarp(); // the same for the scales; 12.x would spill registers, others do without
#endif
        const float2 scale = load_shared_pair(state.scale_address + stage_offset + 32 * (n + i));
        Sums sums[T::kRowFragments];
        multiply_block(sums, fragments, b, i);
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
          for (int j = 0; j < 4; ++j)
            state.output[f][n + i].d[j] = fmaf(sums[f][j], j % 2 == 0 ? scale.x : scale.y, state.output[f][n + i].d[j]);
        }
      }
    }
  }

private:
  using Sums = typename T::BlockSums;

  // The products with the keys of a step and the channels of fragment i of those in `b`.
  static __device__ __forceinline__ void multiply_block(Sums (&sums)[T::kRowFragments], const Fragments &fragments,
                                                        const uint32_t (&b)[4], int i) {
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) sums[f].clear();
    if constexpr (kMultipliesFp8) {
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
        for (int k = 0; k < T::kStep / 32; ++k)
          mma_e4m3(sums[f].d, fragments[f][k], b[2 * (k + i)], b[2 * (k + i) + 1]);
      }
    } else { // a word of V holds what two registers of an fp16 operand of 16 keys do
#pragma unroll
      for (int k = 0; k < T::kStep / 16; ++k) {
        const uint32_t word = b[k + 2 * i], low = e4m3_to_half(word), high = e4m3_to_half(word >> 16);
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) mma_16bit<__half>(sums[f].d, fragments[f][k], low, high);
      }
    }
  }
};

} // namespace sage::sm89
