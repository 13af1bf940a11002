// Attention on mma.sync, for every family: INT8 Q K^T (m16n8k32), online softmax, and the family's own P V.
// Q is quantized in the prologue, one scale per row; K comes quantized. A warp owns kWarpRows query rows; keys and values
// arrive through a two-stage cp.async pipeline.
//
// A family's traits T give sizes (tile.cuh), the layout of a stage and T::Values, which copies values into a stage, packs P
// and multiplies both.
#pragma once

#include "keys.cuh"
#include "query.cuh"
#include "scores.cuh"
#include "softmax.cuh"
#include "tile.cuh"

namespace sage {

// The keys of one stage: scores, softmax and P V, kStep keys at a time. A negative key_scale announces special keys.
template <class T, bool kHasMask>
__device__ __forceinline__ void attend(WarpState<T> &state, const typename T::QueryFragments &query,
                                       const typename T::Stage &stage, float key_scale, const AttentionParams &p,
                                       const Position &at, int64_t mask_offset, int first_key) {
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const Visible visible(p, warp_row, T::kWarpRows);
  const int end = min(T::kStageKeys, visible.any - first_key);
  const int seen_by_all = __any_sync(kAllLanes, key_scale < 0.0f) ? 0 : visible.all;
#pragma unroll 1 // unrolled, the steps overlap further than there are registers
  for (int key = 0; key < end; key += T::kStep) {
    Scores<T> scores;
    query_key_product<T>(scores, state, query, stage, key);
    if (first_key + key + T::kStep > seen_by_all) {
      if (__any_sync(kAllLanes, key_scale < 0.0f)) replace_special_scores<T>(scores, p, first_key + key);
      mask_scores<T>(scores, p, warp_row, first_key + key);
    }
    if constexpr (kHasMask) apply_mask<T>(scores, state, fabsf(key_scale), p, mask_offset, warp_row, first_key + key);
    raise_reference<T, kHasMask>(state, scores, fabsf(key_scale));
    typename T::Values::Fragments probabilities;
    softmax<T, kHasMask>(probabilities, state, scores, fabsf(key_scale));
    T::Values::multiply(state, probabilities, stage, key, at.pair);
  }
}

// Normalizes, writes the LSE, and sends the tile through shared memory so that rows leave in 16-byte stores.
template <class T>
__device__ __forceinline__ void write_output(WarpState<T> &state, SharedMemory<T> &smem,
                                             const AttentionParams &p) {
  using Element = typename T::Element;
  const Position at(p, T::kTileRows);
  constexpr int kRowBytes = T::kTileDim * sizeof(Element);
  constexpr int kChunks = kRowBytes / T::kVectorBytes;
  constexpr int kPerChunk = T::kVectorBytes / sizeof(Element);
  char *tile = reinterpret_cast<char *>(smem.output[at.warp]);
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  cp_async_wait<0>(); // a tile whose rows see no key has not waited for its first stage
  __syncthreads();    // other warps may still read the last stage
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float sum = quad_sum(state.row_sum[f][r]);
      const float inverse = sum == 0.0f ? 0.0f : reciprocal(sum); // NaN stays NaN
      const int local = 16 * f + 8 * r + at.group;
      const int row = warp_row + local;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n) {
        const uint32_t bits = pack2<Element>(state.output[f][n][2 * r] * inverse, state.output[f][n][2 * r + 1] * inverse);
        *reinterpret_cast<uint32_t *>(tile + swizzled<kRowBytes>(local, n) + 4 * at.pair) = bits;
      }
      if (p.lse != nullptr && row < p.len_q && at.pair == 0) {
        float &lse = p.lse[(int64_t{at.batch} * p.heads_q + at.head) * p.len_q + row];
        lse = sum == 0.0f ? -INFINITY : lse + (state.reference[f][r] + log2f(sum)) * kLn2;
      }
    }
  }
  __syncwarp();
  Element *output = static_cast<Element *>(const_cast<void *>(p.output.data)) + at.batch * p.output.stride_batch +
                    at.head * p.output.stride_head;
