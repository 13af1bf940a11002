// Smoothing and INT8 quantization of K in one launch: every block of threads takes the mean of a small sample of
// the head's keys (the same for all blocks of a head, so it is subtracted consistently), then subtracts it from its
// own tokens and quantizes them. K is read from memory once; the sample stays in the L2 cache.
// Sources: SageAttention (arXiv 2410.02367) section 4.2, SageAttention2 (2411.10958) section 3.2.
#include "../common/numeric.cuh"
#include "../common/params.h"
#include "rows.cuh"

namespace sage {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kAllLanes = 0xffffffffu;

template <int kTileDim> struct Layout {
  static constexpr int kThreadsPerRow = kTileDim / kVector;
  static constexpr int kRowsPerPass = kThreads / kThreadsPerRow;
  static constexpr int kBlocks = kTileDim <= 128 ? 2 : 1; // of keys, per block of threads
  static constexpr int kTokens = kBlocks * kKeyBlock;
  static constexpr int kPasses = kTokens / kRowsPerPass;
  static constexpr int kPassesPerBlock = kKeyBlock / kRowsPerPass;
  static constexpr int kSamplePasses = kMeanSample / kRowsPerPass;
};

template <int kTileDim> struct SharedMemory {
  float partial[Layout<kTileDim>::kRowsPerPass][kTileDim];
  unsigned absmax[Layout<kTileDim>::kBlocks][kScalesPerBlock]; // bits of non-negative floats, which order like integers
  unsigned special[Layout<kTileDim>::kBlocks][2];              // tokens with an inf or NaN, 32 to a word
};

// Blocks of threads that share a head.
template <int kTileDim> __host__ __device__ __forceinline__ int chunks_per_head(const QuantizeKeyParams &p) {
  constexpr int kBlocks = Layout<kTileDim>::kBlocks;
  return (p.blocks + kBlocks - 1) / kBlocks;
}

// Key that sample i of `samples` takes: one per stratum, staggered so that periodic data is not aliased.
__device__ __forceinline__ int sample_position(int i, int len) {
  if (len <= kMeanSample) return i;
  const int stratum = len / kMeanSample;
  return static_cast<int>(int64_t{i} * len / kMeanSample) + i * 37 % stratum;
}

// Whether any of the lanes that hold this thread's row says so.
template <int kTileDim> __device__ __forceinline__ bool row_any(bool condition) {
  constexpr int kLanes = Layout<kTileDim>::kThreadsPerRow;
  const int first = threadIdx.x % 32 / kLanes * kLanes;
  return (__ballot_sync(kAllLanes, condition) >> first & (kAllLanes >> (32 - kLanes))) != 0;
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
    for (int c = 0; c < kVector; ++c) sum[c] += is_nan(nan_unless_finite(x[c])) ? 0.0f : x[c];
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
__global__ void __launch_bounds__(kThreads, kTileDim == 64 ? 3 : 2) quantize_key_kernel(const __grid_constant__ QuantizeKeyParams p) {
  using L = Layout<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const int row = threadIdx.x / L::kThreadsPerRow;
  const int channel = threadIdx.x % L::kThreadsPerRow * kVector;
  const int chunks = chunks_per_head<kTileDim>(p);
  const int head_index = blockIdx.x / chunks;
  const int first_block = blockIdx.x % chunks * L::kBlocks;
  const Element *head = static_cast<const Element *>(p.key.data) + head_index / p.heads * p.key.stride_batch +
                        head_index % p.heads * p.key.stride_head;

  if (threadIdx.x < L::kBlocks * kScalesPerBlock)
    smem.absmax[threadIdx.x / kScalesPerBlock][threadIdx.x % kScalesPerBlock] = 0;
  if (threadIdx.x < L::kBlocks * 2) smem.special[threadIdx.x / 2][threadIdx.x % 2] = 0;

  uint4 bits[L::kPasses]; // kept as stored, which is half the registers
  const int first_token = first_block * kKeyBlock + row;
#pragma unroll
  for (int pass = 0; pass < L::kPasses; ++pass) {
    const int token = first_token + pass * L::kRowsPerPass;
    bits[pass] = load_row(head + token * p.key.stride_token, channel, p.head_dim, token < p.len, p.wide_loads);
  }

  float mean[kVector] = {};
  if (p.smooth)
    sample_mean<Element, kTileDim>(mean, smem, p, head);
  else
    __syncthreads(); // smem is cleared
  if (first_block == 0 && row == 0) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) p.mean[int64_t{head_index} * kTileDim + channel + c] = mean[c];
  }

