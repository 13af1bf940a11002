// The instantiations of the sm80 attention kernel, one translation unit each.
#pragma once

#include "../common/params.h"

namespace sage::sm80 {

cudaError_t launch_f16_d64(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d128(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d128_one_block(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d256(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d64(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d128(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d128_one_block(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d256(const AttentionParams &p, cudaStream_t stream);

} // namespace sage::sm80
