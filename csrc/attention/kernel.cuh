// Attention on mma.sync, for every family: INT8 Q K^T (m16n8k32), online softmax, and the family's own P V.
// Q is quantized in the prologue; K comes quantized. A warp owns kWarpRows query rows; keys and values arrive through a
// two-stage cp.async pipeline.
//
// A family's traits T give sizes (tile.cuh), the layout of a stage, the type of the sums of P V (T::Accumulator) and
// T::Values, which copies values into a stage, packs P and multiplies both.
#pragma once

#include "../common/launch_early.h"
#include "keys.cuh"
#include "output.cuh"
#include "padding.cuh"
#include "query.cuh"
#include "scores.cuh"
#include "softmax.cuh"
#include "special.cuh"
#include "tile.cuh"

#include <new>

namespace sage {

// The keys of one stage up to `end`: scores, softmax and P V, kStep keys at a time. kPlain: scores become plain floats,
// because masks are added to them, or because they may be too large for softmax().
template <class T, bool kHasMask, bool kPlain>
__device__ __forceinline__ void attend_steps(WarpState<T> &state, const SharedMemory<T> &smem, int stage_offset,
                                             float key_scale, const AttentionParams &p, bool special, int seen_by_all,
                                             int end, int warp_row, int64_t mask_offset, int first_key) {
#pragma unroll 1 // unrolled, the steps overlap further than there are registers
  for (int key = 0; key < end; key += T::kStep) {
    Scores<T> scores;
    query_key_product<T>(scores, state, stage_offset, key);
    if (first_key + key + T::kStep > seen_by_all) {
      if (special) replace_special_scores<T>(scores, p, smem.problem(), first_key + key);
      if constexpr (!kHasMask) mask_scores<T>(scores, p, smem.problem(), warp_row, first_key + key);
    }
    if constexpr (kHasMask) {
      apply_mask<T>(scores, state, fabsf(key_scale), p, smem.problem(), mask_offset, warp_row, first_key + key,
                    !special && finite_queries(state));
      if (first_key + key + T::kStep > seen_by_all)
        mask_scores<T>(scores, p, smem.problem(), warp_row, first_key + key); // last: no mask shows these
    } else if constexpr (kPlain) {
      dequantize<T>(scores, state, fabsf(key_scale));
    }
    raise_reference<T, kPlain>(state, smem, scores, fabsf(key_scale));
    typename T::Values::Fragments probabilities;
    softmax<T, kPlain>(probabilities, state, scores, fabsf(key_scale));
    T::Values::multiply(state, probabilities, stage_offset, key);
  }
}

// The keys of one stage. A negative key_scale announces special keys, special values, or keys that a padding mask
// hides.
template <class T, bool kHasMask>
__device__ __forceinline__ void attend(WarpState<T> &state, const SharedMemory<T> &smem, int stage_offset,
                                       float key_scale, const AttentionParams &p, const Visible &visible, int warp_row,
                                       int64_t mask_offset, int first_key) {
  const bool special = __any_sync(kAllLanes, key_scale < 0.0f);
  const int seen_by_all = special ? 0 : visible.all;
  int end = min(T::kStageKeys, visible.any - first_key);
  if (special && (shown_keys(p, smem.problem(), first_key) << (64 - T::kStageKeys)) == 0) end = 0;
  const auto steps = [&](auto plain) {
    attend_steps<T, kHasMask, plain>(state, smem, stage_offset, key_scale, p, special, seen_by_all, end, warp_row,
                                     mask_offset, first_key);
  };
  if constexpr (kHasMask) {
    steps(std::true_type{});
  } else {
    if (__any_sync(kAllLanes, too_large<T>(state, key_scale)))
      steps(std::true_type{});
    else
      steps(std::false_type{});
  }
  if (!T::kAsIs && special && p.value_special != nullptr && end > 0)
    add_special_values<T>(state, p, smem.problem(), first_key);
}

// The same where all keys are shown and none is special: straight code, which the compiler interleaves. kLook: unless
// no P can become too large, whatever the scores are. load_part(i) starts the copies of part i of the next stage: there
// the warp has to wait for the tensor cores.
template <class T, bool kLook, class LoadPart>
__device__ __forceinline__ void attend_shown(WarpState<T> &state, const SharedMemory<T> &smem, int stage_offset,
                                             float key_scale, const LoadPart &load_part) {
#pragma unroll 1
  for (int key = 0; key < T::kStageKeys; key += T::kStep) {
    Scores<T> scores;
    query_key_product<T>(scores, state, stage_offset, key);
    load_part(key / T::kStep);
    if constexpr (kLook) raise_reference<T, false>(state, smem, scores, key_scale);
    typename T::Values::Fragments probabilities;
    softmax<T, false>(probabilities, state, scores, key_scale);
    T::Values::multiply(state, probabilities, stage_offset, key);
  }
}

// One tile of query rows, one block of threads.
template <class T, bool kHasMask> __device__ __forceinline__ void attend_to_tile(const AttentionParams &p) {
  extern __shared__ __align__(128) unsigned char shared_bytes[];
  auto &smem = *reinterpret_cast<SharedMemory<T> *>(shared_bytes);
  const Position at(p, T::kTileRows);
  const Problem problem(p, at.batch);
  if (at.first_row >= problem.len_q) return wait_for_previous_grid(); // of a sequence shorter than others
  const QueryLoader<T> queries(p, problem, at);
  wait_for_previous_grid(); // which prepares K and V; the inputs are complete
  if (threadIdx.x == 0) new (smem.problem_bytes) Problem(problem);
  KeyLoader<T> keys(p, problem, at, smem.stages[0]);
  typename T::Values values(p, problem, at, smem.stages[0]);
  const auto offset_of = [](int stage) { return stage % T::kStages * static_cast<int>(sizeof(typename T::Stage)); };
  constexpr bool kBounded = T::Values::kBoundedExponent > 0.0f;
  constexpr bool kStraight = !kHasMask && (kBounded || T::Values::kStraight); // whether attend_shown() is used
  constexpr int kParts = kStraight ? T::kStageKeys / T::kStep : 1;
  const auto load_part = [&](int stage, int part, bool exists) {
    values.template load<kParts>(offset_of(stage), part, exists, p, keys.key);
    keys.template load<kParts>(offset_of(stage), part, exists);
    cp_async_commit();
  };
  const auto load = [&](int stage) {
#pragma unroll
    for (int part = 0; part < kParts; ++part) load_part(stage, part, true);
  };
  const int seen = Visible(problem, at.first_row, T::kTileRows).any;
  const int stages = shown_stages<T>(p, problem, max(0, seen + T::kStageKeys - 1) / T::kStageKeys);

  float next_scale = 0.0f;
  if (stages > 0) {
    load(0);
    next_scale = keys.next_scale(0);
  }
  WarpState<T> state;
  const int lane = threadIdx.x % 32;
  state.key_address =
      opaque(shared_address(smem.stages[0].key) + swizzled<T::kTileDim>(lane / 16 * 8 + lane % 8, lane / 8 % 2));
  state.value_address = opaque(shared_address(smem.stages[0].value) + T::Values::lane_offset(lane));
  state.query_address = opaque(shared_address(&smem.query[0][0][threadIdx.x]));
  if constexpr (T::kScaledValues)
    state.scale_address = opaque(shared_address(smem.stages[0].value_scale + 2 * at.pair));
  quantize_query<T>(state, smem, p, problem, at, queries);
  state.norm_limit = -1.0f; // nothing is known yet
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
    state.reference[f][0] = state.reference[f][1] = kLowest;
    state.row_sum[f][0] = state.row_sum[f][1] = 0.0f;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) state.output[f][n].clear();
  }

  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const Visible visible(problem, warp_row, T::kWarpRows);
  const int64_t mask_offset = at.batch * p.mask.stride_batch + at.head * p.mask.stride_head;
  for (int stage = 0; stage < stages; ++stage) {
    const float key_scale = next_scale;
    cp_async_wait<0>();
    __syncthreads(); // this stage has landed for everyone, and everyone has left the other one
    const bool more = stage + 1 < stages;
    if (more) next_scale = keys.next_scale(stage + 1);
    if constexpr (kStraight) {
      const bool simple = key_scale > 0.0f && (kBounded ? norm_of<T::kTileDim>(key_scale) <= state.norm_limit
                                                        : !too_large<T>(state, key_scale));
      if ((stage + 1) * T::kStageKeys <= visible.all && __all_sync(kAllLanes, simple)) {
        attend_shown<T, !kBounded>(state, smem, offset_of(stage), key_scale,
                                   [&](int part) { load_part(stage + 1, part, more); });
        continue;
      }
    }
    if (more) load(stage + 1);
    attend<T, kHasMask>(state, smem, offset_of(stage), key_scale, p, visible, warp_row, mask_offset,
                        stage * T::kStageKeys);
  }
  write_output<T>(state, smem, p);
}

