// Attention on wgmma: INT8 Q K^T and FP8 P V, one persistent block per multiprocessor. A producer warp group copies key
// and value tiles and quantizes queries; two consumer warp groups own 64 query rows each and share the tiles. While a
// group exponentiates one step of scores, the tensor cores multiply its next queries and keys, and its last P with V.
#pragma once

#include "general.cuh"
#include "output.cuh"
#include "query.cuh"
#include "softmax.cuh"
#include "special.cuh"
#include "traits.cuh"
#include "wgmma.cuh"

namespace sage::sm90 {

// The first thread of the producer group: brings the tiles of every work item.
template <class T> __device__ __forceinline__ void produce_tiles(SharedMemory<T> &smem, const KernelParams &k) {
  constexpr int kBytes = T::Tile::kBytes;
  wait_for_previous_grid(); // which writes the records
  unsigned filled = 0;
  for (unsigned items = 0;; ++items) {
    const int item = next_item(smem.items, k, items, false);
    if (item >= k.work_items) break;
    const Work work(k, item, T::kTileRows);
    const char *record = reinterpret_cast<const char *>(k.attention.key) + work.record(k.attention) * kBytes;
    for (int tile = 0; tile < work.tiles; ++tile, ++filled, record += kBytes) {
      const Turn<T::kStages> at(filled);
      wait(smem.empty[at.stage], at.parity ^ 1);
      Stage<T> &stage = smem.stages[at.stage];
      arrive_and_expect(smem.full[at.stage], kBytes);
      copy_bulk(&stage, record, T::Tile::kScalesOffset, smem.full[at.stage]);
      copy_bulk(&stage.scales, record + T::Tile::kScalesOffset, sizeof(stage.scales), smem.full[at.stage]);
    }
  }
  const Turn<T::kStages> end(filled); // nobody uses this one, but the consumers wait for it
  wait(smem.empty[end.stage], end.parity ^ 1);
  arrive(smem.full[end.stage]);
}

// The other warps of the producer group. With two slots they are up to two tiles of queries ahead of the consumers.
// C: what consumers work on.
template <class T, class C>
__device__ __forceinline__ void produce_queries(SharedMemory<T> &smem, const KernelParams &k) {
  if constexpr (T::kGeneral) return produce_general_queries<T>(smem, k);
  if (k.attention.lse != nullptr) wait_for_previous_grid(); // which writes the means of the keys
  if (threadIdx.x % 32 == 0) own_tile(smem).filled = 0;
  __syncwarp();
#pragma unroll 1
  while (copy_queries<T>(smem, k)) {
    cp_async_commit();
    cp_async_wait<0>();
    begin_slot(smem);
    if (C::kBegins && own_tile(smem).filled == 0) {
      end_slot(smem);
      sync_barrier(kFirstQueriesBarrier, T::kConsumers * kGroupThreads + 32 * kQueryWarps);
      continue;
    }
    quantize_queries<T>(smem, own_tile(smem).filled % kQuerySlots, k.attention);
    end_slot(smem);
  }
  begin_slot(smem); // with an item that does not exist
  end_slot(smem);
}

// Issues Q K^T of one step of keys. `query` and `stage`: low halves of descriptors.
template <class T, int kStep>
__device__ __forceinline__ void multiply_query_key(Scores &scores, uint32_t query, uint32_t stage) {
  constexpr int kRowBytes = T::Tile::kKeyRowBytes;
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < T::kTileDim / 32; ++k) {
    const int panel = 32 * k / kRowBytes, chunk = 32 * k % kRowBytes / 16;
    const uint32_t a = query + panel * T::kQueryPanelBytes / 16 + chunk;
    const uint32_t b = stage + (panel * T::Tile::kPanelBytes + kStep * kStepKeys * kRowBytes) / 16 + chunk;
    if (k == 0)
      wgmma_s8<kRowBytes, false>(scores, a, b);
    else
      wgmma_s8<kRowBytes, true>(scores, a, b);
  }
  wgmma_commit();
}

// What a consumer warp group works on.
template <class T, bool kLse> struct Consumer {
  // Whether consumers, who have nothing else to do, quantize the first queries of a block. At 64 channels this gained
  // nothing, and beside the LSE there are no registers for it.
  static constexpr bool kBegins = T::kTileDim == 128 && !T::kGeneral && !kLse;
  RowState rows;
  ExactSums<kLse> exact;
  float output[T::kTileDim / 2];
  // Of the tile before, then of this one: the tensor cores keep too few bits for more.
  float sums[T::kTileDim / 2 + kSumChannels / 2];
  Scores scores[2]; // of the steps of a tile
  Probabilities probabilities[2];
};

