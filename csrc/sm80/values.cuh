// V in 16 bits: how it gets to shared memory, and P V on m16n8k16, summed in fp32 or fp16.
#pragma once

#include "../attention/position.cuh"
#include "../attention/state.cuh"
#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"

#include <type_traits>

namespace sage::sm80 {

// Copies values into one stage after the other. The rows of a thread are a multiple of 8 apart, so one swizzle and one
// running pointer serve all of them.
template <class T> struct Values {
  using Element = typename T::Element;
  // With fp32 sums P reaches 2^8 when a row maximum lags behind: exact in them, far from the fp16 limit, and with
  // values of up to 2 64 of them stay below it. Where all keys are summed in fp16, P stays below 1.
  static constexpr float kLargestExponent = T::kSums == Sums::kFp16 ? 0.0f : 8.0f;
  static constexpr float kUsualExponent = 0.0f;
  // What P may reach without a look at the scores: bf16 and sums in fp32 have room for values of up to 2^48. 0: always
  // look; on 10.x and 12.x the second loop would spill registers.
#if __CUDA_ARCH__ < 1000
  static constexpr float kBoundedExponent = T::kBoundable ? 64.0f : 0.0f;
  static constexpr bool kStraight = T::kSums == Sums::kFp32; // whether a loop of their own is worth its registers
#else
  static constexpr float kBoundedExponent = 0.0f;
  static constexpr bool kStraight = false;
#endif
  using Fragments = uint32_t[T::kRowFragments][T::kStep / 16][4];

  static constexpr int kPerChunk = T::kVectorBytes / sizeof(Element);
  static constexpr int kChunks = T::kTileDim / kPerChunk;
  static constexpr int kRows = T::kThreads / kChunks; // per pass
  static constexpr int kRowBytes = T::kTileDim * sizeof(Element);
  static_assert(kRows % 8 == 0, "rows of a thread must share a swizzle");

  const Element *value; // this thread's chunk in the first pass of the next stage
  uint32_t address;     // of that chunk in the first stage
  int remaining;        // tokens from there to the end; negative: none

  __device__ __forceinline__ Values(const AttentionParams &p, const Problem &problem, const Position &at,
                                    const typename T::Stage &stage) {
    const int chunk = threadIdx.x % kChunks, row = threadIdx.x / kChunks;
    const int64_t first = p.value_in_blocks ? problem.block_of(p, at.kv_head) * (kKeyBlock * T::kTileDim)
                                            : head_offset(p.value, at.batch, at.kv_head, problem.first_kv);
    value = static_cast<const Element *>(p.value.data) + first + row * p.value.stride_token + chunk * kPerChunk;
    address = opaque(shared_address(stage.value) + swizzled<kRowBytes>(row, chunk));
    remaining = chunk * kPerChunk < p.head_dim_v ? problem.len_kv - row : -1;
  }

  // One of kParts parts of a stage, all of them in turn; zeros where it does not exist.
  template <int kParts>
  __device__ __forceinline__ void load(int stage_offset, int part, bool exists, const AttentionParams &p,
                                       const int8_t * /*record*/) {
    constexpr int kPartKeys = T::kStageKeys / kParts;
    static_assert(kPartKeys % kRows == 0, "parts are whole passes");
    const uint32_t target = address + stage_offset + part * kPartKeys * kRowBytes;
    if (T::kSums != Sums::kFp32 || p.wide_value) // values in blocks always are
      load_wide<kPartKeys / kRows>(target, exists, p);
    else
      load_singly<kPartKeys / kRows>(target, exists, p);
    remaining -= kPartKeys;
  }

  // What ldmatrix brings at once: 16 keys of 16 channels or, where sums are flushed, so that fewer of them are alive,
  // 32 keys of 8 channels.
  static constexpr bool kFlushed = T::kSums == Sums::kFp16PerStep && T::kStep % 32 == 0;

  // Where the matrix rows that this lane names to ldmatrix begin.
  static __device__ __forceinline__ int lane_offset(int lane) {
    return kFlushed ? swizzled<kRowBytes>(lane, 0) : swizzled<kRowBytes>(lane % 16, lane / 16);
  }

  // Two neighbouring probabilities of row r, score columns of fragment n.
  static __device__ __forceinline__ void pack(Fragments &fragments, int f, int r, int n, float a, float b) {
    fragments[f][n / 2][n % 2 * 2 + r] = pack2<Element>(a, b);
  }

  static __device__ __forceinline__ void multiply(WarpState<T> &state, const Fragments &fragments, int stage_offset,
                                                  int key) {
    const uint32_t address = state.value_address + stage_offset + key * kRowBytes;
    if constexpr (kFlushed) {
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n) add_flushed(state.output, fragments, address, n);
    } else {
#pragma unroll
      for (int k = 0; k < T::kStep / 16; ++k) {
#pragma unroll
        for (int n = 0; n < T::kTileDim / 8; n += 2) add_product(state.output, fragments, k, address, n);
      }
    }
  }

private:
  using Output = typename T::Accumulator[T::kRowFragments][T::kTileDim / 8];

