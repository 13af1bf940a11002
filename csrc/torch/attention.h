// The kernels behind the operators, one per dispatch key.
#pragma once

#include "arguments.h"
#include "refusals.h"

#include <c10/core/DispatchKeySet.h>

#include <string>

namespace sageattention_torch {

Result attention_cuda(const Call &call);
Result attention_cpu(const Call &call);
Result attention_meta(const Call &call);
// Every other device: an error that says so.
Result attention_elsewhere(const Call &call);
// Before all of them: results that refuse to be differentiated. The keys tell which kernel comes next.
Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                          c10::string_view causal_alignment, bool smooth_k, bool smooth_v, c10::string_view kernel,
                          c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype);

// The emulation in sageattention/reference.py, for arguments that are already checked.
Result attention_reference(const Call &call, const Arguments &arguments);

// Name of the CUDA kernel that would run for tensors of these shapes (meta ones do) on a device of compute capability
// 10 * major + minor; throws NotImplementedError with the reason if there is none.
std::string cuda_kernel_name(const Call &call, int64_t compute_capability);

} // namespace sageattention_torch
