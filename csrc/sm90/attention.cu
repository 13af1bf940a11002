// The instantiations of the sm90 attention kernel, and its launch.
#include "../common/launch_early.h"
#include "attention_narrow.cuh"
#include "attention_wide.cuh"

#include <algorithm>

namespace sage::sm90 {
// Not unnamed: see prepare.cu.
inline namespace launching {

// From so many queries on, three consumer warp groups gain more than the rows that their last tile of a head wastes.
constexpr int kManyQueries = 2048;

// Memory: what the kernel keeps in shared memory.
template <class T, class Memory>
cudaError_t launch(void (*kernel)(KernelParams), const AttentionParams &p, cudaStream_t stream) {
  constexpr int kBytes = sizeof(Memory) + 1024; // the base of shared memory is aligned to less than a swizzle
  static_assert(kBytes <= 227 << 10);
  static std::atomic<int> answers[kMostDevices];
  int multiprocessors = 0;
  const cudaError_t error = once_per_device(answers, multiprocessors, [kernel](int device, int &answer) {
    const cudaError_t refused = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
    return refused != cudaSuccess ? refused : cudaDeviceGetAttribute(&answer, cudaDevAttrMultiProcessorCount, device);
  });
  if (error != cudaSuccess) return error;
  KernelParams k{};
  k.attention = p;
  k.attention.query_tiles = (p.sequences.len_q + T::kTileRows - 1) / T::kTileRows;
  const int heads = p.heads_q * p.sequences.batch;
  k.work_items = k.attention.query_tiles * heads;
  // Causal items start longest first; of so many heads at once that their keys and values still fit the L2 cache.
  constexpr int64_t kCacheBytes = 32 << 20;
  const int64_t per_head = std::max<int64_t>(1, int64_t{p.sequences.key_blocks} * T::Tile::kBytes);
  const int64_t together = std::max<int64_t>(1, kCacheBytes / per_head) * (p.heads_q / p.heads_kv);
  k.heads_per_group = p.causal ? static_cast<int>(std::min<int64_t>(together, heads)) : 1;
  k.heads_per_key = p.heads_q / p.heads_kv;
  k.blocks = std::min(k.work_items, multiprocessors);

  return launch_early(kernel, k, k.blocks, T::kBlockThreads, kBytes, stream);
}

template <class T> cudaError_t launch(const AttentionParams &p, cudaStream_t stream) {
  return launch<T, SharedMemory<T>>(attention_kernel<T, Consumer<T>>, p, stream);
}
template <class T> cudaError_t launch_narrow(const AttentionParams &p, cudaStream_t stream) {
  return launch<T, SharedMemory<T>>(attention_kernel<T, NarrowConsumer<T>>, p, stream);
}
template <class T> cudaError_t launch_wide(const AttentionParams &p, cudaStream_t stream) {
  return launch<T, WideMemory<T>>(wide_attention_kernel<T>, p, stream);
}

} // namespace launching

cudaError_t launch_attention(const AttentionParams &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64:
    return p.sequences.len_q < kManyQueries ? launch<Traits<64, 8>>(p, stream)
                                            : launch_narrow<Traits<64, 8, 3>>(p, stream);
  case 128: return launch<Traits<128, 4>>(p, stream);
  case 256: return launch_wide<WideTraits>(p, stream);
  default: return cudaErrorInvalidValue;
  }
}

} // namespace sage::sm90