// Issues P V of one step of keys.
template <class T, int kStep>
__device__ __forceinline__ void multiply_value(float (&sums)[T::kTileDim / 2 + kSumChannels / 2],
                                               const Probabilities &p, uint32_t stage) {
  if (kStep > 0) pin(sums);
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < kStepKeys / 32; ++k) {
    const uint32_t b = stage + (T::Tile::kValueOffset + kStep * kStepKeys) / 16 + 2 * k;
    if (kStep == 0 && k == 0)
      wgmma_e4m3<false>(sums, p[k], b);
    else
      wgmma_e4m3<true>(sums, p[k], b);
  }
  wgmma_commit();
}

// Adds the sums of a tile, with the scales of its values.
template <int kCount, int kSums, class Scales>
__device__ __forceinline__ void add(float (&output)[kCount], const float (&sums)[kSums], const Scales &scales) {
  const auto *value = reinterpret_cast<const float4 *>(scales.value[threadIdx.x % 4]);
#pragma unroll
  for (int n = 0; n < kCount / 8; ++n) {
    const float4 four = value[n];
    const float scale[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
    for (int i = 0; i < 8; ++i) output[8 * n + i] = fmaf(sums[8 * n + i], scale[i / 4 * 2 + i % 2], output[8 * n + i]);
  }
}
// The same, and the sums of P.
template <class C, int kSums, class Scales>
__device__ __forceinline__ void add_sums(C &c, const float (&sums)[kSums], const Scales &scales) {
  add(c.output, sums, scales);
  c.rows.sum[0] += sums[kSums - kSumChannels / 2];
  c.rows.sum[1] += sums[kSums - kSumChannels / 2 + 2];
}
// All four lanes of a row have all of its sum: makes them parts.
__device__ __forceinline__ void share_sums(RowState &rows) {
  rows.sum[0] *= 0.25f;
  rows.sum[1] *= 0.25f;
}
template <int kCount> __device__ __forceinline__ void rescale(float (&output)[kCount], const float (&factor)[2]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) output[i] *= factor[i % 4 / 2];
}

// A value that all lanes have, so that the compiler knows and keeps what depends on it in uniform registers.
__device__ __forceinline__ int uniform(int value) { return __reduce_max_sync(kAllLanes, value); }

// Sets a flag in shared memory where `condition` is not 0. Without a branch: the compiler takes warps for divergent
// behind one, and no longer keeps descriptors in uniform registers.
__device__ __forceinline__ void set_if(bool &flag, int condition) {
  asm volatile("{.reg .pred p; setp.ne.s32 p, %1, 0; @p st.shared.u8 [%0], 1;}\n" ::"r"(shared_address(&flag)),
               "r"(condition)
               : "memory");
}

// What the scores of this thread's rows with its keys of a tile are multiplied with, in base-2 exponents; negative
// where some keys of the tile are hidden. `query_scale`: of its first row.
template <class Scales>
__device__ __forceinline__ void read_scale(float (&scale)[2], const Scales &scales, const float *query_scale) {
  const float key = scales.key[threadIdx.x % 4];
  const float smallest = copysignf(kSmallestScale, key); // the sign stays, however small the product
  scale[0] = fmaf(query_scale[0], key, smallest);
  scale[1] = fmaf(query_scale[8], key, smallest);
}

template <class Scales>
__device__ __forceinline__ void read_scale(float (&scale)[2], const Scales &scales, const float *query_scale,
                                           bool &special) {
  set_if(special, scales.any_special_key | scales.any_special_value);
  read_scale(scale, scales, query_scale);
}

