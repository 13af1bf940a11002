// Queries: copied and quantized to INT8 by warps of the producer group while the consumers work on earlier tiles. One
// scale per row. Every thread quantizes the chunks that it copied itself, so the copies need no barrier.
#pragma once

#include "../quant/rows.cuh"
#include "traits.cuh"

namespace sage::sm90 {

__device__ __forceinline__ int query_warp() { return opaque(static_cast<int>(threadIdx.x)) / 32 - 1; }

// Notes where the queries of a work item are. Returns whether there is such an item.
template <class T, class Memory>
__device__ __forceinline__ bool find_queries(Memory &smem, const KernelParams &k, int item) {
  if (item >= k.work_items) return false;
  const AttentionParams &p = k.attention;
  {
    const Work work(k, item, T::kTileRows);
    QueryTile &tile = smem.query_tiles[query_warp()];
    if (threadIdx.x % 32 == 0) {
      const Problem &problem = work.problem;
      const int64_t first = problem.first_q + work.first_row;
      tile.rows = static_cast<const uint16_t *>(p.query.data) + head_offset(p.query, work.batch, work.head, first);
      tile.key_mean = p.key_mean + (int64_t{work.batch} * p.heads_kv + work.kv_head) * T::kTileDim;
      Assignment &assigned = tile.assignment;
      assigned.fits = problem.fits; // first: registers are few
      assigned.output = head_offset(p.output, work.batch, work.head, first);
      assigned.lse = work.batch * p.lse_stride_batch + work.head * p.lse_stride_head + first;
      assigned.rows = problem.len_q - work.first_row;
      assigned.tiles = work.tiles;
      assigned.limit = work.first_row + problem.causal_shift;
    }
  }
  __syncwarp();
  return true;
}

// Tells the consumers of a slot what it holds.
template <class Memory> __device__ __forceinline__ void assign(Memory &smem, int slot) {
  if (threadIdx.x == 32) smem.assigned[slot] = smem.query_tiles[0].assignment;
}

// What this warp knows. Its place is found again every time: registers are few.
template <class Memory> __device__ __forceinline__ QueryTile &own_tile(Memory &smem) {
  return smem.query_tiles[query_warp()];
}

// Waits for a slot, tells the consumers what it will hold, ...
template <class T> __device__ __forceinline__ void begin_slot(SharedMemory<T> &smem) {
  const Turn<kQuerySlots> at(own_tile(smem).filled);
  wait(smem.query_empty[at.stage], at.parity ^ 1);
  assign(smem, at.stage);
  if (threadIdx.x == 32) smem.assigned_item[at.stage] = smem.query_tiles[0].item;
}
// ... and hands it over.
template <class T> __device__ __forceinline__ void end_slot(SharedMemory<T> &smem) {
  fence_async();
  arrive(smem.query_full[own_tile(smem).filled % kQuerySlots]);
  __syncwarp();
  if (threadIdx.x % 32 == 0) ++own_tile(smem).filled;
  __syncwarp();
}

// Copies the rows of a turn to place `at`. Rows past the end repeat the last one; they are never written.
template <class T, class Memory>
__device__ __forceinline__ void copy_turn(Memory &smem, const AttentionParams &p, int turn, int at) {
  using Turns = QueryTurns<T>;
  const int lane = opaque(static_cast<int>(threadIdx.x)) % 32; // what depends on it is not kept in registers
  const QueryTile &tile = smem.query_tiles[query_warp()];
  const int row = min(turn * Turns::kRows + lane / 4, tile.assignment.rows - 1);
  const int first = lane % 4 * kVector;
  const uint16_t *source = tile.rows + row * p.query.stride_token + first;
  const uint32_t target = shared_address(&smem.raw_query[at][0][lane]);
  constexpr int kStep = sizeof(smem.raw_query[0][0]);
  if (p.wide_query) {
#pragma unroll
    for (int i = 0; i < Turns::kChunks; ++i)
      cp_async_16(target + i * kStep, source + 4 * i * kVector, first + 4 * i * kVector < p.head_dim_qk);
  } else {
#pragma unroll 1
    for (int i = 0; i < Turns::kChunks * kVector; ++i) {
      const int channel = i / kVector * 4 * kVector + i % kVector;
      const uint16_t element = first + channel < p.head_dim_qk ? source[channel] : uint16_t{0};
      asm volatile("st.shared.u16 [%0], %1;" ::"r"(target + i / kVector * kStep + i % kVector * 2), "h"(element)
                   : "memory");
    }
  }
}

// Copies the rows of the next work item that fall to this warp. Returns whether there is one.
template <class T> __device__ __forceinline__ bool copy_queries(SharedMemory<T> &smem, const KernelParams &k) {
  const int item =
      next_item(smem.items, k, own_tile(smem).filled, opaque(static_cast<int>(threadIdx.x)) == kGroupThreads / 4);
  if (threadIdx.x % 32 == 0) own_tile(smem).item = item;
  if (!find_queries<T>(smem, k, item)) return false;
  if (smem.query_tiles[query_warp()].assignment.rows <= 0) return true;
#pragma unroll 1
  for (int turn = query_warp(); turn < QueryTurns<T>::kCount; turn += kQueryWarps)
    copy_turn<T>(smem, k.attention, turn, turn);
  return true;
}

// Largest magnitude among two pairs of 16-bit numbers, as bits: magnitudes order like integers, inf and NaN above all
// others.
__device__ __forceinline__ uint32_t larger_magnitudes(uint32_t largest, uint32_t pair) {
  return __vmaxu2(largest, pair & 0x7fff7fffu);
}

__device__ __forceinline__ float2 unpack_pair(uint32_t pair, Dtype dtype) {
  return dtype == Dtype::kFloat16 ? unpack2<__half>(pair) : unpack2<__nv_bfloat16>(pair);
}

// Largest magnitude in this lane's row of the turn at a place.
template <class T, class Memory>
__device__ __forceinline__ float query_magnitude(const Memory &smem, int at, Dtype dtype) {
  uint32_t pair = 0;
#pragma unroll
  for (int i = 0; i < QueryTurns<T>::kChunks; ++i) {
    const uint4 chunk = smem.raw_query[at][i][threadIdx.x % 32];
    pair = larger_magnitudes(larger_magnitudes(larger_magnitudes(larger_magnitudes(pair, chunk.x), chunk.y), chunk.z),
                             chunk.w);
  }
  uint32_t largest = max(pair & 0xffffu, pair >> 16);
  largest = max(largest, __shfl_xor_sync(kAllLanes, largest, 1));
  largest = max(largest, __shfl_xor_sync(kAllLanes, largest, 2));
  return unpack_pair(largest, dtype).x;
}

// Query . key mean of the same row.
template <class T, class Memory>
__device__ __forceinline__ float query_mean_product(const Memory &smem, const float *key_mean, int at, Dtype dtype) {
  float dot = 0.0f;
#pragma unroll 1
  for (int i = 0; i < QueryTurns<T>::kChunks; ++i) {
    const float *mean = key_mean + (4 * i + threadIdx.x % 4) * kVector;
    const auto *pairs = reinterpret_cast<const uint32_t *>(&smem.raw_query[at][i][threadIdx.x % 32]);
#pragma unroll 1
    for (int c = 0; c < kVector / 2; ++c) {
      const float2 x = unpack_pair(pairs[c], dtype);
      dot = fmaf(x.x, mean[2 * c], fmaf(x.y, mean[2 * c + 1], dot));
    }
  }
  return quad_sum(dot);
}

__device__ __forceinline__ uint32_t quantize(float2 a, float2 b, float factor) {
  const auto round = [factor](float x) { return __float_as_uint(fmaf(x, factor, kMagic)); };
  return __byte_perm(__byte_perm(round(a.x), round(a.y), 0x0040), __byte_perm(round(b.x), round(b.y), 0x0040), 0x5410);
}

// Multiplies this lane's part of a row with `factor`, and puts it where wgmma expects it.
template <class T, typename Element, class Memory>
__device__ __forceinline__ void quantize_row(Memory &smem, int slot, int local, int at, float factor) {
  constexpr int kRowBytes = T::Tile::kKeyRowBytes;
#pragma unroll
  for (int i = 0; i < QueryTurns<T>::kChunks; ++i) {
    const uint4 chunk = smem.raw_query[at][i][threadIdx.x % 32];
    const float2 a = unpack2<Element>(chunk.x), b = unpack2<Element>(chunk.y);
    const float2 c = unpack2<Element>(chunk.z), d = unpack2<Element>(chunk.w);
    const uint2 bytes = {quantize(a, b, factor), quantize(c, d, factor)};
    const int channel = (4 * i + threadIdx.x % 4) * kVector;
    char *group = smem.query[slot][local / kGroupRows] + channel / kRowBytes * T::kQueryPanelBytes;
    *reinterpret_cast<uint2 *>(group + swizzled<kRowBytes>(local % kGroupRows, channel % kRowBytes / 16) +
                               channel % 16) = bytes;
  }
}

// Quantizes the rows of the turn at a place into a slot.
template <class T, class Memory>
__device__ __forceinline__ void quantize_turn(Memory &smem, int slot, const AttentionParams &p, int turn, int at) {
  const int local = turn * QueryTurns<T>::kRows + threadIdx.x % 32 / 4;
  const float absmax = query_magnitude<T>(smem, at, p.dtype);
  if (threadIdx.x % 4 == 0) {
    const float scale = fmaxf(absmax, kSmallestAbsmax) * (fabsf(p.sm_scale) * (kLog2e / kInt8Max));
    // A row with an inf or NaN gets NaN as its scale.
    smem.query_scale[slot][local] = scale + nan_unless_finite(absmax);
  }
  if (p.lse != nullptr) {
    const float dot = query_mean_product<T>(smem, smem.query_tiles[query_warp()].key_mean, at, p.dtype);
    if (threadIdx.x % 4 == 0) smem.query_mean[slot][local] = dot * p.sm_scale;
  }
  // A negative sm_scale is a positive one with the query negated: scales stay positive, maxima stay maxima.
  const float factor = p.sm_scale < 0.0f ? -int8_factor(absmax) : int8_factor(absmax);
  if (p.dtype == Dtype::kFloat16)
    quantize_row<T, __half>(smem, slot, local, at, factor);
  else
    quantize_row<T, __nv_bfloat16>(smem, slot, local, at, factor);
}

// Quantizes the rows that fall to this warp into a slot.
template <class T>
__device__ __forceinline__ void quantize_queries(SharedMemory<T> &smem, int slot, const AttentionParams &p) {
  if (smem.query_tiles[query_warp()].assignment.rows <= 0) return;
#pragma unroll 1
  for (int turn = query_warp(); turn < QueryTurns<T>::kCount; turn += kQueryWarps)
    quantize_turn<T>(smem, slot, p, turn, turn);
}

} // namespace sage::sm90
