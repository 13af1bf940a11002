// The prologue: loads the query rows of a tile, subtracts their mean, and quantizes both.
#pragma once

#include "../../../csrc/quant/rows.cuh"
#include "../common/quantize.cuh"
#include "../mma/block_scaled.cuh"
#include "traits.cuh"

namespace sageattn3 {

constexpr int kOctet = 8; // channels that a lane holds of every 32
// The mean in fixed point: 254 * high + low, both INT8.
constexpr float kFixedPointMax = 127 * 254;
constexpr int kHigh = 254;

// Two query rows of a lane as they are stored: channels 32 i + 8 (lane % 4) .. + 7.
template <class T> using RawQuery = sage::StoredVector<typename T::Element>[2][T::kTileDim / 32];

template <class T> __device__ __forceinline__ int channel_of(int i) { return 32 * i + threadIdx.x % 4 * kOctet; }

template <class T>
__device__ __forceinline__ void load_query(RawQuery<T> &raw, const AttentionParams &p, const Position &at,
                                           const Sequence &sequence, int first_row) {
  const auto *head = sage::head_of<typename T::Element>(p.query, at.batch, at.head, sequence.first_q);
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = first_row + 8 * r;
#pragma unroll
    for (int i = 0; i < T::kTileDim / 32; ++i)
      raw[r][i] = sage::load_row(head + row * p.query.stride_token, channel_of<T>(i), p.dim_qk, row < sequence.len_q,
                                 p.wide_query);
  }
}

// Mean of the tile's rows in smem.prologue.mean; rows that do not exist were loaded as zeros. All threads take part.
template <class T> __device__ __forceinline__ void tile_mean(SharedMemory<T> &smem, const RawQuery<T> &raw, int rows) {
#pragma unroll
  for (int i = 0; i < T::kTileDim / 32; ++i) {
    float x[2][kOctet];
    sage::unpack_row(x[0], raw[0][i]);
    sage::unpack_row(x[1], raw[1][i]);
#pragma unroll
    for (int c = 0; c < kOctet; ++c) {
      float sum = finite_or_zero(x[0][c]) + finite_or_zero(x[1][c]);
#pragma unroll
      for (int lanes = 4; lanes < 32; lanes *= 2) sum += __shfl_xor_sync(sage::kAllLanes, sum, lanes);
      if (threadIdx.x % 32 < 4) smem.prologue.partial[threadIdx.x / 32][channel_of<T>(i) + c] = sum;
    }
  }
  __syncthreads();
  for (int c = threadIdx.x; c < T::kTileDim; c += T::kThreads) {
    float sum = 0.0f;
#pragma unroll
    for (int warp = 0; warp < T::kWarps; ++warp) sum += smem.prologue.partial[warp][c];
    smem.prologue.mean[c] = sum / static_cast<float>(rows);
  }
}

// The mean as INT8 fragments; returns what one unit of it stands for.
template <class T> __device__ __forceinline__ float quantize_mean(SharedMemory<T> &smem) {
  const float *mean = smem.prologue.mean;
  float absmax = 0.0f;
#pragma unroll
  for (int i = 0; i < T::kTileDim / 32; ++i) {
#pragma unroll
    for (int c = 0; c < kOctet; ++c) absmax = fmaxf(absmax, fabsf(mean[channel_of<T>(i) + c]));
  }
  absmax = sage::quad_max(absmax);
  const float factor = absmax > 0.0f ? kFixedPointMax / absmax : 0.0f;
  if (threadIdx.x < T::kTileDim / 4) { // each of 8 lanes' fragments in every 32 channels
    const int lane = threadIdx.x % 8, step = threadIdx.x / 8;
    uint32_t words[2];
#pragma unroll
    for (int reg = 0; reg < 2; ++reg) {
      float part[4];
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        const int fixed = __float2int_rn(mean[32 * step + 16 * reg + lane % 4 * 4 + c] * factor);
        const int high = __float2int_rn(static_cast<float>(fixed) * (1.0f / kHigh));
        part[c] = static_cast<float>(lane < 4 ? high : fixed - kHigh * high);
      }
      words[reg] = sage::pack_int8(part[0], part[1], part[2], part[3]);
    }
    smem.query.mean[step][lane] = make_uint2(words[0], words[1]);
  }
  return absmax / kFixedPointMax;
}

