// Attention on wgmma for tiles of 256 channels; see attention.cuh for what both have in common. The output takes 128
// registers, so a group keeps the sums of only 2 x 64 channels beside it: P V is multiplied in pieces of 64 channels,
// and one piece is added to the output while the tensor cores multiply the next. A step is a whole tile of keys. Its
// products and its softmax follow each other: the products of the other group fill the time of the softmax.
#pragma once

#include "attention.cuh"

namespace sage::sm90 {

constexpr int kPieceChannels = 64; // of V, multiplied at a time

template <int kTileDim, int kStages, bool kGeneral> struct WideTraits : Traits<kTileDim, kStages, 2, kGeneral> {
  static constexpr int kPieces = kTileDim / kPieceChannels;
  static constexpr int kScaleSlots = 2 * kStages; // keys of a later tile may come while values are still in use
  static constexpr int kStagedRowBytes = 128;     // of output on its way
};

constexpr float kHighestExponent = 8.8f; // 2^8.8 does not exceed kLargestP
constexpr int kTurnsStaged = 2;          // of queries, per warp of the producer group

template <class T> struct WideMemory {
  struct alignas(1024) {
    char key[T::Tile::kValueOffset];
    char value[T::Tile::kScalesOffset - T::Tile::kValueOffset];
  } stages[T::kStages];
  static constexpr int kGroupBytes = T::kStagedRowBytes * kGroupRows;
  // As in SharedMemory; then output on its way.
  alignas(1024) char query[kQuerySlots][T::kConsumers][T::kQueryBytes < kGroupBytes ? kGroupBytes : T::kQueryBytes];
  TileScales<T::kTileDim> scales[T::kScaleSlots];
  uint4 raw_query[kQueryWarps * kTurnsStaged][QueryTurns<T>::kChunks][32];
  float query_scale[kQuerySlots][T::kTileRows];
  float query_mean[kQuerySlots][T::kTileRows];
  Barrier full_key[T::kStages], empty_key[T::kStages], full_value[T::kStages], empty_value[T::kStages];
  Barrier query_full[kQuerySlots], query_empty[kQuerySlots];
  QueryTile query_tiles[kQueryWarps];
  Assignment assigned[kQuerySlots];
  bool special[T::kConsumerWarps];
};

// The first thread of the producer group. Scales come with the keys.
template <class T> __device__ __forceinline__ void produce_tiles(WideMemory<T> &smem, const KernelParams &k) {
  constexpr int kKeyBytes = T::Tile::kValueOffset, kScaleBytes = sizeof(TileScales<T::kTileDim>);
  constexpr int kValueBytes = T::Tile::kScalesOffset - T::Tile::kValueOffset;
  wait_for_previous_grid(); // which writes the records
  unsigned filled = 0;
  for (int item = blockIdx.x; item < k.work_items; item += k.blocks) {
    const Work work(k, item, T::kTileRows);
    const char *record = reinterpret_cast<const char *>(k.attention.key) + work.record(k.attention) * T::Tile::kBytes;
    for (int tile = 0; tile < work.tiles; ++tile, ++filled, record += T::Tile::kBytes) {
      const Turn<T::kStages> at(filled);
      auto &stage = smem.stages[at.stage];
      wait(smem.empty_key[at.stage], at.parity ^ 1);
      arrive_and_expect(smem.full_key[at.stage], kKeyBytes + kScaleBytes);
      copy_bulk(stage.key, record, kKeyBytes, smem.full_key[at.stage]);
      copy_bulk(&smem.scales[filled % T::kScaleSlots], record + T::Tile::kScalesOffset, kScaleBytes,
                smem.full_key[at.stage]);
      wait(smem.empty_value[at.stage], at.parity ^ 1);
      arrive_and_expect(smem.full_value[at.stage], kValueBytes);
      copy_bulk(stage.value, record + T::Tile::kValueOffset, kValueBytes, smem.full_value[at.stage]);
    }
  }
}

// The other warps of the producer group, as in attention.cuh, but only kTurnsStaged turns ahead: memory is short.
template <class T> __device__ __forceinline__ void produce_queries(WideMemory<T> &smem, const KernelParams &k) {
  if constexpr (T::kGeneral) return produce_general_queries<T>(smem, k);
  constexpr int kAhead = kTurnsStaged * kQueryWarps;
  QueryTile &tile = smem.query_tiles[query_warp()];
  if (k.attention.lse != nullptr) wait_for_previous_grid(); // which writes the means of the keys
  if (threadIdx.x % 32 == 0) tile.filled = 0;
  __syncwarp();
  const auto copy = [&](int turn) {
    if (turn < QueryTurns<T>::kCount && tile.assignment.rows > 0) copy_turn<T>(smem, k.attention, turn, turn % kAhead);
    cp_async_commit();
  };
#pragma unroll 1
  while (find_queries<T>(smem, k, blockIdx.x + tile.filled * k.blocks)) {
#pragma unroll 1
    for (int turn = query_warp(); turn < kAhead; turn += kQueryWarps) copy(turn);
    {
      const Turn<kQuerySlots> at(tile.filled);
      wait(smem.query_empty[at.stage], at.parity ^ 1);
    }
    assign(smem, tile.filled % kQuerySlots);
#pragma unroll 1
    for (int turn = query_warp(); turn < QueryTurns<T>::kCount; turn += kQueryWarps) {
      cp_async_wait<kTurnsStaged - 1>();
      if (tile.assignment.rows > 0) quantize_turn<T>(smem, tile.filled % kQuerySlots, k.attention, turn, turn % kAhead);
      copy(turn + kAhead);
    }
    fence_async();
    arrive(smem.query_full[tile.filled % kQuerySlots]);
    __syncwarp();
    if (threadIdx.x % 32 == 0) ++tile.filled;
    __syncwarp();
  }
}

// What a consumer warp group works on.
template <class T> struct WideConsumer {
  RowState rows;
  float output[T::kTileDim / 2];
  float sums[2][kPieceChannels / 2]; // of pieces, in turn
  Scores scores[2];                  // of the steps of a tile
  Probabilities probabilities[2];
};

// Issues Q K^T of a tile. `query`, `key`: low halves of descriptors.
template <class T>
__device__ __forceinline__ void multiply_query_key(WideConsumer<T> &c, uint32_t query, uint32_t key) {
  constexpr int kRowBytes = T::Tile::kKeyRowBytes;
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < T::kTileDim / 32; ++k) {
    const int panel = 32 * k / kRowBytes, chunk = 32 * k % kRowBytes / 16;
    const uint32_t a = query + panel * T::kQueryPanelBytes / 16 + chunk;
    const uint32_t b = key + panel * T::Tile::kPanelBytes / 16 + chunk;
    if (k == 0)
      wgmma_s8<kRowBytes, false>(c.scores[0], c.scores[1], a, b);
    else
      wgmma_s8<kRowBytes, true>(c.scores[0], c.scores[1], a, b);
  }
  wgmma_commit();
}

