// Instantiations: fp16.
#include "traits.cuh"

namespace sage::decode {

cudaError_t attend_f16(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream) {
  return attend<__half>(p, layout, tile_dim, stream);
}

cudaError_t combine_f16(const Params &p, int tile_dim, cudaStream_t stream) {
  return combine<__half>(p, tile_dim, stream);
}

} // namespace sage::decode
