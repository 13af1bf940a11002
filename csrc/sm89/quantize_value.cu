// FP8 quantization of V in one pass: per block of 64 keys and channel, scaled to its largest magnitude, transposed to
// channel-major (the layout of the second operand of an m16n8k32 MMA), without padding copies.
// Sources: SageAttention2 (arXiv 2411.10958), SageAttention2++ (2505.21136).
#include "../common/dispatch.cuh"
#include "../common/launch_early.h"
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

template <int kTileDim> constexpr int kBlocks = kTileDim <= 128 ? 2 : 1; // of keys, per block of threads

// A thread takes whole words of the result, the four keys at `kKeysOfWord` beyond word_key(), of kVector channels. The lanes
// of a warp are 8 words by 4 vectors of channels, so that words go to different banks and reads take whole sectors.
constexpr int kWords = kKeyBlock / 4; // of a channel
constexpr int kPitch = kWords + 1;    // of a channel in shared memory, in words: odd
constexpr int kWordLanes = 8;
__device__ constexpr int kKeysOfWord[4] = {0, 1, 8, 9};
__host__ __device__ constexpr int word_key(int word) { return word / 4 * 16 + word % 4 * 2; }
static_assert(fp8_position(word_key(5)) == 4 * 5 && fp8_position(word_key(5) + 9) == 4 * 5 + 3, "words are consecutive");

template <int kTileDim> struct SharedMemory {
  union {
    float partial[Rows<kTileDim>::kRowsPerPass][kTileDim]; // of the mean
    uint32_t tile[kBlocks<kTileDim>][kTileDim][kPitch];
  };
  alignas(16) float absmax[kBlocks<kTileDim>][kWords / kWordLanes][kTileDim]; // of the keys that a warp has
  unsigned special[kBlocks<kTileDim>][2];                                     // tokens with an inf or NaN
};

// What a thread does in one of its passes.
template <int kTileDim> struct Task {
  static constexpr int kWarpChannels = 32 / kWordLanes * kVector;
  static constexpr int kPerBlock = kTileDim / kWarpChannels * (kWords / kWordLanes); // warps for a block of keys
  static constexpr int kPasses = kBlocks<kTileDim> * kPerBlock / (kThreads / 32);
  int block, part, word, channel;
  __device__ __forceinline__ explicit Task(int pass) {
    const int index = pass * (kThreads / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    block = index / kPerBlock;
    part = index % kPerBlock / (kTileDim / kWarpChannels);
    word = part * kWordLanes + lane % kWordLanes;
    channel = index % (kTileDim / kWarpChannels) * kWarpChannels + lane / kWordLanes * kVector;
  }
};

// Channel `lane % 8` of the largest magnitudes that the eight lanes of a vector of channels have.
__device__ __forceinline__ float reduce_scatter(float (&x)[kVector]) {
#pragma unroll
  for (int half = kVector / 2; half > 0; half /= 2) {
    const bool upper = (threadIdx.x & half) != 0;
#pragma unroll
    for (int c = 0; c < half; ++c) {
      const float kept = upper ? x[c + half] : x[c], given = upper ? x[c] : x[c + half];
      x[c] = fmaxf(kept, __shfl_xor_sync(kAllLanes, given, half));
    }
  }
  return x[0];
}
static_assert(kWordLanes == kVector, "as many lanes as channels");

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) quantize_value_kernel(const __grid_constant__ QuantizeValueParams p) {
  allow_next_grid();
  using R = Rows<kTileDim>;
  using T = Task<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const int chunks = (p.sequences.key_blocks + kBlocks<kTileDim> - 1) / kBlocks<kTileDim>;
  const int head_index = blockIdx.x / chunks;
  const int first_block = blockIdx.x % chunks * kBlocks<kTileDim>;
  const int batch = head_index / p.heads, head_kv = head_index % p.heads;
  const Sequence sequence(p.sequences, batch);
  const int keys = sequence.len_kv - first_block * kKeyBlock; // from there on
  if (first_block > 0 && keys <= 0) return wait_for_previous_grid(); // whoever waits for this grid waits for that one, too
  const Element *head = head_of<Element>(p.value, batch, head_kv, sequence.first_kv);

  StoredVector<Element> stored[T::kPasses][4];
#pragma unroll
  for (int pass = 0; pass < T::kPasses; ++pass) {
    const T task(pass);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int token = task.block * kKeyBlock + word_key(task.word) + kKeysOfWord[i];
      stored[pass][i] = load_row(head + (first_block * kKeyBlock + token) * p.value.stride_token, task.channel, p.head_dim,
                                 token < keys, p.wide_loads);
    }
  }
  float mean[T::kPasses][kVector] = {};
  if (p.mean != nullptr) {
    float of_row[kVector];
    sample_mean<Element, kTileDim>(of_row, smem.partial, head, p.value.stride_token, sequence.len_kv, p.head_dim,
                                   p.wide_loads);
    if (first_block == 0 && R::row() == 0) {
#pragma unroll
      for (int c = 0; c < kVector; ++c) p.mean[int64_t{head_index} * kTileDim + R::channel() + c] = of_row[c];
    }
#pragma unroll
    for (int pass = 0; pass < T::kPasses; ++pass) {
#pragma unroll
      for (int c = 0; c < kVector; ++c) mean[pass][c] = smem.partial[0][T(pass).channel + c];
    }
  }
  if (keys <= 0) return wait_for_previous_grid(); // an empty sequence
  if (threadIdx.x < kBlocks<kTileDim> * 2) smem.special[threadIdx.x / 2][threadIdx.x % 2] = 0;

