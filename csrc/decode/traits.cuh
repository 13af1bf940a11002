// The tiles of the kernels on mma.sync, and their launch.
#pragma once

#include "combine.cuh"
#include "kernel.cuh"
#include "split.h"

#include <type_traits>

namespace sage::decode {

// Shared memory of a block: one fits 8.6, 8.9 and 12.x, two 9.0 and 10.0.
constexpr int kBlockBytes = 96 * 1024;

// Up to 16 rows: the four warps of a block take keys in turn.
template <typename Element, int kTileDim>
using FewRows = Tile<Element, kTileDim, 1, 1, 4, kTileDim == 256 ? 16 : 32, kBlockBytes, 2>;
// Up to 64: two pairs of warps; queries lie in shared memory. Beyond 128 channels four warps of 16 rows.
template <typename Element, int kTileDim>
using ManyRows =
    std::conditional_t<kTileDim == 256, Tile<Element, kTileDim, 1, 4, 1, 16, kBlockBytes, 2>,
                       Tile<Element, kTileDim, 2, 2, 2, 32, kBlockBytes - kManyRows * 2 * kTileDim, 2, true>>;

template <class T> cudaError_t launch_tile(Params &p, const Layout &layout, cudaStream_t stream) {
  return launch_split<T>(attention_kernel<T>, p, layout, stream);
}

template <typename Element> cudaError_t attend(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream) {
  const auto with_rows = [&](auto tile) {
    constexpr int kTileDim = decltype(tile)::value;
    return layout.tile_rows == kFewRows ? launch_tile<FewRows<Element, kTileDim>>(p, layout, stream)
                                        : launch_tile<ManyRows<Element, kTileDim>>(p, layout, stream);
  };
  switch (tile_dim) {
  case 64: return with_rows(std::integral_constant<int, 64>{});
  case 128: return with_rows(std::integral_constant<int, 128>{});
  default: return with_rows(std::integral_constant<int, 256>{});
  }
}

template <typename Element> cudaError_t combine(const Params &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64: return launch_combine<Element, 64>(p, stream);
  case 128: return launch_combine<Element, 128>(p, stream);
  default: return launch_combine<Element, 256>(p, stream);
  }
}

} // namespace sage::decode
