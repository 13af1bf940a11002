// The instantiations of the sm80 attention kernel, a translation unit for each kind.
#pragma once

#include "../common/params.h"

namespace sage::sm80 {

cudaError_t launch_bf16(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_f16(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_f16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_f16_sums_per_step(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_bf16_d128_one_block(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d128_one_block(const AttentionParams &p, cudaStream_t stream);

} // namespace sage::sm80