// The groups take turns at the tensor cores: otherwise they do the same things at the same time. A turn is P V of a
// tile and Q K^T of the next.
__device__ __forceinline__ void take_turn(int group) { sync_barrier(1 + group, 2 * kGroupThreads); }
__device__ __forceinline__ void give_turn(int group) { arrive_barrier(2 - group, 2 * kGroupThreads); }

// Issues P V of a tile and a piece.
template <class T, int kPiece>
__device__ __forceinline__ void multiply_value(WideConsumer<T> &c, uint32_t value, int zero) {
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < kTileKeys / 32; ++k) {
    const uint32_t b = value + kPiece * kPieceChannels * kTileKeys / 16 + 2 * k;
    const auto &p = c.probabilities[k / 2][k % 2];
    if (k == 0 && kPiece < 2)
      wgmma_e4m3<false>(c.sums[kPiece % 2], p, b);
    else if (k == 0)
      wgmma_e4m3(c.sums[kPiece % 2], p, b, zero);
    else
      wgmma_e4m3<true>(c.sums[kPiece % 2], p, b);
  }
  wgmma_commit();
}

// The scales of the values of a piece that this thread needs.
using PieceScales = float4[kPieceChannels / 16];
template <int kPiece, class Scales>
__device__ __forceinline__ void load_scales(PieceScales &piece, const Scales &scales) {
  const uint32_t address = shared_address(&scales.value[threadIdx.x % 4][kPiece * kPieceChannels / 4]);
#pragma unroll
  for (int i = 0; i < kPieceChannels / 16; ++i) piece[i] = load_shared_float4(address + i * sizeof(float4));
}

// Adds the sums of a piece with their scales.
template <class T, int kPiece>
__device__ __forceinline__ void add_piece(WideConsumer<T> &c, const PieceScales &scales) {
#pragma unroll
  for (int i = 0; i < kPieceChannels / 2; ++i) {
    const float4 four = scales[i / 8];
    const float scale = i % 8 / 4 == 0 ? (i % 2 == 0 ? four.x : four.y) : (i % 2 == 0 ? four.z : four.w);
    float &sum = c.output[kPiece * kPieceChannels / 2 + i];
    sum = fmaf(c.sums[kPiece % 2][i], scale, sum);
  }
}

