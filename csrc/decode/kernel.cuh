// Attention of few queries over many keys. K and V are read once, as they are, by as many blocks of threads as fill the
// GPU, each a part of the keys; what they found is added up by a second launch (combine.cuh).
//
// A block holds a tile of query rows, the heads that share keys side by side, and kKeyGroups groups of warps. A group
// goes through every kKeyGroups-th step of keys by itself, with a ring of copies in flight: groups meet at the end
// only.
#pragma once

#include "../common/memory.cuh"
#include "copies.cuh"
#include "output.cuh"
#include "query.cuh"
#include "scores.cuh"
#include "tile.cuh"

namespace sage::decode {

template <class T> __device__ __forceinline__ void attend(const Params &p) {
  extern __shared__ __align__(128) unsigned char shared_bytes[];
  const Position<T> at(p);
  allow_next_grid();
  wait_for_previous_grid(); // which may write the inputs, or read the workspace
  const int first_key = at.begin + at.key_group * T::kStep;
  const int steps = max(0, (at.end - first_key + T::kStride - 1) / T::kStride);

  const uint32_t ring = opaque(shared_address(shared_bytes)) + at.key_group * T::kGroupBytes;
  const auto next = [](uint32_t unit) { return unit + T::kUnitBytes == T::kGroupBytes ? 0 : unit + T::kUnitBytes; };
  Loader<T> keys(p.key, at, ring), values(p.value, at, ring);
  // Each unit is one group of copies, K and V by turns; past the last they are empty, so that counting stays simple.
  uint32_t loaded = 0;
  const auto load = [&](int unit) {
    if (unit < 2 * steps) {
      if (unit % 2 == 0)
        keys.load(loaded, at.end, p.head_dim_qk, p.wide_key);
      else
        values.load(loaded, at.end, p.head_dim_v, p.wide_value);
    }
    cp_async_commit();
    loaded = next(loaded);
  };
#pragma unroll
  for (int unit = 0; unit < T::kUnits; ++unit) load(unit);
  Query<T> query;
  query.load(p, at, shared_bytes);
  State<T> state;
  state.clear();

  const int lane = threadIdx.x % 32;
  const uint32_t key_address = ring + swizzled<T::kRowBytes>(lane / 16 * 8 + lane % 8, lane / 8 % 2);
  const uint32_t value_address = ring + swizzled<T::kRowBytes>(lane % 16, lane / 16);
  const int seen = seen_by_all<T>(p, at);
  uint32_t unit = 0;
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    const int key = first_key + step * T::kStride;
    const Shown<T> shown(p, at, key);
    cp_async_wait<T::kUnits - 1>();
    sync_group<T>(at.key_group); // K has landed for everyone
    Scores<T> scores;
    query_key_product<T>(scores, query, key_address + unit);
    sync_group<T>(at.key_group); // and everyone has read it
    load(2 * step + T::kUnits);
    unit = next(unit);

    const float scale = hide<T>(scores, query.scale, p, at, key, shown, seen);
    Factors<T> factors;
    if (raise_references<T>(factors, state, scores, scale)) rescale<T>(state, factors);
    exponentiate<T>(scores, state, scale);
    Probabilities<T> probabilities;
    pack<T>(probabilities, scores);

    cp_async_wait<T::kUnits - 1>();
    sync_group<T>(at.key_group);
    probability_value_product<T>(state, probabilities, value_address + unit);
    sync_group<T>(at.key_group);
    load(2 * step + 1 + T::kUnits);
    unit = next(unit);
  }

  cp_async_wait<0>();
  __syncthreads();
  store_group<T>(state, at, shared_bytes);
  __syncthreads();
  write_block<T>(p, at, shared_bytes);
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kBlocksPerSm) attention_kernel(const __grid_constant__ Params p) {
  attend<T>(p);
}

} // namespace sage::decode
