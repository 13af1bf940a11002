// The instantiations of the sm89 attention kernel, one translation unit per dtype and kind of sums.
#pragma once

#include "../common/params.h"

namespace sage::sm89 {

cudaError_t launch_f16_fp32_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_f16_fp16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_bf16_fp32_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_bf16_fp16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);

} // namespace sage::sm89
