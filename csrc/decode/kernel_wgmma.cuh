// The same on wgmma (sm_90a), for tiles of 64 and 128 rows: mma.sync would not keep up with memory. A warp group copies
// K and V into a ring that the others share; each of these owns 64 rows.
#pragma once

#include "../sm90/pipeline.cuh"
#include "copies.cuh"
#include "output.cuh"
#include "query.cuh"
#include "scores.cuh"
#include "wgmma.cuh"

namespace sage::decode {

// kGroups: warp groups that multiply. kStep: keys of a step; those of K, or of V, are a unit of the ring.
// kQueryInShared: queries lie in shared memory, where registers are short.
template <typename Element_, int kTileDim_, int kGroups_, int kStep_, int kRingBytes_, int kBlocksPerSm_,
          bool kQueryInShared_ = false>
struct WgmmaTile {
  using Element = Element_;
  static constexpr int kTileDim = kTileDim_;
  static constexpr int kFragments = 1;
  static constexpr int kRowWarps = 4 * kGroups_;
  static constexpr int kKeyGroups = 1;
  static constexpr int kStep = kStep_;
  static constexpr int kBlocksPerSm = kBlocksPerSm_;
  static constexpr bool kQueryInShared = kQueryInShared_;
  static constexpr int kGroupThreads = 32 * kRowWarps;
  static constexpr int kWriters = kGroupThreads;
  static constexpr int kCopyThreads = 128;
  static constexpr int kThreads = kGroupThreads + kCopyThreads;
  static constexpr int kWarpRows = 16;
  static constexpr int kRows = kWarpRows * kRowWarps;
  static constexpr int kStride = kStep;
  static constexpr int kRowBytes = 2 * kTileDim;
  // Registers of a thread: the groups of a multiprocessor share 512 times 128, in eights.
  static constexpr int kCopyRegisters = 40;
  static constexpr int kRegisters = (512 / kBlocksPerSm - kCopyRegisters) / kGroups_ / 8 * 8;
  static_assert(kRegisters <= 240, "more cannot be named");

  static constexpr int kPanelRowBytes = 128; // 64 channels: what a swizzle spans
  static constexpr int kPanelBytes = kStep * kPanelRowBytes;
  static constexpr int kUnitBytes = kStep * kRowBytes;
  static constexpr int kPairs = kRingBytes_ / (2 * kUnitBytes); // of K and V
  static constexpr int kRingBytes = kPairs * 2 * kUnitBytes;
  static constexpr int kLag = 2 * kPairs - 3; // units whose copies are in flight when another one is handed over
  static constexpr int kQueryOffset = kRingBytes;
  static constexpr int kQueryPanelBytes = 64 * kPanelRowBytes; // of a group
  static constexpr int kQueryBytes = kQueryInShared ? kRows * kRowBytes : 0;
  static constexpr int kPitch = kTileDim + 8;
  static constexpr int kStateOffset = kRows * kPitch * static_cast<int>(sizeof(float));
  static constexpr int kStateBytes = kRows * static_cast<int>(sizeof(float2));
  static constexpr int kAlignment = 1024; // of swizzled tiles
  static constexpr int kSharedBytes =
      kAlignment +
      (kRingBytes + kQueryBytes > kStateOffset + kStateBytes ? kRingBytes + kQueryBytes : kStateOffset + kStateBytes);
  static_assert(kTileDim == 64 || kTileDim == 128, "one instruction per 16 keys of V");
};

// K and V of a step are units 2 i and 2 i + 1. Full when copied, empty when all warps have read it.
template <class T> struct Ring {
  sm90::Barrier full[2 * T::kPairs], empty[2 * T::kPairs];
};

// Counts through the ring.
template <class T> struct Turn {
  int pair = 0, parity = 0;
  __device__ __forceinline__ Turn next() const {
    Turn turn;
    turn.pair = pair + 1 == T::kPairs ? 0 : pair + 1;
    turn.parity = parity ^ (pair + 1 == T::kPairs);
    return turn;
  }
};

// One unit of K or V after the other.
template <class T> struct PanelLoader {
  static constexpr int kChunks = T::kRowBytes / 16;
  static constexpr int kPassRows = T::kCopyThreads / kChunks; // a multiple of 8: a thread's rows share a swizzle

  const char *source; // this thread's chunk of the next unit
  int64_t row_bytes;
  uint32_t target; // in a unit
  int key, chunk;  // of this thread's first row

  __device__ __forceinline__ PanelLoader(const TensorView &tensor, const Position<T> &at) {
    const int thread = threadIdx.x % T::kCopyThreads;
    const int row = thread / kChunks;
    chunk = thread % kChunks;
    key = at.begin + row;
    row_bytes = tensor.stride_token * 2;
    source = static_cast<const char *>(tensor.data) +
             2 * (at.batch * tensor.stride_batch + at.kv_head * tensor.stride_head) + key * row_bytes + 16 * chunk;
    target = chunk / 8 * T::kPanelBytes + swizzled<T::kPanelRowBytes>(row, chunk % 8);
  }

  __device__ __forceinline__ void load(uint32_t unit, int end, int head_dim, bool wide) {
    copy_rows<T::kStep, kPassRows>(
        source, row_bytes, key, end, chunk, head_dim, wide,
        [unit, target = target](int pass) { return unit + target + pass * kPassRows * T::kPanelRowBytes; });
    key += T::kStep;
    source += T::kStep * row_bytes;
  }
};

template <class T>
__device__ __forceinline__ void produce(const Params &p, const Position<T> &at, Ring<T> &ring, uint32_t units,
                                        int steps) {
  PanelLoader<T> keys(p.key, at), values(p.value, at);
  Turn<T> turn, handed;
#pragma unroll 1
  for (int i = 0; i < 2 * steps + T::kLag; ++i) {
    if (i < 2 * steps) {
      const int unit = 2 * turn.pair + i % 2;
      sm90::wait(ring.empty[unit], turn.parity ^ 1);
      if (i % 2 == 0) {
        keys.load(units + unit * T::kUnitBytes, at.end, p.head_dim_qk, p.wide_key);
      } else {
        values.load(units + unit * T::kUnitBytes, at.end, p.head_dim_v, p.wide_value);
        turn = turn.next();
      }
    }
    cp_async_commit();
    const int landed = i - T::kLag;
    if (landed < 0) continue;
    cp_async_wait<T::kLag>();
    sm90::fence_async();
    sm90::arrive(ring.full[2 * handed.pair + landed % 2]);
    if (landed % 2 == 1) handed = handed.next();
  }
}

__device__ __forceinline__ void store_pair(uint32_t address, uint32_t pair) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(pair) : "memory");
}

