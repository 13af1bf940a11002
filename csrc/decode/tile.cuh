// The few numbers that a kernel's sizes follow from.
#pragma once

#include "../common/layout.cuh"
#include "launch.h"

namespace sage::decode {

// kTileDim: channels of a tile. kFragments: 16-row MMA fragments of a warp. kRowWarps: warps that share the keys of a
// group. kKeyGroups: groups of warps, which take keys in turn. kStep: keys whose scores a warp holds at a time; those
// of K, or of V, are a unit of the group's ring of copies. kQueryInShared: query fragments lie in shared memory, where
// registers are short.
template <typename Element_, int kTileDim_, int kFragments_, int kRowWarps_, int kKeyGroups_, int kStep_,
          int kRingBytes_, int kBlocksPerSm_, bool kQueryInShared_ = false>
struct Tile {
  using Element = Element_;
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kFragments = kFragments_;
  static constexpr int kRowWarps = kRowWarps_;
  static constexpr int kKeyGroups = kKeyGroups_;
  static constexpr int kStep = kStep_;
  static constexpr int kBlocksPerSm = kBlocksPerSm_;
  static constexpr bool kQueryInShared = kQueryInShared_;

  static constexpr int kThreads = 32 * kRowWarps * kKeyGroups;
  static constexpr int kGroupThreads = 32 * kRowWarps;
  static constexpr int kWriters = kThreads; // of the results
  static constexpr int kWarpRows = 16 * kFragments;
  static constexpr int kRows = kWarpRows * kRowWarps;
  static constexpr int kStride = kStep * kKeyGroups; // from one step of a group to its next, in keys
  static constexpr int kRowBytes = 2 * kTileDim;
  static constexpr int kUnitBytes = kStep * kRowBytes;
  static constexpr int kUnits = kRingBytes_ / kKeyGroups / kUnitBytes;
  static constexpr int kGroupBytes = kUnits * kUnitBytes;

  // Shared memory: rings and queries; after the last step fp32 sums and the state of the rows on their way to the other
  // groups.
  static constexpr int kQueryOffset = kKeyGroups * kGroupBytes;
  static constexpr int kQueryBytes = kQueryInShared ? kRows * kRowBytes : 0;
  static constexpr int kPitch = kTileDim + 8; // of a row of sums, so that rows fall into different banks
  static constexpr int kStateOffset = kKeyGroups * kRows * kPitch * static_cast<int>(sizeof(float));
  static constexpr int kStateBytes = kKeyGroups * kRows * static_cast<int>(sizeof(float2));
  static constexpr int kSharedBytes =
      kQueryOffset + kQueryBytes > kStateOffset + kStateBytes ? kQueryOffset + kQueryBytes : kStateOffset + kStateBytes;

  static_assert(kUnits >= 3, "copies must be in flight while a unit is used");
  static_assert(kStep % 16 == 0 && kSplitKeys % kStride == 0, "splits are whole steps of all groups");
};

// A query row, of those that share a head of keys.
struct Row {
  int query, head;

  __device__ __forceinline__ Row(const Params &p, int kv_head, int row)
      : query(row / p.group), head(kv_head * p.group + row % p.group) {}
};

// Keys that a query sees, counted from the first.
__device__ __forceinline__ int seen_by(const Params &p, int query) {
  return static_cast<int>(min(int64_t{p.len_kv}, max(int64_t{0}, int64_t{query} + p.causal_shift + 1)));
}

// Where a block of threads and its lanes stand in the problem.
template <class T> struct Position {
  int batch, kv_head, first_row;
  int row_warp, key_group;
  int group, pair;     // of the lane: fragment row, fragment columns
  int begin, end;      // keys of the block
  int64_t first_place; // of its rows, in Params::partial

  __device__ __forceinline__ explicit Position(const Params &p) {
    const int lane = threadIdx.x % 32;
    const int warp =
        __shfl_sync(kAllLanes, static_cast<int>(threadIdx.x) / 32, 0); // the compiler may know it is uniform
    group = lane / 4, pair = lane % 4;
    row_warp = warp % T::kRowWarps, key_group = warp / T::kRowWarps;
    const int row_tile = blockIdx.x % p.row_tiles; // fastest: blocks that share keys run at the same time
    const int split = blockIdx.x / p.row_tiles % p.splits, batch_head = blockIdx.x / p.row_tiles / p.splits;
    batch = batch_head / p.heads_kv, kv_head = batch_head % p.heads_kv;
    first_row = row_tile * T::kRows;
    first_place = int64_t{blockIdx.x} * T::kRows;
    begin = split * p.keys_per_split;
    end = min(begin + p.keys_per_split, seen_by(p, (min(first_row + T::kRows, p.rows) - 1) / p.group));
  }

  // A row of this warp, within the problem; f, r: fragment and half of it. Computed where it is needed.
  __device__ __forceinline__ int row(int f, int r) const {
    return first_row + opaque(row_warp) * T::kWarpRows + 16 * f + 8 * r + opaque(group);
  }
};

} // namespace sage::decode
