// The epilogue: normalizes, adds what was taken off the values, writes the output and the LSE.
#pragma once

#include "../common/layout.cuh"
#include "../common/memory.cuh"
#include "../common/numeric.cuh"
#include "query.cuh"
#include "state.cuh"
#include "tile.cuh"

#include <type_traits>

namespace sage {

// Multiplies the output by `inverse`, and restores what was taken off the values: multiplies by their scale and adds
// their mean, where they have any. Rows that see no key (an inverse of 0) stay zeros; without any key there is no
// scale.
template <class T>
__device__ __forceinline__ float2 restored(float2 x, float inverse, const AttentionParams &p, int64_t channel) {
  x.x *= inverse, x.y *= inverse;
  if (inverse == 0.0f) return x;
  if (p.value_scale != nullptr) {
    const float2 scale = *reinterpret_cast<const float2 *>(p.value_scale + channel);
    x.x = times_scale(x.x, scale.x), x.y = times_scale(x.y, scale.y);
  }
  if (p.value_mean != nullptr) {
    const float2 mean = *reinterpret_cast<const float2 *>(p.value_mean + channel);
    x.x += mean.x, x.y += mean.y;
  }
  return x;
}

// 16-bit rows go through shared memory, to leave in 16-byte stores: 8 rows after the other, few instructions.
template <class T>
__device__ __forceinline__ void store_staged_rows(const char *tile, const AttentionParams &p, int64_t offset,
                                                  int warp_row, int len_q) {
  constexpr int kRowBytes = T::kTileDim * sizeof(uint16_t);
  constexpr int kChunks = kRowBytes / T::kVectorBytes;
  constexpr int kPerChunk = T::kVectorBytes / sizeof(uint16_t);
  constexpr int kRows = 32 / kChunks > 0 ? 32 / kChunks : 1; // at a time
  static_assert(8 % kRows == 0 && kChunks <= 32, "8 rows, which repeat swizzles, take whole passes");
  const int lane = opaque(static_cast<int>(threadIdx.x)) % 32, chunk = lane % kChunks, channel = chunk * kPerChunk;
  if (channel >= p.head_dim_v) return;
  const int64_t stride = p.output.stride_token;
  uint16_t *output = static_cast<uint16_t *>(const_cast<void *>(p.output.data)) + offset +
                     (warp_row + lane / kChunks) * stride + channel;
  int rows = len_q - warp_row - lane / kChunks; // of this lane, from there on
  if (p.wide_output) {
#pragma unroll 1
    for (int eight = 0; eight < T::kWarpRows; eight += 8, output += 8 * stride, rows -= 8, tile += 8 * kRowBytes) {
      uint4 bits[8 / kRows];
#pragma unroll
      for (int row = 0; row < 8; row += kRows)
        bits[row / kRows] = *reinterpret_cast<const uint4 *>(tile + swizzled<kRowBytes>(row + lane / kChunks, chunk));
#pragma unroll
      for (int row = 0; row < 8; row += kRows)
        if (row < rows) *reinterpret_cast<uint4 *>(output + row * stride) = bits[row / kRows];
    }
  } else {
#pragma unroll 1
    for (int row = 0; row < min(rows, T::kWarpRows); row += kRows) {
      const char *bits = tile + swizzled<kRowBytes>(row + lane / kChunks, chunk);
#pragma unroll 1
      for (int c = 0; c < kPerChunk && channel + c < p.head_dim_v; ++c)
        output[row * stride + c] = reinterpret_cast<const uint16_t *>(bits)[c];
    }
  }
}

// Calls use(f, r, n, x, inverse) for every pair of channels x of the output: 8 n, 8 n + 1 of this thread's row r of
// fragment f.
template <class T, class Use>
__device__ __forceinline__ void for_output(const WarpState<T> &state, const float (&inverse)[T::kRowFragments][2],
                                           const Use &use) {
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n)
        use(f, r, n, make_float2(state.output[f][n][2 * r], state.output[f][n][2 * r + 1]), inverse[f][r]);
    }
  }
}

// Makes change(n, x, inverse) of every pair of channels, and takes the inverses as 1 from then on. For what is rarely
// done.
template <class T, class Change>
__device__ __forceinline__ void change_output(WarpState<T> &state, float (&inverse)[T::kRowFragments][2],
                                              const Change &change) {
  for_output(state, inverse, [&](int f, int r, int n, float2 x, float factor) {
    x = change(n, x, factor);
    state.output[f][n].d[2 * r] = x.x, state.output[f][n].d[2 * r + 1] = x.y;
  });
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) inverse[f][0] = inverse[f][1] = 1.0f;
}

