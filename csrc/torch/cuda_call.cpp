// From torch's tensors and options to a call of the C ABI: memory from torch's allocator, the current stream.
#include "cuda_call.h"
#include "current_stream.h"

#include <ATen/ops/empty.h>

namespace sageattention_torch {
namespace {

int32_t dtype_of(const at::Tensor &tensor) {
  switch (tensor.scalar_type()) {
  case at::kBool: return SAGEATTENTION_BOOL;
  case at::kHalf: return SAGEATTENTION_FLOAT16;
  case at::kBFloat16: return SAGEATTENTION_BFLOAT16;
  default: return SAGEATTENTION_FLOAT32;
  }
}

// FP8 sums go from the tensor cores to an fp32 buffer every 64 keys, also where "fp32" asks for less.
int32_t value_format(const Options &options) {
  if (options.automatic) return SAGEATTENTION_VALUES_AUTO;
  if (options.kernel == Kernel::kDecode) return SAGEATTENTION_VALUES_UNQUANTIZED;
  const c10::string_view sums = options.pv_accum_dtype;
  if (options.kernel != Kernel::kFp16)
    return sums == "fp32+fp16" ? SAGEATTENTION_VALUES_FP8_FP16_SUMS : SAGEATTENTION_VALUES_FP8_FP32_SUMS;
  if (sums == "fp16") return SAGEATTENTION_VALUES_FP16_SUMS;
  return sums == "fp16+fp32" ? SAGEATTENTION_VALUES_FP16_BLOCK_SUMS : SAGEATTENTION_VALUES_16BIT;
}

// The C ABI has one type of tensor for inputs and output; it never writes to an input. Asking torch for a const
// pointer keeps copy-on-write tensors uncopied.
void *address_of(const at::Tensor &input) { return const_cast<void *>(input.const_data_ptr()); }

void check_status(sageattention_status status) {
  if (status == SAGEATTENTION_OK) return;
  const char *message = sageattention_last_error();
  TORCH_CHECK_VALUE(status != SAGEATTENTION_INVALID_ARGUMENT, "sageattention: ", message);
  TORCH_CHECK_NOT_IMPLEMENTED(status != SAGEATTENTION_UNSUPPORTED, "sageattention: ", message);
  TORCH_CHECK(false, "sageattention: ", message);
}

} // namespace

sageattention_params describe_options(const at::Tensor &query, const Options &options, bool is_causal, bool smooth_k,
                                      bool smooth_v) {
  sageattention_params params{};
  params.struct_size = sizeof(params);
  params.dtype = dtype_of(query);
  params.causality = !is_causal             ? SAGEATTENTION_NOT_CAUSAL
                     : options.bottom_right ? SAGEATTENTION_CAUSAL_BOTTOM_RIGHT
                                            : SAGEATTENTION_CAUSAL_TOP_LEFT;
  params.smooth_k = smooth_k;
  params.smooth_v = smooth_v;
  params.value_format = value_format(options);
  params.wgmma = options.kernel == Kernel::kFp8Sm90;
  params.granularity = options.per_warp ? SAGEATTENTION_PER_WARP : SAGEATTENTION_PER_THREAD;
  return params;
}

sageattention_mask describe_mask(const at::Tensor &mask) {
  sageattention_mask described{};
  described.dtype = dtype_of(mask);
  int64_t *const strides[] = {&described.stride_key, &described.stride_query, &described.stride_head,
                              &described.stride_batch};
  for (int64_t i = 0; i < mask.dim(); ++i) {
    const int64_t axis = mask.dim() - 1 - i;
    *strides[i] = mask.size(axis) == 1 ? 0 : mask.stride(axis);
  }
  return described;
}

void set_addresses(sageattention_params &params, const Inputs &inputs, const Result &result) {
  const auto &[output, lse] = result;
  params.query.data = address_of(inputs.query);
  params.key.data = address_of(inputs.key);
  params.value.data = address_of(inputs.value);
  params.output.data = output.mutable_data_ptr();
  if (inputs.attn_mask) params.mask.data = inputs.attn_mask->const_data_ptr();
  if (lse.numel() > 0) params.lse = lse.mutable_data_ptr<float>();
}

void launch(const sageattention_params &params, c10::Device device) {
  size_t bytes = 0;
  check_status(sageattention_workspace_size(&params, &bytes));
  // Freed on return: the caching allocator reuses it only for work behind this call on the same stream.
  const at::Tensor workspace =
      at::empty({static_cast<int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte).device(device));
  check_status(sageattention_forward(&params, workspace.mutable_data_ptr(), bytes, current_cuda_stream(device)));
}

std::string kernel_name_of(sageattention_params &params, bool has_mask, int64_t compute_capability) {
  alignas(256) static char nowhere[256];
  for (sageattention_tensor *tensor : {&params.query, &params.key, &params.value, &params.output})
    tensor->data = nowhere;
  if (has_mask) params.mask.data = nowhere;
  params.compute_capability = static_cast<int32_t>(compute_capability);
  char name[128];
  check_status(sageattention_kernel_name(&params, name, sizeof(name)));
  return name;
}

} // namespace sageattention_torch
