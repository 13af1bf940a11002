// Splits of the keys, and the launch of the blocks of threads that take them.
#pragma once

#include "../common/launch_early.h"
#include "launch.h"

#include <algorithm>

namespace sage::decode {

// Chooses splits so that the blocks that run at a time have equal work. A split costs its start, as long as some keys
// take, and adding up costs a launch.
inline void split_keys(Params &p, int blocks_at_a_time, int64_t most_splits) {
  constexpr int64_t kStartKeys = 64, kLaunchKeys = 128;
  const int64_t seen = std::min(int64_t{p.len_kv}, std::max(int64_t{p.len_q} + p.causal_shift, int64_t{1}));
  const int64_t tiles = int64_t{p.batch} * p.heads_kv * p.row_tiles;
  const auto rounds_of = [&](int64_t splits) { return (tiles * splits + blocks_at_a_time - 1) / blocks_at_a_time; };
  int64_t least = INT64_MAX;
  const auto consider = [&](int64_t wanted) {
    const int64_t keys = (seen + wanted * kSplitKeys - 1) / (wanted * kSplitKeys) * kSplitKeys;
    const int64_t splits = (seen + keys - 1) / keys;
    const int64_t cost = rounds_of(splits) * (keys + kStartKeys) + (splits > 1 ? kLaunchKeys : 0);
    if (cost >= least) return;
    least = cost;
    p.splits = static_cast<int>(splits);
    p.keys_per_split = static_cast<int>(keys);
  };
  consider(1);
  // In so many rounds, as many as there is room for: fewer would not end sooner.
  for (int64_t rounds = rounds_of(1), wanted = 1; wanted < most_splits; ++rounds) {
    wanted = std::min(most_splits, rounds * blocks_at_a_time / tiles);
    consider(wanted);
  }
}

// Blocks of threads of a kernel that the current device runs at a time.
template <class T, class Kernel> cudaError_t blocks_at_a_time(Kernel kernel, int &count) {
  static std::atomic<int> answers[kMostDevices];
  return once_per_device(answers, count, [&](int device, int &answer) {
    int multiprocessors = 0, per_multiprocessor = 0;
    cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, T::kSharedBytes);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
    if (error == cudaSuccess)
      error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_multiprocessor, kernel, T::kThreads, T::kSharedBytes);
    answer = multiprocessors * std::max(1, per_multiprocessor);
    return error;
  });
}

template <class T, class Kernel>
cudaError_t launch_split(Kernel kernel, Params &p, const Layout &layout, cudaStream_t stream) {
  int count = 0;
  if (const cudaError_t error = blocks_at_a_time<T>(kernel, count); error != cudaSuccess) return error;
  split_keys(p, count, layout.most_splits);
  const unsigned blocks = static_cast<unsigned>(p.batch) * p.heads_kv * p.row_tiles * p.splits;
  return launch_early(kernel, p, blocks, T::kThreads, T::kSharedBytes, stream);
}

} // namespace sage::decode
