// Sizes of the sm90 attention kernel, what its shared memory holds, and how work is dealt out.
#pragma once

#include "../attention/position.cuh"
#include "../common/divisor.h"
#include "launch.h"
#include "pipeline.cuh"

namespace sage::sm90 {

constexpr int kGroupThreads = 128;     // of a warp group
constexpr int kGroupRows = kQueryRows; // of a consumer warp group: what one wgmma covers
constexpr int kWarpRows = 16;
constexpr int kQueryWarps = 3; // of the producer group; its first warp issues copies
constexpr int kQuerySlots = 2;
constexpr int kFirstQueriesBarrier = 1, kGroupBarrier = 2; // named barriers of attention_kernel(); one per group

// kTileDim: channels of a tile; kStages: depth of the ring of key and value tiles; kConsumers: consumer warp groups;
// kGeneral: also for fp32, queries that share scales, and values that were smoothed.
template <int kTileDim_, int kStages_, int kConsumers_ = 2, bool kGeneral_ = false> struct Traits {
  static constexpr bool kGeneral = kGeneral_, kMasked = false;
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kStages = kStages_;
  static constexpr int kConsumers = kConsumers_;
  static constexpr int kTileRows = kConsumers * kGroupRows;
  static constexpr int kBlockThreads = (1 + kConsumers) * kGroupThreads;
  static constexpr int kConsumerWarps = kConsumers * kGroupThreads / 32;
  using Tile = Record<kTileDim>;
  static constexpr int kQueryPanelBytes = kGroupRows * Tile::kKeyRowBytes;
  static constexpr int kQueryBytes = kGroupRows * kTileDim; // of one warp group
  // Per thread, in multiples of 8 as setmaxnreg takes them; a block is launched with the same number for all.
  static constexpr int kConsumerRegisters = kConsumers == 3 ? 160 : kTileDim == 64 ? 208 : 240;
  static constexpr int kProducerRegisters = kConsumers == 3 ? 32 : kTileDim == 64 ? 88 : 24;
  static_assert(kProducerRegisters + kConsumers * kConsumerRegisters <=
                (1 + kConsumers) * (65536 / kBlockThreads / 8 * 8));
};

constexpr int kSumChannels = 8; // as few as wgmma takes

// A tile of keys and values, almost as it lies in the workspace; swizzles repeat every 1024 bytes.
template <class T> struct alignas(1024) Stage {
  char key[T::Tile::kValueOffset];
  char value[T::Tile::kScalesOffset - T::Tile::kValueOffset];
  char ones[kSumChannels * kTileKeys]; // further channels of V: their products are sums of P
  TileScales<T::kTileDim> scales;
};

// Query rows as a thread of the producer group copies them: 4 lanes to a row, 8 rows to a turn of a warp.
template <class T> struct QueryTurns {
  static constexpr int kRows = 8;
  static constexpr int kCount = T::kTileRows / kRows;
  static constexpr int kChunks = T::kTileDim / 32; // of 8 channels, per lane
};

// What consumers need to know of a tile of queries: found out once, by those who produce it.
struct Assignment {
  int64_t output, lse; // where its first row begins, in elements
  int rows;            // that exist, counted from its first
  int tiles;           // of keys that any of its rows sees
  int limit;           // the last key that its first row sees
  bool fits;           // Sequence::fits
};

// What a warp of the producer group knows of its tile of queries. In shared memory, because its registers are few.
struct QueryTile {
  Assignment assignment;
  const uint16_t *rows;  // first row of the tile
  const float *key_mean; // of the key head
  int filled;            // tiles that were quantized before
  int item;
};

// Work items as a block comes by them. The thread that claims them is at most three ahead of the consumers.
struct Items {
  static constexpr int kCount = 4;
  int item[kCount];
  Barrier full[kCount];
};

template <class T> struct SharedMemory {
  Stage<T> stages[T::kStages];
  alignas(1024) char query[kQuerySlots][T::kConsumers][T::kQueryBytes]; // INT8, swizzled
  uint4 raw_query[QueryTurns<T>::kCount][QueryTurns<T>::kChunks][32];
  alignas(128) char staging[T::kConsumerWarps][kWarpRows * 128]; // output on its way
  float query_scale[kQuerySlots][T::kTileRows];                  // with sm_scale * log2(e)
  float query_mean[kQuerySlots][T::kTileRows];                   // query . key mean * sm_scale, for the LSE
  Barrier full[T::kStages], empty[T::kStages];
  Barrier query_full[kQuerySlots], query_empty[kQuerySlots];
  QueryTile query_tiles[kQueryWarps];
  Assignment assigned[kQuerySlots];
  int assigned_item[kQuerySlots]; // as many as there are: no more
  Items items;
  bool special[T::kConsumerWarps]; // the warp has seen a tile with inf or NaN
};

struct KernelParams {
  AttentionParams attention;
  int work_items;      // tiles of query rows in the whole call
  int heads_per_group; // query heads that are worked on side by side
  Divisor items_of_group, heads_of_group, heads_of_last_group, heads_q, heads_per_key;
  int mixed_heads;      // so many first ones: see Work
  int blocks;           // of the grid: what is known here takes no registers
  int *claimed;         // items that blocks took beyond their first; null: each takes every `blocks`th
  QueryRecords queries; // of general kernels
};

// One tile of query rows, of which there are `tile_rows`.
struct Work {
  int batch, head, kv_head, first_row;
  int tiles; // of keys that any of its rows sees
  Problem problem;

