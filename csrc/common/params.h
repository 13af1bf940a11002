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
// The low bits of a scale tell how long its keys are, in steps of kNormStep: with the length of a query that bounds the
// scores without looking at them. As part of the scale they change it by less than 2^-17.
constexpr unsigned kNormCodes = 64;
template <int kTileDim> constexpr float kRootOfDim = kTileDim == 64 ? 8.0f : kTileDim == 128 ? 11.3137085f : 16.0f;
template <int kTileDim> constexpr float kNormStep = 127.0f * kRootOfDim<kTileDim> / (kNormCodes - 2);
// The smoothing vector is the mean over at most this many keys of a head, spread evenly over its length. Softmax
// does not change whatever vector is subtracted from all keys, so a sample serves as well as the full mean and
// saves a second pass over K.
constexpr int kMeanSample = 64;
// Query rows that share a scale where not every row has its own ("per_warp" granularity).
constexpr int kSharedRows = 32;
// The causal shift of calls that are not causal: beyond every length.
constexpr int kSeesAll = 1 << 30;

// Of the inputs and the output.
enum class Dtype { kFloat16, kBFloat16, kFloat32 };

// How sequences lie in the tensors and in the workspace; sequence.cuh reads it.
//
// Of one length: [batch, heads, len, channels] tensors. Packed: sequence s has the tokens cu_seqlens[s] to
// cu_seqlens[s + 1] of [heads, total, channels] tensors (batch strides are 0).
// The workspace holds blocks of kKeyBlock keys, [heads_kv, head_blocks]. Those of a sequence begin at batch *
// key_blocks, or at cu_seqlens_kv[s] / kKeyBlock + s: room for whole blocks of every sequence, and nobody has to add up
// lengths.
struct Sequences {
  const int32_t *cu_seqlens_q, *cu_seqlens_kv; // [batch + 1]; null: all of one length
  int batch;
  int len_q, len_kv;     // of every sequence; packed: of the longest, or more
  int total_q, total_kv; // packed: tokens of the tensors
  int key_blocks;        // ceil(len_kv / kKeyBlock)
  int head_blocks;       // blocks per head in the workspace: batch * key_blocks; packed: total_kv / kKeyBlock + batch
};

enum class MaskKind { kNone, kBool, kFloat16, kBFloat16, kFloat32 };

// Seen as [batch, heads_q, len_q, len_kv]; strides count elements, 0 broadcasts.
struct MaskView {
  const void *data;
  MaskKind kind;
  int64_t stride_batch, stride_head, stride_query, stride_key;
};

// Smoothing and INT8 quantization of K.
struct QuantizeKeyParams {
  Sequences sequences;
  TensorView key;    // [batch, heads, len_kv, head_dim]
  int8_t *quantized; // [heads, head_blocks] records of record_bytes, each beginning with int8 [kKeyBlock, tile_dim],
                     // zeros past len_kv and past head_dim
  int record_bytes;
  float *scale;      // [heads, head_blocks, kScalesPerBlock], with a norm code each (kNormCodes); negative where a
                     // token of the block needs special care: it is marked in `special` or in those of values, or
                     // hidden by `padding`
  uint64_t *special; // [heads, head_blocks]: bit n is set where token n holds an inf or NaN (quantized as zeros)
  float *mean;       // [batch, heads, tile_dim]: what was subtracted
  MaskView padding;  // a boolean mask that is the same for all heads and queries; kNone: none
  uint64_t *visible; // [head_blocks]: bit n is set where `padding` shows token n; zeros past len_kv
  int heads, head_dim;
  bool smooth;     // false: nothing is subtracted, and the mean is written as zeros
  bool one_scale;  // per block: its kScalesPerBlock scales are equal
  bool wide_loads; // base and strides are multiples of 16 bytes, head_dim of 8
};

// FP8 quantization of V, with one scale per block of keys and channel, so that V is read once. Written into the
// records of the keys: behind the int8 keys e4m3 [tile_dim, kKeyBlock], transposed and with the keys of every 32 in the
// order of PrepareShape::first_value(), then the fp32 scales [tile_dim].
struct QuantizeValueParams {
  Sequences sequences;
  TensorView value; // [batch, heads, len_kv, head_dim]
  int8_t *records;  // QuantizeKeyParams::quantized
  int record_bytes;
  float *key_scale;  // QuantizeKeyParams::scale: made negative where `special` marks a token of the block
  uint64_t *special; // [heads, head_blocks]: bit n is set where token n holds an inf or NaN (quantized as zeros)
  float *mean;       // [batch, heads, tile_dim]: what was subtracted; null: nothing
  float largest;     // magnitude that the largest value of a channel is scaled to
  int heads, head_dim;
  bool wide_loads; // base and strides are multiples of 16 bytes, head_dim of 8
};

// What the sm89 family copies per block of keys: INT8 keys, FP8 values, fp32 value scales.
constexpr int fp8_record_bytes(int tile_dim) { return (2 * kKeyBlock + 4) * tile_dim; }

