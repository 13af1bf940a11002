// The few numbers that a kernel's sizes follow from.
#pragma once

#include "../common/params.h"

namespace sage {

// kTileDim: channels of a tile. kRowFragments: 16-row MMA fragments per warp. kStep: keys whose scores a warp holds
// at a time. kStageKeys: keys in a stage of the copy pipeline. kBlocksPerSm: resident blocks that the register budget is
// cut for.
template <int kTileDim_, int kRowFragments_, int kWarps_, int kStep_, int kStageKeys_, int kBlocksPerSm_> struct Tile {
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kRowFragments = kRowFragments_;
  static constexpr int kWarps = kWarps_;
  static constexpr int kStep = kStep_;
  static constexpr int kStageKeys = kStageKeys_;
  static constexpr int kBlocksPerSm = kBlocksPerSm_;

  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kWarpRows = 16 * kRowFragments;
  static constexpr int kTileRows = kWarps * kWarpRows;
  static constexpr int kStages = 2;
  static constexpr int kVectorBytes = 16;
  using QueryFragments = uint4[kRowFragments][kTileDim / 32][kThreads]; // INT8 A fragments, each thread its own

  static_assert(kTileDim % 64 == 0, "swizzles need rows of 64 bytes or more");
  static_assert(kStageKeys % kStep == 0 && kKeyBlock % kStageKeys == 0, "the keys of a stage share scales");
};

// All shared memory of a kernel.
template <class T> struct SharedMemory {
  union {
    typename T::Stage stages[T::kStages];
    typename T::Element output[T::kWarps][T::kWarpRows * T::kTileDim]; // after the last stage
  };
  typename T::QueryFragments query;
};

} // namespace sage