  __device__ __forceinline__ Work(const KernelParams &k, int item, int tile_rows)
      : Work(k, place(k, item), tile_rows) {}

  // First record of the sequence and key head.
  __device__ __forceinline__ int64_t record(const AttentionParams &p) const { return problem.block_of(p, kv_head); }

private:
  struct Place {
    int batch_head, tile;
  };
  static __device__ __forceinline__ Place place(const KernelParams &k, int item) {
    const AttentionParams &p = k.attention;
    const int first_head = k.items_of_group.quotient(item) * k.heads_per_group;
    const int rest = item - first_head * p.query_tiles, left = p.sequences.batch * p.heads_q - first_head;
    const int tile = (left < k.heads_per_group ? k.heads_of_last_group : k.heads_of_group).quotient(rest);
    return {first_head + rest - tile * min(k.heads_per_group, left), tile};
  }
  __device__ __forceinline__ Work(const KernelParams &k, const Place &at, int tile_rows)
      : batch(k.heads_q.quotient(at.batch_head)), head(at.batch_head - batch * k.attention.heads_q),
        kv_head(k.heads_per_key.quotient(head)), problem(k.attention, batch, kTileKeys) {
    const AttentionParams &p = k.attention;
    // Causal tiles differ in length: the longest start first. Of mixed heads, long and short ones take turns.
    const int from_end = at.batch_head < k.mixed_heads && at.tile % 2 != 0 ? p.query_tiles - 1 - at.tile / 2
                         : at.batch_head < k.mixed_heads                   ? at.tile / 2
                                                                           : at.tile;
    first_row = (p.causal ? p.query_tiles - 1 - from_end : at.tile) * tile_rows;
    const int visible = p.causal ? min(problem.len_kv, first_row + tile_rows + problem.causal_shift) : problem.len_kv;
    tiles = first_row < problem.len_q ? max(0, visible + kTileKeys - 1) / kTileKeys : 0;
  }
};

// The item that a block comes by after `count` others: for all of its producers, of whom one thread claims it.
__device__ __forceinline__ int next_item(Items &items, const KernelParams &k, unsigned count, bool claims) {
  if (k.claimed == nullptr || count == 0) return blockIdx.x + count * k.blocks;
  const Turn<Items::kCount> at(count - 1);
  if (claims) {
    wait_for_previous_grid(); // which sets the counter
    items.item[at.stage] = k.blocks + atomicAdd(k.claimed, 1);
    arrive(items.full[at.stage]);
  }
  wait(items.full[at.stage], at.parity);
  return *static_cast<volatile int *>(&items.item[at.stage]);
}

} // namespace sage::sm90
