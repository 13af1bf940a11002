// Where a block of threads stands in the problem, and which keys its rows see.
#pragma once

#include "../common/layout.cuh"
#include "../common/params.h"
#include "../common/sequence.cuh"

namespace sage {

// Where a block of threads and its lanes stand in the problem.
struct Position {
  int batch, head, first_row; // first query row of the tile, within the sequence
  int warp, group, pair;      // group = lane / 4: fragment row; pair = lane % 4: fragment columns
  int kv_head;

  __device__ Position(const AttentionParams &p, int tile_rows) {
    const int block = opaque(int(blockIdx.x)), thread = opaque(int(threadIdx.x));
    const int tile = block % p.query_tiles;
    const int batch_head = block / p.query_tiles;
    batch = batch_head / p.heads_q;
    head = batch_head % p.heads_q;
    // Causal tiles differ in length: the longest start first.
    first_row = (p.causal ? p.query_tiles - 1 - tile : tile) * tile_rows;
    warp = __shfl_sync(kAllLanes, thread / 32, 0); // the same for all lanes, and the compiler may know it
    group = thread % 32 / 4;
    pair = thread % 4;
    kv_head = head / (p.heads_q / p.heads_kv);
  }
};

// The sequence of a block of threads. Read from shared memory where it is needed: registers are full.
struct Problem : Sequence {
  int causal_shift; // query i sees the keys 0 .. i + causal_shift

  __device__ Problem(const AttentionParams &p, int batch, int block = kKeyBlock) : Sequence(p.sequences, batch, block) {
    causal_shift = !p.causal ? kSeesAll : p.bottom_right ? len_kv - len_q : 0;
  }

  // First block of the workspace for a head, counted over all heads.
  __device__ __forceinline__ int64_t block_of(const AttentionParams &p, int kv_head) const {
    return int64_t{kv_head} * p.sequences.head_blocks + first_block;
  }
};

// Keys that matter to a warp: those before `all` are seen by all of its rows, those from `any` on by none.
struct Visible {
  int all, any;

  __device__ Visible(const Problem &problem, int warp_row, int warp_rows) {
    all = min(problem.len_kv, warp_row + problem.causal_shift + 1);
    any = min(problem.len_kv, warp_row + problem.causal_shift + warp_rows);
  }
};

// Offset of a head's first row of the sequence, in elements.
__device__ __forceinline__ int64_t head_offset(const TensorView &tensor, int batch, int head, int64_t first_token) {
  return batch * tensor.stride_batch + head * tensor.stride_head + first_token * tensor.stride_token;
}

} // namespace sage
