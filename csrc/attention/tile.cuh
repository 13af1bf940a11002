// The few numbers that a kernel's sizes follow from.
#pragma once

#include "position.cuh"

namespace sage {

// kTileDim: channels of a tile. kRowFragments: 16-row MMA fragments per warp. kStep: keys whose scores a warp holds
// at a time. kStageKeys: keys in a stage of the copy pipeline. kBlocksPerSm: resident blocks that the register budget
// is cut for.
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

  // Bytes from a thread's first fragment to those of f and k.
  static __device__ constexpr int query_offset(int f, int k) {
    return (f * (kTileDim / 32) + k) * kThreads * static_cast<int>(sizeof(uint4));
  }

  static_assert(kTileDim % 64 == 0, "swizzles need rows of 64 bytes or more");
  static_assert(kStageKeys % kStep == 0 && kKeyBlock % kStageKeys == 0, "the keys of a stage share scales");
};

// All shared memory of a kernel.
template <class T> struct SharedMemory {
  union {
    typename T::Stage stages[T::kStages];
    uint16_t output[T::kWarps][T::kWarpRows * T::kTileDim]; // after the last stage
  };
  typename T::QueryFragments query;
  // Each thread its own: of its rows, with their scale.
  float query_norm[T::kBoundable ? 2 * T::kRowFragments : 1][T::kBoundable ? T::kThreads : 1];
  float absmax[T::kWarps];                                       // of query rows, in the prologue
  alignas(Problem) unsigned char problem_bytes[sizeof(Problem)]; // complete at the first barrier

  __device__ __forceinline__ const Problem &problem() const {
    return *reinterpret_cast<const Problem *>(problem_bytes);
  }
};

} // namespace sage
