// Q K^T of one step of keys, what masks and causality hide of it, and the softmax over steps.
#pragma once

#include "../common/mma.cuh"
#include "../common/numeric.cuh"
#include "query.cuh"

namespace sage::decode {

constexpr float kLowest = -0x1.fffffep127f; // start of a row's reference: no score lies below it
constexpr float kLargestExponent = 8.0f;    // P may reach 2^8 before the reference of its row is raised

template <class T> using Scores = float[T::kFragments][T::kStep / 8][4];
template <class T> using Probabilities = uint32_t[T::kFragments][T::kStep / 16][4];

// What a warp keeps in registers of its rows.
template <class T> struct State {
  float output[T::kFragments][T::kTileDim / 8][4];
  float reference[T::kFragments][2]; // base-2 exponent that P is relative to
  float row_sum[T::kFragments][2];   // this thread's part

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int f = 0; f < T::kFragments; ++f) {
      reference[f][0] = reference[f][1] = kLowest;
      row_sum[f][0] = row_sum[f][1] = 0.0f;
#pragma unroll
      for (int n = 0; n < T::kTileDim / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) output[f][n][i] = 0.0f;
    }
  }
};

template <class T>
__device__ __forceinline__ void query_key_product(Scores<T> &scores, const Query<T> &query, uint32_t key_address) {
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f)
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) scores[f][n][i] = 0.0f;
#pragma unroll
  for (int k = 0; k < T::kTileDim / 16; ++k) {
    uint32_t a[T::kFragments][4];
#pragma unroll
    for (int f = 0; f < T::kFragments; ++f) query.get(a[f], f, k);
#pragma unroll
    for (int n = 0; n < T::kStep / 8; n += 2) {
      uint32_t b[4];
      ldmatrix_x4(b, chunk_ahead(key_address, 2 * k) + n * 8 * T::kRowBytes);
#pragma unroll
      for (int f = 0; f < T::kFragments; ++f) {
        mma_16bit<typename T::Element>(scores[f][n], a[f], b[0], b[1]);
        mma_16bit<typename T::Element>(scores[f][n + 1], a[f], b[2], b[3]);
      }
    }
  }
}

// Keys of a step that a padding mask shows to every row: a bit each.
template <class T> struct Shown {
  static constexpr int kWords = (T::kStep + 31) / 32;
  uint32_t words[kWords];

  // Asked for before the step's keys have landed: it takes as long.
  __device__ __forceinline__ Shown(const Params &p, const Position<T> &at, int key) {
    const int lane = threadIdx.x % 32;
    const bool *mask = static_cast<const bool *>(p.padding.data) + at.batch * p.padding.stride_batch;
#pragma unroll
    for (int w = 0; w < kWords; ++w) {
      const int column = key + 32 * w + lane;
      bool shown = true;
      if (p.padding.kind != MaskKind::kNone && column < p.len_kv) shown = mask[column * p.padding.stride_key];
      words[w] = __ballot_sync(kAllLanes, shown);
    }
  }

  __device__ __forceinline__ bool all() const {
    uint32_t common = words[0];
#pragma unroll
    for (int w = 1; w < kWords; ++w) common &= words[w];
    return common == ~0u;
  }
  // Key 8 n + i of the step; i is below 8.
  __device__ __forceinline__ bool at(int n, int i) const { return words[n / 4] >> (n % 4 * 8 + i) & 1; }
};

// A mask element in base-2 exponents. Rounded towards zero, so that a finite number stays finite.
template <typename Mask> __device__ __forceinline__ float mask_exponent(Mask element) {
  return __fmul_rz(to_float(element), kLog2e);
}
template <> __device__ __forceinline__ float mask_exponent(bool element) { return element ? 0.0f : -INFINITY; }

template <typename Mask> struct alignas(2 * sizeof(Mask)) MaskPair {
  Mask element[2];
};

template <class T, typename Mask>
__device__ __forceinline__ void add_mask(Scores<T> &scores, const Params &p, const Position<T> &at, int key) {
  const int first_key = key + 2 * at.pair;
  const bool pairs = p.mask_pairs && key + T::kStep <= p.len_kv;
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const Row row(p, at.kv_head, min(at.row(f, r), p.rows - 1));
      const Mask *mask = static_cast<const Mask *>(p.mask.data) + at.batch * p.mask.stride_batch +
                         row.head * p.mask.stride_head + row.query * p.mask.stride_query;
      const auto add = [&](int n, const MaskPair<Mask> &pair) {
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const float exponent = mask_exponent(pair.element[i]);
          float &score = scores[f][n][2 * r + i];
          score = exponent == -INFINITY ? exponent : score + exponent; // a mask hides inf and NaN as well
        }
      };
      if (pairs) {
#pragma unroll
        for (int n = 0; n < T::kStep / 8; ++n)
          add(n, *reinterpret_cast<const MaskPair<Mask> *>(mask + first_key + 8 * n));
      } else {
#pragma unroll
        for (int n = 0; n < T::kStep / 8; ++n) {
          const int64_t column = min(first_key + 8 * n, p.len_kv - 1), next = min(first_key + 8 * n + 1, p.len_kv - 1);
          add(n, {{mask[column * p.mask.stride_key], mask[next * p.mask.stride_key]}});
        }
      }
    }
  }
}

