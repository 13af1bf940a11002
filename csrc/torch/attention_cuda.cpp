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

// What the options may ask for and no CUDA kernel does yet. The CPU reference emulates all of it.
void check_compiled(const Call &call, const Options &options) {
  TORCH_CHECK_NOT_IMPLEMENTED(options.kernel != Kernel::kFp16 || options.pv_accum_dtype == "fp32",
                              "sageattention: this build has no CUDA kernel with pv_accum_dtype='",
                              options.pv_accum_dtype, "' and 16-bit values; use pv_accum_dtype='fp32'");
  TORCH_CHECK_NOT_IMPLEMENTED(call.qk_quant_gran == "per_thread", "sageattention: this build has no CUDA kernel with "
                              "qk_quant_gran='", call.qk_quant_gran, "'; use qk_quant_gran='per_thread'");
  TORCH_CHECK_NOT_IMPLEMENTED(!call.smooth_v, "sageattention: this build has no CUDA kernel with smooth_v=True; use "
                              "smooth_v=False (16-bit values and FP8 values with a scale per 64 keys hardly gain by it)");
}

// FP8 sums go from the tensor cores to an fp32 buffer every 64 keys, also where "fp32" asks for less.
int32_t value_format(const Options &options) {
  if (options.kernel == Kernel::kFp16) return SAGEATTENTION_VALUES_16BIT;
  return options.pv_accum_dtype == "fp32+fp16" ? SAGEATTENTION_VALUES_FP8_FP16_SUMS : SAGEATTENTION_VALUES_FP8_FP32_SUMS;
}

sageattention_tensor describe(const at::Tensor &tensor, const Axes &axes) {
  return {nullptr, tensor.stride(0), tensor.stride(axes.head), tensor.stride(axes.token)};
}

int32_t mask_dtype(const at::Tensor &mask) {
  switch (mask.scalar_type()) {
  case at::kBool: return SAGEATTENTION_BOOL;
  case at::kHalf: return SAGEATTENTION_FLOAT16;
  case at::kBFloat16: return SAGEATTENTION_BFLOAT16;
  default: return SAGEATTENTION_FLOAT32;
  }
}

// Broadcast by strides of 0, without an expanded tensor.
sageattention_mask describe_mask(const at::Tensor &mask) {
  sageattention_mask described{};
  described.dtype = mask_dtype(mask);
  int64_t *const strides[] = {&described.stride_key, &described.stride_query, &described.stride_head,
                              &described.stride_batch};
  for (int64_t i = 0; i < mask.dim(); ++i) {
    const int64_t axis = mask.dim() - 1 - i;
    *strides[i] = mask.size(axis) == 1 ? 0 : mask.stride(axis);
  }
  return described;
}

int32_t causality(const Call &call, const Options &options) {
  if (!call.is_causal) return SAGEATTENTION_NOT_CAUSAL;
  return options.bottom_right ? SAGEATTENTION_CAUSAL_BOTTOM_RIGHT : SAGEATTENTION_CAUSAL_TOP_LEFT;
}

// Everything but the addresses.
sageattention_params describe_call(const Call &call, const Arguments &arguments, const at::Tensor &output) {
  sageattention_params params{};
  params.struct_size = sizeof(params);
  params.dtype = call.query.scalar_type() == at::kHalf ? SAGEATTENTION_FLOAT16 : SAGEATTENTION_BFLOAT16;
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
  params.causality = causality(call, arguments.options);
  params.smooth_k = call.smooth_k;
  params.value_format = value_format(arguments.options);
  return params;
}

// The C ABI has one type of tensor for inputs and output; it never writes to an input. Asking torch for a const
// pointer keeps copy-on-write tensors uncopied.
void *address_of(const at::Tensor &input) { return const_cast<void *>(input.const_data_ptr()); }

void set_addresses(sageattention_params &params, const Call &call, const Result &result) {
  const auto &[output, lse] = result;
  params.query.data = address_of(call.query);
  params.key.data = address_of(call.key);
  params.value.data = address_of(call.value);
  params.output.data = output.mutable_data_ptr();
  if (call.attn_mask) params.mask.data = call.attn_mask->const_data_ptr();
  if (call.return_lse) params.lse = lse.mutable_data_ptr<float>();
}

// For questions about a call that never runs.
void set_no_addresses(sageattention_params &params, const Call &call) {
  alignas(256) static char nowhere[256];
  for (sageattention_tensor *tensor : {&params.query, &params.key, &params.value, &params.output})
    tensor->data = nowhere;
  if (call.attn_mask) params.mask.data = nowhere;
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

Result attention_cuda(const Call &call) {
  const Arguments arguments = check_arguments(call);
  const c10::DeviceGuard guard(call.query.device());
  if (arguments.options.reference) return attention_reference(call, arguments);
  check_compiled(call, arguments.options);
  Result result = allocate_result(call, arguments);
  if (fill_without_keys(result, arguments)) return result;

  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  set_addresses(params, call, result);
  launch(params, call.query.device());
  return result;
}

std::string cuda_kernel_name(const Call &call, int64_t compute_capability) {
  const Arguments arguments = check_arguments(call);
  if (arguments.options.reference) return "reference";
  check_compiled(call, arguments.options);
  const Result result = allocate_result(call, arguments);
  if (std::get<0>(result).numel() == 0 || arguments.len_kv.expect_int() == 0) return "none: nothing to compute";
  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  set_no_addresses(params, call);
  params.compute_capability = static_cast<int32_t>(compute_capability);
  char name[128];
  check_status(sageattention_kernel_name(&params, name, sizeof(name)));
  return name;
}

} // namespace sageattention_torch
