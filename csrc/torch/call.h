// The arguments of sageattention::attention as torch passes them, in one object, so that the long list of the schema
// (library.cpp) is spelled here and nowhere else.
#pragma once

#include "tensors.h"

namespace sageattention_torch {

struct Call {
  const at::Tensor &query, &key, &value;
  c10::string_view tensor_layout;
  bool is_causal;
  std::optional<double> sm_scale;
  bool return_lse;
  const std::optional<at::Tensor> &attn_mask;
  c10::string_view causal_alignment;
  bool smooth_k, smooth_v;
  c10::string_view kernel, qk_quant_gran, pv_accum_dtype;
};

using Operator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, c10::string_view, bool,
                        std::optional<double>, bool, const std::optional<at::Tensor> &, c10::string_view, bool, bool,
                        c10::string_view, c10::string_view, c10::string_view);

// A function of a Call as a function of the schema's arguments.
template <Result (*kFunction)(const Call &)>
Result unpacked(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, c10::string_view tensor_layout,
                bool is_causal, std::optional<double> sm_scale, bool return_lse,
                const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment, bool smooth_k,
                bool smooth_v, c10::string_view kernel, c10::string_view qk_quant_gran,
                c10::string_view pv_accum_dtype) {
  return kFunction({query, key, value, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
                    smooth_k, smooth_v, kernel, qk_quant_gran, pv_accum_dtype});
}

} // namespace sageattention_torch