template <class T>
__device__ __forceinline__ void write_output(WarpState<T> &state, SharedMemory<T> &smem, const AttentionParams &p) {
  cp_async_wait<0>(); // a tile whose rows see no key has not waited for its first stage
  __syncthreads();    // other warps may still read the last stage
  const Position at(p, T::kTileRows);
  const Problem &problem = smem.problem();
  const int warp_row = at.first_row + at.warp * T::kWarpRows, len_q = problem.len_q;
  const int64_t offset = head_offset(p.output, at.batch, at.head, problem.first_q);
  char *tile = reinterpret_cast<char *>(smem.output[at.warp]);
  float sum[T::kRowFragments][2], inverse[T::kRowFragments][2];
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      sum[f][r] = problem.fits ? quad_sum(state.row_sum[f][r]) : NAN;
      inverse[f][r] = sum[f][r] == 0.0f ? 0.0f : reciprocal(sum[f][r]); // NaN stays NaN
    }
  }
  if (p.lse != nullptr && at.pair == 0) {
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int row = warp_row + 16 * f + 8 * r + at.group;
        if (row >= len_q) continue;
        float &lse = *lse_of(p, problem, at, row);
        lse = sum[f][r] == 0.0f ? -INFINITY : lse + (state.reference[f][r] + log2f(sum[f][r])) * kLn2;
      }
    }
  }
  constexpr int kRowBytes = T::kTileDim * sizeof(uint16_t);
  const int64_t channel = (int64_t{at.batch} * p.heads_kv + at.kv_head) * T::kTileDim + 2 * at.pair;
  // Returns whether a number has become infinite in fp16. `finish` makes the numbers that are stored out of sums.
  const auto stage = [&](auto element, const auto &finish) {
    using Two = typename Pair<decltype(element)>::type;
    Two largest{};
    for_output(state, inverse, [&](int f, int r, int n, float2 x, float factor) {
      x = finish(n, x, factor);
      const uint32_t bits = pack2<decltype(element)>(x.x, x.y);
      *reinterpret_cast<uint32_t *>(tile + (16 * f + 8 * r) * kRowBytes + swizzled<kRowBytes>(at.group, n) +
                                    4 * at.pair) = bits;
      Two pair;
      memcpy(&pair, &bits, sizeof(bits));
      largest = __hmax2(largest, __habs2(pair));
    });
    const float2 both = unpack2(largest);
    return fmaxf(both.x, both.y) == INFINITY;
  };
  const auto normalized = [](int, float2 x, float factor) { return make_float2(x.x * factor, x.y * factor); };
  const auto original = [&](int n, float2 x, float factor) { return restored<T>(x, factor, p, channel + 8 * n); };
  const auto store_fp32 = [&](const auto &finish) {
    const int channels = p.head_dim_v - 2 * at.pair; // from there on
    float *const rows = static_cast<float *>(const_cast<void *>(p.output.data)) + offset + 2 * at.pair;
    for_output(state, inverse, [&](int f, int r, int n, float2 x, float factor) {
      const int row = warp_row + 16 * f + 8 * r + at.group;
      if (row >= len_q || 8 * n >= channels) return;
      x = finish(n, x, factor);
      float *target = rows + row * p.output.stride_token + 8 * n;
      if (p.wide_output) {
        *reinterpret_cast<float2 *>(target) = x;
      } else {
        target[0] = x.x;
        if (8 * n + 1 < channels) target[1] = x.y;
      }
    });
  };
  if constexpr (T::kAsIs) {
    stage(typename T::Element{}, normalized);
  } else if constexpr (std::is_same_v<typename T::Accumulator, Fp16Accumulator>) { // values always have a scale
    if (p.dtype == Dtype::kFloat32) return store_fp32(original);
    if (p.dtype == Dtype::kFloat16)
      stage(__half{}, [&](int n, float2 x, float factor) {
        x = original(n, x, factor);
        return make_float2(within_half(x.x), within_half(x.y));
      });
    else
      stage(__nv_bfloat16{}, original);
  } else {
    if (p.value_scale != nullptr || p.value_mean != nullptr) change_output(state, inverse, original);
    if (p.dtype == Dtype::kFloat32) return store_fp32(normalized);
    if (p.dtype == Dtype::kBFloat16) {
      stage(__nv_bfloat16{}, normalized);
    } else {
#pragma unroll 1
      for (bool within = false; stage(__half{}, normalized) && !within; within = true)
        change_output(state, inverse, [](int, float2 x, float factor) {
          return make_float2(within_half(x.x * factor), within_half(x.y * factor));
        });
    }
  }
  __syncwarp();
  store_staged_rows<T>(tile, p, offset, warp_row, len_q);
}

} // namespace sage
