// Smoothing and INT8 quantization of K in one launch: every block of threads takes the mean of a small sample of
// the head's keys (the same for all blocks of a head, so it is subtracted consistently), then subtracts it from its
// own tokens and quantizes them. K is read from memory once; the sample stays in the L2 cache.
// Sources: SageAttention (arXiv 2410.02367) section 4.2, SageAttention2 (2411.10958) section 3.2.
#include "../common/dispatch.cuh"
#include "../common/memory.cuh"
#include "../common/numeric.cuh"
#include "../common/params.h"
#include "rows.cuh"

namespace sage {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace quantize_key {

template <int kTileDim> constexpr int kBlocks = kTileDim <= 128 ? 2 : 1; // of keys, per block of threads

template <int kTileDim> struct SharedMemory {
  float partial[Rows<kTileDim>::kRowsPerPass][kTileDim];
  unsigned absmax[kBlocks<kTileDim>][kScalesPerBlock]; // bits of non-negative floats, which order like integers
  unsigned norm[kBlocks<kTileDim>][kScalesPerBlock];   // largest sum of squares of a quantized key
  unsigned special[kBlocks<kTileDim>][2];              // tokens with an inf or NaN, 32 to a word
  bool hidden[kBlocks<kTileDim>][2];                   // whether the padding mask hides one of the tokens, 32 to a flag
};

// Blocks of threads that share a head.
template <int kTileDim> __host__ __device__ __forceinline__ int chunks_per_head(const QuantizeKeyParams &p) {
  return (p.sequences.key_blocks + kBlocks<kTileDim> - 1) / kBlocks<kTileDim>;
}

// Which tokens of the chunk the padding mask shows, a bit for each; the first head writes them down.
template <int kTileDim>
__device__ __forceinline__ void find_visible(SharedMemory<kTileDim> &smem, const QuantizeKeyParams &p,
                                             const Sequence &sequence, int batch, bool first_head, int first_block) {
  const int token = first_block * kKeyBlock + threadIdx.x;
  const int blocks = min(kBlocks<kTileDim>, (sequence.len_kv + kKeyBlock - 1) / kKeyBlock - first_block);
  if (static_cast<int>(threadIdx.x) >= blocks * kKeyBlock) return; // whole warps
  const bool *mask = static_cast<const bool *>(p.padding.data) + batch * p.padding.stride_batch;
  const bool exists = token < sequence.len_kv;
  const bool shown = exists && mask[token * p.padding.stride_key];
  const unsigned word = __ballot_sync(kAllLanes, shown), all = __ballot_sync(kAllLanes, exists);
  if (threadIdx.x % 32 != 0) return;
  smem.hidden[threadIdx.x / kKeyBlock][threadIdx.x / 32 % 2] = word != all;
  if (first_head) reinterpret_cast<unsigned *>(p.visible + sequence.first_block + first_block)[threadIdx.x / 32] = word;
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads, sizeof(Element) == 4 ? 1 : kTileDim == 64 ? 3 : 2)
    quantize_key_kernel(const __grid_constant__ QuantizeKeyParams p) {
  allow_next_grid();
  using R = Rows<kTileDim>;
  constexpr int kPasses = kBlocks<kTileDim> * R::kPassesPerBlock;
  __shared__ SharedMemory<kTileDim> smem;
  const int row = R::row(), channel = R::channel();
  const int chunks = chunks_per_head<kTileDim>(p);
  const int head_index = blockIdx.x / chunks;
  const int first_block = blockIdx.x % chunks * kBlocks<kTileDim>;
  const int batch = head_index / p.heads, head_kv = head_index % p.heads;
  const Sequence sequence(p.sequences, batch);
  if (first_block > 0 && first_block * kKeyBlock >= sequence.len_kv) return;
  const Element *head = head_of<Element>(p.key, batch, head_kv, sequence.first_kv);
  const bool padded = p.padding.kind != MaskKind::kNone;
  if (padded) find_visible<kTileDim>(smem, p, sequence, batch, head_kv == 0, first_block);

  if (threadIdx.x < kBlocks<kTileDim> * kScalesPerBlock) {
    smem.absmax[threadIdx.x / kScalesPerBlock][threadIdx.x % kScalesPerBlock] = 0;
    smem.norm[threadIdx.x / kScalesPerBlock][threadIdx.x % kScalesPerBlock] = 0;
  }
  if (threadIdx.x < kBlocks<kTileDim> * 2) smem.special[threadIdx.x / 2][threadIdx.x % 2] = 0;

  StoredVector<Element> stored[kPasses];
  const int first_token = first_block * kKeyBlock + row;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    const int token = first_token + pass * R::kRowsPerPass;
    stored[pass] =
        load_row(head + token * p.key.stride_token, channel, p.head_dim, token < sequence.len_kv, p.wide_loads);
  }

