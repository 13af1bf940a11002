// The kernels behind the operators, one per dispatch key.
#pragma once

#include "call.h"

#include <c10/core/DispatchKeySet.h>

#include <string>

namespace sageattn3_torch {

Result attention_cuda(const Call &call);
// The emulation in sageattn3/reference.py.
Result attention_cpu(const Call &call);
// The shapes of the result, symbolic ones included (torch.compile, torch.export).
Result attention_meta(const Call &call);
// Every other device: an error that says so.
Result attention_elsewhere(const Call &call);
// Before all of them: results that refuse to be differentiated. The keys tell which kernel comes next.
Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                          c10::string_view causal_alignment, bool per_block_mean);

// The arguments of one call: tensors and options, checked.
struct Arguments : Shapes {
  bool bottom_right; // only with is_causal
  double sm_scale;
};

// Throws ValueError or TypeError with the reason.
Arguments check_arguments(const Call &call);

// Name of the CUDA kernel that would run for tensors of these shapes (meta ones do) on a device of compute capability
// 10 * major + minor; throws NotImplementedError with the reason if there is none.
std::string cuda_kernel_name(const Call &call, int64_t compute_capability);

} // namespace sageattn3_torch
