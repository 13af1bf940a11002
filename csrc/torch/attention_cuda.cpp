// CUDA tensors: allocate from torch, hand the pointers to the C ABI on the current stream.
#include "arguments.h"
#include "attention.h"

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sageattention/sageattention.h>

namespace sageattention_torch {
namespace {

sageattention_tensor describe(void *data, const at::Tensor &tensor, const Axes &axes) {
  return {data, tensor.stride(0), tensor.stride(axes.head), tensor.stride(axes.token)};
}

// The C ABI has one type of tensor for inputs and output; it never writes to an input. Asking torch for a const
// pointer keeps copy-on-write tensors uncopied.
sageattention_tensor describe_input(const at::Tensor &tensor, const Axes &axes) {
  return describe(const_cast<void *>(tensor.const_data_ptr()), tensor, axes);
}

sageattention_params fill_params(const Arguments &arguments, const at::Tensor &query, const at::Tensor &key,
                                 const at::Tensor &value, const at::Tensor &output) {
  sageattention_params params{};
  params.struct_size = sizeof(params);
  params.dtype = query.scalar_type() == at::kHalf ? SAGEATTENTION_FLOAT16 : SAGEATTENTION_BFLOAT16;
  params.batch = arguments.batch.expect_int();
  params.heads_q = arguments.heads_q.expect_int();
  params.heads_kv = arguments.heads_kv.expect_int();
  params.len_q = arguments.len_q.expect_int();
  params.len_kv = arguments.len_kv.expect_int();
  params.head_dim = arguments.head_dim.expect_int();
  params.query = describe_input(query, arguments.axes);
  params.key = describe_input(key, arguments.axes);
  params.value = describe_input(value, arguments.axes);
  params.output = describe(output.mutable_data_ptr(), output, arguments.axes);
  params.sm_scale = static_cast<float>(arguments.sm_scale);
  return params;
}

void check_status(sageattention_status status) {
  if (status == SAGEATTENTION_OK) return;
  const char *message = sageattention_last_error();
  TORCH_CHECK_VALUE(status != SAGEATTENTION_INVALID_ARGUMENT, "sageattention: ", message);
  TORCH_CHECK_NOT_IMPLEMENTED(status != SAGEATTENTION_UNSUPPORTED, "sageattention: ", message);
  TORCH_CHECK(false, "sageattention: ", message);
}

void launch(const sageattention_params &params, c10::Device device) {
  size_t bytes = 0;
  check_status(sageattention_workspace_size(&params, &bytes));
  // Freed on return: the caching allocator reuses it only for work behind this call on the same stream.
  const at::Tensor workspace =
      at::empty({static_cast<int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte).device(device));
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
  check_status(sageattention_forward(&params, workspace.mutable_data_ptr(), bytes, stream.native_handle()));
}

} // namespace

Result attention_cuda(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                      c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse) {
  const Arguments arguments = check_arguments(query, key, value, tensor_layout, sm_scale);
  const c10::DeviceGuard guard(query.device());
  at::Tensor output = at::empty(query.sizes(), query.options());
  at::Tensor lse = at::empty(C10_AS_INTARRAYREF_SLOW(lse_sizes(arguments, return_lse)),
                             query.options().dtype(at::kFloat));
  if (query.numel() == 0) return {output, lse};

  sageattention_params params = fill_params(arguments, query, key, value, output);
  params.lse = return_lse ? lse.mutable_data_ptr<float>() : nullptr;
  params.is_causal = is_causal;
  launch(params, query.device());
  return {output, lse};
}

} // namespace sageattention_torch
