// The instantiations of the attention kernel, one translation unit each.
#pragma once

#include "../common/params.h"

namespace sageattn3 {

cudaError_t launch_f16_d64(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d128(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_f16_d256(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d64(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d128(const AttentionParams &p, cudaStream_t stream);
cudaError_t launch_bf16_d256(const AttentionParams &p, cudaStream_t stream);

} // namespace sageattn3
