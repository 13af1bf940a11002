// What prepare.cu does, for calls with options that it leaves out: fp32 inputs, one scale for all keys of a tile,
// smoothing of V, and keys in the order that masks want. Straightforward: inputs are read twice, from the caches the
// second time.
#include "../common/dispatch.cuh"
#include "../common/launch_early.h"
#include "../common/memory.cuh"
#include "prepare.cuh"
#include "query_record.cuh"

namespace sage::sm90 {
inline namespace prepare_general {

template <int kTileDim> struct GeneralMemory {
  union {
    float partial[Rows<kTileDim>::kRowsPerPass][kTileDim]; // of a mean
    alignas(16) Transposed<kTileDim> transposed;
  };
  unsigned value_absmax[kTileDim]; // bits of floats
  unsigned key_absmax[kScalesPerBlock];
  TileScales<kTileDim> scales;
  Marks special_key, special_value, hidden;
};

// The mean of a sample of a head's tokens for the channels of this thread, and in `all` for every channel.
template <typename Element, int kTileDim>
__device__ __forceinline__ void find_mean(float (&mean)[kVector], GeneralMemory<kTileDim> &smem, const Element *head,
                                          const TensorView &tensor, int len, int head_dim, bool wide, float *all) {
  sample_mean<Element, kTileDim>(mean, smem.partial, head, tensor.stride_token, len, head_dim, wide);
  if (all != nullptr && threadIdx.x < kTileDim) all[threadIdx.x] = smem.partial[0][threadIdx.x];
  __syncthreads(); // the memory is free
}

// Row `row` of the INT8 keys of a tile: in the order of masks a thread of the attention kernel, which holds columns
// 8 n + 2 t and 8 n + 2 t + 1 of the scores, finds 8 neighbouring keys in every 32 columns.
__device__ __forceinline__ int key_of_row(int row, bool mask_order) {
  return mask_order ? (row & ~31) + row % 8 / 2 * 8 + row % 32 / 8 * 2 + row % 2 : row;
}
// Position `position` of a row of values: see value_token_offset().
__device__ __forceinline__ int key_of_position(int position, bool mask_order) {
  const int quad = position / 4, i = position % 4;
  return key_of_row(quad / 4 * 16 + quad % 4 * 2 + i / 2 * 8 + i % 2, mask_order);
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_keys(GeneralMemory<kTileDim> &smem, const PrepareParams &p,
                                             const Tile<Element> &tile, const float (&mean)[kVector], char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kTileKeys / R::kRowsPerPass;
  const int row = R::row(), channel = R::channel();
  const auto load = [&](float (&x)[kVector], int i) {
    const int token = tile.first_token() + key_of_row(i * R::kRowsPerPass + row, p.mask_order);
    unpack_row(
        x, load_row(tile.key + token * p.key.stride_token, channel, p.head_dim_qk, token < tile.len_kv, p.wide_key));
  };
  unsigned kept = 0, largest = 0;
#pragma unroll 4
  for (int i = 0; i < kCount; ++i) {
    const int token = key_of_row(i * R::kRowsPerPass + row, p.mask_order);
    float x[kVector], finite = 0.0f;
    unsigned magnitude = 0; // as bits
    load(x, i);
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      finite += nan_unless_finite(x[c]);
      magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
    }
    const bool special = row_any<kTileDim>(is_nan(finite) || magnitude >= __float_as_uint(INFINITY));
    if (special && channel == 0) atomicOr(&smem.special_key[token / 32], 1u << token % 32);
    const bool keep = !special && tile.first_token() + token < tile.len_kv;
    kept |= unsigned{keep} << i;
    largest = max(largest, keep ? magnitude : 0u);
  }
  const int group = p.one_scale ? 0 : row % 8 / 2; // of all rows of this thread: they are a multiple of 8 apart
  atomicMax(&smem.key_absmax[group], largest);
  __syncthreads();
  const float factor = int8_factor(__uint_as_float(smem.key_absmax[group]));
  char *to = record + key_offset<kTileDim>(row, channel);
#pragma unroll 4
  for (int i = 0; i < kCount; ++i) {
    float x[kVector];
    load(x, i);
#pragma unroll
    for (int c = 0; c < kVector; ++c) x[c] = kept >> i & 1 ? (x[c] - mean[c]) * factor : 0.0f;
    *reinterpret_cast<uint2 *>(to + i * R::kRowsPerPass * Record<kTileDim>::kKeyRowBytes) = {
        pack_int8(x[0], x[1], x[2], x[3]), pack_int8(x[4], x[5], x[6], x[7])};
  }
  if (threadIdx.x < kScalesPerBlock)
    note_keys(smem.scales, __uint_as_float(smem.key_absmax[p.one_scale ? 0 : threadIdx.x]), smem.special_key,
              smem.hidden);
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_values(GeneralMemory<kTileDim> &smem, const PrepareParams &p,
                                               const Tile<Element> &tile, const float (&mean)[kVector], char *record) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kTileKeys / R::kRowsPerPass; // in units of 4 neighbouring positions
  const int channel = R::channel();
  const auto token_of = [&](int i) {
    return key_of_position((i / 4 * R::kRowsPerPass + R::row()) * 4 + i % 4, p.mask_order);
  };
  // What is quantized: 0 for elements that are not finite and tokens that do not exist. Whether there was one.
  const auto load = [&](float (&x)[kVector], int i) {
    const int token = tile.first_token() + token_of(i);
    const bool exists = token < tile.len_kv;
    unpack_row(x, load_row(tile.value + token * p.value.stride_token, channel, p.head_dim_v, exists, p.wide_value));
    float finite = 0.0f;
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      const float element = nan_unless_finite(x[c]);
      finite += element;
      x[c] = !exists || is_nan(element) ? 0.0f : x[c] - mean[c];
    }
    return is_nan(finite);
  };
  unsigned largest[kVector] = {};
#pragma unroll 4
  for (int i = 0; i < kCount; ++i) {
    float x[kVector];
    if (load(x, i)) atomicOr(&smem.special_value[token_of(i) / 32], 1u << token_of(i) % 32);
#pragma unroll
    for (int c = 0; c < kVector; ++c) largest[c] = max(largest[c], __float_as_uint(fabsf(x[c])));
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) {
#pragma unroll
    for (int offset = R::kThreadsPerRow; offset < 32; offset *= 2)
      largest[c] = max(largest[c], __shfl_xor_sync(kAllLanes, largest[c], offset));
    if (threadIdx.x % 32 < R::kThreadsPerRow) atomicMax(&smem.value_absmax[channel + c], largest[c]);
  }
  __syncthreads();
  float factor[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c)
    factor[c] = factor_to(kLargestE4m3, __uint_as_float(smem.value_absmax[channel + c]));
#pragma unroll 1
  for (int u = 0; u < kCount / 4; ++u) {
    float x[4][kVector];
#pragma unroll
    for (int i = 0; i < 4; ++i) load(x[i], 4 * u + i);
#pragma unroll
    for (int c = 0; c < kVector; ++c)
      smem.transposed[channel + c][(u * R::kRowsPerPass + R::row()) ^ kTwist<kTileDim> * (channel / kVector)] =
          pack_e4m3(x[0][c] * factor[c], x[1][c] * factor[c]) | pack_e4m3(x[2][c] * factor[c], x[3][c] * factor[c])
                                                                    << 16;
  }
  if (threadIdx.x < kTileDim) {
    const int c = threadIdx.x;
    smem.scales.value[c % 8 / 2][c / 8 * 2 + c % 2] =
        fmaxf(__uint_as_float(smem.value_absmax[c]), kSmallestAbsmax) / kLargestE4m3;
  }
  if (threadIdx.x < kTileKeys / 32) note_values(smem.scales, smem.special_value);
  __syncthreads();
  write_record<kTileDim>(record, smem.transposed, smem.scales);
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) general_kernel(const __grid_constant__ KernelParams k) {
  __shared__ GeneralMemory<kTileDim> smem;
  const PrepareParams &p = k.prepare;
  allow_next_grid();
  const Tile<Element> tile(k);
  if (tile.index > 0 && tile.first_token() >= tile.len_kv) return;
  char *record = p.records + tile.record * Record<kTileDim>::kBytes;
  if (threadIdx.x < kTileKeys / 32)
    smem.special_key[threadIdx.x] = smem.special_value[threadIdx.x] = smem.key_absmax[threadIdx.x] = 0;
  if (threadIdx.x < kTileKeys) find_hidden(smem.hidden, p, tile);
  if (threadIdx.x < sizeof(smem.scales) / sizeof(uint4)) // its gaps are written too
    reinterpret_cast<uint4 *>(&smem.scales)[threadIdx.x] = {};
  if (threadIdx.x < kTileDim) smem.value_absmax[threadIdx.x] = 0;
  __syncthreads();
  const int64_t head = (int64_t{tile.batch} * p.heads + tile.head) * kTileDim;
  const auto all = [&](float *means) { return means != nullptr && tile.index == 0 ? means + head : nullptr; };
  float mean[kVector] = {};
  if (p.smooth)
    find_mean(mean, smem, tile.key, p.key, tile.len_kv, p.head_dim_qk, p.wide_key, all(p.mean));
  else if (tile.index == 0 && threadIdx.x < kTileDim)
    p.mean[head + threadIdx.x] = 0.0f;
  prepare_keys(smem, p, tile, mean, record);
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = 0.0f;
  if (p.value_mean != nullptr)
    find_mean(mean, smem, tile.value, p.value, tile.len_kv, p.head_dim_v, p.wide_value, all(p.value_mean));
  prepare_values(smem, p, tile, mean, record);
}

// Queries: a block of threads per record.
template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) quantize_query_kernel(const __grid_constant__ QueryParams p) {
  using R = Rows<kTileDim>;
  constexpr int kCount = kQueryRows / R::kRowsPerPass, kSharing = 16; // rows
  __shared__ unsigned absmax[kQueryRows / kSharing];
  allow_next_grid();
  const int records = p.records.of_sequence;
  const int index = blockIdx.x % records, head = blockIdx.x / records % p.heads_q,
            batch = blockIdx.x / records / p.heads_q;
  const Sequence sequence(p.sequences, batch, kTileKeys);
  const int first = index * kQueryRows;
  if (first >= sequence.len_q) return wait_for_previous_grid(); // whoever waits for this grid waits for that one, too
  const Element *query = head_of<Element>(p.query, batch, head, sequence.first_q + first);
  const int channel = R::channel();
  StoredVector<Element> stored[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    const int row = i * R::kRowsPerPass + R::row();
    stored[i] = load_row(query + row * p.query.stride_token, channel, p.head_dim, first + row < sequence.len_q, p.wide);
  }
  if (threadIdx.x < kQueryRows / kSharing) absmax[threadIdx.x] = 0;
  __syncthreads();
  wait_for_previous_grid(); // which writes the means of the keys
  const float *mean = p.key_mean + (int64_t{batch} * p.heads_kv + head / (p.heads_q / p.heads_kv)) * kTileDim + channel;
  char *record = query_record<kTileDim>(p.records, p.sequences, batch, head, sequence.first_q, index);
  float largest[kCount], finite[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    float x[kVector], dot = 0.0f;
    unpack_row(x, stored[i]);
    largest[i] = finite[i] = 0.0f;
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      finite[i] += nan_unless_finite(x[c]);
      if (fabsf(x[c]) < INFINITY) largest[i] = fmaxf(largest[i], fabsf(x[c]));
      if (p.key_mean != nullptr) dot = fmaf(x[c], mean[c], dot);
    }
#pragma unroll
    for (int offset = R::kThreadsPerRow / 2; offset > 0; offset /= 2) {
      largest[i] = fmaxf(largest[i], __shfl_xor_sync(kAllLanes, largest[i], offset));
      finite[i] += __shfl_xor_sync(kAllLanes, finite[i], offset);
      dot += __shfl_xor_sync(kAllLanes, dot, offset);
    }
    const int row = i * R::kRowsPerPass + R::row();
    if (channel == 0) {
      reinterpret_cast<float *>(record + QueryRecord<kTileDim>::kMeanOffset)[row] = dot * p.sm_scale;
      if (p.shared_scale) atomicMax(&absmax[row / kSharing], __float_as_uint(largest[i]));
    }
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    const int row = i * R::kRowsPerPass + R::row();
    if (p.shared_scale) largest[i] = __uint_as_float(absmax[row / kSharing]);
    if (channel == 0) // a row with an inf or NaN gets NaN as its scale
      reinterpret_cast<float *>(record + QueryRecord<kTileDim>::kScaleOffset)[row] =
          fmaxf(largest[i], kSmallestAbsmax) * (fabsf(p.sm_scale) * (kLog2e / kInt8Max)) + finite[i];
    // A negative sm_scale is a positive one with the query negated: scales stay positive, maxima stay maxima.
    const float factor = p.sm_scale < 0.0f ? -int8_factor(largest[i]) : int8_factor(largest[i]);
    float x[kVector];
    unpack_row(x, stored[i]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) x[c] *= factor;
    constexpr int kRowBytes = Record<kTileDim>::kKeyRowBytes;
    *reinterpret_cast<uint2 *>(record + channel / kRowBytes * QueryRecord<kTileDim>::kPanelBytes +
                               swizzled<kRowBytes>(row, channel % kRowBytes / 16) +
                               channel % 16) = {pack_int8(x[0], x[1], x[2], x[3]), pack_int8(x[4], x[5], x[6], x[7])};
  }
}

} // namespace prepare_general

cudaError_t launch_prepare_general(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const KernelParams k{p, Divisor(p.sequences.key_blocks), Divisor(p.heads)};
    general_kernel<decltype(element), tile>
        <<<p.sequences.key_blocks * p.heads * p.sequences.batch, kThreads, 0, stream>>>(k);
    return cudaGetLastError();
  });
}

cudaError_t launch_quantize_query(const QueryParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const unsigned grid = p.records.of_sequence * p.heads_q * p.sequences.batch;
    return launch_early(quantize_query_kernel<decltype(element), tile>, p, grid, kThreads, 0, stream);
  });
}

} // namespace sage::sm90
