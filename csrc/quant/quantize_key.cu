// Smoothing and INT8 quantization of K in one launch: every block of threads takes the mean of a small sample of
// the head's keys (the same for all blocks of a head, so it is subtracted consistently), then subtracts it from its
// own tokens and quantizes them. K is read from memory once; the sample stays in the L2 cache.
// Sources: SageAttention (arXiv 2410.02367) section 4.2, SageAttention2 (2411.10958) section 3.2.
#include "../common/numeric.cuh"
#include "../common/params.h"

namespace sage {
namespace {

constexpr int kThreads = 256;
constexpr int kVector = 8;                  // channels per thread and row
constexpr int kTokens = 2 * kKeyBlock;      // tokens per block of threads
constexpr unsigned kAllLanes = 0xffffffffu;

template <int kTileDim> struct Layout {
  static constexpr int kThreadsPerRow = kTileDim / kVector;
  static constexpr int kRowsPerPass = kThreads / kThreadsPerRow;
  static constexpr int kPasses = kTokens / kRowsPerPass;
  static constexpr int kPassesPerBlock = kKeyBlock / kRowsPerPass;
  static constexpr int kSamplePasses = kMeanSample / kRowsPerPass;
};

template <int kTileDim> struct SharedMemory {
  float partial[Layout<kTileDim>::kRowsPerPass][kTileDim];
  unsigned absmax[kTokens / kKeyBlock][kScalesPerBlock]; // bits of non-negative floats order like integers
};

// Blocks of threads that share a head.
__host__ __device__ __forceinline__ int chunks_per_head(const QuantizeKeyParams &p) {
  constexpr int kBlocks = kTokens / kKeyBlock;
  return (p.blocks + kBlocks - 1) / kBlocks;
}

// Key that sample i of `samples` takes: one per stratum, staggered so that periodic data is not aliased.
__device__ __forceinline__ int sample_position(int i, int len) {
  if (len <= kMeanSample) return i;
  const int stratum = len / kMeanSample;
  return static_cast<int>(int64_t{i} * len / kMeanSample) + i * 37 % stratum;
}

// Eight channels of one row as they are stored, zeros where there are none.
template <typename Element>
__device__ __forceinline__ uint4 load_row(const Element *row, int channel, int head_dim, bool valid, bool wide) {
  uint4 bits = {0, 0, 0, 0};
  if (wide) {
    if (valid && channel < head_dim) bits = *reinterpret_cast<const uint4 *>(row + channel);
  } else {
    Element x[kVector];
#pragma unroll
    for (int i = 0; i < kVector; ++i) x[i] = valid && channel + i < head_dim ? row[channel + i] : Element(0.0f);
    memcpy(&bits, x, sizeof(bits));
  }
  return bits;
}

template <typename Element> __device__ __forceinline__ void unpack_row(float (&x)[kVector], uint4 bits) {
  const uint32_t words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = unpack2<Element>(words[i]);
    x[2 * i] = pair.x;
    x[2 * i + 1] = pair.y;
  }
}

// Mean of the sample in mean[], for the channels of this thread. All threads of the block take part.
template <typename Element, int kTileDim>
__device__ __forceinline__ void sample_mean(float (&mean)[kVector], SharedMemory<kTileDim> &smem,
                                            const QuantizeKeyParams &p, const Element *head) {
  using L = Layout<kTileDim>;
  const int row = threadIdx.x / L::kThreadsPerRow;
  const int channel = threadIdx.x % L::kThreadsPerRow * kVector;
  const int samples = min(p.len, kMeanSample);
  uint4 bits[L::kSamplePasses];
#pragma unroll
  for (int pass = 0; pass < L::kSamplePasses; ++pass) {
    const int i = pass * L::kRowsPerPass + row;
    const bool valid = i < samples;
    bits[pass] = load_row(head + (valid ? sample_position(i, p.len) : 0) * p.key.stride_token, channel, p.head_dim,
                          valid, p.wide_loads);
  }
  float sum[kVector] = {};
#pragma unroll
  for (int pass = 0; pass < L::kSamplePasses; ++pass) {
    float x[kVector];
    unpack_row<Element>(x, bits[pass]);
#pragma unroll
    for (int c = 0; c < kVector; ++c) sum[c] += x[c];
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) smem.partial[row][channel + c] = sum[c];
  __syncthreads();
  for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
    float total = 0.0f;
#pragma unroll
    for (int r = 0; r < L::kRowsPerPass; ++r) total += smem.partial[r][c];
    smem.partial[0][c] = total / static_cast<float>(samples);
  }
  __syncthreads();
#pragma unroll
  for (int c = 0; c < kVector; ++c) mean[c] = smem.partial[0][channel + c];
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads, 3) quantize_key_kernel(const __grid_constant__ QuantizeKeyParams p) {
  using L = Layout<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const int row = threadIdx.x / L::kThreadsPerRow;
  const int channel = threadIdx.x % L::kThreadsPerRow * kVector;
  const int chunks = chunks_per_head(p);
  const int head_index = blockIdx.x / chunks;
  const int first_block = blockIdx.x % chunks * (kTokens / kKeyBlock);
  const Element *head = static_cast<const Element *>(p.key.data) + head_index / p.heads * p.key.stride_batch +
                        head_index % p.heads * p.key.stride_head;

  if (threadIdx.x < kTokens / kKeyBlock * kScalesPerBlock)
    smem.absmax[threadIdx.x / kScalesPerBlock][threadIdx.x % kScalesPerBlock] = 0;

  uint4 bits[L::kPasses]; // kept as stored, which is half the registers
  const int first_token = first_block * kKeyBlock + row;
#pragma unroll
  for (int pass = 0; pass < L::kPasses; ++pass) {
    const int token = first_token + pass * L::kRowsPerPass;
    bits[pass] = load_row(head + token * p.key.stride_token, channel, p.head_dim, token < p.len, p.wide_loads);
  }

  float mean[kVector];
  sample_mean<Element, kTileDim>(mean, smem, p, head);
  if (first_block == 0 && row == 0) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) p.mean[int64_t{head_index} * kTileDim + channel + c] = mean[c];
  }

  // Rows of one thread fall into one scale group (the rows of a pass are a multiple of 8 apart), and so do
  // the rows of 16 neighbouring lanes.
  const int group = row % 8 / 2;
