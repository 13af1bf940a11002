// What kernels with T::kGeneral do differently: their queries come quantized, and what was subtracted from the values
// is added to the output.
#pragma once

#include "query.cuh"
#include "query_record.cuh"
#include "softmax.cuh"

namespace sage::sm90 {

// Tells the consumers of a slot what it holds. As find_queries() and assign().
template <class T> __device__ __forceinline__ void assign_work(const KernelParams &k, int item, Assignment &assigned) {
  const AttentionParams &p = k.attention;
  const Work work(k, item, T::kTileRows);
  const int64_t first = work.problem.first_q + work.first_row;
  assigned.output = head_offset(p.output, work.batch, work.head, first);
  assigned.lse = work.batch * p.lse_stride_batch + work.head * p.lse_stride_head + first;
  assigned.rows = work.problem.len_q - work.first_row;
  assigned.tiles = work.tiles;
  assigned.limit = work.first_row + work.problem.causal_shift;
  assigned.fits = work.problem.fits;
}

// Copies the records of the queries of a work item to a slot.
template <class T, class Memory>
__device__ __forceinline__ void copy_records(Memory &smem, const KernelParams &k, int item, int slot) {
  using Record = QueryRecord<T::kTileDim>;
  int records;
  const char *record;
  {
    const Work work(k, item, T::kTileRows);
    const int exist = (work.problem.len_q - work.first_row + kQueryRows - 1) / kQueryRows;
    records = work.tiles == 0 ? 0 : min(T::kConsumers, exist);
    record = query_record<T::kTileDim>(k.queries, k.attention.sequences, work.batch, work.head, work.problem.first_q,
                                       work.first_row / kQueryRows);
  }
  arrive_and_expect(smem.query_full[slot], records * Record::kBytes);
#pragma unroll 1
  for (int i = 0; i < records; ++i, record += Record::kBytes) {
    constexpr int kFloats = kQueryRows * sizeof(float);
    copy_bulk(smem.query[slot][i], record, T::kQueryBytes, smem.query_full[slot]);
    copy_bulk(&smem.query_scale[slot][i * kQueryRows], record + Record::kScaleOffset, kFloats, smem.query_full[slot]);
    copy_bulk(&smem.query_mean[slot][i * kQueryRows], record + Record::kMeanOffset, kFloats, smem.query_full[slot]);
  }
}

// As produce_queries(): two threads work, the others only keep the count of the barrier.
template <class T, class Memory>
__device__ __forceinline__ void produce_general_queries(Memory &smem, const KernelParams &k) {
  const auto filled = [&]() -> int & { return smem.query_tiles[query_warp()].filled; };
  wait_for_previous_grid(); // which writes the records
  if (threadIdx.x % 32 == 0) filled() = 0;
  __syncwarp();
#pragma unroll 1
  while (static_cast<int>(blockIdx.x) + filled() * k.blocks < k.work_items) {
    const Turn<kQuerySlots> at(filled());
    wait(smem.query_empty[at.stage], at.parity ^ 1);
    if (threadIdx.x == 64) {
      copy_records<T>(smem, k, blockIdx.x + filled() * k.blocks, opaque(at.stage));
    } else {
      if (threadIdx.x == 32) assign_work<T>(k, blockIdx.x + filled() * k.blocks, smem.assigned[opaque(at.stage)]);
      arrive(smem.query_full[filled() % kQuerySlots]);
    }
    __syncwarp();
    if (threadIdx.x % 32 == 0) ++filled();
    __syncwarp();
  }
}

// Adds what was subtracted from the values, as often as the output will be divided: rows that see no key stay zeros.
template <class T>
__device__ __forceinline__ void restore_mean(float (&output)[T::kTileDim / 2], const RowState &rows,
                                             const AttentionParams &p, const Work &work) {
  if (p.value_mean == nullptr) return;
  wait_for_previous_grid(); // which writes the means
  const float sum[2] = {quad_sum(rows.sum[0]), quad_sum(rows.sum[1])};
  const float *mean =
      p.value_mean + (int64_t{work.batch} * p.heads_kv + work.kv_head) * T::kTileDim + threadIdx.x % 4 * 2;
#pragma unroll
  for (int n = 0; n < T::kTileDim / 8; ++n) {
    const float2 two = *reinterpret_cast<const float2 *>(mean + 8 * n);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      output[4 * n + 2 * r] = fmaf(sum[r], two.x, output[4 * n + 2 * r]);
      output[4 * n + 2 * r + 1] = fmaf(sum[r], two.y, output[4 * n + 2 * r + 1]);
    }
  }
}

} // namespace sage::sm90
