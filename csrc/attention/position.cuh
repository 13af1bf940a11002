// Where a block of threads stands in the problem, and which keys its rows see.
#pragma once

#include "../common/layout.cuh"
#include "../common/params.h"

namespace sage {

// Where a block of threads and its lanes stand in the problem.
struct Position {
  int batch, head, first_row; // first query row of the tile
  int warp, group, pair;      // group = lane / 4: fragment row; pair = lane % 4: fragment columns
  int kv_head;                // batch * heads_kv + kv head

  __device__ Position(const AttentionParams &p, int tile_rows) {
    const int block = opaque(int(blockIdx.x)), thread = opaque(int(threadIdx.x));
    const int tile = block % p.query_tiles;
    const int batch_head = block / p.query_tiles;
    batch = batch_head / p.heads_q;
    head = batch_head % p.heads_q;
    // Causal tiles differ in length: the longest start first.
    first_row = (p.causal_shift != kSeesAll ? p.query_tiles - 1 - tile : tile) * tile_rows;
    warp = __shfl_sync(kAllLanes, thread / 32, 0); // the same for all lanes, and the compiler may know it
    group = thread % 32 / 4;
    pair = thread % 4;
    kv_head = batch * p.heads_kv + head / (p.heads_q / p.heads_kv);
  }
};

// Keys that matter to a warp: those before `all` are seen by all of its rows, those from `any` on by none.
struct Visible {
  int all, any;

  __device__ Visible(const AttentionParams &p, int warp_row, int warp_rows) {
    all = min(p.len_kv, warp_row + p.causal_shift + 1);
    any = min(p.len_kv, warp_row + p.causal_shift + warp_rows);
  }
};

} // namespace sage