// V in fp16, with one power of two per sequence, head and channel as its scale.
struct ConvertValueParams {
  Sequences sequences;
  TensorView value;    // [batch, heads, len_kv, head_dim]
  uint16_t *converted; // fp16 [heads, head_blocks, kKeyBlock, tile_dim], zeros past len_kv and past head_dim
  float *key_scale;    // as in QuantizeValueParams
  uint64_t *special;
  float *mean;
  unsigned *magnitude; // [batch, heads, tile_dim]: bits of the largest finite magnitudes; zeros before the launch
  float *scale;        // [batch, heads, tile_dim]: the output is multiplied by it; negative: by its square
  float largest;       // power of two: magnitudes are scaled to at most that, and to more than half of it
  bool sums_all_keys;  // divide `largest` by the number of keys: their sum stays below it
  int heads, head_dim;
  bool wide_loads;
};

// Attention over INT8 keys.
struct AttentionParams {
  Sequences sequences;
  TensorView query;       // [batch, heads_q, len_q, head_dim_qk]
  TensorView value;       // [batch, heads_kv, len_kv, head_dim_v] in 16 bits; unused where values are in the records
  TensorView output;      // [batch, heads_q, len_q, head_dim_v]; written
  TensorView raw_key;     // [batch, heads_kv, len_kv, head_dim_qk], before quantization: for keys that are not finite
  TensorView raw_value;   // the same for values
  MaskView mask;          // kNone also where key_visible says it all
  const int8_t *key;      // QuantizeKeyParams::quantized; in the sm89 family values follow the keys in each record
  const float *key_scale; // QuantizeKeyParams::scale
  const float *key_mean;  // QuantizeKeyParams::mean
  const uint64_t *key_special;   // QuantizeKeyParams::special
  const uint64_t *key_visible;   // QuantizeKeyParams::visible; null: no key is hidden by it
  const uint64_t *value_special; // QuantizeValueParams::special; null: V was not looked at, inf and NaN are in it
  const float *value_scale;      // ConvertValueParams::scale; null: 1
  const float *value_mean;       // QuantizeValueParams::mean; null: 0
  float *lse;                    // natural logarithm, at lse_stride_batch * batch + lse_stride_head * head + query;
                                 // null: not wanted
  int64_t lse_stride_batch, lse_stride_head;
  Dtype dtype; // of query, output, raw_key and raw_value
  int heads_q, heads_kv, head_dim_qk, head_dim_v;
  int query_tiles; // tiles of rows per head
  float sm_scale;  // multiplies query . key
  bool causal;     // query i sees the keys 0 .. i + shift, where shift is 0 or, with bottom_right, len_kv - len_q
  bool bottom_right;
  bool shared_query_scale; // by 32 rows; else a scale per row
  bool value_in_blocks;    // `value` is ConvertValueParams::converted
  bool wide_query;         // query base and strides are multiples of 4 elements, head_dim_qk of 4
  bool wide_value;         // value base and strides are multiples of 16 bytes, head_dim_v of 8
  bool wide_output;        // output base and strides are multiples of 16 bytes, head_dim_v of 8
  bool wide_mask; // neighbouring keys are neighbours in the mask, len_kv and its other strides multiples of 8, its
                  // base of 8 elements or 16 bytes
};

// What FP8 values are scaled to. fp32 sums take the whole range of e4m3; in fp16, sums over a block of 64 keys with
// probabilities up to 448 must stay below 65,504: 448 * 2.25 * 64 = 64,512 (SageAttention2++, arXiv 2505.21136).
constexpr float kLargestE4m3 = 448.0f;
constexpr float kLargestForFp16Sums = 2.25f;

// What fp16 values are scaled to, at most. Where steps of up to 64 keys are summed in fp16, with probabilities up to
// 2^8: 256 * 2 * 64 = 32,768. Where all keys are, with probabilities up to 1, their sum.
constexpr float kLargestForFp16Steps = 2.0f;
constexpr float kLargestFp16Sum = 32768.0f;

// Head dims that tiles are compiled for; others run in the next larger tile.
constexpr int kTileDims[] = {64, 128, 256};

// How the sm80 family sums P V.
enum class Sums { kFp32, kFp16, kFp16PerStep };

// Each returns the launch error, cudaSuccess if none.
cudaError_t launch_quantize_key(const QuantizeKeyParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_quantize_key_value(const QuantizeKeyParams &key, const QuantizeValueParams &value, Dtype dtype,
                                      int tile_dim, cudaStream_t stream);
cudaError_t launch_convert_value(const ConvertValueParams &params, Dtype dtype, int tile_dim, cudaStream_t stream);
cudaError_t launch_fill_uncovered(const AttentionParams &params, cudaStream_t stream); // packed sequences only
// `value_dtype` is that of AttentionParams::value, kFloat16 unless sums are kFp32.
cudaError_t launch_attention_sm80(const AttentionParams &params, Dtype value_dtype, Sums sums, int tile_dim,
                                  cudaStream_t stream);
cudaError_t launch_attention_sm89(const AttentionParams &params, int tile_dim, bool fp16_sums, cudaStream_t stream);

} // namespace sage
