// Q K^T of one step of keys, and everything that changes scores afterwards: special keys, visibility, masks.
#pragma once

#include "../common/memory.cuh"
#include "../common/mma.cuh"
#include "../common/numeric.cuh"
#include "position.cuh"
#include "state.cuh"

namespace sage {

// Scores of the warp's rows with kStep keys from `key` on, as INT32 sums on top of kMagicBits.
template <class T>
__device__ __forceinline__ void query_key_product(Scores<T> &scores, const WarpState<T> &state,
                                                  const typename T::QueryFragments &query,
                                                  const typename T::Stage &stage, int key) {
  const uint32_t address = shared_address(stage.key) + state.key_offset + key * T::kTileDim;
  const int32_t start[4] = {kMagicBits, kMagicBits, kMagicBits, kMagicBits};
#pragma unroll
  for (int k = 0; k < T::kTileDim / 32; ++k) {
    uint4 rows[T::kRowFragments];
#pragma unroll
    for (int f = 0; f < T::kRowFragments; ++f) rows[f] = query[f][k][threadIdx.x];
#pragma unroll
    for (int n = 0; n < T::kStep / 8; n += 2) {
      uint32_t fragment[4];
      ldmatrix_x4(fragment, chunk_ahead(address, 2 * k) + 8 * n * T::kTileDim);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
        const uint32_t a[4] = {rows[f].x, rows[f].y, rows[f].z, rows[f].w};
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          int32_t(&sum)[4] = scores[f][n + i];
          if (k == 0)
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], start);
          else
            mma_s8(sum, a, fragment[2 * i], fragment[2 * i + 1], sum);
        }
      }
    }
  }
}

// Scores of keys that do not exist or that causality hides become -inf.
template <class T>
__device__ __forceinline__ void mask_scores(Scores<T> &scores, const AttentionParams &p, int warp_row,
                                            int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
  const int hidden = __float_as_int(-INFINITY);
#pragma unroll
  for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int row = first_row + 16 * f + 8 * (i / 2);
        const int key = first_key + 8 * n + i % 2;
        if (key >= p.len_kv || key > row + p.causal_shift) scores[f][n][i] = hidden;
      }
    }
  }
}

// One mask element in the base-2 exponents of the scores. A finite value stays finite: rows that are masked with the
// lowest number of a type everywhere have equal probabilities, rows that are masked with -inf everywhere have none.
template <typename Mask> __device__ __forceinline__ float mask_exponent(Mask element) {
  constexpr float kLowestFinite = -1.5e38f;
  const float x = to_float(element);
  const float exponent = x * kLog2e;
  return exponent < kLowestFinite && x != -INFINITY ? kLowestFinite : exponent;
}
template <> __device__ __forceinline__ float mask_exponent(bool element) { return element ? 0.0f : -INFINITY; }

// Dequantizes the scores in place and adds the mask: from here on they are plain floats with a scale of 1.
template <class T, typename Mask>
__device__ __forceinline__ void add_mask(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                         const AttentionParams &p, int64_t head_offset, int warp_row, int first_key) {
  const int thread = opaque(int(threadIdx.x));
  const int first_row = warp_row + thread % 32 / 4;
  first_key += thread % 4 * 2;
  const Mask *mask = static_cast<const Mask *>(p.mask.data) + head_offset;
  const bool same_for_all_rows = p.mask.stride_query == 0;
#pragma unroll
  for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      // Keys past the end have scores of -inf, whatever is added.
      const Mask *column = mask + min(first_key + 8 * n + i, p.len_kv - 1) * p.mask.stride_key;
      float exponent = 0.0f;
      if (same_for_all_rows) exponent = mask_exponent(*column);
#pragma unroll
      for (int f = 0; f < T::kRowFragments; ++f) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          if (!same_for_all_rows)
            exponent = mask_exponent(column[min(first_row + 16 * f + 8 * r, p.len_q - 1) * p.mask.stride_query]);
          int32_t &score = scores[f][n][2 * r + i];
          const float scale = state.query_scale[f][r] * key_scale;
          score = __float_as_int(fmaf(__int_as_float(score) - kMagic, scale, exponent));
        }
      }
    }
  }
}

template <class T>
__device__ __forceinline__ void apply_mask(Scores<T> &scores, const WarpState<T> &state, float key_scale,
                                           const AttentionParams &p, int64_t head_offset, int warp_row,
                                           int first_key) {
  switch (p.mask.kind) {
  case MaskKind::kBool: return add_mask<T, bool>(scores, state, key_scale, p, head_offset, warp_row, first_key);
  case MaskKind::kFloat16: return add_mask<T, __half>(scores, state, key_scale, p, head_offset, warp_row, first_key);
  case MaskKind::kBFloat16:
    return add_mask<T, __nv_bfloat16>(scores, state, key_scale, p, head_offset, warp_row, first_key);
  default: return add_mask<T, float>(scores, state, key_scale, p, head_offset, warp_row, first_key);
  }
}

// Scores with keys that hold an inf or NaN: the exact products, which are inf or NaN as in exact arithmetic.
template <class T>
__device__ __forceinline__ void replace_special_scores(Scores<T> &scores, const AttentionParams &p, int first_key) {
  using Element = typename T::Element;
  const Position at(p, T::kTileRows);
  const int warp_row = at.first_row + at.warp * T::kWarpRows;
  const uint64_t special =
      p.key_special[int64_t{at.kv_head} * p.key_blocks + first_key / kKeyBlock] >> first_key % kKeyBlock;
  const auto *query = static_cast<const Element *>(p.query.data) + at.batch * p.query.stride_batch +
                      at.head * p.query.stride_head;
  const auto *key = static_cast<const Element *>(p.raw_key.data) + at.batch * p.raw_key.stride_batch +
                    at.kv_head % p.heads_kv * p.raw_key.stride_head;
  constexpr int kScores = T::kRowFragments * T::kStep / 2;
#pragma unroll 1
  for (int index = 0; index < kScores; ++index) {
    const int f = index / (T::kStep / 2), n = index / 4 % (T::kStep / 8), i = index % 4;
    const int column = 8 * n + 2 * at.pair + i % 2;
    if (!(special >> column & 1)) continue;
    const int row = min(warp_row + 16 * f + 8 * (i / 2) + at.group, p.len_q - 1);
    const Element *q = query + row * p.query.stride_token;
    const Element *k = key + (first_key + column) * p.raw_key.stride_token;
    float sum = 0.0f;
    for (int c = 0; c < p.head_dim_qk; ++c) sum = fmaf(to_float(q[c]), to_float(k[c]), sum);
    const int32_t bits = __float_as_int(sum * p.sm_scale);
#pragma unroll
    for (int target = 0; target < kScores; ++target) // registers have no index: compare with every one
      if (target == index) scores[target / (T::kStep / 2)][target / 4 % (T::kStep / 8)][target % 4] = bits;
  }
}

} // namespace sage
