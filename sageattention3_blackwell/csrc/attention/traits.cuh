// Sizes, registers and shared memory of the attention kernel.
#pragma once

#include "../../../csrc/common/layout.cuh"
#include "../../../csrc/common/sequence.cuh"
#include "../common/features.cuh"
#include "../common/params.h"

namespace sageattn3 {

using sage::Sequence;

template <typename Element_, int kTileDim_> struct Traits {
  using Element = Element_; // of query and output
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kWarps = 8;
  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kWarpRows = 16;         // one MMA fragment
  static constexpr int kSteps = kTileDim / 64; // matrix instructions along the channels
  static constexpr int kScoreFragments = kKeyBlock / 8;
  static constexpr int kStages = 2;
  static_assert(kWarps * kWarpRows == kQueryBlock, "a tile is what shares a query mean");
  static_assert(kWarps == kScoreFragments, "each warp multiplies the query mean with the keys of one fragment");
};

// What the prologue leaves behind for the whole kernel. In registers it would push the kernel over its budget.
template <class T> struct Query {
  uint4 fragment[T::kSteps][T::kThreads]; // FP4 A fragments: every thread reads back what it wrote
  uint32_t scale[T::kSteps][T::kThreads];
  uint2 mean[T::kTileDim / 32][8]; // INT8 A fragments of m16n8k32, the lanes that are not zero: row 0 holds the high
                                   // parts of the fixed-point mean, row 1 the low ones
  float mean_scale;                // of the integer products with the mean, with log2(e)
};

template <class T> struct SharedMemory {
  struct Prologue {
    Record<T::kTileDim> first_stage; // its copies are under way
    float partial[T::kWarps][T::kTileDim];
    float mean[T::kTileDim];
  };
  union {
    Record<T::kTileDim> stages[T::kStages];
    Prologue prologue;
    typename T::Element output[T::kWarps][T::kWarpRows * T::kTileDim]; // after the last stage
  };
  float mean_scores[kKeyBlock]; // query mean . key, by column, of the current stage
  Query<T> query;
};
// Consumer Blackwell gives a block at most 99 KB (CUDA C++ programming guide, "Compute capabilities").
constexpr int kLargestSharedMemory = 99 * 1024;

// Resident blocks that the register budget is cut for: two hide each other's barriers where no kernel spills for it.
// The emulated matrix instruction needs registers of its own, and so do masks.
template <class T, bool kHasMask> constexpr int blocks_per_sm() {
  return SAGEATTN3_FP4_INSTRUCTIONS && !kHasMask && T::kTileDim <= 128 ? 2 : 1;
}

// What a warp keeps in registers. Row r (0, 1) is row 8 r + lane / 4 of its 16.
template <class T> struct WarpState {
  float score_scale[2]; // of the FP4 products, with log2(e)
  float reference[2];   // base-2 exponent that P is relative to
  float row_sum[2];     // this lane's part
  float output[T::kTileDim / 8][4];
};

template <class T> using Scores = float[T::kScoreFragments][4];

// Where a block of threads stands.
struct Position {
  int batch, head, first_row; // first query row of the tile
  int kv_head;

  __device__ __forceinline__ explicit Position(const AttentionParams &p) {
    const int block = sage::opaque(int(blockIdx.x)); // rarely needed: not worth registers
    const int tile = block % p.query_tiles, batch_head = block / p.query_tiles;
    batch = batch_head / p.heads_q;
    head = batch_head % p.heads_q;
    // Causal tiles differ in length: the longest start first.
    first_row = (p.causality != 0 ? p.query_tiles - 1 - tile : tile) * kQueryBlock;
    kv_head = head / (p.heads_q / p.heads_kv);
  }
};

// Query i sees the keys 0 .. i + shift.
__device__ __forceinline__ int causal_shift(const AttentionParams &p, const Sequence &sequence) {
  return p.causality == 0 ? kSeesAll : p.causality == 1 ? 0 : sequence.len_kv - sequence.len_q;
}

// The sequence of a block of threads, as far as the main loop needs it.
struct Extent {
  int len_q, len_kv, shift;
};

__device__ __forceinline__ int warp_index() { return __shfl_sync(sage::kAllLanes, threadIdx.x / 32, 0); }

// This lane's place of LSE.
__device__ __forceinline__ float &lse_of(const AttentionParams &p, const Position &at, int first_q, int row) {
  return p.lse[at.batch * p.lse_stride_batch + at.head * p.lse_stride_head + first_q + row];
}

} // namespace sageattn3
