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
  int8_t *quantized;   // [batch, heads, blocks * kKeyBlock, tile_dim], zeros past len and past head_dim
  float *scale;        // [batch, heads, blocks, kScalesPerBlock]
  float *mean;         // [batch, heads, tile_dim]: what was subtracted
  int batch, heads, len, head_dim;
  int blocks;          // ceil(len / kKeyBlock)
  bool wide_loads;     // base and strides are multiples of 16 bytes, head_dim of 8
};

// Attention over INT8 keys and 16-bit values.
struct AttentionParams {
  TensorView query;        // [batch, heads_q, len_q, head_dim]
  TensorView value;        // [batch, heads_kv, len_kv, head_dim]
  TensorView output;       // as query; written
  const int8_t *key;       // QuantizeKeyParams::quantized
  const float *key_scale;  // QuantizeKeyParams::scale
  const float *key_mean;   // QuantizeKeyParams::mean
  float *lse;              // [batch, heads_q, len_q], natural logarithm; null: not wanted
  int batch, heads_q, heads_kv, len_q, len_kv, head_dim;
  int key_blocks;          // ceil(len_kv / kKeyBlock)
  int query_tiles;         // tiles of rows per head
  float sm_scale;          // multiplies query . key
  bool is_causal;          // query i sees keys 0..i
  bool wide_query;         // query base and strides are multiples of 8 bytes, head_dim of 4
  bool wide_value;         // value base and strides are multiples of 16 bytes, head_dim of 8
};

enum class Dtype { kFloat16, kBFloat16 };

// Head dims that tiles are compiled for; others run in the next larger tile.
constexpr int kTileDims[] = {64, 128};

// Each returns the launch error, cudaSuccess if none.
cudaError_t launch_quantize_key(const QuantizeKeyParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_attention_sm80(const AttentionParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);

} // namespace sage
