// Types of the sm80 kernels: values and probabilities in 16 bits.
#pragma once

#include "../attention/kernel.cuh"
#include "launch.h"
#include "values.cuh"

namespace sage::sm80 {

template <typename Element_, Sums kSums_, class Tile> struct Traits : Tile {
  using Element = Element_; // of values and probabilities
  static constexpr Sums kSums = kSums_;
  static constexpr bool kScaledValues = false;
  static constexpr bool kRunsHere = true;
  // Whether inputs and output have the type of values, and nothing was taken off these: others are converted to fp16.
  static constexpr bool kAsIs = std::is_same_v<Element, __nv_bfloat16>;
  // Whether stages may go without a look at the scores: bf16 holds large P, fp16 does not.
  static constexpr bool kBoundable = kSums == Sums::kFp32 && std::is_same_v<Element, __nv_bfloat16>;
  using Accumulator = std::conditional_t<kSums == Sums::kFp16, Fp16Accumulator, Fp32Accumulator>;
  using Values = sm80::Values<Traits>;
  static constexpr int kRecordBytes = kKeyBlock * Tile::kTileDim; // of quantized keys in the workspace
  static_assert(Tile::kStep % 16 == 0, "a step is whole k16 fragments of P");
  static_assert(kSums == Sums::kFp32 || std::is_same_v<Element, __half>, "MMAs with fp16 sums multiply fp16");

  struct alignas(128) Stage { // aligned for the swizzle
    int8_t key[Tile::kStageKeys * Tile::kTileDim];
    Element value[Tile::kStageKeys * Tile::kTileDim];
  };
};

constexpr int step_of_large_tile(Sums sums) { return sums == Sums::kFp16PerStep ? 16 : 32; } // its sums take registers

template <typename Element, Sums kSums>
using D128OneBlock = Traits<Element, kSums, Tile<128, 2, 8, step_of_large_tile(kSums), 64, 1>>;
template <typename Element, Sums kSums> using D128OneBlockMasked = Traits<Element, kSums, Tile<128, 2, 8, 16, 64, 1>>;

template <typename Element, Sums kSums> cudaError_t launch_d128(const AttentionParams &p, cudaStream_t stream) {
  if constexpr (kSums != Sums::kFp32) { // one kernel for every multiprocessor
    return launch<D128OneBlock<Element, kSums>, D128OneBlockMasked<Element, kSums>>(p, stream);
  } else {
    using TwoBlocks = Traits<Element, kSums, Tile<128, 2, 4, 32, 64, 2>>;
#if SAGE_SM80_ONE_BLOCK
    if (!fits<TwoBlocks>())
      return std::is_same_v<Element, __half> ? launch_f16_d128_one_block(p, stream)
                                             : launch_bf16_d128_one_block(p, stream);
#endif
    return launch<TwoBlocks, Traits<Element, kSums, Tile<128, 2, 4, 16, 64, 2>>>(p, stream);
  }
}

template <typename Element, Sums kSums>
cudaError_t launch_tile(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  using D64 = Traits<Element, kSums, Tile<64, 2, 4, 64, 64, 2>>;
  using D64Masked = Traits<Element, kSums, Tile<64, 2, 4, 32, 64, 2>>;
  using D256 = Traits<Element, kSums, Tile<256, 1, 8, step_of_large_tile(kSums), 32, 1>>;
  switch (tile_dim) {
  case 64: return launch<D64, D64Masked>(p, stream);
  case 128: return launch_d128<Element, kSums>(p, stream);
  default: return launch<D256, D256>(p, stream);
  }
}

} // namespace sage::sm80
