// The arguments of sageattn3::attention as torch passes them, in one object, so that the long list of the schema
// (library.cpp) is spelled here and nowhere else.
#pragma once

#include "tensors.h"

namespace sageattn3_torch {

using sageattention_torch::Result;
using sageattention_torch::Shapes;

struct Call {
  const at::Tensor &query, &key, &value;
  c10::string_view tensor_layout;
  bool is_causal;
  std::optional<double> sm_scale;
  bool return_lse;
  const std::optional<at::Tensor> &attn_mask;
  c10::string_view causal_alignment;
  bool per_block_mean;
};

using Operator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, c10::string_view, bool,
                        std::optional<double>, bool, const std::optional<at::Tensor> &, c10::string_view, bool);

// A function of a Call as a function of the schema's arguments.
template <Result (*kFunction)(const Call &)>
Result unpacked(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, c10::string_view tensor_layout,
                bool is_causal, std::optional<double> sm_scale, bool return_lse,
                const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment, bool per_block_mean) {
  return kFunction(
      {query, key, value, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment, per_block_mean});
}

// Throws TypeError for the one dtype that sageattention takes and these kernels do not.
void check_16_bit(const at::Tensor &query);

} // namespace sageattn3_torch
