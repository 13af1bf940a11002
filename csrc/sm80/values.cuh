// V in 16 bits: how it gets to shared memory, and P V on m16n8k16 with fp32 accumulators.
#pragma once

#include "../attention/position.cuh"
#include "../attention/state.cuh"
#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"

namespace sage::sm80 {

// Copies values into one stage after the other. The rows of a thread are a multiple of 8 apart, so one swizzle and one
// running pointer serve all of them.
template <class T> struct Values {
  using Element = typename T::Element;
  // P reaches 2^8 when a row maximum lags behind: exact in fp32 sums, far from the fp16 limit.
  static constexpr float kLargestExponent = 8.0f;
  static constexpr float kUsualExponent = 0.0f;
  using Fragments = uint32_t[T::kRowFragments][T::kStep / 16][4];

  static constexpr int kPerChunk = T::kVectorBytes / sizeof(Element);
  static constexpr int kChunks = T::kTileDim / kPerChunk;
  static constexpr int kRows = T::kThreads / kChunks; // per pass
  static constexpr int kRowBytes = T::kTileDim * sizeof(Element);
  static_assert(kRows % 8 == 0, "rows of a thread must share a swizzle");

  const Element *value; // this thread's chunk in the first pass of the next stage
  int offset;           // of that chunk in a stage
  int remaining;        // tokens from there to the end; negative: none

  __device__ __forceinline__ Values(const AttentionParams &p, const Position &at) {
    const int chunk = threadIdx.x % kChunks, row = threadIdx.x / kChunks;
    value = static_cast<const Element *>(p.value.data) + at.batch * p.value.stride_batch +
            at.kv_head % p.heads_kv * p.value.stride_head + row * p.value.stride_token + chunk * kPerChunk;
    offset = opaque(swizzled<kRowBytes>(row, chunk));
    remaining = chunk * kPerChunk < p.head_dim_v ? p.len_kv - row : -1;
  }

  __device__ __forceinline__ void load(typename T::Stage &stage, const AttentionParams &p, const int8_t * /*record*/) {
    if (p.wide_value)
      load_wide(stage, p);
    else
      load_singly(stage, p);
    remaining -= T::kStageKeys;
  }

  // Where the matrix rows that this lane names to ldmatrix begin.
  static __device__ __forceinline__ int lane_offset(int lane) { return swizzled<kRowBytes>(lane % 16, lane / 16); }

  // Two neighbouring probabilities of row r, score columns of fragment n.
  static __device__ __forceinline__ void pack(Fragments &fragments, int f, int r, int n, float a, float b) {
    fragments[f][n / 2][n % 2 * 2 + r] = pack2<Element>(a, b);
  }

  static __device__ __forceinline__ void multiply(WarpState<T> &state, const Fragments &fragments,
                                                  const typename T::Stage &stage, int key, int /*pair*/) {
    const uint32_t address = shared_address(stage.value) + state.value_offset + key * kRowBytes;
#pragma unroll
    for (int k = 0; k < T::kStep / 16; ++k) {
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; n += 2) {
        uint32_t b[4];
        ldmatrix_x4_transposed(b, chunk_ahead(address, n) + 16 * k * kRowBytes);
#pragma unroll
        for (int f = 0; f < T::kRowFragments; ++f) {
          mma_16bit<Element>(state.output[f][n], fragments[f][k], b[0], b[1]);
          mma_16bit<Element>(state.output[f][n + 1], fragments[f][k], b[2], b[3]);
        }
      }
    }
  }

private:
  __device__ __forceinline__ void load_wide(typename T::Stage &stage, const AttentionParams &p) {
    const int64_t step = kRows * p.value.stride_token;
#pragma unroll
    for (int pass = 0; pass < T::kStageKeys / kRows; ++pass) {
      cp_async_16(shared_address(stage.value) + offset + pass * kRows * kRowBytes, value, remaining > pass * kRows);
      value = opaque(value + step); // a running sum: one addition per row instead of a multiplication
    }
  }

  // For addresses that are not multiples of 16 bytes.
  __device__ __forceinline__ void load_singly(typename T::Stage &stage, const AttentionParams &p) {
    const int channel = threadIdx.x % kChunks * kPerChunk;
#pragma unroll 1
    for (int pass = 0; pass < T::kStageKeys / kRows; ++pass) {
      Element *target = stage.value + (offset + pass * kRows * kRowBytes) / sizeof(Element);
      const bool exists = remaining > pass * kRows;
      for (int i = 0; i < kPerChunk; ++i)
        target[i] = exists && channel + i < p.head_dim_v ? value[i] : Element(0.0f);
      value += kRows * p.value.stride_token;
    }
  }
};

} // namespace sage::sm80