// FP4 fragments of the rows less the mean; returns the factors that they were scaled by.
template <class T>
__device__ __forceinline__ float2 quantize_rows(Query<T> &query, const RawQuery<T> &raw, const float *all_means) {
  const auto smoothed = [&](float (&x)[kOctet], int r, int i) {
    sage::unpack_row(x, raw[r][i]);
    const float *mean = all_means + sage::opaque(0);
#pragma unroll
    for (int c = 0; c < kOctet; ++c) x[c] -= mean[channel_of<T>(i) + c];
  };
  // Smoothed twice: kept from the first pass to the second one, the rows would not fit into the registers.
  float factor[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float absmax = 0.0f;
#pragma unroll
    for (int i = 0; i < T::kTileDim / 32; ++i) {
      float x[kOctet];
      smoothed(x, r, i);
#pragma unroll
      for (int c = 0; c < kOctet; ++c) absmax = fmaxf(absmax, fabsf(finite_or_zero(x[c])));
    }
    factor[r] = power_of_two_factor(sage::quad_max(absmax));
  }
#pragma unroll
  for (int step = 0; step < T::kSteps; ++step) {
    uint32_t codes[2][2], numbers[4];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        float x[kOctet];
        smoothed(x, r, 2 * step + h);
#pragma unroll
        for (int c = 0; c < kOctet; ++c) x[c] *= factor[r];
        const uint32_t own = largest_magnitude(x);
        codes[h][r] = group_scale(max(own, __shfl_xor_sync(sage::kAllLanes, own, 1)));
        numbers[r + 2 * h] = quantize_octet(x, codes[h][r]);
      }
    }
    query.fragment[step][threadIdx.x] = make_uint4(numbers[0], numbers[1], numbers[2], numbers[3]);
    query.scale[step][threadIdx.x] = gather_scales(codes);
  }
  return {factor[0], factor[1]};
}

// The key mean's share of the LSE, in the place of the LSE, where the epilogue of the same thread picks it up.
template <class T>
__device__ __forceinline__ void start_lse(const RawQuery<T> &raw, const AttentionParams &p, const Position &at,
                                          const Sequence &sequence, const float *key_mean, int first_row) {
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    float dot = 0.0f;
#pragma unroll
    for (int i = 0; i < T::kTileDim / 32; ++i) {
      float x[kOctet];
      sage::unpack_row(x, raw[r][i]);
#pragma unroll
      for (int c = 0; c < kOctet; ++c) dot = fmaf(x[c], key_mean[channel_of<T>(i) + c], dot);
    }
    dot = sage::quad_sum(dot);
    const int row = first_row + 8 * r;
    if (row < sequence.len_q && threadIdx.x % 4 == 0) lse_of(p, at, sequence.first_q, row) = dot * p.sm_scale;
  }
}

template <class T>
__device__ __forceinline__ void prepare_query(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p,
                                              const Position &at, const Sequence &sequence) {
  const int first_row = at.first_row + threadIdx.x / 32 * T::kWarpRows + threadIdx.x % 32 / 4;
  const Jobs jobs = jobs_of(p.sequences.batch, p.heads_kv, 0);
  const int key_job = at.batch * p.heads_kv + at.kv_head;
  RawQuery<T> raw;
  load_query<T>(raw, p, at, sequence, first_row);
  if (p.lse != nullptr) start_lse<T>(raw, p, at, sequence, p.mean + int64_t{key_job} * T::kTileDim, first_row);
  if (p.per_block_mean) {
    tile_mean<T>(smem, raw, min(kQueryBlock, sequence.len_q - at.first_row));
  } else {
    const float *mean = p.mean + (int64_t{jobs.query} + at.batch * p.heads_q + at.head) * T::kTileDim;
    for (int c = threadIdx.x; c < T::kTileDim; c += T::kThreads) smem.prologue.mean[c] = mean[c];
  }
  __syncthreads();
  const float unit = quantize_mean<T>(smem);
  const float2 factors = quantize_rows<T>(smem.query, raw, smem.prologue.mean);
  const float scale = p.sm_scale * sage::kLog2e * reciprocal_of_power(p.factor[key_job]);
  state.score_scale[0] = scale * reciprocal_of_power(factors.x) / kProductScale;
  state.score_scale[1] = scale * reciprocal_of_power(factors.y) / kProductScale;
  if (threadIdx.x == 0) smem.query.mean_scale = scale * unit;
}

} // namespace sageattn3
