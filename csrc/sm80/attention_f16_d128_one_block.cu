// Instantiation: f16, head dims up to 128, eight warps in one block, for multiprocessors with too little shared memory for
// two blocks of four (8.6, 8.9, 12.x).
#include "../attention/kernel.cuh"
#include "launch.h"
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16_d128_one_block(const AttentionParams &p, cudaStream_t stream) {
  return launch<Traits<__half, Tile<128, 2, 8, 32, 64, 1>>, Traits<__half, Tile<128, 2, 8, 16, 64, 1>>>(p, stream);
}

} // namespace sage::sm80