  float mean[kVector] = {};
  if (p.smooth)
    sample_mean<Element, kTileDim>(mean, smem.partial, head, p.key.stride_token, sequence.len_kv, p.head_dim, p.wide_loads);
  else
    __syncthreads(); // smem is cleared
  if (first_block == 0 && row == 0) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) p.mean[int64_t{head_index} * kTileDim + channel + c] = mean[c];
  }

  // Rows of one thread fall into one scale group (the rows of a pass are a multiple of 8 apart), and so do
  // the rows of 16 neighbouring lanes.
  const int group = p.one_scale ? 0 : row % 8 / 2;
  unsigned kept = 0; // bit `pass`: this thread's token is quantized, not past the end and not special
#pragma unroll
  for (int block = 0; block < kBlocks<kTileDim>; ++block) {
    unsigned largest = 0;
#pragma unroll
    for (int i = 0; i < R::kPassesPerBlock; ++i) {
      const int pass = block * R::kPassesPerBlock + i;
      float x[kVector];
      unpack_row(x, stored[pass]);
      unsigned magnitude = 0; // as bits: NaN above inf above every finite value
#pragma unroll
      for (int c = 0; c < kVector; ++c) magnitude = max(magnitude, __float_as_uint(fabsf(x[c] - mean[c])));
      const bool exists = first_token + pass * R::kRowsPerPass < sequence.len_kv;
      const bool special = row_any<kTileDim>(exists && magnitude >= __float_as_uint(INFINITY));
      const bool keep = !special && exists;
      const int token = i * R::kRowsPerPass + row;
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
  for (int block = 0; block < kBlocks<kTileDim>; ++block) {
    if ((first_block + block) * kKeyBlock >= sequence.len_kv) break;
    const int64_t block_index = int64_t{head_kv} * p.sequences.head_blocks + sequence.first_block + first_block + block;
    const float factor = int8_factor(__uint_as_float(smem.absmax[block][group]));
    unsigned norm = 0;
#pragma unroll
    for (int i = 0; i < R::kPassesPerBlock; ++i) {
      const int pass = block * R::kPassesPerBlock + i;
      float v[kVector];
      unpack_row(v, stored[pass]);
#pragma unroll
      for (int c = 0; c < kVector; ++c) v[c] = kept >> pass & 1 ? (v[c] - mean[c]) * factor : 0.0f;
      const uint2 bytes = {pack_int8(v[0], v[1], v[2], v[3]), pack_int8(v[4], v[5], v[6], v[7])};
      int8_t *record = p.quantized + block_index * p.record_bytes;
      *reinterpret_cast<uint2 *>(record + (i * R::kRowsPerPass + row) * kTileDim + channel) = bytes;
      norm = max(norm, row_sum<kTileDim>(dot4(bytes.y, bytes.y, dot4(bytes.x, bytes.x, 0))));
    }
    if (threadIdx.x % R::kThreadsPerRow == 0) atomicMax(&smem.norm[block][group], norm);
  }
  __syncthreads();

#pragma unroll
  for (int block = 0; block < kBlocks<kTileDim>; ++block) {
    if ((first_block + block) * kKeyBlock >= sequence.len_kv) break;
    const int64_t block_index = int64_t{head_kv} * p.sequences.head_blocks + sequence.first_block + first_block + block;
    if (threadIdx.x < kScalesPerBlock) {
      const float absmax = __uint_as_float(smem.absmax[block][p.one_scale ? 0 : threadIdx.x]);
      const unsigned norm = smem.norm[block][p.one_scale ? 0 : threadIdx.x];
      const float scale = with_norm_code<kTileDim>(int8_scale(absmax), norm);
      const unsigned of_group = 0x03030303u << 2 * threadIdx.x; // tokens of this scale, in either word
      const bool special = ((smem.special[block][0] | smem.special[block][1]) & of_group) != 0;
      const bool hidden = padded && (smem.hidden[block][0] || smem.hidden[block][1]);
      p.scale[block_index * kScalesPerBlock + threadIdx.x] = special || hidden ? -scale : scale;
    }
    if (threadIdx.x == 0)
      p.special[block_index] = uint64_t{smem.special[block][1]} << 32 | smem.special[block][0];
  }
}

} // namespace quantize_key

cudaError_t launch_quantize_key(const QuantizeKeyParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const unsigned grid = static_cast<unsigned>(chunks_per_head<tile>(p)) * p.heads * p.sequences.batch;
    quantize_key_kernel<decltype(element), tile><<<grid, kThreads, 0, stream>>>(p);
    return cudaGetLastError();
  });
}

} // namespace sage
