// FP8 quantization of V in one pass: per block of 64 keys and channel, scaled to its largest magnitude, transposed to
// channel-major (the layout of the second operand of an m16n8k32 MMA), without padding copies.
// Sources: SageAttention2 (arXiv 2411.10958), SageAttention2++ (2505.21136).
#include "../common/params.h"
#include "../quant/rows.cuh"

namespace sage {
namespace {

constexpr int kThreads = 256;
constexpr uint8_t kNan = 0x7f; // e4m3

// Place of a key within its 32: an MMA thread holds columns 2t and 2t + 1 of every 8 scores and packs two such pairs
// into the four consecutive keys that its operand register covers.
__host__ __device__ constexpr int fp8_position(int key) {
  return key / 32 * 32 + key % 32 / 16 * 16 + key % 8 / 2 * 4 + key / 8 % 2 * 2 + key % 2;
}

template <int kTileDim> struct Layout {
  static constexpr int kThreadsPerRow = kTileDim / kVector;
  static constexpr int kRowsPerPass = kThreads / kThreadsPerRow;
  static constexpr int kPasses = kKeyBlock / kRowsPerPass;
  static constexpr int kPitch = kKeyBlock + 16; // of a channel in shared memory
};

template <int kTileDim> struct SharedMemory {
  float absmax[Layout<kTileDim>::kRowsPerPass][kTileDim]; // row 0 later holds the factors
  alignas(16) uint8_t tile[kTileDim][Layout<kTileDim>::kPitch];
};

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) quantize_value_kernel(const __grid_constant__ QuantizeValueParams p) {
  using L = Layout<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const int row = threadIdx.x / L::kThreadsPerRow;
  const int channel = threadIdx.x % L::kThreadsPerRow * kVector;
  const int head_index = blockIdx.x / p.blocks;
  const int block = blockIdx.x % p.blocks;
  const Element *head = static_cast<const Element *>(p.value.data) + head_index / p.heads * p.value.stride_batch +
                        head_index % p.heads * p.value.stride_head;
  int8_t *values = p.records + (int64_t{head_index} * p.blocks + block) * p.record_bytes + kKeyBlock * kTileDim;
  float *scales = reinterpret_cast<float *>(values + kTileDim * kKeyBlock);

  uint4 bits[L::kPasses];
#pragma unroll
  for (int pass = 0; pass < L::kPasses; ++pass) {
    const int token = block * kKeyBlock + pass * L::kRowsPerPass + row;
    bits[pass] = load_row(head + token * p.value.stride_token, channel, p.head_dim, token < p.len, p.wide_loads);
  }
  float largest[kVector] = {};
#pragma unroll
  for (int pass = 0; pass < L::kPasses; ++pass) {
    float x[kVector];
    unpack_row<Element>(x, bits[pass]);
#pragma unroll
    for (int c = 0; c < kVector; ++c)
      largest[c] = is_nan(nan_unless_finite(x[c])) ? largest[c] : fmaxf(largest[c], fabsf(x[c]));
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) smem.absmax[row][channel + c] = largest[c];
  __syncthreads();

  for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
    float absmax = kSmallestAbsmax;
#pragma unroll
    for (int r = 0; r < L::kRowsPerPass; ++r) absmax = fmaxf(absmax, smem.absmax[r][c]);
    scales[c] = absmax / p.largest;
    smem.absmax[0][c] = p.largest / 256.0f * reciprocal(absmax * (1.0f / 256.0f)); // finite for every finite absmax
  }
  __syncthreads();

  float factor[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) factor[c] = smem.absmax[0][channel + c];
#pragma unroll
  for (int pass = 0; pass < L::kPasses; ++pass) {
    float x[kVector];
    unpack_row<Element>(x, bits[pass]);
    const int position = fp8_position(pass * L::kRowsPerPass + row);
#pragma unroll
    for (int c = 0; c < kVector; c += 2) {
      const uint32_t pair = pack_e4m3(x[c] * factor[c], x[c + 1] * factor[c + 1]);
      smem.tile[channel + c][position] = is_nan(nan_unless_finite(x[c])) ? kNan : pair & 0xff;
      smem.tile[channel + c + 1][position] = is_nan(nan_unless_finite(x[c + 1])) ? kNan : pair >> 8;
    }
  }
  __syncthreads();

  constexpr int kChunks = kTileDim * kKeyBlock / 16;
#pragma unroll
  for (int pass = 0; pass < kChunks / kThreads; ++pass) {
    const int i = pass * kThreads + threadIdx.x;
    reinterpret_cast<uint4 *>(values)[i] = *reinterpret_cast<const uint4 *>(&smem.tile[i / 4][i % 4 * 16]);
  }
}

template <typename Element, int kTileDim>
cudaError_t launch(const QuantizeValueParams &p, cudaStream_t stream) {
  const unsigned grid = static_cast<unsigned>(p.blocks) * p.heads * p.batch;
  quantize_value_kernel<Element, kTileDim><<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

template <typename Element>
cudaError_t launch_for(const QuantizeValueParams &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64: return launch<Element, 64>(p, stream);
  case 128: return launch<Element, 128>(p, stream);
  default: return launch<Element, 256>(p, stream);
  }
}

} // namespace

cudaError_t launch_quantize_value(const QuantizeValueParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? launch_for<__half>(p, tile_dim, stream)
                                  : launch_for<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sage
