// Instantiation: f16, head dims up to 128.
#include "attention.cuh"
#include "launch.h"

namespace sage::sm80 {

cudaError_t launch_f16_d128(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__half, 128, 2, 4, 32, 2>>(p, stream);
}

} // namespace sage::sm80