// One step of keys, of which the first row of the warp sees those up to `limit`. The scores are there; P V of the step
// before and Q K^T of the next step are on their way. Leaves P. `is_first`: of a work item. `midway` runs when half of
// the step is done.
template <class T, int kStep, bool kLse, typename Midway>
__device__ __forceinline__ void attend(Consumer<T, kLse> &c, SharedMemory<T> &smem, const float (&signed_scale)[2],
                                       unsigned used, bool is_first, int limit, bool &special, const Midway &midway) {
  const float scale[2] = {fabsf(signed_scale[0]), fabsf(signed_scale[1])};
  const auto &scales = smem.stages[Turn<T::kStages>(used).stage].scales;
  Scores &scores = c.scores[kStep];
  const Turn<T::kStages> before(is_first ? used : used - 1); // the sums of the first tile begin with zeros
  const auto finish_products = [&] {
    wgmma_wait<0>();
    pin(c.sums);
    pin(c.scores[1 - kStep]);
  };
  const auto halfway = [&] {
    if (kStep > 0) return; // later: here the compiler would wait before it does anything else
    midway();
    finish_products();
    add_sums(c, c.sums, smem.stages[before.stage].scales);
  };
  const auto visible = [&] { return Visibility(scales, kStep, limit); };
  // A vote: see set_if(). Rows with an inf or NaN have a scale of NaN, which does not tell.
  ExactSums<kLse> exact;
  if (__any_sync(kAllLanes, !(signed_scale[0] >= 0.0f) || kTileKeys - kStep * kStepKeys > limit + 1)) {
    if (kStep == 0) set_if(special, scales.any_special_key | scales.any_special_value);
    exact.clear();
    if (kStep > 0 && limit + kWarpRows <= 0)
      clear(c.probabilities[kStep]);
    else
      exponentiate<true>(c.probabilities[kStep], exact, scores, c.rows, scale, visible(), halfway);
  } else {
    exponentiate<false>(c.probabilities[kStep], exact, scores, c.rows, scale, visible(), halfway);
  }
  if (kStep == 0 && threadIdx.x % 32 == 0 && !is_first) arrive(smem.empty[before.stage]);
  if (saturates(c.probabilities[kStep])) {
    finish_products();
    float factor[2];
    raise_reference(c.rows, factor, scores, scale, visible());
    rescale(c.output, factor);
    rescale(c.sums, factor);
    c.exact.multiply(factor);
    exponentiate<true>(c.probabilities[kStep], exact, scores, c.rows, scale, visible(), [] {});
  }
  c.exact.add(exact);
  if (kStep > 0) finish_products();
}

// All tiles of a work item. `query`: low half of a descriptor; `used` counts the tiles that this warp group has been
// through.
template <class T, bool kLse>
__device__ __forceinline__ void attend_all(Consumer<T, kLse> &c, SharedMemory<T> &smem, uint32_t query,
                                           const float *query_scale, unsigned &used, int tiles, int limit,
                                           bool &special) {
#pragma unroll
  for (float &x : c.sums) x = 0.0f;
  pin(c.sums);
  const uint32_t stages = uniform(descriptor_low(shared_address(smem.stages)));
  const auto descriptor = [stages](int stage) { return stages + stage * static_cast<uint32_t>(sizeof(Stage<T>) / 16); };
  query = uniform(query);
  const Turn<T::kStages> first(used);
  wait(smem.full[first.stage], first.parity);
  multiply_query_key<T, 0>(c.scores[0], query, descriptor(first.stage));
  multiply_query_key<T, 1>(c.scores[1], query, descriptor(first.stage));
  wgmma_wait<0>();
  pin(c.scores[0]);
  pin(c.scores[1]);
  float scale[2];
  {
    const auto &scales = smem.stages[first.stage].scales;
    read_scale(scale, scales, query_scale);
    const float positive[2] = {fabsf(scale[0]), fabsf(scale[1])};
    if (__any_sync(kAllLanes, !(scale[0] >= 0.0f) || kTileKeys > limit + 1)) {
      float factor[2];
      raise_reference(c.rows, factor, c.scores[0], positive, {scales, 0, limit});
      raise_reference(c.rows, factor, c.scores[1], positive, {scales, 1, limit - kStepKeys});
    } else {
      set_reference(c.rows, c.scores, positive);
    }
  }
  const unsigned end = used + tiles;
  bool is_first = true;
#pragma unroll 1
  for (; used != end; ++used) {
    const unsigned turn = uniform(used);
    const Turn<T::kStages> now(turn), next(turn + 1);
    // After the last tile the next one is that of another work item, or none: it is multiplied as well, and not used. A
    // condition would cost registers.
    const bool there = is_complete(smem.full[next.stage], next.parity); // asked early: the answer takes its time
    attend<T, 0>(c, smem, scale, turn, is_first, limit, special, [&] {
      if (!there) wait(smem.full[next.stage], next.parity);
    });
    multiply_value<T, 0>(c.sums, c.probabilities[0], descriptor(now.stage));
    multiply_query_key<T, 0>(c.scores[0], query, descriptor(next.stage));
    attend<T, 1>(c, smem, scale, turn, is_first, limit - kStepKeys, special, [] {});
    multiply_value<T, 1>(c.sums, c.probabilities[1], descriptor(now.stage));
    read_scale(scale, smem.stages[next.stage].scales, query_scale);
    multiply_query_key<T, 1>(c.scores[1], query, descriptor(next.stage));
    limit -= kTileKeys;
    is_first = false;
  }
  wgmma_wait<0>();
  pin(c.sums);
  const Turn<T::kStages> last(used - 1);
  add_sums(c, c.sums, smem.stages[last.stage].scales);
  share_sums(c.rows);
  __syncwarp();
  if (opaque(static_cast<int>(threadIdx.x)) % 32 == 0) arrive(smem.empty[last.stage]);
}

