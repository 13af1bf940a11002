// Instantiations: values in fp16, sums in fp32, head dims up to 128 with eight warps in one block, for multiprocessors
// with too little shared memory for two blocks of four (8.6, 8.9, 12.x).
#include "traits.cuh"

namespace sage::sm80 {

cudaError_t launch_f16_d128_one_block(const AttentionParams &p, cudaStream_t stream) {
  return launch<D128OneBlock<__half, Sums::kFp32>, D128OneBlockMasked<__half, Sums::kFp32>>(p, stream);
}

} // namespace sage::sm80
