// Types of the sm89 kernels: values and probabilities in FP8, sums over a block of keys in fp32 or fp16.
#pragma once

#include "../attention/kernel.cuh"
#include "../attention/tile.cuh"
#include "values.cuh"

namespace sage::sm89 {

template <class BlockSums_, class Tile> struct Traits : Tile {
  // Where FP8 is converted, fp32 sums are as fast as fp16 sums, and more exact: one kernel serves both.
  static constexpr bool kRunsHere = kMultipliesFp8 || std::is_same_v<BlockSums_, Fp32Accumulator>;
  static constexpr bool kAsIs = false; // types of inputs and output are known at run time only
  using BlockSums = BlockSums_;
  using Accumulator = Fp32Accumulator;
  static constexpr bool kScaledValues = true;
  static constexpr bool kBoundable = Tile::kTileDim <= 128; // at 256 shared memory is full
  using Values = sm89::Values<Traits>;
  static_assert(Tile::kStep % 32 == 0, "a step is whole k32 fragments of P");

  struct alignas(128) Stage { // aligned for the swizzle
    int8_t key[Tile::kStageKeys * Tile::kTileDim];
    uint8_t value[Tile::kTileDim * Tile::kStageKeys];
    float value_scale[Tile::kTileDim];
  };
  static constexpr int kRecordBytes = fp8_record_bytes(Tile::kTileDim);
  static_assert(sizeof(Stage) == kRecordBytes, "a record has the members of a stage");
};

template <class Sums> cudaError_t launch_tile(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  constexpr int kStepOfSmallTile =
      std::is_same_v<Sums, Fp16Accumulator> ? 64 : 32; // with fp32 sums registers are short
  using D64 = Traits<Sums, Tile<64, 2, 4, kStepOfSmallTile, 64, 2>>;
  using D64Masked = Traits<Sums, Tile<64, 2, 4, 32, 64, 2>>;
  using D128 = Traits<Sums, Tile<128, 1, 4, 64, 64, 2>>;
  using D256 = Traits<Sums, Tile<256, 1, 8, 32, 64, 1>>;
  switch (tile_dim) {
  case 64: return launch<D64, D64Masked>(p, stream);
  case 128: return launch<D128, D128>(p, stream);
  default: return launch<D256, D256>(p, stream);
  }
}

} // namespace sage::sm89
