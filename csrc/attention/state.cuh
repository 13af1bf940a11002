// What a warp keeps in registers from one step of keys to the next.
#pragma once

#include "../common/params.h"

namespace sage {

// Everything that a warp keeps in registers. Row r of fragment f is row 16 f + 8 r + group of the warp's rows.
template <class T> struct WarpState {
  float query_scale[T::kRowFragments][2];                // with sm_scale * log2(e)
  float reference[T::kRowFragments][2];                  // base-2 exponent that P is relative to
  float row_sum[T::kRowFragments][2];                    // this thread's part
  float output[T::kRowFragments][T::kTileDim / 8][4];
  int key_offset, value_offset;                          // of the matrix rows that this lane names to ldmatrix
};

// One step's scores, as INT32 sums on top of kMagicBits until a mask makes plain floats of them.
template <class T> using Scores = int32_t[T::kRowFragments][T::kStep / 8][4];

} // namespace sage