// Scales the scores with the keys from `key` on and adds the mask; those that do not exist, or that padding or
// causality hides, become -inf.
template <class T>
__device__ __forceinline__ void hide_scores(Scores<T> &scores, float scale, const Params &p, const Position<T> &at,
                                            int key, const Shown<T> &shown) {
  const int first_key = key + 2 * at.pair;
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f)
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) scores[f][n][i] *= scale;
  switch (p.mask.kind) {
  case MaskKind::kNone: break;
  case MaskKind::kBool: add_mask<T, bool>(scores, p, at, key); break;
  case MaskKind::kFloat16: add_mask<T, __half>(scores, p, at, key); break;
  case MaskKind::kBFloat16: add_mask<T, __nv_bfloat16>(scores, p, at, key); break;
  default: add_mask<T, float>(scores, p, at, key); break;
  }
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const Row row(p, at.kv_head, min(at.row(f, r), p.rows - 1));
      const int end = min(at.end, seen_by(p, row.query));
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i)
          if (first_key + 8 * n + i >= end || !shown.at(n, 2 * at.pair + i)) scores[f][n][2 * r + i] = -INFINITY;
    }
  }
}

// Keys that no mask and no causality hides from any row of the tile.
template <class T> __device__ __forceinline__ int seen_by_all(const Params &p, const Position<T> &at) {
  return p.mask.kind != MaskKind::kNone ? 0 : min(at.end, seen_by(p, at.first_row / p.group));
}

// Hides what has to be hidden of a step. Returns the factor that makes exponents of its scores: hide_scores() has
// applied that.
template <class T>
__device__ __forceinline__ float hide(Scores<T> &scores, float scale, const Params &p, const Position<T> &at, int key,
                                      const Shown<T> &shown, int seen_by_all) {
  if (key + T::kStep <= seen_by_all && shown.all()) return scale;
  hide_scores<T>(scores, scale, p, at, key, shown);
  return 1.0f;
}

// Factors that rows are rescaled by.
template <class T> using Factors = float[T::kFragments][2];

// Raises the references only where a P of the warp would exceed 2^kLargestExponent: shuffles and multiplications are
// rare. If so, the sums of P V have to be rescaled.
template <class T>
__device__ __forceinline__ bool raise_references(Factors<T> &factors, State<T> &state, const Scores<T> &scores,
                                                 float scale) {
  float largest[T::kFragments][2];
  bool grows = false;
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      largest[f][r] = scores[f][0][2 * r];
#pragma unroll
      for (int n = 0; n < T::kStep / 8; ++n)
        largest[f][r] = fmaxf(largest[f][r], fmaxf(scores[f][n][2 * r], scores[f][n][2 * r + 1]));
      largest[f][r] *= scale;
      grows |= largest[f][r] > state.reference[f][r] + kLargestExponent;
    }
  }
  if (!__any_sync(kAllLanes, grows)) return false;
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float reference = fmaxf(state.reference[f][r], quad_max(largest[f][r]));
      factors[f][r] = exp2_approx(state.reference[f][r] - reference);
      state.reference[f][r] = reference;
      state.row_sum[f][r] *= factors[f][r];
    }
  }
  return true;
}

template <class T> __device__ __forceinline__ void rescale(State<T> &state, const Factors<T> &factors) {
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f)
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) state.output[f][n][i] *= factors[f][i / 2];
}

// Scores become P.
template <class T> __device__ __forceinline__ void exponentiate(Scores<T> &scores, State<T> &state, float scale) {
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f) {
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        scores[f][n][i] = exp2_approx(fmaf(scores[f][n][i], scale, -state.reference[f][i / 2]));
#pragma unroll
      for (int r = 0; r < 2; ++r) state.row_sum[f][r] += scores[f][n][2 * r] + scores[f][n][2 * r + 1];
    }
  }
}

// P as A fragments of the second product.
template <class T> __device__ __forceinline__ void pack(Probabilities<T> &probabilities, const Scores<T> &scores) {
#pragma unroll
  for (int f = 0; f < T::kFragments; ++f)
#pragma unroll
    for (int n = 0; n < T::kStep / 8; ++n)
#pragma unroll
      for (int r = 0; r < 2; ++r)
        probabilities[f][n / 2][n % 2 * 2 + r] =
            pack2<typename T::Element>(scores[f][n][2 * r], scores[f][n][2 * r + 1]);
}

template <class T>
__device__ __forceinline__ void probability_value_product(State<T> &state, const Probabilities<T> &probabilities,
                                                          uint32_t value_address) {
#pragma unroll
  for (int k = 0; k < T::kStep / 16; ++k) {
#pragma unroll
    for (int n = 0; n < T::kTileDim / 8; n += 2) {
      uint32_t b[4];
      ldmatrix_x4_transposed(b, chunk_ahead(value_address, n) + k * 16 * T::kRowBytes);
#pragma unroll
      for (int f = 0; f < T::kFragments; ++f) {
        mma_16bit<typename T::Element>(state.output[f][n], probabilities[f][k], b[0], b[1]);
        mma_16bit<typename T::Element>(state.output[f][n + 1], probabilities[f][k], b[2], b[3]);
      }
    }
  }
}

} // namespace sage::decode
