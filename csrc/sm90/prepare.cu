// Smoothing and INT8 quantization of K, FP8 quantization of V, in one launch that reads both from memory once: a block
// of threads prepares the keys, then the values, of one tile.
//
// K: as in quant/prepare.cuh, the mean over a sample of the head's keys is subtracted, and tokens n % 8 / 2 of a
// tile share a scale. V: a scale per tile and channel, which the attention kernel applies where it adds the sums of a
// tile. Source: SageAttention2 (arXiv 2411.10958) section 3.
#include "../common/dispatch.cuh"
#include "../common/memory.cuh"
#include "../common/once_per_device.h"
#include "../quant/chunks.cuh"
#include "prepare.cuh"

namespace sage::sm90 {
inline namespace prepare {

constexpr int kAbsmaxLanes = 16; // neighbouring lanes whose keys share a scale, whatever the tile
// Blocks on a multiprocessor: what registers and shared memory have room for.
template <int kTileDim> constexpr int kBlocks = kTileDim == 64 ? 4 : kTileDim == 128 ? 3 : 2;

// 16-byte chunks of a tile and of a sample that a thread copies and works on.
template <int kTileDim> constexpr int kChunks = kTileKeys * kTileDim / kVector / kThreads;
template <int kTileDim> constexpr int kSampleChunks = kMeanSample * kTileDim / kVector / kThreads;

template <int kTileDim> struct SharedMemory {
  union { // each thread's own chunks
    uint4 key[kChunks<kTileDim>][kThreads];
    uint4 value[kChunks<kTileDim>][kThreads];
  };
  union {
    uint4 sample[kSampleChunks<kTileDim>][kThreads]; // likewise
    alignas(16) Transposed<kTileDim> transposed;
  };
  uint4 value_absmax[kWarps][kTileDim / kVector]; // of the values of a warp, in 16 bits
  alignas(16) unsigned key_absmax[kScalesPerBlock][kThreads / kAbsmaxLanes / kScalesPerBlock]; // bits of floats
  alignas(16) float mean[kTileDim];
  TileScales<kTileDim> scales;
  Marks special_key, special_value, hidden;
};

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_keys(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                           const Tile<Element> &tile) {
  using R = Rows<kTileDim>;
  fetch(smem.key, tile.key, p.key.stride_token, R::channel(), p.head_dim_qk, p.wide_key, tile.first_token() + R::row(),
        tile.len_kv, [](int i) { return i * R::kRowsPerPass; });
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_sample(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile) {
  using R = Rows<kTileDim>;
  // Every lane of a row finds one position.
  const int mine = threadIdx.x % R::kThreadsPerRow * R::kRowsPerPass + R::row();
  const int position = mine < min(tile.len_kv, kMeanSample) ? sample_position(mine, tile.len_kv) : tile.len_kv;
  fetch(smem.sample, tile.key, p.key.stride_token, R::channel(), p.head_dim_qk, p.wide_key, 0, tile.len_kv,
        [position](int i) { return __shfl_sync(kAllLanes, position, i, R::kThreadsPerRow); });
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void fetch_values(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile) {
  fetch(smem.value, tile.value, p.value.stride_token, Rows<kTileDim>::channel(), p.head_dim_v, p.wide_value,
        tile.first_token() + first_value_token<kTileDim>(), tile.len_kv,
        [](int i) { return value_token_offset<kTileDim>(i); });
}

// The mean of the sample, for the channel of this thread.
template <typename Element, int kTileDim>
__device__ __forceinline__ float find_mean(SharedMemory<kTileDim> &smem, int len) {
  add_up_sample<Element>(smem.sample);
  if (threadIdx.x >= kTileDim) return 0.0f;
  return average_sample<kTileDim>(smem.sample, threadIdx.x, len);
}

// Where not all keys of a warp exist and are finite: their largest magnitude (as bits) and, in `kept`, which are.
template <typename Element, int kTileDim>
__device__ __forceinline__ unsigned sort_out_keys(SharedMemory<kTileDim> &smem, const float (&mean)[kVector],
                                                  int existing, unsigned &kept) {
  using R = Rows<kTileDim>;
  unsigned largest = 0;
  kept = 0;
#pragma unroll 1
  for (int i = 0; i < kChunks<kTileDim>; ++i) {
    float x[kVector];
    as_floats<Element>(x, smem.key[i][threadIdx.x]);
    unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
    for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
    const bool special = row_any<kTileDim>(magnitude >= __float_as_uint(INFINITY));
    const int token = i * R::kRowsPerPass + R::row();
    const bool keep = !special && token < existing;
    if (special && R::channel() == 0) atomicOr(&smem.special_key[token / 32], 1u << token % 32);
    kept |= unsigned{keep} << i;
    largest = max(largest, keep ? magnitude : 0u);
  }
  return largest;
}

template <int kTileDim> __device__ __forceinline__ float key_absmax(const SharedMemory<kTileDim> &smem, int group) {
  const uint4 x = *reinterpret_cast<const uint4 *>(smem.key_absmax[group]);
  return __uint_as_float(max(max(x.x, x.y), max(x.z, x.w)));
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_keys(SharedMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kChunks<kTileDim>;
  constexpr unsigned kAllKept = (1u << kCount) - 1;
  const int row = R::row(), channel = R::channel();
  const int existing = tile.len_kv - tile.first_token();
  float mean[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = smem.mean[channel + c];
  uint4 stored[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) stored[i] = smem.key[i][threadIdx.x];

  // Subtraction keeps the order of numbers, so of a channel only the smallest and the largest need it.
  Range<Element> range(stored[0]);
#pragma unroll
  for (int i = 1; i < kCount; ++i) range.include(stored[i]);
  float low[kVector], high[kVector], magnitude = 0.0f;
  as_floats<Element>(low, range.low), as_floats<Element>(high, range.high);
#pragma unroll
  for (int c = 0; c < kVector; ++c) magnitude = larger(magnitude, larger(high[c] - mean[c], mean[c] - low[c]));
  unsigned kept = kAllKept, largest = __float_as_uint(magnitude);
  if (existing < kTileKeys || __any_sync(kAllLanes, largest >= __float_as_uint(INFINITY)))
    largest = sort_out_keys<Element, kTileDim>(smem, mean, existing, kept);
  fetch_values<Element, kTileDim>(smem, p, tile); // this thread has read its keys: their places are free
  cp_async_commit();

  // The rows of one thread are a multiple of 8 apart and share a scale group; so do those of kAbsmaxLanes lanes.
#pragma unroll
  for (int offset = kAbsmaxLanes / 2; offset > 0; offset /= 2)
    largest = max(largest, __shfl_xor_sync(kAllLanes, largest, offset));
  const int group = row % 8 / 2;
  constexpr int kSharesPerGroup = 2 * R::kThreadsPerRow / kAbsmaxLanes; // of 8 rows
  const int share = row / 8 * kSharesPerGroup + threadIdx.x / kAbsmaxLanes % kSharesPerGroup;
  if (threadIdx.x % kAbsmaxLanes == 0) smem.key_absmax[group][share] = largest;
  __syncthreads();

  const float factor = int8_factor(key_absmax(smem, group));
  char *to = record + key_offset<kTileDim>(row, channel);
  constexpr int kStride = R::kRowsPerPass * Record<kTileDim>::kKeyRowBytes; // the same chunk: whole swizzles further
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    float v[kVector];
    as_floats<Element>(v, stored[i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) v[c] = (v[c] - mean[c]) * factor;
    *reinterpret_cast<uint2 *>(to + i * kStride) = {pack_int8(v[0], v[1], v[2], v[3]),
                                                    pack_int8(v[4], v[5], v[6], v[7])};
  }
  if (kept != kAllKept) {
#pragma unroll 1
    for (int i = 0; i < kCount; ++i)
      if (!(kept >> i & 1)) *reinterpret_cast<uint2 *>(to + i * kStride) = {0, 0};
  }
  if (threadIdx.x < kScalesPerBlock)
    note_keys(smem.scales, key_absmax(smem, threadIdx.x), smem.special_key, smem.hidden);
}

// Replaces those of this thread's values that are not finite by zeros, and marks their tokens.
template <typename Element, int kTileDim>
__device__ __forceinline__ void sort_out_values(SharedMemory<kTileDim> &smem) {
  constexpr uint32_t kInfinity = std::is_same_v<Element, __half> ? 0x7c00 : 0x7f80;
#pragma unroll 1
  for (int i = 0; i < kChunks<kTileDim>; ++i) {
    uint4 x = smem.value[i][threadIdx.x];
    bool special = false;
    for (uint32_t *word : {&x.x, &x.y, &x.z, &x.w}) {
      if ((*word & kInfinity) == kInfinity) special = true, *word &= 0xffff0000u;
      if ((*word >> 16 & kInfinity) == kInfinity) special = true, *word &= 0x0000ffffu;
    }
    if (!special) continue;
    smem.value[i][threadIdx.x] = x;
    const int token = first_value_token<kTileDim>() + value_token_offset<kTileDim>(i);
    atomicOr(&smem.special_value[token / 32], 1u << token % 32);
  }
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_values(SharedMemory<kTileDim> &smem, char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kChunks<kTileDim>;
  const int column = threadIdx.x % R::kThreadsPerRow; // of 8 channels
  uint4 stored[kCount], largest;
  const auto read = [&] {
    stored[0] = smem.value[0][threadIdx.x];
    Range<Element> range(stored[0]);
#pragma unroll
    for (int i = 1; i < kCount; ++i) {
      stored[i] = smem.value[i][threadIdx.x];
      range.include(stored[i]);
    }
    largest = magnitudes(range.low);
    raise(largest, magnitudes(range.high));
  };
  read();
  float channels[kVector], finite = 0.0f;
  as_floats<Element>(channels, largest);
#pragma unroll
  for (int c = 0; c < kVector; ++c) finite += nan_unless_finite(channels[c]);
  if (is_nan(finite)) {
    sort_out_values<Element, kTileDim>(smem);
    read();
  }
#pragma unroll
  for (int offset = R::kThreadsPerRow; offset < 32; offset *= 2)
    raise(largest, {__shfl_xor_sync(kAllLanes, largest.x, offset), __shfl_xor_sync(kAllLanes, largest.y, offset),
                    __shfl_xor_sync(kAllLanes, largest.z, offset), __shfl_xor_sync(kAllLanes, largest.w, offset)});
  if (threadIdx.x % 32 < R::kThreadsPerRow) smem.value_absmax[threadIdx.x / 32][column] = largest;
  __syncthreads();

  largest = smem.value_absmax[0][column];
#pragma unroll
  for (int warp = 1; warp < kWarps; ++warp) raise(largest, smem.value_absmax[warp][column]);
  float factor[kVector];
  as_floats<Element>(factor, largest);
#pragma unroll
  for (int c = 0; c < kVector; ++c) factor[c] = factor_to(kLargestE4m3, factor[c]);

#pragma unroll
  for (int u = 0; u < kCount / 4; ++u) {
    float x[4][kVector];
#pragma unroll
    for (int i = 0; i < 4; ++i) as_floats<Element>(x[i], stored[4 * u + i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      const uint32_t word = pack_e4m3(x[0][c] * factor[c], x[1][c] * factor[c]) |
                            pack_e4m3(x[2][c] * factor[c], x[3][c] * factor[c]) << 16;
      const int quad = u * R::kRowsPerPass + R::row();
      smem.transposed[column * kVector + c][quad ^ kTwist<kTileDim> * column] = word;
    }
  }
  if (threadIdx.x < kTileDim) {
    const int c = threadIdx.x;
    uint32_t bits = 0;
#pragma unroll
    for (int warp = 0; warp < kWarps; ++warp)
      bits = max(bits, uint32_t{reinterpret_cast<const uint16_t *>(smem.value_absmax[warp])[c]});
    const float absmax = fmaxf(as_floats<Element>(bits).x, kSmallestAbsmax);
    smem.scales.value[c % 8 / 2][c / 8 * 2 + c % 2] = absmax / kLargestE4m3;
  }
  if (threadIdx.x < kTileKeys / 32) note_values(smem.scales, smem.special_value);
  __syncthreads();

  write_record<kTileDim>(record, smem.transposed, smem.scales);
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads, kBlocks<kTileDim>) prepare_kernel(const __grid_constant__ KernelParams k) {
  extern __shared__ uint4 dynamic_memory[];
  auto &smem = *reinterpret_cast<SharedMemory<kTileDim> *>(dynamic_memory);
  const PrepareParams &p = k.prepare;
  allow_next_grid();
  const Tile<Element> tile(k);
  if (tile.index > 0 && tile.first_token() >= tile.len_kv) return;
  char *record = p.records + tile.record * Record<kTileDim>::kBytes;
  fetch_keys<Element, kTileDim>(smem, p, tile);
  if (p.smooth) fetch_sample<Element, kTileDim>(smem, p, tile);
  cp_async_commit();
  if (threadIdx.x < kTileKeys / 32) smem.special_key[threadIdx.x] = smem.special_value[threadIdx.x] = 0;
  if (threadIdx.x < kTileKeys) find_hidden(smem.hidden, p, tile);
  if (threadIdx.x < sizeof(smem.scales) / sizeof(uint4)) // its gaps are written too
    reinterpret_cast<uint4 *>(&smem.scales)[threadIdx.x] = {};
  cp_async_wait<0>();

  const float mean = p.smooth ? find_mean<Element, kTileDim>(smem, tile.len_kv) : 0.0f;
  if (threadIdx.x < kTileDim) {
    smem.mean[threadIdx.x] = mean;
    if (tile.index == 0) p.mean[(int64_t{tile.batch} * p.heads + tile.head) * kTileDim + threadIdx.x] = mean;
  }
  __syncthreads();
  prepare_keys<Element, kTileDim>(smem, p, tile, record);
  cp_async_wait<0>();
  prepare_values<Element, kTileDim>(smem, record);
}

template <typename Element, int kTileDim> cudaError_t launch(const KernelParams &k, cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedMemory<kTileDim>);
  static std::atomic<int> answers[kMostDevices];
  int allowed = 0;
  const cudaError_t error = once_per_device(answers, allowed, [](int, int &answer) {
    answer = 1;
    return cudaFuncSetAttribute(prepare_kernel<Element, kTileDim>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  });
  if (error != cudaSuccess) return error;
  const Sequences &s = k.prepare.sequences;
  prepare_kernel<Element, kTileDim><<<s.key_blocks * k.prepare.heads * s.batch, kThreads, kBytes, stream>>>(k);
  return cudaGetLastError();
}

} // namespace prepare

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  if (dtype == Dtype::kFloat32 || p.value_mean != nullptr || p.one_scale || p.mask_order)
    return launch_prepare_general(p, dtype, tile_dim, stream);
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    if constexpr (sizeof(element) == 4) {
      return cudaErrorInvalidValue; // never asked for
    } else {
      const KernelParams k{p, Divisor(p.sequences.key_blocks), Divisor(p.heads)};
      return launch<decltype(element), tile>(k, stream);
    }
  });
}

} // namespace sage::sm90
