// Types and sizes of the sm80 attention kernel, derived from a few numbers. All of its shared memory is SharedMemory.
#pragma once

#include "../common/params.h"

namespace sage::sm80 {

// kTileDim: channels of a tile. kRowFragments: 16-row MMA fragments per warp. kStep: keys whose scores a warp holds
// at a time. kStageKeys: keys in a stage of the copy pipeline. kBlocksPerSm: resident blocks that the register budget is
// cut for.
template <typename Element_, int kTileDim_, int kRowFragments_, int kWarps_, int kStep_, int kStageKeys_,
          int kBlocksPerSm_>
struct Traits {
  using Element = Element_;
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

  static_assert(kTileDim % 64 == 0, "swizzles need rows of 64 bytes or more");
  static_assert(kStep % 16 == 0 && kStageKeys % kStep == 0, "a step is whole k16 fragments of P");
  static_assert(kKeyBlock % kStageKeys == 0, "the keys of a stage share scales");

  struct alignas(128) Stage { // aligned for the swizzle
    int8_t key[kStageKeys * kTileDim];
    Element value[kStageKeys * kTileDim];
  };
  using QueryFragments = uint4[kRowFragments][kTileDim / 32][kThreads]; // INT8 A fragments, each thread its own
  struct SharedMemory {
    union {
      Stage stages[kStages];
      Element output[kWarps][kWarpRows * kTileDim]; // after the last key block
    };
    QueryFragments query;
  };
};

} // namespace sage::sm80