// What a warp group needs for its products.
template <class T> struct Products {
  using Element = typename T::Element;
  Ring<T> &ring;
  uint32_t units;

  __device__ __forceinline__ void query_key(Scores<T> &scores, const Query<T> &query, Turn<T> turn) const {
    sm90::wait(ring.full[2 * turn.pair], turn.parity);
    const uint32_t keys = descriptor_low(units + 2 * turn.pair * T::kUnitBytes, 16);
    sm90::wgmma_fence();
#pragma unroll
    for (int k = 0; k < T::kTileDim / 16; ++k) {
      const uint32_t b = keys + (k / 4 * T::kPanelBytes + k % 4 * 32) / 16;
      const auto multiply = [&](const auto &a) {
        if (k == 0)
          wgmma_scores<Element, false>(scores[0], a, b);
        else
          wgmma_scores<Element, true>(scores[0], a, b);
      };
      if constexpr (T::kQueryInShared)
        multiply(query.address + (k / 4 * T::kQueryPanelBytes + k % 4 * 32) / 16);
      else
        multiply(query.fragments[0][k]);
    }
    sm90::wgmma_commit();
  }

  __device__ __forceinline__ void probability_value(State<T> &state, Probabilities<T> &probabilities,
                                                    Turn<T> turn) const {
    sm90::wait(ring.full[2 * turn.pair + 1], turn.parity);
    const uint32_t values = descriptor_low(units + (2 * turn.pair + 1) * T::kUnitBytes, T::kPanelBytes);
#pragma unroll
    for (int k = 0; k < T::kStep / 16; ++k) sm90::pin(probabilities[0][k]);
    pin_output(state);
    sm90::wgmma_fence();
#pragma unroll
    for (int k = 0; k < T::kStep / 16; ++k)
      wgmma_sums<Element>(state.output[0], probabilities[0][k], values + k * 16 * T::kPanelRowBytes / 16);
    sm90::wgmma_commit();
  }

  __device__ __forceinline__ void release(int unit) const {
    if (threadIdx.x % 32 == 0) sm90::arrive(ring.empty[unit]);
  }

  template <int kInFlight> __device__ __forceinline__ void wait_scores(Scores<T> &scores) const {
    sm90::wgmma_wait<kInFlight>();
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n) sm90::pin(scores[0][n]);
  }

  __device__ __forceinline__ void wait_sums(State<T> &state) const {
    sm90::wgmma_wait<0>();
    pin_output(state);
  }

  static __device__ __forceinline__ void pin_output(State<T> &state) {
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) sm90::pin(state.output[0][n]);
  }
};

