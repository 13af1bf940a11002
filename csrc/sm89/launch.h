// The instantiations of the sm89 attention kernel, a translation unit for each kind of sums.
#pragma once

#include "../common/params.h"

namespace sage::sm89 {

cudaError_t launch_fp32_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);
cudaError_t launch_fp16_sums(const AttentionParams &p, int tile_dim, cudaStream_t stream);

} // namespace sage::sm89
