// The launch of the sm90 attention kernels.
#pragma once

#include "../common/launch_early.h"
#include "attention_narrow.cuh"
#include "attention_wide.cuh"

#include <algorithm>

namespace sage::sm90 {
// Not unnamed: see prepare.cu.
inline namespace launching {

// From so many queries on, three consumer warp groups gain more than the rows that their last tile of a head wastes.
constexpr int kManyQueries = 2048;

// Memory: what the kernel keeps in shared memory. kLse tells kernels apart that have both in common.
template <class T, class Memory, bool kLse = false>
cudaError_t launch(void (*kernel)(KernelParams), const AttentionParams &p, char *queries, cudaStream_t stream) {
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
  const int64_t groups = (heads + together - 1) / together;
  k.heads_per_group = p.causal ? static_cast<int>((heads + groups - 1) / groups) : 1;
  k.items_of_group = Divisor(k.attention.query_tiles * k.heads_per_group);
  k.heads_of_group = Divisor(k.heads_per_group);
  k.heads_of_last_group = Divisor(heads % k.heads_per_group == 0 ? k.heads_per_group : heads % k.heads_per_group);
  k.heads_q = Divisor(p.heads_q);
  k.heads_per_key = Divisor(p.heads_q / p.heads_kv);
  k.blocks = std::min(k.work_items, multiprocessors);
  // A packed sequence need not begin where the first record is, and without keys there is none.
  constexpr bool kClaims = !T::kGeneral && std::is_same_v<Memory, SharedMemory<T>>;
  if (kClaims && p.causal && p.sequences.cu_seqlens_q == nullptr && p.sequences.len_kv > 0)
    k.claimed =
        &reinterpret_cast<TileScales<T::kTileDim> *>(const_cast<int8_t *>(p.key) + T::Tile::kScalesOffset)->claimed;
  // Short items need their queries faster than these are quantized. The last heads end with the shortest all the same.
  constexpr int kFewTiles = 16;
  if (k.attention.query_tiles <= kFewTiles) k.mixed_heads = (heads - 1) / k.heads_per_group * k.heads_per_group;
  k.queries = query_records(p.sequences, queries);
  return launch_early(kernel, k, k.blocks, T::kBlockThreads, kBytes, stream);
}

template <class T> cudaError_t launch(const AttentionParams &p, char *queries, cudaStream_t stream) {
  if (p.lse != nullptr)
    return launch<T, SharedMemory<T>, true>(attention_kernel<T, Consumer<T, true>>, p, queries, stream);
  return launch<T, SharedMemory<T>>(attention_kernel<T, Consumer<T, false>>, p, queries, stream);
}
template <class T> cudaError_t launch_narrow(const AttentionParams &p, char *queries, cudaStream_t stream) {
  if (p.lse != nullptr)
    return launch<T, SharedMemory<T>, true>(attention_kernel<T, NarrowConsumer<T, true>>, p, queries, stream);
  return launch<T, SharedMemory<T>>(attention_kernel<T, NarrowConsumer<T, false>>, p, queries, stream);
}
template <class T> cudaError_t launch_wide(const AttentionParams &p, char *queries, cudaStream_t stream) {
  return launch<T, WideMemory<T>>(wide_attention_kernel<T>, p, queries, stream);
}

template <bool kGeneral>
cudaError_t launch_kind(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64:
    return p.sequences.len_q < kManyQueries ? launch<Traits<64, 8, 2, kGeneral>>(p, queries, stream)
                                            : launch_narrow<Traits<64, 8, 3, kGeneral>>(p, queries, stream);
  case 128: return launch<Traits<128, 4, 2, kGeneral>>(p, queries, stream);
  case 256: return launch_wide<WideTraits<256, 2, kGeneral>>(p, queries, stream);
  default: return cudaErrorInvalidValue;
  }
}

} // namespace launching
} // namespace sage::sm90
