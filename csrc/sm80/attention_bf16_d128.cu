// Instantiation: bf16, head dims up to 128, two blocks per multiprocessor where its shared memory holds them.
#include "../attention/kernel.cuh"
#include "launch.h"
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_bf16_d128(const AttentionParams &p, cudaStream_t stream) {
  using TwoBlocks = Traits<__nv_bfloat16, Tile<128, 2, 4, 32, 64, 2>>;
#if SAGE_SM80_ONE_BLOCK
  if (!fits<TwoBlocks>()) return launch_bf16_d128_one_block(p, stream);
#endif
  return launch<TwoBlocks, Traits<__nv_bfloat16, Tile<128, 2, 4, 16, 64, 2>>>(p, stream);
}

} // namespace sage::sm80
