// CUDA tensors: the call of the C ABI.
#include "arguments.h"
#include "attention.h"
#include "cuda_call.h"

#include <c10/core/DeviceGuard.h>

namespace sageattention_torch {
namespace {

sageattention_tensor describe(const at::Tensor &tensor, const Axes &axes) {
  return {nullptr, tensor.stride(0), tensor.stride(axes.head), tensor.stride(axes.token)};
}

// Everything but the addresses.
sageattention_params describe_call(const Call &call, const Arguments &arguments, const at::Tensor &output) {
  sageattention_params params =
      describe_options(call.query, arguments.options, call.is_causal, call.smooth_k, call.smooth_v);
  params.batch = arguments.batch.expect_int();
  params.heads_q = arguments.heads_q.expect_int();
  params.heads_kv = arguments.heads_kv.expect_int();
  params.len_q = arguments.len_q.expect_int();
  params.len_kv = arguments.len_kv.expect_int();
  params.head_dim_qk = arguments.head_dim_qk.expect_int();
  params.head_dim_v = arguments.head_dim_v.expect_int();
  params.query = describe(call.query, arguments.axes);
  params.key = describe(call.key, arguments.axes);
  params.value = describe(call.value, arguments.axes);
  params.output = describe(output, arguments.axes);
  if (call.attn_mask) params.mask = describe_mask(*call.attn_mask);
  params.sm_scale = static_cast<float>(arguments.sm_scale);
  return params;
}

} // namespace

Result attention_cuda(const Call &call) {
  const Arguments arguments = check_arguments(call);
  const c10::DeviceGuard guard(call.query.device());
  if (arguments.options.reference) return attention_reference(call, arguments);
  Result result = allocate_result(call, arguments);
  if (fill_without_keys(result, arguments)) return result;
  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  set_addresses(params, {call.query, call.key, call.value, call.attn_mask}, result);
  launch(params, call.query.device());
  return result;
}

std::string cuda_kernel_name(const Call &call, int64_t compute_capability) {
  const Arguments arguments = check_arguments(call);
  if (arguments.options.reference) return "reference";
  const Result result = allocate_result(call, arguments);
  if (std::get<0>(result).numel() == 0 || arguments.len_kv.expect_int() == 0) return "none: nothing to compute";
  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  return kernel_name_of(params, call.attn_mask.has_value(), compute_capability);
}

} // namespace sageattention_torch
