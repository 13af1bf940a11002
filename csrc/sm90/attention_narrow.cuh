// Attention on wgmma for tiles of 64 channels; see attention.cuh for what is the same. The output of a row takes few
// registers, so three consumer warp groups fit, and a third warp per scheduler hides more latency than products beside
// the exponentials of the same warp: here P V of a tile waits for all of its P.
#pragma once

#include "attention.cuh"

namespace sage::sm90 {

// What a consumer warp group works on.
template <class T, bool kLse> struct NarrowConsumer {
  static constexpr bool kBegins = false;
  RowState rows;
  ExactSums<kLse> exact;
  float output[T::kTileDim / 2];
  Probabilities probabilities[2]; // of the steps of a tile
};

// Multiplies packed P by factors of its rows.
__device__ __forceinline__ void rescale(Probabilities &p, const float (&factor)[2]) {
#pragma unroll
  for (int k = 0; k < kStepKeys / 32; ++k) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 low = unpack_e4m3(p[k][i]), high = unpack_e4m3(p[k][i] >> 16);
      const float f = factor[i % 2];
      p[k][i] = pack_e4m3(low.x * f, low.y * f) | pack_e4m3(high.x * f, high.y * f) << 16;
    }
  }
}

// Scores of a step become P. `careful`: some may be hidden, or the rows have seen no key yet.
template <class T, int kStep, bool kLse>
__device__ __forceinline__ void attend(NarrowConsumer<T, kLse> &c, const Scores &scores, const float (&scale)[2],
                                       bool careful, const Visibility &visible) {
  ExactSums<kLse> exact;
  if (!careful) {
    exponentiate<false>(c.probabilities[kStep], exact, scores, c.rows, scale, visible, [] {});
    careful = saturates(c.probabilities[kStep]);
  }
  if (careful) {
    float factor[2];
    raise_reference(c.rows, factor, scores, scale, visible);
    rescale(c.output, factor);
    if (kStep > 0) rescale(c.probabilities[0], factor);
    c.exact.multiply(factor);
    exponentiate<true>(c.probabilities[kStep], exact, scores, c.rows, scale, visible, [] {});
  }
  c.exact.add(exact);
}

// Issues P V of a tile.
template <class T>
__device__ __forceinline__ void multiply_values(float (&sums)[T::kTileDim / 2 + kSumChannels / 2],
                                                const Probabilities (&p)[2], uint32_t stage) {
  wgmma_fence();
#pragma unroll
  for (int k = 0; k < kTileKeys / 32; ++k) {
    const uint32_t b = stage + T::Tile::kValueOffset / 16 + 2 * k;
    if (k == 0)
      wgmma_e4m3<false>(sums, p[0][0], b);
    else
      wgmma_e4m3<true>(sums, p[k / 2][k % 2], b);
  }
  wgmma_commit();
}

// The tiles of keys of a work item that the rows of this warp group see; as in attention.cuh.
template <class T, bool kLse>
__device__ __forceinline__ void attend_seen(NarrowConsumer<T, kLse> &c, SharedMemory<T> &smem, uint32_t query,
                                            const float *query_scale, unsigned &used, int tiles, int limit,
                                            bool &special) {
  const uint32_t stages = uniform(descriptor_low(shared_address(smem.stages)));
  const auto descriptor = [stages](int stage) { return stages + stage * static_cast<uint32_t>(sizeof(Stage<T>) / 16); };
  query = uniform(query);
  Scores first, second; // of the steps of a tile
  float signed_scale[2];
  {
    const Turn<T::kStages> now(used);
    wait(smem.full[now.stage], now.parity);
    multiply_query_key<T, 0>(first, query, descriptor(now.stage));
    read_scale(signed_scale, smem.stages[now.stage].scales, query_scale, special);
  }
  const unsigned end = used + tiles;
#pragma unroll 1
  for (; used != end; ++used) {
    const unsigned turn = uniform(used);
    const Turn<T::kStages> now(turn), next(turn + 1);
    const auto &scales = smem.stages[now.stage].scales;
    const bool careful = __any_sync(kAllLanes, !(signed_scale[0] >= 0.0f) || kTileKeys > limit + 1 ||
                                                   c.rows.reference[0] <= kLowestReference);
    const float scale[2] = {fabsf(signed_scale[0]), fabsf(signed_scale[1])};
    wgmma_wait<0>();
    pin(first);
    multiply_query_key<T, 1>(second, query, descriptor(now.stage));
    attend<T, 0>(c, first, scale, careful, {scales, 0, limit});
    wgmma_wait<0>();
    pin(second);
    attend<T, 1>(c, second, scale, careful, {scales, 1, limit - kStepKeys});
    float sums[T::kTileDim / 2 + kSumChannels / 2];
    multiply_values<T>(sums, c.probabilities, descriptor(now.stage));
    wait(smem.full[next.stage], next.parity);
    multiply_query_key<T, 0>(first, query, descriptor(next.stage)); // after the last tile: not used
    read_scale(signed_scale, smem.stages[next.stage].scales, query_scale, special);
    wgmma_wait<1>();
    pin(sums);
    add_sums(c, sums, scales);
    __syncwarp();
    if (threadIdx.x % 32 == 0) arrive(smem.empty[now.stage]);
    limit -= kTileKeys;
  }
  wgmma_wait<0>();
  pin(first);
}

// All tiles of a work item. The warp group passes by those that its last row does not see.
template <class T, bool kLse>
__device__ __forceinline__ void attend_all(NarrowConsumer<T, kLse> &c, SharedMemory<T> &smem, uint32_t query,
                                           const float *query_scale, unsigned &used, int tiles, int limit,
                                           bool &special) {
  const unsigned end = used + tiles;
  const int last = limit - opaque(static_cast<int>(threadIdx.x)) % kGroupThreads / 32 * kWarpRows + kGroupRows - 1;
  const int seen = uniform(min(tiles, last < 0 ? 0 : last / kTileKeys + 1));
  if (seen > 0) attend_seen<T>(c, smem, query, query_scale, used, seen, limit, special);
#pragma unroll 1
  for (; used != end; ++used) {
    const Turn<T::kStages> at(used);
    wait(smem.full[at.stage], at.parity);
    __syncwarp();
    if (threadIdx.x % 32 == 0) arrive(smem.empty[at.stage]);
  }
  share_sums(c.rows);
}

} // namespace sage::sm90
