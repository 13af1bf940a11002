// FP4 attention: block-scaled Q K^T and P V on m16n8k64, online softmax between them. A block of threads owns 128 query
// rows, a warp 16 of them; records of 64 keys and values arrive through a two-stage cp.async pipeline.
#pragma once

#include "../../../csrc/common/memory.cuh"
#include "query.cuh"
#include "scores.cuh"
#include "softmax.cuh"

namespace sageattn3 {

// Copies a record as it is.
template <class T>
__device__ __forceinline__ void load_stage(Record<T::kTileDim> &stage, const Record<T::kTileDim> *record) {
  constexpr int kChunks = sizeof(stage) / 16;
  const uint32_t target = sage::shared_address(&stage) + threadIdx.x * 16;
  const char *source = reinterpret_cast<const char *>(record) + threadIdx.x * 16;
#pragma unroll
  for (int first = 0; first < kChunks; first += T::kThreads)
    if (first + T::kThreads <= kChunks || first + int(threadIdx.x) < kChunks)
      sage::cp_async_16(target + first * 16, source + first * 16);
  sage::cp_async_commit();
}

// The keys of one stage. All warps take part in the product with the query mean, also those whose rows see none of
// them.
template <class T, bool kHasMask>
__device__ __forceinline__ void attend(WarpState<T> &state, SharedMemory<T> &smem, const Record<T::kTileDim> &stage,
                                       const AttentionParams &p, const Extent &extent, int first_row, int first_key) {
  multiply_mean<T>(smem, stage);
  Scores<T> scores;
  const bool visible = first_row + T::kWarpRows + extent.shift > first_key; // by any row
  if (visible) multiply_keys<T>(scores, smem.query, stage);
  __syncthreads(); // the products with the query mean are there
  if (!visible) return;
  scale_scores<T>(scores, state, smem.mean_scores);
  if constexpr (kHasMask) apply_mask<T>(scores, p, Position(p), extent, first_row, first_key);
  if (first_key + kKeyBlock > min(extent.len_kv, first_row + extent.shift + 1))
    hide_keys<T>(scores, extent, first_row, first_key);
  float largest[2][2];
  find_largest<T>(largest, scores);
  raise_reference<T>(state, largest);
  exponentiate<T>(scores, state);
  uint32_t numbers[4], scales;
  quantize_probabilities<T>(numbers, scales, state, scores, largest);
  multiply_values<T>(state, numbers, scales, stage);
}

// Normalizes, writes the LSE, and sends the tile through shared memory so that rows leave in 16-byte stores.
template <class T>
__device__ __forceinline__ void write_output(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p) {
  using Element = typename T::Element;
  constexpr int kRowBytes = T::kTileDim * sizeof(Element);
  constexpr int kChunks = kRowBytes / 16;
  constexpr int kPerChunk = 16 / sizeof(Element);
  const Position at(p);
  const Sequence sequence(p.sequences, at.batch);
  const int lane = threadIdx.x % 32, warp = warp_index();
  const int first_row = at.first_row + warp * T::kWarpRows;
  char *tile = reinterpret_cast<char *>(smem.output[warp]);
  const int value_job = jobs_of(p.sequences.batch, p.heads_kv, 0).value + at.batch * p.heads_kv + at.kv_head;
  __syncthreads(); // other warps may still read the last stage
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float sum = sage::quad_sum(state.row_sum[r]);
    if (!sequence.fits) sum = NAN; // cu_seqlens contradict the sizes
    const int local = 8 * r + lane / 4, row = first_row + local;
    if (p.lse != nullptr && row < sequence.len_q && lane % 4 == 0) {
      float &lse = lse_of(p, at, sequence.first_q, row);
      lse = sum == 0.0f ? -INFINITY : lse + (state.reference[r] + log2f(sum)) * sage::kLn2;
    }
    // The sum of a row that saw a key is not 0, and only then there are values and a factor of theirs.
    const float inverse = sum == 0.0f ? 0.0f : sage::reciprocal(sum) / kProductScale; // NaN stays NaN
    const float unscale = sum == 0.0f ? 0.0f : reciprocal_of_power(p.factor[value_job]);
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n) {
      const uint32_t bits = sage::pack2<Element>(state.output[n][2 * r] * inverse * unscale,
                                                 state.output[n][2 * r + 1] * inverse * unscale);
      *reinterpret_cast<uint32_t *>(tile + sage::swizzled<kRowBytes>(local, n) + 4 * (lane % 4)) = bits;
    }
  }
  __syncwarp();
  Element *output = const_cast<Element *>(sage::head_of<Element>(p.output, at.batch, at.head, sequence.first_q));
