// The launch that adds up what splits of the keys found.
#pragma once

#include "../common/launch_early.h"
#include "../common/memory.cuh"
#include "output.cuh"

namespace sage::decode {

constexpr int kCombineWarps = 4;
// Beyond so many splits all warps of a block share a row: loads take long, one behind the other.
constexpr int kSplitsOfAWarp = 8;
__host__ __device__ inline int warps_per_row(const Params &p) { return p.splits > kSplitsOfAWarp ? kCombineWarps : 1; }
// Of threads, per head of keys.
__host__ __device__ inline int combine_blocks(const Params &p) {
  return (p.rows * warps_per_row(p) + kCombineWarps - 1) / kCombineWarps;
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(32 * kCombineWarps) combine_kernel(const __grid_constant__ Params p) {
  constexpr int kCount = kTileDim / 32; // channels of a lane
  __shared__ float shared[kCombineWarps][kTileDim];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int row_warps = warps_per_row(p), part = warp % row_warps;
  const int head_blocks = combine_blocks(p), head = blockIdx.x / head_blocks;
  const int row = (blockIdx.x % head_blocks * kCombineWarps + warp) / row_warps;
  allow_next_grid();
  wait_for_previous_grid();
  if (row >= p.rows) return;
  const int64_t stride = int64_t{p.row_tiles} * p.tile_rows; // from one split to the next
  const int64_t first = int64_t{head} * p.splits * stride + row;
  float reference = kLowest;
  for (int s = lane; s < p.splits; s += 32) reference = fmaxf(reference, p.partial_state[first + s * stride].x);
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2)
    reference = fmaxf(reference, __shfl_xor_sync(kAllLanes, reference, offset));
  float row_sum = 0.0f, x[kCount] = {};
  for (int begin = 0; begin < p.splits; begin += 32) {
    float weight = 0.0f;
    if (begin + lane < p.splits) {
      const float2 state = p.partial_state[first + (begin + lane) * stride];
      weight = exp2_approx(state.x - reference);
      row_sum += weight * state.y;
    }
    const int count = min(32, p.splits - begin);
#pragma unroll 8
    for (int s = part; s < count; s += row_warps) {
      const float w = __shfl_sync(kAllLanes, weight, s);
      const float *source = p.partial + (first + (begin + s) * stride) * kTileDim + lane * kCount;
#pragma unroll
      for (int c = 0; c < kCount; ++c) x[c] += w * source[c];
    }
  }
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) row_sum += __shfl_xor_sync(kAllLanes, row_sum, offset);
  if (row_warps > 1) {
#pragma unroll
    for (int c = 0; c < kCount; ++c) shared[warp][lane * kCount + c] = x[c];
    __syncthreads();
    if (warp > 0) return;
#pragma unroll
    for (int c = 0; c < kCount; ++c)
#pragma unroll
      for (int w = 1; w < kCombineWarps; ++w) x[c] += shared[w][lane * kCount + c];
  }
  write_channels<Element>(p, head / p.heads_kv, Row(p, head % p.heads_kv, row), lane * kCount, x, reference, row_sum);
}

template <typename Element, int kTileDim> cudaError_t launch_combine(const Params &p, cudaStream_t stream) {
  const unsigned blocks = static_cast<unsigned>(p.batch) * p.heads_kv * combine_blocks(p);
  return launch_early(combine_kernel<Element, kTileDim>, p, blocks, 32 * kCombineWarps, 0, stream);
}

} // namespace sage::decode
