// V in fp16, whatever its dtype and range: scaled by a power of two per sequence, head and channel, for kernels whose
// sums are fp16, for fp32 inputs and for values whose mean is taken off. Two launches: the largest magnitudes, then the
// values.
#include "../common/dispatch.cuh"
#include "../common/params.h"
#include "rows.cuh"
#include "special_values.cuh"

namespace sage {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace convert_value {

template <int kTileDim> struct SharedMemory {
  float partial[Rows<kTileDim>::kRowsPerPass][kTileDim];
  unsigned special[2];
};

// The smallest e with 2^e >= x.
__device__ __forceinline__ int exponent_above(float x) { return (__float_as_int(x) + 0x7fffff >> 23) - 127; }
__device__ __forceinline__ float power_of_two(int exponent) { return __int_as_float(exponent + 127 << 23); }

// For exponents from -126: what values are multiplied by, and what takes them back, as times_scale() reads it. Beyond
// 126 (even ones) the first is a denormal number, and the second may be too large for a float.
__device__ __forceinline__ float inverse_power(int exponent) {
  return exponent > 126 ? __int_as_float(1 << 149 - exponent) : power_of_two(-exponent);
}
__device__ __forceinline__ float scale_of(int exponent) {
  return exponent > 126 ? -power_of_two(exponent / 2) : power_of_two(exponent);
}

// Takes magnitudes up to `absmax` to p.largest or, where all keys are summed, to that divided by their number.
__device__ __forceinline__ int scale_exponent(const ConvertValueParams &p, unsigned absmax, int len_kv) {
  const int room = p.sums_all_keys ? exponent_above(static_cast<float>(len_kv)) : 0;
  const int exponent = max(exponent_above(__uint_as_float(absmax)) - exponent_above(p.largest) + room, -126);
  return exponent > 126 ? exponent + exponent % 2 : exponent;
}

// What both launches begin with: where the block stands, its rows and the mean.
template <typename Element, int kTileDim> struct Tile {
  using R = Rows<kTileDim>;
  Sequence sequence;
  int head_index, head_kv, block;
  StoredVector<Element> stored[R::kPassesPerBlock];
  float mean[kVector] = {};

  __device__ __forceinline__ Tile(const ConvertValueParams &p, SharedMemory<kTileDim> &smem)
      : sequence(p.sequences, blockIdx.x / p.sequences.key_blocks / p.heads),
        head_index(blockIdx.x / p.sequences.key_blocks), head_kv(head_index % p.heads),
        block(blockIdx.x % p.sequences.key_blocks) {
    if (block > 0 && !exists(0)) return;
    const Element *head = head_of<Element>(p.value, head_index / p.heads, head_kv, sequence.first_kv);
#pragma unroll
    for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
      const int token = pass * R::kRowsPerPass + R::row();
      stored[pass] = load_row(head + (block * kKeyBlock + token) * p.value.stride_token, R::channel(), p.head_dim,
                              exists(token), p.wide_loads);
    }
    if (p.mean == nullptr) return;
    sample_mean<Element, kTileDim>(mean, smem.partial, head, p.value.stride_token, sequence.len_kv, p.head_dim,
                                   p.wide_loads);
    __syncthreads(); // everyone has read it
  }

  __device__ __forceinline__ bool exists(int token) const { return block * kKeyBlock + token < sequence.len_kv; }

  // The values of one pass without their mean; zeros where they are not finite or do not exist.
  __device__ __forceinline__ void smooth(float (&x)[kVector], int pass) const {
    unpack_row(x, stored[pass]);
    const bool here = exists(pass * R::kRowsPerPass + R::row());
#pragma unroll
    for (int c = 0; c < kVector; ++c) x[c] = !here || is_nan(nan_unless_finite(x[c])) ? 0.0f : x[c] - mean[c];
  }
};

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) value_magnitude_kernel(const __grid_constant__ ConvertValueParams p) {
  using R = Rows<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const Tile<Element, kTileDim> tile(p, smem);
  if (!tile.exists(0)) return;
  float largest[kVector] = {};
#pragma unroll
  for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
    float x[kVector];
    tile.smooth(x, pass);
#pragma unroll
    for (int c = 0; c < kVector; ++c) largest[c] = fmaxf(largest[c], fabsf(x[c]));
  }
#pragma unroll
  for (int c = 0; c < kVector; ++c) smem.partial[R::row()][R::channel() + c] = largest[c];
  __syncthreads();
  for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
    float absmax = 0.0f;
#pragma unroll
    for (int r = 0; r < R::kRowsPerPass; ++r) absmax = fmaxf(absmax, smem.partial[r][c]);
    atomicMax(p.magnitude + int64_t{tile.head_index} * kTileDim + c, __float_as_uint(absmax)); // in any order the same
  }
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) convert_value_kernel(const __grid_constant__ ConvertValueParams p) {
  using R = Rows<kTileDim>;
  __shared__ SharedMemory<kTileDim> smem;
  const Tile<Element, kTileDim> tile(p, smem);
  const int64_t of_head = int64_t{tile.head_index} * kTileDim + R::channel();
  float factor[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) {
    const int exponent = scale_exponent(p, p.magnitude[of_head + c], tile.sequence.len_kv);
    factor[c] = inverse_power(exponent);
    if (tile.block == 0 && R::row() == 0) {
      p.scale[of_head + c] = scale_of(exponent);
      if (p.mean != nullptr) p.mean[of_head + c] = tile.mean[c];
    }
  }
  if (!tile.exists(0)) return;
  if (threadIdx.x < 2) smem.special[threadIdx.x] = 0;
  __syncthreads();
  const int64_t block_index = int64_t{tile.head_kv} * p.sequences.head_blocks + tile.sequence.first_block + tile.block;
  uint16_t *converted = p.converted + block_index * (kKeyBlock * kTileDim) + R::channel();
#pragma unroll
  for (int pass = 0; pass < R::kPassesPerBlock; ++pass) {
    const int token = pass * R::kRowsPerPass + R::row();
    float x[kVector];
    unpack_row(x, tile.stored[pass]);
    mark_special<kTileDim>(smem.special, x, token);
    tile.smooth(x, pass);
    uint4 bits;
    bits.x = pack2<__half>(x[0] * factor[0], x[1] * factor[1]);
    bits.y = pack2<__half>(x[2] * factor[2], x[3] * factor[3]);
    bits.z = pack2<__half>(x[4] * factor[4], x[5] * factor[5]);
    bits.w = pack2<__half>(x[6] * factor[6], x[7] * factor[7]);
    *reinterpret_cast<uint4 *>(converted + token * kTileDim) = bits;
  }
  __syncthreads();
  announce_special(smem.special, p.special + block_index, p.key_scale + block_index * kScalesPerBlock);
}

} // namespace convert_value

cudaError_t launch_convert_value(const ConvertValueParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dispatch(dtype, tile_dim, [&](auto element, auto tile) {
    const size_t bytes = sizeof(unsigned) * p.sequences.batch * p.heads * tile;
    const cudaError_t error = cudaMemsetAsync(p.magnitude, 0, bytes, stream);
    if (error != cudaSuccess) return error;
    const unsigned grid = static_cast<unsigned>(p.sequences.key_blocks) * p.heads * p.sequences.batch;
    value_magnitude_kernel<decltype(element), tile><<<grid, kThreads, 0, stream>>>(p);
    convert_value_kernel<decltype(element), tile><<<grid, kThreads, 0, stream>>>(p);
    return cudaGetLastError();
  });
}

} // namespace sage
