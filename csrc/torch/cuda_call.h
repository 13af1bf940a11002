// From torch's tensors and options to a call of the C ABI, for both operators.
#pragma once

#include "call.h"
#include "options.h"

#include <sageattention/sageattention.h>

#include <string>

namespace sageattention_torch {

// Dtype and options; the rest is zeros.
sageattention_params describe_options(const at::Tensor &query, const Options &options, bool is_causal, bool smooth_k,
                                      bool smooth_v);

// Broadcast by strides of 0, without an expanded tensor.
sageattention_mask describe_mask(const at::Tensor &mask);

struct Inputs {
  const at::Tensor &query, &key, &value;
  const std::optional<at::Tensor> &attn_mask;
};
void set_addresses(sageattention_params &params, const Inputs &inputs, const Result &result);

// Runs the call on torch's current stream; throws what the library reports.
void launch(const sageattention_params &params, c10::Device device);

// Name of the kernel for a call that never runs.
std::string kernel_name_of(sageattention_params &params, bool has_mask, int64_t compute_capability);

} // namespace sageattention_torch
