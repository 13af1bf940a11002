// Instantiations: bf16, head dims up to 128.
#include "attention.cuh"
#include "launch.h"

namespace sage::sm80 {

// Two blocks of four warps share a multiprocessor; where its shared memory holds only one block (8.6, 8.9, 12.x), that
// block has all eight warps.
cudaError_t launch_bf16_d128(const AttentionParams &p, cudaStream_t stream) {
  using TwoBlocks = Traits<__nv_bfloat16, 128, 2, 4, 32, 64, 2>;
  using OneBlock = Traits<__nv_bfloat16, 128, 2, 8, 32, 64, 1>;
  return fits<TwoBlocks>() ? launch<TwoBlocks>(p, stream) : launch<OneBlock>(p, stream);
}

} // namespace sage::sm80
