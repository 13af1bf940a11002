// CUDA tensors: allocate from torch, hand the pointers to the C ABI on the current stream.
#include "attention.h"
#include "kernels.h"

#include <c10/core/DeviceGuard.h>

namespace sageattn3_torch {

using namespace sageattention_torch;

namespace {

sageattn3_params describe_call(const Call &call, const Arguments &arguments, const at::Tensor &output) {
  sageattn3_params params = describe_options(call.query, call.attn_mask, arguments.sm_scale, call.is_causal,
                                             arguments.bottom_right, call.per_block_mean);
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
  return params;
}

} // namespace

Result attention_cuda(const Call &call) {
  const Arguments arguments = check_arguments(call);
  const c10::DeviceGuard guard(call.query.device());
  Result result = allocate_result(call.query, arguments, call.return_lse);
  if (fill_without_keys(result, arguments)) return result;
  sageattn3_params params = describe_call(call, arguments, std::get<0>(result));
  set_addresses(params, call.query, call.key, call.value, call.attn_mask, result, call.return_lse);
  launch(params, call.query.device());
  return result;
}

std::string cuda_kernel_name(const Call &call, int64_t compute_capability) {
  const Arguments arguments = check_arguments(call);
  const Result result = allocate_result(call.query, arguments, call.return_lse);
  if (std::get<0>(result).numel() == 0 || arguments.len_kv.expect_int() == 0) return "none: nothing to compute";
  return kernel_name(describe_call(call, arguments, std::get<0>(result)), compute_capability);
}

} // namespace sageattn3_torch
