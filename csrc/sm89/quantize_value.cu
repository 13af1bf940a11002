// FP8 quantization of V in one pass: per block of 64 keys and channel, scaled to its largest magnitude, transposed to
// channel-major (the layout of the second operand of an m16n8k32 MMA), without padding copies.
// Sources: SageAttention2 (arXiv 2411.10958), SageAttention2++ (2505.21136).
#include "../common/dispatch.cuh"
#include "../common/memory.cuh"
#include "../common/params.h"
#include "../quant/rows.cuh"
#include "../quant/special_values.cuh"

namespace sage {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace quantize_value {

// Place of a key within its 32: an MMA thread holds columns 2t and 2t + 1 of every 8 scores and packs two such pairs
// into the four consecutive keys that its operand register covers.
__host__ __device__ constexpr int fp8_position(int key) {
  return key / 32 * 32 + key % 32 / 16 * 16 + key % 8 / 2 * 4 + key / 8 % 2 * 2 + key % 2;
}

constexpr int kPitch = kKeyBlock + 16; // of a channel in shared memory

template <int kTileDim> struct SharedMemory {
  float partial[Rows<kTileDim>::kRowsPerPass][kTileDim]; // of the mean, then of magnitudes; row 0 at last holds factors
  unsigned special[2];                                   // tokens with an inf or NaN
  alignas(16) uint8_t tile[kTileDim][kPitch];
};

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) quantize_value_kernel(const __grid_constant__ QuantizeValueParams p) {
  allow_next_grid();
  using R = Rows<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const int row = R::row(), channel = R::channel();
  const int head_index = blockIdx.x / p.sequences.key_blocks;
  const int block = blockIdx.x % p.sequences.key_blocks;
  const int batch = head_index / p.heads, head_kv = head_index % p.heads;
  const Sequence sequence(p.sequences, batch);
  if (block > 0 && block * kKeyBlock >= sequence.len_kv) return;
  const Element *head = head_of<Element>(p.value, batch, head_kv, sequence.first_kv);

  StoredVector<Element> stored[R::kPassesPerBlock];
#pragma unroll
  for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
    const int token = block * kKeyBlock + pass * R::kRowsPerPass + row;
    stored[pass] =
        load_row(head + token * p.value.stride_token, channel, p.head_dim, token < sequence.len_kv, p.wide_loads);
  }
  float mean[kVector] = {};
  if (p.mean != nullptr) {
    sample_mean<Element, kTileDim>(mean, smem.partial, head, p.value.stride_token, sequence.len_kv, p.head_dim,
                                   p.wide_loads);
    if (block == 0 && row == 0) {
#pragma unroll
      for (int c = 0; c < kVector; ++c) p.mean[int64_t{head_index} * kTileDim + channel + c] = mean[c];
    }
    __syncthreads(); // everyone has read the mean
  }
  if (block * kKeyBlock >= sequence.len_kv) return; // an empty sequence
  if (threadIdx.x < 2) smem.special[threadIdx.x] = 0;

  float largest[kVector] = {};
#pragma unroll
  for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
    float x[kVector];
    unpack_row(x, stored[pass]);
    const bool exists = block * kKeyBlock + pass * R::kRowsPerPass + row < sequence.len_kv;
#pragma unroll
    for (int c = 0; c < kVector; ++c)
      largest[c] = !exists || is_nan(nan_unless_finite(x[c])) ? largest[c] : fmaxf(largest[c], fabsf(x[c] - mean[c]));
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) smem.partial[row][channel + c] = largest[c];
  __syncthreads();

  const int64_t block_index = int64_t{head_kv} * p.sequences.head_blocks + sequence.first_block + block;
  int8_t *values = p.records + block_index * p.record_bytes + kKeyBlock * kTileDim;
  float *scales = reinterpret_cast<float *>(values + kTileDim * kKeyBlock);
  for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
    float absmax = kSmallestAbsmax;
#pragma unroll
    for (int r = 0; r < R::kRowsPerPass; ++r) absmax = fmaxf(absmax, smem.partial[r][c]);
    scales[c] = absmax / p.largest;
    smem.partial[0][c] = p.largest / 256.0f * reciprocal(absmax * (1.0f / 256.0f)); // finite for every finite absmax
  }
  __syncthreads();

  float factor[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) factor[c] = smem.partial[0][channel + c];
#pragma unroll
  for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
    float x[kVector];
    unpack_row(x, stored[pass]);
    const int token = pass * R::kRowsPerPass + row;
    mark_special<kTileDim>(smem.special, x, token);
    const bool exists = block * kKeyBlock + token < sequence.len_kv;
    const int position = fp8_position(token);
#pragma unroll
    for (int c = 0; c < kVector; c += 2) {
      float pair[2];
#pragma unroll
      for (int i = 0; i < 2; ++i)
        pair[i] = !exists || is_nan(nan_unless_finite(x[c + i])) ? 0.0f : (x[c + i] - mean[c + i]) * factor[c + i];
      const uint32_t bits = pack_e4m3(pair[0], pair[1]);
      smem.tile[channel + c][position] = bits & 0xff;
      smem.tile[channel + c + 1][position] = bits >> 8;
    }
  }
  __syncthreads();

  announce_special(smem.special, p.special + block_index, p.key_scale + block_index * kScalesPerBlock);
  constexpr int kChunks = kTileDim * kKeyBlock / 16;
#pragma unroll
  for (int pass = 0; pass < kChunks / kThreads; ++pass) {
    const int i = pass * kThreads + threadIdx.x;
    reinterpret_cast<uint4 *>(values)[i] = *reinterpret_cast<const uint4 *>(&smem.tile[i / 4][i % 4 * 16]);
  }
}

} // namespace quantize_value

cudaError_t launch_quantize_value(const QuantizeValueParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const unsigned grid = static_cast<unsigned>(p.sequences.key_blocks) * p.heads * p.sequences.batch;
    quantize_value_kernel<decltype(element), tile><<<grid, kThreads, 0, stream>>>(p);
    return cudaGetLastError();
  });
}

} // namespace sage