template <class T, bool kHasMask>
__global__ void __launch_bounds__(T::kThreads, T::kBlocksPerSm)
    attention_kernel(const __grid_constant__ AttentionParams p) {
  if constexpr (T::kRunsHere) attend_to_tile<T, kHasMask>(p);
}

// Whether a multiprocessor of the current device holds as many blocks as the kernel is cut for.
template <class T> bool fits() {
  constexpr int kReservedPerBlock = 1024; // by the system (CUDA C++ programming guide, "Shared memory")
  static std::atomic<int> answers[kMostDevices];
  int bytes = 0;
  const cudaError_t error = once_per_device(answers, bytes, [](int device, int &answer) {
    return cudaDeviceGetAttribute(&answer, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  });
  return error == cudaSuccess &&
         bytes >= T::kBlocksPerSm * (static_cast<int>(sizeof(SharedMemory<T>)) + kReservedPerBlock);
}

template <class T, bool kHasMask> cudaError_t launch_kernel(const AttentionParams &p, cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedMemory<T>);
  const auto kernel = attention_kernel<T, kHasMask>;
  if constexpr (kBytes > 48 * 1024) {
    static std::atomic<int> answers[kMostDevices];
    int done = 0;
    const cudaError_t error = once_per_device(answers, done, [&](int, int &answer) {
      answer = 1;
      return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    });
    if (error != cudaSuccess) return error;
  }
  AttentionParams launched = p;
  launched.query_tiles = (p.sequences.len_q + T::kTileRows - 1) / T::kTileRows;
  const unsigned grid = static_cast<unsigned>(launched.query_tiles) * p.heads_q * p.sequences.batch;
  return launch_early(kernel, launched, grid, T::kThreads, kBytes, stream);
}

// Masks need registers of their own: Masked may hold fewer scores at a time.
template <class T, class Masked> cudaError_t launch(const AttentionParams &p, cudaStream_t stream) {
  return p.mask.kind == MaskKind::kNone ? launch_kernel<T, false>(p, stream) : launch_kernel<Masked, true>(p, stream);
}

} // namespace sage
