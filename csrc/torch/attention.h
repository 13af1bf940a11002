// The kernels behind the operator sageattention::attention, one per dispatch key.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/util/string_view.h>

#include <optional>
#include <tuple>

namespace sageattention_torch {

// Output in the query's shape, contiguous; LSE [batch, heads_q, len_q] or, if not asked for, of size [0].
using Result = std::tuple<at::Tensor, at::Tensor>;

Result attention_cuda(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                      c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse);

Result attention_cpu(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse);

Result attention_meta(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                      c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse);

// Every other device: an error that says so.
Result attention_elsewhere(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                           c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale,
                           bool return_lse);

// Before all of them: results that refuse to be differentiated.
Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse);

} // namespace sageattention_torch
