// Copies of K and V into the ring of a group of warps.
#pragma once

#include "../common/memory.cuh"
#include "tile.cuh"

namespace sage::decode {

template <class T> __device__ __forceinline__ void sync_group(int key_group) {
  if constexpr (T::kRowWarps == 1)
    __syncwarp();
  else
    asm volatile("bar.sync %0, %1;" ::"r"(1 + key_group), "n"(T::kGroupThreads) : "memory");
}

// Copies 8 channels, the chunk-th 8, of every kPassRows-th of kRows rows of K or V, from `source` in row `key` on, to
// where target(pass) says; `wide`: in 16-byte copies, in the background. Rows past `end` and channels past head_dim
// become zeros.
template <int kRows, int kPassRows, class Target>
__device__ __forceinline__ void copy_rows(const char *source, int64_t row_bytes, int key, int end, int chunk,
                                          int head_dim, bool wide, const Target &target) {
  if (wide) {
    const bool inside = 8 * chunk < head_dim;
#pragma unroll
    for (int pass = 0; pass < kRows / kPassRows; ++pass) {
      const bool valid = inside && key + pass * kPassRows < end;
      cp_async_16(target(pass), valid ? source + pass * kPassRows * row_bytes : source, valid);
    }
  } else {
#pragma unroll 1
    for (int pass = 0; pass < kRows / kPassRows; ++pass) {
      const auto *from = reinterpret_cast<const uint16_t *>(source + pass * kPassRows * row_bytes);
      const int existing = key + pass * kPassRows < end ? head_dim - 8 * chunk : 0;
#pragma unroll 1
      for (int c = 0; c < 8; ++c) store_shared(target(pass) + 2 * c, c < existing ? from[c] : uint16_t{0});
    }
  }
}

// Copies one unit of K or V after the other.
template <class T> struct Loader {
  static constexpr int kChunks = T::kRowBytes / 16;
  static constexpr int kPassRows = T::kGroupThreads / kChunks; // rows that the group copies at a time
  static_assert(kPassRows > 0 && T::kStep % kPassRows == 0, "units are whole passes");

  const char *source; // this thread's chunk of the next unit
  int64_t row_bytes;
  uint32_t address; // of this thread's row in the first unit
  int key;          // of this thread's row
  int row, chunk;

  __device__ __forceinline__ Loader(const TensorView &tensor, const Position<T> &at, uint32_t ring) {
    const int thread = threadIdx.x % T::kGroupThreads;
    row = thread / kChunks, chunk = thread % kChunks;
    key = at.begin + at.key_group * T::kStep + row;
    row_bytes = tensor.stride_token * 2;
    source = static_cast<const char *>(tensor.data) +
             2 * (at.batch * tensor.stride_batch + at.kv_head * tensor.stride_head) + key * row_bytes + 16 * chunk;
    address = ring + row * T::kRowBytes;
  }

  __device__ __forceinline__ void load(uint32_t unit, int end, int head_dim, bool wide) {
    copy_rows<T::kStep, kPassRows>(source, row_bytes, key, end, chunk, head_dim, wide,
                                   [&](int pass) { return target(unit, pass); });
    key += T::kStride;
    source += T::kStride * row_bytes;
  }

private:
  __device__ __forceinline__ uint32_t target(uint32_t unit, int pass) const {
    const int at = row + pass * kPassRows;
    return address + unit + pass * kPassRows * T::kRowBytes + ((chunk ^ (at & 7)) << 4);
  }
};

} // namespace sage::decode
