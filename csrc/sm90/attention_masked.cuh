// Attention on wgmma with a mask per query, for all head dims: the loop of attention_wide.cuh, where scores are
// dequantized and the mask is added before the largest is searched.
//
// Keys lie in the order of key_of_row(): of every 32, a thread has 8 neighbours, so that a row of the mask comes in
// vectors of 8 elements.
#pragma once

#include "attention_wide.cuh"

namespace sage::sm90 {

constexpr float kLowest = -0x1.fffffep127f; // no score lies below
constexpr int kMaskKeys = 8;                // neighbours that a thread has
constexpr int kBlockKeys = 32;
constexpr int kTileBlocks = kTileKeys / kBlockKeys;

// kMaskBytes: of an element of the mask.
template <int kTileDim, int kStages, int kMaskBytes_> struct MaskedTraits : WideTraits<kTileDim, kStages, true> {
  static constexpr bool kMasked = true;
  static constexpr int kMaskBytes = kMaskBytes_;
  static constexpr int kMaskWords = kMaskKeys * kMaskBytes / 4;
  // Blocks of 32 keys, and rows, whose mask is in registers at a time, and whether that of the next tile is loaded
  // before P V of this one: what there are registers for.
  static constexpr int kPartBlocks = kTileDim < 256 ? kTileBlocks : 4 / kMaskBytes;
  static constexpr int kPartRows = kTileDim < 256 || kMaskBytes < 4 ? 2 : 1;
  static constexpr bool kAhead = kTileDim < 256 && kMaskBytes == 1;
};

// One element in the base-2 exponents of the scores, as in attention/scores.cuh.
template <typename Mask> __device__ __forceinline__ float mask_exponent(float element) {
  return __fmul_rz(element, kLog2e);
}

// Element i of words of a mask.
template <typename Mask> __device__ __forceinline__ float element_of(const uint32_t *words, int i) {
  if constexpr (sizeof(Mask) == 4) {
    return __uint_as_float(words[i]);
  } else if constexpr (sizeof(Mask) == 2) {
    const float2 pair = unpack2<Mask>(words[i / 2]);
    return i % 2 == 0 ? pair.x : pair.y;
  } else {
    return (words[i / 4] & 0xffu << i % 4 * 8) != 0 ? 0.0f : -INFINITY;
  }
}

// What happens to the scores of a work item.
template <class T> struct MaskedSoftmax {
  static constexpr int kRowParts = 2 / T::kPartRows, kParts = kTileBlocks / T::kPartBlocks * kRowParts;
  const AttentionParams &p;
  const char *head; // the mask of the query head, at the first key of this thread in the tile
  int keys;         // that exist from there on
  int rows;         // its first row, times 2, and 1 more where the second exists
  uint32_t mask[T::kPartBlocks][T::kPartRows][T::kMaskWords];

  __device__ __forceinline__ MaskedSoftmax(const AttentionParams &params, const Work &work, RowState &state,
                                           int warp_row)
      : p(params) {
    state.reference[0] = state.reference[1] = kLowest;
    const int first_key = threadIdx.x % 4 * kMaskKeys, last_row = work.problem.len_q - 1;
    keys = work.problem.len_kv - first_key;
    const int row = work.first_row + warp_row + threadIdx.x % 32 / 4;
    rows = 2 * min(row, last_row) + (row + 8 <= last_row); // others repeat one
    head = static_cast<const char *>(p.mask.data) +
           (work.batch * p.mask.stride_batch + work.head * p.mask.stride_head + first_key * p.mask.stride_key) *
               T::kMaskBytes;
    if (T::kAhead) load(0, 0);
  }

  static __device__ __forceinline__ int block_of(int part, int b) { return part / kRowParts * T::kPartBlocks + b; }
  static __device__ __forceinline__ int row_of(int part, int i) { return part % kRowParts + i; }

  __device__ __forceinline__ void begin() {
    if (!T::kAhead) load(0, 0);
  }

  // Loads the mask of a part of the tile that is `ahead` keys further. Keys past the end are hidden afterwards,
  // whatever their mask.
  __device__ __forceinline__ void load(int part, int ahead) {
#pragma unroll
    for (int i = 0; i < T::kPartRows; ++i) {
      const int row = opaque(rows) / 2 + opaque(rows) % 2 * 8 * row_of(part, i);
      const char *from_row = head + row * (p.mask.stride_query * T::kMaskBytes);
#pragma unroll
      for (int b = 0; b < T::kPartBlocks; ++b) {
        const int first = ahead + block_of(part, b) * kBlockKeys;
        if (p.wide_mask)
          load_wide(mask[b][i],
                    first < keys ? from_row + first * T::kMaskBytes : static_cast<const char *>(p.mask.data));
        else
          load_elements(mask[b][i], from_row, first);
      }
    }
  }

  using Words = uint32_t[T::kMaskWords];
  static __device__ __forceinline__ void load_wide(Words &words, const char *from) {
    if constexpr (T::kMaskBytes == 1) {
      const uint2 x = *reinterpret_cast<const uint2 *>(from);
      words[0] = x.x, words[1] = x.y;
    } else {
#pragma unroll
      for (int w = 0; w < T::kMaskWords; w += 4) {
        const uint4 x = reinterpret_cast<const uint4 *>(from)[w / 4];
        words[w] = x.x, words[w + 1] = x.y, words[w + 2] = x.z, words[w + 3] = x.w;
      }
    }
  }
  __device__ __forceinline__ void load_elements(Words &words, const char *from_row, int first) const {
#pragma unroll
    for (int w = 0; w < T::kMaskWords; ++w) {
      constexpr int kOfWord = 4 / T::kMaskBytes;
      words[w] = 0;
#pragma unroll
      for (int e = 0; e < kOfWord; ++e) {
        const char *from = from_row + min(first + w * kOfWord + e, keys - 1) * (p.mask.stride_key * T::kMaskBytes);
        if constexpr (T::kMaskBytes == 1)
          words[w] |= uint32_t{*reinterpret_cast<const uint8_t *>(from)} << 8 * e;
        else if constexpr (T::kMaskBytes == 2)
          words[w] |= uint32_t{*reinterpret_cast<const uint16_t *>(from)} << 16 * e;
        else
          words[w] = *reinterpret_cast<const uint32_t *>(from);
      }
    }
  }

  // Dequantizes the scores of a part in place and adds the mask: from here on they are floats.
  template <typename Mask>
  __device__ __forceinline__ void add(Scores (&scores)[2], int part, const float (&scale)[2]) const {
#pragma unroll
    for (int b = 0; b < T::kPartBlocks; ++b) {
      const int block = block_of(part, b);
#pragma unroll
      for (int i = 0; i < kMaskKeys; ++i) {
#pragma unroll
        for (int j = 0; j < T::kPartRows; ++j) {
          const int r = row_of(part, j);
          int32_t &score = scores[block / 2][block % 2 * 16 + i / 2 * 4 + 2 * r + i % 2];
          const float element = element_of<Mask>(mask[b][j], i);
          float sum = static_cast<float>(score) * scale[r];
          if constexpr (sizeof(Mask) > 1) sum = fmaf(static_cast<float>(score), scale[r], mask_exponent<Mask>(element));
          // A mask hides inf and NaN as well; a sum with -inf would not.
          score = __float_as_int(element == -INFINITY ? -INFINITY : sum);
        }
      }
    }
  }

  // Hides what causality and marks of keys hide. `limit`: the last key of the tile that the first row of the warp sees.
  template <class Scales>
  __device__ __forceinline__ static void hide(Scores (&scores)[2], const Scales &scales, int limit) {
    limit += static_cast<int>(threadIdx.x % 32 / 4) - static_cast<int>(threadIdx.x % 4) * kMaskKeys;
#pragma unroll
    for (int block = 0; block < kTileBlocks; ++block) {
      const uint32_t shown = scales.visible[block] >> threadIdx.x % 4 * kMaskKeys;
#pragma unroll
      for (int i = 0; i < kMaskKeys; ++i) {
#pragma unroll
        for (int r = 0; r < 2; ++r)
          if ((shown >> i & 1) == 0 || block * kBlockKeys + i - 8 * r > limit)
            scores[block / 2][block % 2 * 16 + i / 2 * 4 + 2 * r + i % 2] = __float_as_int(-INFINITY);
      }
    }
  }

  __device__ __forceinline__ void attend(WideConsumer<T> &c, const TileScales<T::kTileDim> &scales,
                                         const float (&signed_scale)[2], int limit) {
    const float scale[2] = {fabsf(signed_scale[0]), fabsf(signed_scale[1])};
#pragma unroll
    for (int part = 0; part < kParts; ++part) {
      if constexpr (T::kMaskBytes == 2) {
        if (p.mask.kind == MaskKind::kFloat16)
          add<__half>(c.scores, part, scale);
        else
          add<__nv_bfloat16>(c.scores, part, scale);
      } else {
        add<std::conditional_t<T::kMaskBytes == 1, bool, float>>(c.scores, part, scale);
      }
      if (part + 1 < kParts) load(part + 1, 0);
    }
    if (T::kAhead) load(0, kTileKeys);
    if (__any_sync(kAllLanes, !(signed_scale[0] >= 0.0f) || kTileKeys > limit + 1)) // a vote: see set_if()
      hide(c.scores, scales, limit);
    float largest[2] = {-INFINITY, -INFINITY};
#pragma unroll
    for (int i = 0; i < kStepKeys; ++i)
      largest[i % 4 / 2] =
          fmaxf(largest[i % 4 / 2], __int_as_float(c.scores[i / (kStepKeys / 2)][i % (kStepKeys / 2)]));
    if (__any_sync(kAllLanes,
                   !(fmaxf(largest[0] - c.rows.reference[0], largest[1] - c.rows.reference[1]) <= kHighestExponent))) {
      float factor[2];
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const float reference = fmaxf(c.rows.reference[r], quad_max(largest[r]) - kUsualExponent);
        factor[r] = exp2_approx(c.rows.reference[r] - reference);
        c.rows.reference[r] = reference;
        c.rows.sum[r] *= factor[r];
      }
      rescale(c.output, factor);
    }
#pragma unroll
    for (int step = 0; step < 2; ++step) {
#pragma unroll
      for (int k = 0; k < kStepKeys / 32; ++k) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int r = i % 2, first = 16 * k + i / 2 * 8 + r * 2; // see exponentiate()
          float x[4];
#pragma unroll
          for (int j = 0; j < 4; ++j) {
            x[j] = exp2_approx(__int_as_float(c.scores[step][first + j / 2 * 4 + j % 2]) - c.rows.reference[r]);
            c.rows.sum[r] += x[j];
          }
          c.probabilities[step][k][i] = pack_e4m3(x[0], x[1]) | pack_e4m3(x[2], x[3]) << 16;
        }
      }
    }
    head += kTileKeys * T::kMaskBytes * p.mask.stride_key;
    keys -= kTileKeys;
  }
};

template <class T>
__global__ void __launch_bounds__(T::kBlockThreads, 1) masked_attention_kernel(const __grid_constant__ KernelParams k) {
  run_wide<T>(k, [&](int item, RowState &rows) {
    return MaskedSoftmax<T>(k.attention, Work(k, opaque(item), T::kTileRows), rows,
                            static_cast<int>(threadIdx.x / 32 - 4) * kWarpRows);
  });
}

} // namespace sage::sm90
