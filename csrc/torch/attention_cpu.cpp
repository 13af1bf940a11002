// CPU tensors: the same checks, then the reference emulation that sageattention/reference.py registers.
#include "arguments.h"
#include "attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>

namespace sageattention_torch {
namespace {

using Reference = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, c10::string_view, bool, double,
                         bool);

const c10::TypedOperatorHandle<Reference> &reference() {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("sageattention::attention_reference", "")
                                 .typed<Reference>();
  return handle;
}

} // namespace

Result attention_cpu(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse) {
  const Arguments arguments = check_arguments(query, key, value, tensor_layout, sm_scale);
  if (query.numel() == 0) {
    return {at::empty(query.sizes(), query.options()),
            at::empty(C10_AS_INTARRAYREF_SLOW(lse_sizes(arguments, return_lse)), query.options().dtype(at::kFloat))};
  }
  return reference().call(query, key, value, tensor_layout, is_causal, arguments.sm_scale, return_lse);
}

} // namespace sageattention_torch