#pragma unroll
  for (int block = 0; block < kTokens / kKeyBlock; ++block) {
    float largest = 0.0f;
#pragma unroll
    for (int i = 0; i < L::kPassesPerBlock; ++i) {
      const int pass = block * L::kPassesPerBlock + i;
      float x[kVector];
      unpack_row<Element>(x, bits[pass]);
      const bool valid = first_token + pass * L::kRowsPerPass < p.len;
#pragma unroll
      for (int c = 0; c < kVector; ++c) largest = fmaxf(largest, valid ? fabsf(x[c] - mean[c]) : 0.0f);
    }
#pragma unroll
    for (int offset = 8; offset > 0; offset /= 2)
      largest = fmaxf(largest, __shfl_xor_sync(kAllLanes, largest, offset));
    if (threadIdx.x % 16 == 0) atomicMax(&smem.absmax[block][group], __float_as_uint(largest));
  }
  __syncthreads();

#pragma unroll
  for (int block = 0; block < kTokens / kKeyBlock; ++block) {
    if (first_block + block >= p.blocks) break;
    const int64_t block_index = int64_t{head_index} * p.blocks + first_block + block;
    const float factor = int8_factor(__uint_as_float(smem.absmax[block][group]));
#pragma unroll
    for (int i = 0; i < L::kPassesPerBlock; ++i) {
      const int pass = block * L::kPassesPerBlock + i;
      const float pass_factor = first_token + pass * L::kRowsPerPass < p.len ? factor : 0.0f; // zeros past the end
      float v[kVector];
      unpack_row<Element>(v, bits[pass]);
#pragma unroll
      for (int c = 0; c < kVector; ++c) v[c] = (v[c] - mean[c]) * pass_factor;
      const uint2 bytes = {pack_int8(v[0], v[1], v[2], v[3]), pack_int8(v[4], v[5], v[6], v[7])};
      const int64_t token = block_index * kKeyBlock + i * L::kRowsPerPass + row;
      *reinterpret_cast<uint2 *>(p.quantized + token * kTileDim + channel) = bytes;
    }
    if (threadIdx.x < kScalesPerBlock) {
      const float absmax = __uint_as_float(smem.absmax[block][threadIdx.x]);
      p.scale[block_index * kScalesPerBlock + threadIdx.x] = fmaxf(absmax / kInt8Max, kSmallestScale);
    }
  }
}

template <typename Element, int kTileDim>
cudaError_t launch(const QuantizeKeyParams &p, cudaStream_t stream) {
  const unsigned grid = static_cast<unsigned>(chunks_per_head(p)) * p.heads * p.batch;
  quantize_key_kernel<Element, kTileDim><<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

template <typename Element>
cudaError_t launch_for(const QuantizeKeyParams &p, int tile_dim, cudaStream_t stream) {
  return tile_dim == 64 ? launch<Element, 64>(p, stream) : launch<Element, 128>(p, stream);
}

} // namespace

cudaError_t launch_quantize_key(const QuantizeKeyParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? launch_for<__half>(p, tile_dim, stream)
                                  : launch_for<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sage
