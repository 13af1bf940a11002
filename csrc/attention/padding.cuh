// Keys that a padding mask hides from all queries, as the quantization of K found them: a bit per key.
#pragma once

#include "position.cuh"

namespace sage {

// Bit i: key `first_key` + i is shown, for the rest of its block. All are where there is no such mask.
__device__ __forceinline__ uint64_t shown_keys(const AttentionParams &p, const Problem &problem, int first_key) {
  if (p.key_visible == nullptr) return ~uint64_t{0};
  return p.key_visible[problem.first_block + first_key / kKeyBlock] >> first_key % kKeyBlock;
}

// The stages up to the last one that holds a shown key.
template <class T>
__device__ __forceinline__ int shown_stages(const AttentionParams &p, const Problem &problem, int stages) {
  if (p.key_visible == nullptr) return stages;
  constexpr int kStagesPerBlock = kKeyBlock / T::kStageKeys;
  const uint64_t *words = p.key_visible + problem.first_block;
  for (int end = (stages + kStagesPerBlock - 1) / kStagesPerBlock; end > 0; end -= 32) {
    const int block = end - 1 - static_cast<int>(threadIdx.x % 32);
    const unsigned found = __ballot_sync(kAllLanes, block >= 0 && words[block] != 0);
    if (found != 0) return min(stages, (end - (__ffs(found) - 1)) * kStagesPerBlock);
  }
  return 0;
}

} // namespace sage
