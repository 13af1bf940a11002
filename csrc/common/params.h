// What the host hands to the kernels: one struct per kernel, every field with its meaning. Plain C++.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace sage {

// Strides count elements; the channel stride is 1.
struct TensorView {
  const void *data;
  int64_t stride_batch;
  int64_t stride_head;
  int64_t stride_token;
};

// Keys are quantized in blocks of this many tokens; attention kernels read whole blocks.
constexpr int kKeyBlock = 64;
// Scales per block: token n of a block uses scale (n % 8) / 2, the tokens that one MMA thread holds
// ("per_thread" granularity, SageAttention2 section 3.2).
constexpr int kScalesPerBlock = 4;
// The smoothing vector is the mean over at most this many keys of a head, spread evenly over its length. Softmax
// does not change whatever vector is subtracted from all keys, so a sample serves as well as the full mean and
// saves a second pass over K.
constexpr int kMeanSample = 64;

// Smoothing and INT8 quantization of K.
struct QuantizeKeyParams {
  TensorView key;      // [batch, heads, len, head_dim]
  int8_t *quantized;   // [batch, heads, blocks] records of record_bytes, each beginning with int8
                       // [kKeyBlock, tile_dim], zeros past len and past head_dim
  int record_bytes;
  float *scale;        // [batch, heads, blocks, kScalesPerBlock]; negative where `special` marks a token of the group
  uint64_t *special;   // [batch, heads, blocks]: bit n is set where token n holds an inf or NaN (quantized as zeros)
  float *mean;         // [batch, heads, tile_dim]: what was subtracted
  int batch, heads, len, head_dim;
  int blocks;          // ceil(len / kKeyBlock)
  bool smooth;         // false: nothing is subtracted, and the mean is written as zeros
  bool wide_loads;     // base and strides are multiples of 16 bytes, head_dim of 8
};

// FP8 quantization of V, with one scale per block of keys and channel, so that V is read once. Written into the
// records of the keys: behind the int8 keys e4m3 [tile_dim, kKeyBlock], transposed and with the keys of every 32 in the
// order of fp8_position(), then the fp32 scales [tile_dim].
struct QuantizeValueParams {
  TensorView value;    // [batch, heads, len, head_dim]
  int8_t *records;     // QuantizeKeyParams::quantized
  int record_bytes;
  float largest;       // magnitude that the largest value of a channel is scaled to
  int batch, heads, len, head_dim;
  int blocks;          // ceil(len / kKeyBlock)
  bool wide_loads;     // base and strides are multiples of 16 bytes, head_dim of 8
};

// What the sm89 family copies per block of keys: INT8 keys, FP8 values, fp32 value scales.
constexpr int fp8_record_bytes(int tile_dim) { return (2 * kKeyBlock + 4) * tile_dim; }

enum class MaskKind { kNone, kBool, kFloat16, kBFloat16, kFloat32 };

// Seen as [batch, heads_q, len_q, len_kv]; strides count elements, 0 broadcasts.
struct MaskView {
  const void *data;
  MaskKind kind;
  int64_t stride_batch, stride_head, stride_query, stride_key;
};

// The causal shift of calls that are not causal: beyond every length.
constexpr int kSeesAll = 1 << 30;

// Attention over INT8 keys and 16-bit values.
struct AttentionParams {
  TensorView query;        // [batch, heads_q, len_q, head_dim_qk]
  TensorView value;        // [batch, heads_kv, len_kv, head_dim_v]
  TensorView output;       // [batch, heads_q, len_q, head_dim_v]; written
  TensorView raw_key;      // [batch, heads_kv, len_kv, head_dim_qk], before quantization: for keys that are not finite
  MaskView mask;
  const int8_t *key;       // QuantizeKeyParams::quantized; in the sm89 family values follow the keys in each record
  const float *key_scale;  // QuantizeKeyParams::scale
  const float *key_mean;   // QuantizeKeyParams::mean
  const uint64_t *key_special; // QuantizeKeyParams::special
  float *lse;              // [batch, heads_q, len_q], natural logarithm; null: not wanted
  int batch, heads_q, heads_kv, len_q, len_kv, head_dim_qk, head_dim_v;
  int key_blocks;          // ceil(len_kv / kKeyBlock)
  int query_tiles;         // tiles of rows per head
  float sm_scale;          // multiplies query . key
  int causal_shift;        // query i sees the keys 0..i + causal_shift
  bool wide_query;         // query base and strides are multiples of 8 bytes, head_dim_qk of 4
  bool wide_value;         // value base and strides are multiples of 16 bytes, head_dim_v of 8
  bool wide_output;        // the same for the output
};

enum class Dtype { kFloat16, kBFloat16 };

// What FP8 values are scaled to. fp32 sums take the whole range of e4m3; in fp16, sums over a block of 64 keys with
// probabilities up to 448 must stay below 65,504: 448 * 2.25 * 64 = 64,512 (SageAttention2++, arXiv 2505.21136).
constexpr float kLargestE4m3 = 448.0f;
constexpr float kLargestForFp16Sums = 2.25f;

// Head dims that tiles are compiled for; others run in the next larger tile.
constexpr int kTileDims[] = {64, 128, 256};

// Each returns the launch error, cudaSuccess if none.
cudaError_t launch_quantize_key(const QuantizeKeyParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_quantize_value(const QuantizeValueParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention_sm80(const AttentionParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention_sm89(const AttentionParams &params, Dtype dtype, int tile_dim, bool fp16_sums,
                                  cudaStream_t stream);

} // namespace sage