#pragma unroll 2
  for (int i = lane; i < T::kWarpRows * kChunks; i += 32) {
    const int local = i / kChunks, chunk = i % kChunks, channel = chunk * kPerChunk;
    if (first_row + local >= sequence.len_q || channel >= p.dim_v) continue;
    const uint4 bits = *reinterpret_cast<const uint4 *>(tile + sage::swizzled<kRowBytes>(local, chunk));
    Element *target = output + (first_row + local) * p.output.stride_token + channel;
    if (p.wide_output) {
      *reinterpret_cast<uint4 *>(target) = bits;
    } else {
      Element values[kPerChunk];
      memcpy(values, &bits, sizeof(bits));
#pragma unroll
      for (int c = 0; c < kPerChunk; ++c)
        if (channel + c < p.dim_v) target[c] = values[c];
    }
  }
}

template <class T, bool kHasMask>
__global__ void __launch_bounds__(T::kThreads, blocks_per_sm<T, kHasMask>())
    attention_kernel(const __grid_constant__ AttentionParams p) {
  extern __shared__ __align__(128) unsigned char shared_bytes[];
  auto &smem = *reinterpret_cast<SharedMemory<T> *>(shared_bytes);
  WarpState<T> state;
  const Record<T::kTileDim> *record;
  Extent extent;
  int stages, first_row;
  {
    const Position at(p);
    const Sequence sequence(p.sequences, at.batch);
    if (at.first_row >= sequence.len_q) return;
    extent = {sequence.len_q, sequence.len_kv, causal_shift(p, sequence)};
    const int end = min(extent.len_kv, at.first_row + kQueryBlock + extent.shift); // of the keys that any row sees
    stages = max(0, (end + kKeyBlock - 1) / kKeyBlock);
    record = static_cast<const Record<T::kTileDim> *>(p.records) + int64_t{at.kv_head} * p.sequences.head_blocks +
             sequence.first_block;
    first_row = at.first_row + warp_index() * T::kWarpRows;
    if (stages > 0) {
      load_stage<T>(smem.stages[0], record);
      prepare_query<T>(state, smem, p, at, sequence);
    }
  }
  state.reference[0] = state.reference[1] = kLowest;
  state.row_sum[0] = state.row_sum[1] = 0.0f;
#pragma unroll
  for (int n = 0; n < T::kTileDim / 8; ++n)
    state.output[n][0] = state.output[n][1] = state.output[n][2] = state.output[n][3] = 0.0f;
  for (int stage = 0; stage < stages; ++stage) {
    sage::cp_async_wait<0>();
    __syncthreads(); // this stage has landed for everyone, and everyone has left the other one
    if (stage + 1 < stages) load_stage<T>(smem.stages[(stage + 1) % T::kStages], record + stage + 1);
    attend<T, kHasMask>(state, smem, smem.stages[stage % T::kStages], p, extent, first_row, stage * kKeyBlock);
  }
  write_output<T>(state, smem, p);
}

template <class T, bool kHasMask> cudaError_t launch_kernel(const AttentionParams &p, cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedMemory<T>);
  static_assert(kBytes <= kLargestSharedMemory, "consumer Blackwell has no more for a block");
  const auto kernel = attention_kernel<T, kHasMask>;
  if constexpr (kBytes > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    if (error != cudaSuccess) return error;
  }
  const unsigned grid = static_cast<unsigned>(p.query_tiles) * p.heads_q * p.sequences.batch;
  kernel<<<grid, T::kThreads, kBytes, stream>>>(p);
  return cudaGetLastError();
}

template <class T> cudaError_t launch(const AttentionParams &p, cudaStream_t stream) {
  return p.mask.kind == MaskKind::kNone ? launch_kernel<T, false>(p, stream) : launch_kernel<T, true>(p, stream);
}

} // namespace sageattn3
