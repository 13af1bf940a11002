// The arguments of one attention call, checked once for every device.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/SymInt.h>
#include <c10/util/string_view.h>

#include <optional>

namespace sageattention_torch {

// Where the head and token axes lie; batch is always axis 0, the channels are axis 3.
struct Axes {
  int64_t head;
  int64_t token;
};

// Sizes stay symbolic so that the same checks serve real tensors and torch.compile's.
struct Arguments {
  Axes axes;
  c10::SymInt batch, heads_q, heads_kv, len_q, len_kv, head_dim;
  double sm_scale;
};

// Throws ValueError (shape, device, layout, number) or TypeError (dtype); the message names the argument as the
// Python functions call it (q, k, v) and both values that disagree.
// On return either the query is empty (an empty result is due) or every size is at least 1.
Arguments check_arguments(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                          c10::string_view tensor_layout, std::optional<double> sm_scale);

// Sizes of the LSE: [batch, heads_q, len_q] if wanted, else [0].
c10::SymDimVector lse_sizes(const Arguments &arguments, bool return_lse);

} // namespace sageattention_torch
