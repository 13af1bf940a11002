// Copies of quantized keys and their scales into the stages of the pipeline.
#pragma once

#include "../common/layout.cuh"
#include "../common/memory.cuh"
#include "position.cuh"

namespace sage {

// Copies the keys of one stage after the other. Holds what one thread needs for that: its rows are a multiple of 8
// apart, so one swizzle and one running pointer serve all of them.
template <class T> struct KeyLoader {
  static constexpr int kChunks = T::kTileDim / T::kVectorBytes;
  static constexpr int kRows = T::kThreads / kChunks; // per pass
  static_assert(kRows % 8 == 0, "rows of a thread must share a swizzle");

  const int8_t *key;  // this thread's chunk in the first pass of the next stage
  const float *scale; // this thread's, of the next stage's block
  uint32_t address;   // of the chunk in the first stage

  __device__ __forceinline__ KeyLoader(const AttentionParams &p, const Problem &problem, const Position &at,
                                       const typename T::Stage &stage) {
    const int thread = threadIdx.x;
    const int64_t first_block = problem.block_of(p, at.kv_head);
    key = p.key + first_block * T::kRecordBytes + thread * T::kVectorBytes;
    scale = p.key_scale + first_block * kScalesPerBlock + at.pair;
    address = opaque(shared_address(stage.key) + swizzled<T::kTileDim>(thread / kChunks, thread % kChunks));
  }

  // The scale that this thread's scores with the keys of the next stage need: it travels in a register.
  __device__ __forceinline__ float next_scale(int index) {
    const float loaded = __ldg(scale);
    if ((index + 1) % (kKeyBlock / T::kStageKeys) == 0) scale += kScalesPerBlock;
    return loaded;
  }

  // Starts the copies of one of kParts parts of a stage, all of them in turn; zeros instead if it does not exist.
  template <int kParts> __device__ __forceinline__ void load(int stage_offset, int part, bool exists) {
    constexpr int kPasses = T::kStageKeys / kRows / kParts, kPassBytes = kRows * T::kTileDim;
    static_assert(kPasses * kRows * kParts == T::kStageKeys, "parts are whole passes");
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass)
      cp_async_16(address + stage_offset + (part * kPasses + pass) * kPassBytes, key + pass * kPassBytes, exists);
    key += kPasses * kPassBytes;
    constexpr int kRest = T::kRecordBytes / (kKeyBlock / T::kStageKeys) - T::kStageKeys * T::kTileDim; // values
    if (kRest > 0 && part == kParts - 1) key += kRest;
  }
};

} // namespace sage