// While a step's scores go through the softmax, the tensor cores multiply the last P with V.
template <class T>
__device__ __forceinline__ void consume(State<T> &state, const Params &p, const Position<T> &at, Ring<T> &ring,
                                        uint32_t units, int steps) {
  Query<T> query;
  const int group = at.row_warp / 4;
  if constexpr (T::kQueryInShared) {
    const uint32_t panels = units + T::kQueryOffset + group * 64 * T::kRowBytes;
    query.each(p, at, [&](int, int k, const uint32_t (&a)[4]) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int row = at.row_warp % 4 * 16 + i % 2 * 8 + at.group, chunk = 2 * k + i / 2;
        store_pair(panels + chunk / 8 * T::kQueryPanelBytes + swizzled<T::kPanelRowBytes>(row, chunk % 8) + 4 * at.pair,
                   a[i]);
      }
    });
    query.address = descriptor_low(panels, 16);
    sm90::fence_async();
    sm90::sync_barrier(4 + group, 128);
  } else {
    query.load(p, at, nullptr);
  }
  state.clear();
  if (steps == 0) return;
  const int seen = seen_by_all<T>(p, at);
  const Products<T> products{ring, units};
  Scores<T> scores;
  Factors<T> factors;
  Probabilities<T> probabilities;
  // All of the softmax that does not touch the sums of P V: these are being added to.
  const auto softmax = [&](int step, const Shown<T> &shown) {
    const float scale = hide<T>(scores, query.scale, p, at, at.begin + step * T::kStep, shown, seen);
    const bool raised = raise_references<T>(factors, state, scores, scale);
    exponentiate<T>(scores, state, scale);
    return raised;
  };
  Turn<T> turn;
  const Shown<T> first_shown(p, at, at.begin);
  products.query_key(scores, query, turn);
  products.template wait_scores<0>(scores);
  products.release(2 * turn.pair);
  softmax(0, first_shown);
  pack<T>(probabilities, scores);
#pragma unroll 1
  for (int step = 1; step < steps; ++step) {
    const Turn<T> next = turn.next();
    const Shown<T> shown(p, at, at.begin + step * T::kStep);
    products.query_key(scores, query, next);
    products.probability_value(state, probabilities, turn);
    products.template wait_scores<1>(scores);
    products.release(2 * next.pair);
    const bool raised = softmax(step, shown);
    products.wait_sums(state);
    products.release(2 * turn.pair + 1);
    if (raised) rescale<T>(state, factors);
    pack<T>(probabilities, scores);
    turn = next;
  }
  products.probability_value(state, probabilities, turn);
  products.wait_sums(state);
}

template <class T> __device__ __forceinline__ void attend_wgmma(const Params &p) {
  extern __shared__ unsigned char unaligned_bytes[];
  __shared__ Ring<T> ring;
  const uint32_t unaligned = shared_address(unaligned_bytes);
  const uint32_t offset = (T::kAlignment - unaligned % T::kAlignment) % T::kAlignment;
  unsigned char *shared_bytes = unaligned_bytes + offset;
  const uint32_t units = unaligned + offset;
  const Position<T> at(p);
  const int steps = max(0, (at.end - at.begin + T::kStep - 1) / T::kStep);
  allow_next_grid();
  wait_for_previous_grid(); // which may write the inputs, or read the workspace
  if (threadIdx.x == 0) {
    for (int unit = 0; unit < 2 * T::kPairs; ++unit) {
      sm90::init(ring.full[unit], T::kCopyThreads);
      sm90::init(ring.empty[unit], T::kRowWarps);
    }
  }
  __syncthreads();
  if (threadIdx.x >= T::kGroupThreads) {
    sm90::give_registers<T::kCopyRegisters>();
    produce<T>(p, at, ring, units, steps);
    return;
  }
  sm90::take_registers<T::kRegisters>();
  State<T> state;
  consume<T>(state, p, at, ring, units, steps);
  sm90::sync_barrier(1, T::kGroupThreads); // everyone has read the ring
  store_group<T>(state, at, shared_bytes);
  sm90::sync_barrier(1, T::kGroupThreads);
  write_block<T>(p, at, shared_bytes);
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kBlocksPerSm) wgmma_kernel(const __grid_constant__ Params p) {
  attend_wgmma<T>(p);
}

} // namespace sage::decode
