// CPU tensors: the same checks, then the reference emulation that sageattention/reference.py registers.
#include "arguments.h"
#include "attention.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace sageattention_torch {
namespace {

using Reference = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, c10::string_view, bool, double,
                         bool, const std::optional<at::Tensor> &, c10::string_view, bool, bool, c10::string_view,
                         c10::string_view, c10::string_view);

const c10::TypedOperatorHandle<Reference> &reference() {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattention::attention_reference", "").typed<Reference>();
  return handle;
}

} // namespace

Result attention_reference(const Call &call, const Arguments &arguments) {
  if (call.query.numel() == 0 || call.key.numel() == 0) {
    Result result = allocate_result(call, arguments);
    fill_without_keys(result, arguments);
    return result;
  }
  return reference().call(call.query, call.key, call.value, call.tensor_layout, call.is_causal, arguments.sm_scale,
                          call.return_lse, call.attn_mask, call.causal_alignment, call.smooth_k, call.smooth_v,
                          kernel_name(arguments.options.kernel), call.qk_quant_gran, arguments.options.pv_accum_dtype);
}

Result attention_cpu(const Call &call) {
  const Arguments arguments = check_arguments(call);
  check_decode_takes(arguments.options, call.query, false);
  return attention_reference(call, arguments);
}

} // namespace sageattention_torch
