// Smoothing and NVFP4 quantization of K and V, straight into the fragments that the attention kernel loads. Nothing is
// padded or copied: tokens and channels that do not exist become zeros in the records.
#include "../../../csrc/quant/rows.cuh"
#include "../common/params.h"
#include "../common/quantize.cuh"

namespace sageattn3 {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace prepare {

using sage::kInt8Max;
using sage::kThreads;
using sage::kVector;

// The largest of the `kLanes` neighbouring lanes that hold a row.
template <int kLanes> __device__ __forceinline__ uint32_t row_max(uint32_t x) {
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2) x = max(x, __shfl_xor_sync(sage::kAllLanes, x, offset));
  return x;
}

// Eight channels of one smoothed and scaled key: FP4 along the channels, and INT8 with a scale per key.
template <int kTileDim>
__device__ __forceinline__ void write_key(Record<kTileDim> &record, const float (&x)[kVector], int key, int channel) {
  const int column = key_column(key);
  const uint32_t own = largest_magnitude(x);
  const uint32_t scale = group_scale(max(own, __shfl_xor_sync(sage::kAllLanes, own, 1)));
  record.key[fp4_word(column, channel, kKeyBlock)] = quantize_octet(x, scale);
  if (channel % kGroup == 0) {
    uint32_t &word = record.key_scale[scale_word(column, channel, kKeyBlock)];
    reinterpret_cast<uint8_t *>(&word)[scale_byte(channel % 64)] = static_cast<uint8_t>(scale);
  }
  const uint32_t row = row_max<kTileDim / kVector>(own);
  const float absmax = row < kInfinityBits ? float_of(row) : 0.0f;
  const float factor = absmax > 0.0f ? kInt8Max / absmax : 0.0f;
  float scaled[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) scaled[c] = factor == 0.0f ? 0.0f : x[c] * factor;
  record.key_int8[int8_word(column, channel, kTileDim)] = sage::pack_int8(scaled[0], scaled[1], scaled[2], scaled[3]);
  record.key_int8[int8_word(column, channel + 4, kTileDim)] =
      sage::pack_int8(scaled[4], scaled[5], scaled[6], scaled[7]);
  if (channel == 0) record.key_int8_scale[column] = absmax / kInt8Max;
}

template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_keys(Record<kTileDim> &record, const PrepareParams &p, const Element *head,
                                             int length, const float *mean, float factor) {
  using Rows = sage::Rows<kTileDim>;
  const int channel = Rows::channel();
  float own_mean[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) own_mean[c] = mean[channel + c];
#pragma unroll 2
  for (int key = Rows::row(); key < kKeyBlock; key += Rows::kRowsPerPass) {
    const bool exists = key < length;
    float x[kVector];
    sage::unpack_row(x, sage::load_row(head + key * p.key.stride_token, channel, p.dim_qk, exists, p.wide_key));
#pragma unroll
    for (int c = 0; c < kVector; ++c) x[c] = exists ? (x[c] - own_mean[c]) * factor : 0.0f;
    write_key(record, x, key, channel);
  }
}

// A thread takes 16 consecutive keys of a channel; neighbouring threads take neighbouring channels.
template <typename Element, int kTileDim>
__device__ __forceinline__ void prepare_values(Record<kTileDim> &record, const PrepareParams &p, const Element *head,
                                               int length, float factor) {
#pragma unroll 1
  for (int i = threadIdx.x; i < kTileDim * kKeyBlock / kGroup; i += kThreads) {
    const int channel = i % kTileDim, first = i / kTileDim * kGroup;
    const Element *value = head + first * p.value.stride_token + channel;
    float x[2][8];
#pragma unroll
    for (int key = 0; key < kGroup; ++key) {
      const bool exists = first + key < length && channel < p.dim_v;
      x[key / 8][key % 8] = exists ? sage::to_float(value[key * p.value.stride_token]) * factor : 0.0f;
    }
    const uint32_t scale = group_scale(max(largest_magnitude(x[0]), largest_magnitude(x[1])));
#pragma unroll
    for (int half = 0; half < 2; ++half)
      record.value[fp4_word(channel, first + 8 * half, kTileDim)] = quantize_octet(x[half], scale);
    uint32_t &word = record.value_scale[scale_word(channel, 0, kTileDim)];
    reinterpret_cast<uint8_t *>(&word)[scale_byte(first)] = static_cast<uint8_t>(scale);
  }
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) prepare_kernel(const __grid_constant__ PrepareParams p) {
  const int block = blockIdx.x % p.sequences.key_blocks, kv_head = blockIdx.x / p.sequences.key_blocks;
  const int batch = kv_head / p.heads_kv, head = kv_head % p.heads_kv;
  const sage::Sequence sequence(p.sequences, batch);
  const int first = block * kKeyBlock, length = sequence.len_kv - first;
  if (length <= 0) return;
  auto &record = static_cast<Record<kTileDim> *>(
      p.records)[int64_t{head} * p.sequences.head_blocks + sequence.first_block + block];
  const int key_job = kv_head, value_job = jobs_of(p.sequences.batch, p.heads_kv, 0).value + kv_head;
  const auto *key = sage::head_of<Element>(p.key, batch, head, sequence.first_kv) + first * p.key.stride_token;
  const auto *value = sage::head_of<Element>(p.value, batch, head, sequence.first_kv) + first * p.value.stride_token;
  prepare_keys(record, p, key, length, p.mean + int64_t{key_job} * kTileDim, p.factor[key_job]);
  prepare_values(record, p, value, length, p.factor[value_job]);
}

template <typename Element, int kTileDim> cudaError_t launch(const PrepareParams &p, cudaStream_t stream) {
  const unsigned grid = static_cast<unsigned>(p.sequences.key_blocks) * p.heads_kv * p.sequences.batch;
  prepare_kernel<Element, kTileDim><<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

template <typename Element> cudaError_t launch_for(const PrepareParams &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64: return launch<Element, 64>(p, stream);
  case 128: return launch<Element, 128>(p, stream);
  default: return launch<Element, 256>(p, stream);
  }
}

} // namespace prepare

cudaError_t launch_prepare(const PrepareParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? launch_for<__half>(p, tile_dim, stream)
                                  : launch_for<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sageattn3
