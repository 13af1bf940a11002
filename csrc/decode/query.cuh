// Query fragments: in registers, or each thread's own in shared memory.
#pragma once

#include "../common/memory.cuh"
#include "../common/numeric.cuh"
#include "tile.cuh"

namespace sage::decode {

template <class T> struct Query {
  static constexpr int kSteps = T::kTileDim / 16; // of channels
  uint32_t fragments[T::kQueryInShared ? 1 : T::kFragments][T::kQueryInShared ? 1 : kSteps][4];
  uint32_t address; // in shared memory
  float scale;      // of products with these, to base-2 exponents; not negative: the sign is in the queries

  // Ends with a barrier of the block if fragments go to shared memory.
  __device__ __forceinline__ void load(const Params &p, const Position<T> &at, unsigned char *shared_bytes) {
    uint4 *stored = reinterpret_cast<uint4 *>(shared_bytes + T::kQueryOffset) + threadIdx.x % T::kGroupThreads;
    each(p, at, [&](int f, int k, const uint32_t (&a)[4]) {
      if constexpr (T::kQueryInShared) {
        if (at.key_group == 0) stored[(f * kSteps + k) * T::kGroupThreads] = {a[0], a[1], a[2], a[3]};
      } else {
#pragma unroll
        for (int i = 0; i < 4; ++i) fragments[f][k][i] = a[i];
      }
    });
    if constexpr (T::kQueryInShared) {
      address = opaque(shared_address(stored));
      __syncthreads();
    }
  }

  // use(f, k, a) for every fragment, as it comes from memory.
  template <class Use> __device__ __forceinline__ void each(const Params &p, const Position<T> &at, const Use &use) {
    scale = fabsf(p.sm_scale) * kLog2e;
    const uint32_t sign = p.sm_scale < 0.0f ? 0x80008000u : 0u;
#pragma unroll
    for (int f = 0; f < T::kFragments; ++f) {
      const uint16_t *source[2];
      int channels[2]; // rows past the last have none
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int index = at.row(f, r);
        const Row row(p, at.kv_head, min(index, p.rows - 1));
        source[r] = static_cast<const uint16_t *>(p.query.data) + at.batch * p.query.stride_batch +
                    row.head * p.query.stride_head + row.query * p.query.stride_token;
        channels[r] = index < p.rows ? p.head_dim_qk : 0;
      }
#pragma unroll
      for (int k = 0; k < kSteps; ++k) {
        uint32_t a[4];
#pragma unroll
        for (int i = 0; i < 4; ++i)
          a[i] = pair_at(source[i % 2], 16 * k + 8 * (i / 2) + 2 * at.pair, channels[i % 2], p.wide_query) ^ sign;
        use(f, k, a);
      }
    }
  }

  __device__ __forceinline__ void get(uint32_t (&a)[4], int f, int k) const {
    if constexpr (T::kQueryInShared) {
      const uint4 x = load_shared_16(address + (f * kSteps + k) * T::kGroupThreads * 16);
      a[0] = x.x, a[1] = x.y, a[2] = x.z, a[3] = x.w;
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i) a[i] = fragments[f][k][i];
    }
  }

private:
  static __device__ __forceinline__ uint32_t pair_at(const uint16_t *row, int channel, int channels, bool wide) {
    if (channel >= channels) return 0;
    if (wide) return *reinterpret_cast<const uint32_t *>(row + channel);
    return row[channel] | (channel + 1 < channels ? uint32_t{row[channel + 1]} << 16 : 0);
  }
};

} // namespace sage::decode
