// Types of the sm80 kernels: values and probabilities in 16 bits.
#pragma once

#include "../attention/tile.cuh"
#include "values.cuh"

namespace sage::sm80 {

template <typename Element_, class Tile> struct Traits : Tile {
  using Element = Element_;
  using Values = sm80::Values<Traits>;
  static constexpr int kRecordBytes = kKeyBlock * Tile::kTileDim; // of quantized keys in the workspace
  static_assert(Tile::kStep % 16 == 0, "a step is whole k16 fragments of P");

  struct alignas(128) Stage { // aligned for the swizzle
    int8_t key[Tile::kStageKeys * Tile::kTileDim];
    Element value[Tile::kStageKeys * Tile::kTileDim];
  };
};

} // namespace sage::sm80