// Multiplies P with the values of a tile piece by piece, and adds the pieces. `zero` is 0, see wgmma_e4m3();
// `meanwhile` runs while the first pieces are multiplied.
template <class T, int kPiece = 0, typename Scales, typename Meanwhile>
__device__ __forceinline__ void multiply_values(WideConsumer<T> &c, uint32_t value, int zero, const Scales &scales,
                                                const Meanwhile &meanwhile) {
  if constexpr (kPiece == 0) multiply_value<T, 0>(c, value, zero);
  if constexpr (kPiece + 1 < T::kPieces) multiply_value<T, kPiece + 1>(c, value, zero);
  if constexpr (kPiece == 0) meanwhile();
  PieceScales piece;
  load_scales<kPiece>(piece, scales);
  wgmma_wait<(kPiece + 1 < T::kPieces ? 1 : 0)>();
  pin(c.sums[kPiece % 2]);
  add_piece<T, kPiece>(c, piece);
  if constexpr (kPiece + 1 < T::kPieces) multiply_values<T, kPiece + 1>(c, value, zero, scales, meanwhile);
}

// Whether a score of the warp is too far above the reference of its row.
__device__ __forceinline__ bool exceeds(const Scores (&scores)[2], const RowState &rows, const float (&scale)[2]) {
  float highest = -INFINITY;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    int32_t largest = scores[0][2 * r];
#pragma unroll
    for (int i = 0; i < kStepKeys; ++i) {
      const int at = i % (kStepKeys / 2);
      if (at % 4 / 2 == r) largest = max(largest, scores[i / (kStepKeys / 2)][at]);
    }
    highest = fmaxf(highest, fmaf(static_cast<float>(largest), scale[r], -rows.reference[r]));
  }
  return __any_sync(kAllLanes, !(highest <= kHighestExponent));
}

template <bool kHide, class T, typename Visible>
__device__ __forceinline__ void exponentiate_all(WideConsumer<T> &c, const float (&scale)[2], const Visible &visible) {
#pragma unroll
  for (int step = 0; step < 2; ++step) {
    float sum[2];
    exponentiate<kHide>(c.probabilities[step], sum, c.scores[step], c.rows, scale, visible(step));
    c.rows.sum[0] += sum[0];
    c.rows.sum[1] += sum[1];
  }
}

// Scores become P. The first row of the warp sees the keys of the tile up to `limit`. Here the largest score is
// searched instead of taking the step again, for which all scores would have to be kept: issue slots are free,
// registers are not. `begin` is called while the scores are still being multiplied.
struct Softmax {
  __device__ __forceinline__ void begin() {}
  template <class T>
  __device__ __forceinline__ void attend(WideConsumer<T> &c, const TileScales<T::kTileDim> &scales,
                                         const float (&signed_scale)[2], int limit);
};
template <class T>
__device__ __forceinline__ void Softmax::attend(WideConsumer<T> &c, const TileScales<T::kTileDim> &scales,
                                                const float (&signed_scale)[2], int limit) {
  const float scale[2] = {fabsf(signed_scale[0]), fabsf(signed_scale[1])};
  const auto visible = [&](int step) { return Visibility(scales, step, limit - step * kStepKeys); };
  if (exceeds(c.scores, c.rows, scale)) {
#pragma unroll
    for (int step = 0; step < 2; ++step) {
      float factor[2];
      raise_reference(c.rows, factor, c.scores[step], scale, visible(step));
      rescale(c.output, factor);
    }
  }
  const bool hides = __any_sync(kAllLanes, !(signed_scale[0] >= 0.0f) || kTileKeys > limit + 1); // a vote: see set_if()
  if (hides)
    exponentiate_all<true>(c, scale, visible);
  else
    exponentiate_all<false>(c, scale, visible);
}

// All tiles of a work item; as in attention.cuh. `zero`: see multiply_values().
template <class T, class Softmax>
__device__ __forceinline__ void attend_all(WideConsumer<T> &c, WideMemory<T> &smem, uint32_t query,
                                           const float *query_scale, unsigned &used, int tiles, int limit,
                                           bool &special, int zero, int group, Softmax &&softmax) {
  const uint32_t keys = uniform(descriptor_low(shared_address(smem.stages[0].key)));
  const uint32_t values = uniform(descriptor_low(shared_address(smem.stages[0].value)));
  constexpr uint32_t kStageBytes = sizeof(smem.stages[0]);
  query = uniform(query);
  const unsigned end = used + tiles;
  unsigned turn = uniform(used);
  const auto multiply_next = [&] {
    multiply_query_key(c, query, keys + turn % T::kStages * (kStageBytes / 16));
    give_turn(group);
  };
  take_turn(group);
  wait(smem.full_key[turn % T::kStages], turn / T::kStages % 2);
  multiply_next();
#pragma unroll 1
  while (true) {
    const Turn<T::kStages> now(turn);
    const auto &scales = smem.scales[turn % T::kScaleSlots];
    turn = uniform(turn + 1);
    const bool more = turn != end;
    float scale[2];
    read_scale(scale, scales, query_scale, special);
    softmax.begin();
    wgmma_wait<0>();
    pin(c.scores[0]);
    pin(c.scores[1]);
    __syncwarp();
    if (threadIdx.x % 32 == 0) arrive(smem.empty_key[now.stage]);
    softmax.attend(c, scales, scale, limit);
    take_turn(group);
    wait(smem.full_value[now.stage], now.parity);
    multiply_values(c, values + now.stage * (kStageBytes / 16), zero, scales, [&] {
      const Turn<T::kStages> next(turn);
      if (more) wait(smem.full_key[next.stage], next.parity);
    });
    if (threadIdx.x % 32 == 0) arrive(smem.empty_value[now.stage]);
    if (!more) break;
    multiply_next();
    limit -= kTileKeys;
  }
  give_turn(group);
  used = end;
}

