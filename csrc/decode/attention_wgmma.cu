// Instantiations on wgmma (sm_90a).
#include "kernel_wgmma.cuh"
#include "split.h"

namespace sage::decode {
inline namespace on_wgmma {

// Up to 64 rows: two blocks on a multiprocessor. Up to 128: one, with longer steps, for which queries have to leave the
// registers at 128 channels.
template <typename Element, int kTileDim> using ManyRows = WgmmaTile<Element, kTileDim, 1, 64, 96 * 1024, 2>;
template <typename Element, int kTileDim>
using MostRows = WgmmaTile<Element, kTileDim, 2, 128, 192 * 1024, 1, kTileDim == 128>;

template <class T> cudaError_t launch_wgmma_tile(Params &p, const Layout &layout, cudaStream_t stream) {
  return launch_split<T>(wgmma_kernel<T>, p, layout, stream);
}

template <typename Element>
cudaError_t attend_with_tile(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream) {
  if (layout.tile_rows == kManyRows)
    return tile_dim == 64 ? launch_wgmma_tile<ManyRows<Element, 64>>(p, layout, stream)
                          : launch_wgmma_tile<ManyRows<Element, 128>>(p, layout, stream);
  return tile_dim == 64 ? launch_wgmma_tile<MostRows<Element, 64>>(p, layout, stream)
                        : launch_wgmma_tile<MostRows<Element, 128>>(p, layout, stream);
}

} // namespace on_wgmma

cudaError_t attend_wgmma(Params &p, const Layout &layout, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? attend_with_tile<__half>(p, layout, tile_dim, stream)
                                  : attend_with_tile<__nv_bfloat16>(p, layout, tile_dim, stream);
}

} // namespace sage::decode
