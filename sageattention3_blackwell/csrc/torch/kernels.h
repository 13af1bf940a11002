// Calls of the C ABI: from torch's tensors to its parameters.
#pragma once

#include "tensors.h"

#include <sageattn3/sageattn3.h>

#include <string>

namespace sageattn3_torch {

// One input or output, without memory: set_addresses() gives it some.
sageattn3_tensor describe(const at::Tensor &tensor, const sageattention_torch::Axes &axes);

// Broadcast by strides of 0, without an expanded tensor.
sageattn3_mask describe_mask(const at::Tensor &mask);

// What all calls say alike: dtype, mask, scale, causality.
sageattn3_params describe_options(const at::Tensor &query, const std::optional<at::Tensor> &attn_mask, double sm_scale,
                                  bool is_causal, bool bottom_right, bool per_block_mean);

void set_addresses(sageattn3_params &params, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                   const std::optional<at::Tensor> &attn_mask, const sageattention_torch::Result &result,
                   bool return_lse);

// Runs the call on the current stream of the current device. A status other than OK becomes an exception.
void launch(const sageattn3_params &params, c10::Device device);

// The name of the kernel that would run.
std::string kernel_name(sageattn3_params params, int64_t compute_capability);

} // namespace sageattn3_torch