#pragma unroll
  for (int pass = 0; pass < T::kPasses; ++pass) {
    const T task(pass);
    float largest[kVector] = {};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float x[kVector];
      unpack_row(x, stored[pass][i]);
      const bool exists = task.block * kKeyBlock + word_key(task.word) + kKeysOfWord[i] < keys;
#pragma unroll
      for (int c = 0; c < kVector; ++c)
        largest[c] = !exists || is_nan(nan_unless_finite(x[c])) ? largest[c] : fmaxf(largest[c], fabsf(x[c] - mean[pass][c]));
    }
    smem.absmax[task.block][task.part][task.channel + threadIdx.x % kWordLanes] = reduce_scatter(largest);
  }
  __syncthreads(); // which also ends the use of the mean

#pragma unroll
  for (int pass = 0; pass < T::kPasses; ++pass) {
    const T task(pass);
    float factor[kVector];
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      float absmax = kSmallestAbsmax;
#pragma unroll
      for (int part = 0; part < kWords / kWordLanes; ++part)
        absmax = fmaxf(absmax, smem.absmax[task.block][part][task.channel + c]);
      factor[c] = p.largest / 256.0f * reciprocal(absmax * (1.0f / 256.0f)); // finite for every finite absmax
    }
    uint32_t words[kVector] = {};
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
      float x[2][kVector];
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const int token = word_key(task.word) + kKeysOfWord[i + j];
        const bool exists = task.block * kKeyBlock + token < keys;
        unpack_row(x[j], stored[pass][i + j]);
        float finite = 0.0f;
#pragma unroll
        for (int c = 0; c < kVector; ++c) {
          finite += nan_unless_finite(x[j][c]);
          x[j][c] = !exists || is_nan(nan_unless_finite(x[j][c])) ? 0.0f : (x[j][c] - mean[pass][c]) * factor[c];
        }
        if (is_nan(finite)) atomicOr(&smem.special[task.block][token / 32], 1u << token % 32);
      }
#pragma unroll
      for (int c = 0; c < kVector; ++c) words[c] |= pack_e4m3(x[0][c], x[1][c]) << 8 * i;
    }
#pragma unroll
    for (int c = 0; c < kVector; ++c) smem.tile[task.block][task.channel + c][task.word] = words[c];
  }
  __syncthreads();

  wait_for_previous_grid(); // which wrote the scales of the keys
#pragma unroll
  for (int block = 0; block < kBlocks<kTileDim>; ++block) {
    if (keys <= block * kKeyBlock) break;
    const int64_t index = int64_t{head_kv} * p.sequences.head_blocks + sequence.first_block + first_block + block;
    int8_t *values = p.records + index * p.record_bytes + kKeyBlock * kTileDim;
    announce_special(smem.special[block], p.special + index, p.key_scale + index * kScalesPerBlock);
    float *scales = reinterpret_cast<float *>(values + kTileDim * kKeyBlock);
    for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
      float absmax = kSmallestAbsmax;
#pragma unroll
      for (int part = 0; part < kWords / kWordLanes; ++part) absmax = fmaxf(absmax, smem.absmax[block][part][c]);
      scales[c] = absmax / p.largest;
    }
#pragma unroll
    for (int pass = 0; pass < kTileDim * kWords / 4 / kThreads; ++pass) {
      const int i = pass * kThreads + threadIdx.x;
      const uint32_t *words = &smem.tile[block][i / 4][i % 4 * 4];
      reinterpret_cast<uint4 *>(values)[i] = {words[0], words[1], words[2], words[3]};
    }
  }
}

} // namespace quantize_value

cudaError_t launch_quantize_value(const QuantizeValueParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const unsigned chunks = (p.sequences.key_blocks + kBlocks<tile> - 1) / kBlocks<tile>;
    return launch_early(quantize_value_kernel<decltype(element), tile>, p, chunks * p.heads * p.sequences.batch, kThreads, 0,
                        stream);
  });
}

} // namespace sage