  // The product with 16 keys and the channels 8 n to 8 n + 15.
  static __device__ __forceinline__ void add_product(Output &output, const Fragments &fragments, int k,
                                                     uint32_t address, int n) {
    if constexpr (T::kSums != Sums::kFp32)
      __syncwarp(); // keeps later loads from being moved up, to where registers lack
    uint32_t b[4];
    ldmatrix_x4_transposed(b, chunk_ahead(address, n) + 16 * k * kRowBytes);
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        if constexpr (T::kSums == Sums::kFp32) {
          mma_16bit<Element>(output[f][n + i].d, fragments[f][k], b[2 * i], b[2 * i + 1]);
        } else if constexpr (T::kSums == Sums::kFp16) {
          mma_f16(output[f][n + i].d, fragments[f][k], b[2 * i], b[2 * i + 1]);
        } else {
          Fp16Accumulator sums;
          sums.clear();
          mma_f16(sums.d, fragments[f][k], b[2 * i], b[2 * i + 1]);
          flush(output[f][n + i], sums);
        }
      }
    }
  }

  // The product with all keys of a step and the channels 8 n to 8 n + 7, summed in fp16 first.
  static __device__ __forceinline__ void add_flushed(Output &output, const Fragments &fragments, uint32_t address,
                                                     int n) {
    __syncwarp();
    Fp16Accumulator sums[T::kRowFragments];
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) sums[f].clear();
#pragma unroll
    for (int k = 0; k < T::kStep / 16; k += 2) {
      uint32_t b[4];
      ldmatrix_x4_transposed(b, chunk_ahead(address, n) + 16 * k * kRowBytes);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
        mma_f16(sums[f].d, fragments[f][k], b[0], b[1]);
        mma_f16(sums[f].d, fragments[f][k + 1], b[2], b[3]);
      }
    }
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) flush(output[f][n], sums[f]);
  }

  static __device__ __forceinline__ void flush(Fp32Accumulator &output, const Fp16Accumulator &sums) {
    output.add(0, sums[0], sums[1]);
    output.add(1, sums[2], sums[3]);
  }

  template <int kPasses>
  __device__ __forceinline__ void load_wide(uint32_t target, bool exists, const AttentionParams &p) {
    const int64_t step = kRows * p.value.stride_token;
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      cp_async_16(target + pass * kRows * kRowBytes, value, exists && remaining > pass * kRows);
      value = opaque(value + step); // a running sum: one addition per row instead of a multiplication
    }
  }

  // For addresses that are not multiples of 16 bytes.
  template <int kPasses>
  __device__ __forceinline__ void load_singly(uint32_t target, bool exists, const AttentionParams &p) {
    const int channel = threadIdx.x % kChunks * kPerChunk;
#pragma unroll 1
    for (int pass = 0; pass < kPasses; ++pass) {
      const bool valid = exists && remaining > pass * kRows;
      const auto *bits = reinterpret_cast<const uint16_t *>(value);
      for (int i = 0; i < kPerChunk; ++i)
        store_shared(target + i * sizeof(Element), valid && channel + i < p.head_dim_v ? bits[i] : uint16_t{0});
      value += kRows * p.value.stride_token;
      target += kRows * kRowBytes;
    }
  }
};

} // namespace sage::sm80