// A consumer warp group. find_softmax() says what happens to the scores of a work item.
template <class T, class FindSoftmax>
__device__ __forceinline__ void consume(WideMemory<T> &smem, const KernelParams &k, const FindSoftmax &find_softmax) {
  const AttentionParams &p = k.attention;
  const int lane = threadIdx.x % 32;
  const int warp = uniform(threadIdx.x / 32 - 4);
  const int group = warp * kWarpRows / kGroupRows;
  bool &special = smem.special[warp];
  if (group == 1) give_turn(group); // the first one
  unsigned used = 0, items = 0;     // tiles of keys, of queries
#pragma unroll 1
  for (int item = blockIdx.x; item < k.work_items; item += k.blocks, ++items) {
    const Turn<kQuerySlots> slot(items);
    wait(smem.query_full[slot.stage], slot.parity);
    if (lane == 0) special = false;
    __syncwarp();
    WideConsumer<T> c;
    clear(c);
    char *rows = smem.query[slot.stage][group];
    const Assignment &assigned = smem.assigned[slot.stage];
    const int tiles = uniform(assigned.tiles);
    if (tiles > 0)
      attend_all<T>(c, smem, descriptor_low(shared_address(rows)),
                    &smem.query_scale[slot.stage][warp * kWarpRows + lane / 4], used, tiles,
                    uniform(assigned.limit) + warp * kWarpRows, special,
                    uniform(p.query_tiles >> 31), // 0, but the compiler does not know
                    group, find_softmax(item, c.rows));
    __syncwarp();
    if (special) settle_special<T>(c.output, c.rows, p, Work(k, opaque(item), T::kTileRows), warp * kWarpRows);
    if constexpr (T::kGeneral) restore_mean<T>(c.output, c.rows, p, Work(k, opaque(item), T::kTileRows));
    sync_barrier(3 + group, kGroupThreads); // all have read their queries: output takes their place
    write_output<T>(c.output, c.rows, ExactSums<true>{{c.rows.sum[0], c.rows.sum[1]}},
                    &smem.query_mean[slot.stage][warp * kWarpRows],
                    rows + warp * kWarpRows % kGroupRows * T::kStagedRowBytes, p, assigned, warp * kWarpRows);
    if constexpr (T::kGeneral) fence_async(); // queries come by bulk copies
    arrive(smem.query_empty[slot.stage]);
  }
  if (group == 0) take_turn(group); // that nobody needs any more
}

// Written out, though much of it is that of attention_kernel(): in functions that both call, registers spill.
template <class T, class FindSoftmax>
__device__ __forceinline__ void run_wide(const KernelParams &k, const FindSoftmax &find_softmax) {
  extern __shared__ char shared_bytes[];
  auto &smem = *reinterpret_cast<WideMemory<T> *>(shared_bytes + (1024 - shared_address(shared_bytes) % 1024) % 1024);
  if (threadIdx.x == 0) {
    for (int s = 0; s < T::kStages; ++s) {
      init(smem.full_key[s], 1);
      init(smem.full_value[s], 1);
      init(smem.empty_key[s], T::kConsumerWarps);
      init(smem.empty_value[s], T::kConsumerWarps);
    }
    for (int s = 0; s < kQuerySlots; ++s) {
      init(smem.query_full[s], 32 * kQueryWarps);
      init(smem.query_empty[s], 32 * T::kConsumerWarps);
    }
    fence_barrier_init();
  }
  __syncthreads();
  if (threadIdx.x < kGroupThreads) {
    give_registers<T::kProducerRegisters>();
    if (threadIdx.x == 0)
      produce_tiles(smem, k);
    else if (threadIdx.x >= 32)
      produce_queries(smem, k);
  } else {
    take_registers<T::kConsumerRegisters>();
    consume(smem, k, find_softmax);
  }
}

template <class T>
__global__ void __launch_bounds__(T::kBlockThreads, 1) wide_attention_kernel(const __grid_constant__ KernelParams k) {
  run_wide<T>(k, [](int, RowState &) { return Softmax(); });
}

} // namespace sage::sm90
