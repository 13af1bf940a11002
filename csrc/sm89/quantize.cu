// INT8 quantization of K and FP8 quantization of V in one launch.
#include "../quant/prepare.cuh"

namespace sage {

cudaError_t launch_quantize_key_value(const QuantizeKeyParams &key, const QuantizeValueParams &value, Dtype dtype,
                                      int tile_dim, cudaStream_t stream) {
  return launch_prepare<true>(key, value, dtype, tile_dim, stream);
}

} // namespace sage
