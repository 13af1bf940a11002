// Instantiation: f16, head dims up to 256.
#include "../attention/kernel.cuh"
#include "launch.h"
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16_d256(const AttentionParams &p, cudaStream_t stream) {
  using Kernel = Traits<__half, Tile<256, 1, 8, 32, 32, 1>>;
  return launch<Kernel, Kernel>(p, stream);
}

} // namespace sage::sm80