// What is known of rows that have seen no key.
template <class C> __device__ __forceinline__ void clear(C &c) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    c.rows.reference[r] = kLowestReference;
    c.rows.sum[r] = 0.0f;
  }
#pragma unroll
  for (float &x : c.output) x = 0.0f;
}

// Quantizes the first queries of the block: those of this warp.
template <class T>
__device__ __forceinline__ void quantize_first(SharedMemory<T> &smem, const AttentionParams &p, int warp) {
  constexpr int kTurns = kWarpRows / QueryTurns<T>::kRows;
  if (smem.assigned[0].rows > 0) {
#pragma unroll 1
    for (int turn = kTurns * warp; turn < kTurns * (warp + 1); ++turn) quantize_turn<T>(smem, 0, p, turn, turn);
  }
  fence_async();
  arrive_barrier(kFirstQueriesBarrier, T::kConsumers * kGroupThreads + 32 * kQueryWarps);
  sync_barrier(kGroupBarrier + warp * kWarpRows / kGroupRows, kGroupThreads);
}

// A consumer warp group. C: what it works on, which attend_all() knows.
template <class T, class C> __device__ __forceinline__ void consume(SharedMemory<T> &smem, const KernelParams &k) {
  const AttentionParams &p = k.attention;
  const int warp = uniform(threadIdx.x / 32 - 4);
  bool &special = smem.special[warp];
  unsigned used = 0, items = 0; // tiles of keys, of queries
#pragma unroll 1
  for (;; ++items) {
    if (T::kGeneral && blockIdx.x + items * k.blocks >= k.work_items) break;
    const Turn<kQuerySlots> slot(items);
    wait(smem.query_full[slot.stage], slot.parity);
    const int item = T::kGeneral ? blockIdx.x + items * k.blocks : uniform(smem.assigned_item[slot.stage]);
    if (item >= k.work_items) break;
    if constexpr (C::kBegins) {
      if (items == 0) quantize_first(smem, p, warp);
    }
    const int lane = opaque(static_cast<int>(threadIdx.x)) % 32;
    if (lane == 0) special = false;
    __syncwarp();
    C c;
    clear(c);
    c.exact.clear();
    pin(c.output);
    const Assignment &assigned = smem.assigned[slot.stage];
    const int tiles = uniform(assigned.tiles);
    if (tiles > 0)
      attend_all<T>(c, smem, descriptor_low(shared_address(smem.query[slot.stage][warp * kWarpRows / kGroupRows])),
                    &smem.query_scale[slot.stage][warp * kWarpRows + lane / 4], used, tiles,
                    uniform(assigned.limit) + warp * kWarpRows, special);
    __syncwarp();
    if (special) settle_special<T>(c.output, c.rows, p, Work(k, opaque(item), T::kTileRows), warp * kWarpRows);
    if constexpr (T::kGeneral) restore_mean<T>(c.output, c.rows, p, Work(k, opaque(item), T::kTileRows));
    write_output<T>(c.output, c.rows, c.exact, &smem.query_mean[slot.stage][warp * kWarpRows], smem.staging[warp], p,
                    assigned, warp * kWarpRows);
    arrive(smem.query_empty[slot.stage]);
  }
}

template <class T, class C>
__global__ void __launch_bounds__(T::kBlockThreads, 1) attention_kernel(const __grid_constant__ KernelParams k) {
  extern __shared__ char shared_bytes[];
  constexpr int kOnesWords = sizeof(Stage<T>::ones) / sizeof(uint32_t);
  auto &smem = *reinterpret_cast<SharedMemory<T> *>(shared_bytes + (1024 - shared_address(shared_bytes) % 1024) % 1024);
  for (int i = threadIdx.x; i < T::kStages * kOnesWords; i += T::kBlockThreads)
    reinterpret_cast<uint32_t *>(smem.stages[i / kOnesWords].ones)[i % kOnesWords] = 0x38383838u; // e4m3
  fence_async();
  if (threadIdx.x == 0) {
    for (int s = 0; s < T::kStages; ++s) {
      init(smem.full[s], 1);
      init(smem.empty[s], T::kConsumerWarps);
    }
    for (Barrier &full : smem.items.full) init(full, 1);
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
      produce_queries<T, C>(smem, k);
  } else {
    take_registers<T::kConsumerRegisters>();
    consume<T, C>(smem, k);
  }
}

} // namespace sage::sm90
