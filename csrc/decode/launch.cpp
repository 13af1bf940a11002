// How a call is cut into tiles, and which instantiation runs it.
#include "launch.h"

#include <algorithm>

namespace sage::decode {

Layout::Layout(int64_t heads, int64_t rows, int64_t len_kv, int tile_dim, bool has_wgmma) {
  wgmma = has_wgmma && rows > kFewRows;
  tile_rows = rows <= kFewRows ? kFewRows : wgmma && rows > kManyRows ? kManyRowsWgmma : kManyRows;
  row_tiles = (rows + tile_rows - 1) / tile_rows;
  // What a split of so many keys writes takes as much memory as these in 8 bits.
  const int64_t smallest = std::max(kSplitKeys, 4 * tile_rows), tiles = heads * row_tiles;
  most_splits = std::max(int64_t{1}, std::min((len_kv + smallest - 1) / smallest, kMostBlocks / tiles));
  const size_t partial_rows = most_splits > 1 ? static_cast<size_t>(tiles) * most_splits * tile_rows : 0;
  state_offset = partial_rows * tile_dim * sizeof(float);
  bytes = state_offset + partial_rows * sizeof(float2);
}

cudaError_t launch(const Params &p, const Layout &layout, Dtype dtype, int tile_dim, cudaStream_t stream) {
  const bool f16 = dtype == Dtype::kFloat16;
  Params launched = p;
  launched.row_tiles = static_cast<int>(layout.row_tiles);
  launched.tile_rows = layout.tile_rows;
  cudaError_t error = cudaSuccess;
#if SAGE_SM90
  if (layout.wgmma)
    error = attend_wgmma(launched, layout, dtype, tile_dim, stream);
  else
#endif
    error = f16 ? attend_f16(launched, layout, tile_dim, stream) : attend_bf16(launched, layout, tile_dim, stream);
  if (error != cudaSuccess || launched.splits == 1) return error;
  return f16 ? combine_f16(launched, tile_dim, stream) : combine_bf16(launched, tile_dim, stream);
}

} // namespace sage::decode
