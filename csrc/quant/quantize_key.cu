// INT8 quantization of K alone: for values that attention kernels read as they are, or in fp16.
#include "prepare.cuh"

namespace sage {

cudaError_t launch_quantize_key(const QuantizeKeyParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return launch_prepare<false>(p, {}, dtype, tile_dim, stream);
}

} // namespace sage
