// The arguments of one attention call: tensors and options, checked.
#pragma once

#include "call.h"
#include "options.h"

namespace sageattention_torch {

struct Arguments : Shapes {
  Options options;
  double sm_scale;
};

// Throws ValueError or TypeError with the reason.
inline Arguments check_arguments(const Call &call) {
  const Options options = parse_options(call.kernel, call.qk_quant_gran, call.pv_accum_dtype, call.causal_alignment);
  const Shapes shapes = check_tensors(call.query, call.key, call.value, call.tensor_layout, call.attn_mask);
  return {shapes, options, resolve_scale(call.sm_scale, shapes.head_dim_qk)};
}

inline Result allocate_result(const Call &call, const Shapes &shapes) {
  return allocate_result(call.query, shapes, call.return_lse);
}

} // namespace sageattention_torch
