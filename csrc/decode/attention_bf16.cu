// Instantiations: bf16.
#include "traits.cuh"

namespace sage::decode {

cudaError_t attend_bf16(Params &p, const Layout &layout, int tile_dim, cudaStream_t stream) {
  return attend<__nv_bfloat16>(p, layout, tile_dim, stream);
}

cudaError_t combine_bf16(const Params &p, int tile_dim, cudaStream_t stream) {
  return combine<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sage::decode