#pragma unroll
  for (int pass = 0; pass < T::kWarpRows * kChunks / 32; ++pass) {
    const int i = pass * 32 + threadIdx.x % 32;
    const int local = i / kChunks, chunk = i % kChunks;
    const int channel = chunk * kPerChunk;
    if (warp_row + local >= p.len_q || channel >= p.head_dim_v) continue;
    const uint4 bits = *reinterpret_cast<const uint4 *>(tile + swizzled<kRowBytes>(local, chunk));
    Element *target = output + (warp_row + local) * p.output.stride_token + channel;
    if (p.wide_output) {
      *reinterpret_cast<uint4 *>(target) = bits;
    } else {
      Element values[kPerChunk];
      memcpy(values, &bits, sizeof(bits));
#pragma unroll
      for (int c = 0; c < kPerChunk; ++c)
        if (channel + c < p.head_dim_v) target[c] = values[c];
    }
  }
}

template <class T, bool kHasMask>
__global__ void __launch_bounds__(T::kThreads, T::kBlocksPerSm)
    attention_kernel(const __grid_constant__ AttentionParams p) {
  extern __shared__ __align__(128) unsigned char shared_bytes[];
  auto &smem = *reinterpret_cast<SharedMemory<T> *>(shared_bytes);
  const Position at(p, T::kTileRows);
  KeyLoader<T> keys(p, at);
  typename T::Values values(p, at);
  const auto load = [&](int stage) {
    auto &target = smem.stages[stage % T::kStages];
    values.load(target, p, keys.key);
    const float scale = keys.load(target, stage);
    cp_async_commit();
    return scale;
  };
  const int stages = max(0, Visible(p, at.first_row, T::kTileRows).any + T::kStageKeys - 1) / T::kStageKeys;

  float next_scale = p.len_kv > 0 ? load(0) : 0.0f;
  WarpState<T> state;
  const int lane = threadIdx.x % 32;
  state.key_offset = opaque(swizzled<T::kTileDim>(lane / 16 * 8 + lane % 8, lane / 8 % 2));
  state.value_offset = opaque(T::Values::lane_offset(lane));
  quantize_query<T>(state, smem.query, p, at);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
    state.reference[f][0] = state.reference[f][1] = kLowest;
    state.row_sum[f][0] = state.row_sum[f][1] = 0.0f;
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n)
      state.output[f][n][0] = state.output[f][n][1] = state.output[f][n][2] = state.output[f][n][3] = 0.0f;
  }

  const int64_t mask_offset = at.batch * p.mask.stride_batch + at.head * p.mask.stride_head;
  for (int stage = 0; stage < stages; ++stage) {
    const float key_scale = next_scale;
    cp_async_wait<0>();
    __syncthreads(); // this stage has landed for everyone, and everyone has left the other one
    if (stage + 1 < stages) next_scale = load(stage + 1);
    attend<T, kHasMask>(state, smem.query, smem.stages[stage % T::kStages], key_scale, p, at, mask_offset,
                        stage * T::kStageKeys);
  }
  write_output<T>(state, smem, p);
}

// Whether a multiprocessor of the current device holds as many blocks as the kernel is cut for.
template <class T> bool fits() {
  constexpr int kReservedPerBlock = 1024; // by the system (CUDA C++ programming guide, "Shared memory")
  int device = 0, bytes = 0;
  return cudaGetDevice(&device) == cudaSuccess &&
         cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device) == cudaSuccess &&
         bytes >= T::kBlocksPerSm * (static_cast<int>(sizeof(SharedMemory<T>)) + kReservedPerBlock);
}

template <class T, bool kHasMask> cudaError_t launch_kernel(const AttentionParams &p, cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedMemory<T>);
  const auto kernel = attention_kernel<T, kHasMask>;
  if constexpr (kBytes > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    if (error != cudaSuccess) return error;
  }
  AttentionParams launched = p;
  launched.query_tiles = (p.len_q + T::kTileRows - 1) / T::kTileRows;
  const unsigned grid = static_cast<unsigned>(launched.query_tiles) * p.heads_q * p.batch;
  kernel<<<grid, T::kThreads, kBytes, stream>>>(launched);
  return cudaGetLastError();
}

// Masks need registers of their own: Masked may hold fewer scores at a time.
template <class T, class Masked> cudaError_t launch(const AttentionParams &p, cudaStream_t stream) {
  return p.mask.kind == MaskKind::kNone ? launch_kernel<T, false>(p, stream) : launch_kernel<Masked, true>(p, stream);
}

} // namespace sage