  // Rows of one thread fall into one scale group (the rows of a pass are a multiple of 8 apart), and so do
  // the rows of 16 neighbouring lanes.
  const int group = row % 8 / 2;
  unsigned kept = 0; // bit `pass`: this thread's token is quantized, not past the end and not special
#pragma unroll
  for (int block = 0; block < L::kBlocks; ++block) {
    unsigned largest = 0;
#pragma unroll
    for (int i = 0; i < L::kPassesPerBlock; ++i) {
      const int pass = block * L::kPassesPerBlock + i;
      float x[kVector];
      unpack_row<Element>(x, bits[pass]);
      unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
      for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
      const bool special = row_any<kTileDim>(magnitude >= __float_as_uint(INFINITY));
      const bool keep = !special && first_token + pass * L::kRowsPerPass < p.len;
      const int token = i * L::kRowsPerPass + row;
      if (special && channel == 0) atomicOr(&smem.special[block][token / 32], 1u << token % 32);
      kept |= unsigned{keep} << pass;
      largest = max(largest, keep ? magnitude : 0u);
    }
#pragma unroll
    for (int offset = 8; offset > 0; offset /= 2)
      largest = max(largest, __shfl_xor_sync(kAllLanes, largest, offset));
    if (threadIdx.x % 16 == 0) atomicMax(&smem.absmax[block][group], largest);
  }
  __syncthreads();

#pragma unroll
  for (int block = 0; block < L::kBlocks; ++block) {
    if (first_block + block >= p.blocks) break;
    const int64_t block_index = int64_t{head_index} * p.blocks + first_block + block;
    const float factor = int8_factor(__uint_as_float(smem.absmax[block][group]));
#pragma unroll
    for (int i = 0; i < L::kPassesPerBlock; ++i) {
      const int pass = block * L::kPassesPerBlock + i;
      float v[kVector];
      unpack_row<Element>(v, bits[pass]);
#pragma unroll
      for (int c = 0; c < kVector; ++c) v[c] = kept >> pass & 1 ? (v[c] - mean[c]) * factor : 0.0f;
      const uint2 bytes = {pack_int8(v[0], v[1], v[2], v[3]), pack_int8(v[4], v[5], v[6], v[7])};
      int8_t *record = p.quantized + block_index * p.record_bytes;
      *reinterpret_cast<uint2 *>(record + (i * L::kRowsPerPass + row) * kTileDim + channel) = bytes;
    }
    if (threadIdx.x < kScalesPerBlock) {
      const float absmax = __uint_as_float(smem.absmax[block][threadIdx.x]);
      const float scale = fmaxf(absmax / kInt8Max, kSmallestScale);
      const unsigned of_group = 0x03030303u << 2 * threadIdx.x; // tokens of this scale, in either word
      const bool special = ((smem.special[block][0] | smem.special[block][1]) & of_group) != 0;
      p.scale[block_index * kScalesPerBlock + threadIdx.x] = special ? -scale : scale;
    }
    if (threadIdx.x == 0)
      p.special[block_index] = uint64_t{smem.special[block][1]} << 32 | smem.special[block][0];
  }
}

template <typename Element, int kTileDim>
cudaError_t launch(const QuantizeKeyParams &p, cudaStream_t stream) {
  const unsigned grid = static_cast<unsigned>(chunks_per_head<kTileDim>(p)) * p.heads * p.batch;
  quantize_key_kernel<Element, kTileDim><<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

template <typename Element>
cudaError_t launch_for(const QuantizeKeyParams &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64: return launch<Element, 64>(p, stream);
  case 128: return launch<Element, 128>(p, stream);
  default: return launch<Element, 256>(p, stream);
  }
}

} // namespace

cudaError_t launch_quantize_key(const QuantizeKeyParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? launch_for<__half>(p, tile_dim, stream)
                                  : launch_for<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sage
