// Hands torch's memory to the kernel library.
#include "kernels.h"
#include "current_stream.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

namespace sageattn3_torch {

using namespace sageattention_torch;

namespace {

// For questions about a call that never runs.
alignas(256) char nowhere[256];

int32_t mask_dtype(const at::Tensor &mask) {
  switch (mask.scalar_type()) {
  case at::kBool: return SAGEATTN3_BOOL;
  case at::kHalf: return SAGEATTN3_FLOAT16;
  case at::kBFloat16: return SAGEATTN3_BFLOAT16;
  default: return SAGEATTN3_FLOAT32;
  }
}

// The C ABI has one type of tensor for inputs and output; it never writes to an input. Asking torch for a const
// pointer keeps copy-on-write tensors uncopied.
void *address_of(const at::Tensor &input) { return const_cast<void *>(input.const_data_ptr()); }

void check_status(sageattn3_status status) {
  if (status == SAGEATTN3_OK) return;
  const char *message = sageattn3_last_error();
  TORCH_CHECK_VALUE(status != SAGEATTN3_INVALID_ARGUMENT, "sageattn3: ", message);
  TORCH_CHECK_NOT_IMPLEMENTED(status != SAGEATTN3_UNSUPPORTED, "sageattn3: ", message);
  TORCH_CHECK(false, "sageattn3: ", message);
}

} // namespace

sageattn3_tensor describe(const at::Tensor &tensor, const Axes &axes) {
  return {nowhere, tensor.stride(0), tensor.stride(axes.head), tensor.stride(axes.token)};
}

sageattn3_mask describe_mask(const at::Tensor &mask) {
  sageattn3_mask described{};
  described.data = nowhere;
  described.dtype = mask_dtype(mask);
  int64_t *const strides[] = {&described.stride_key, &described.stride_query, &described.stride_head,
                              &described.stride_batch};
  for (int64_t i = 0; i < mask.dim(); ++i) {
    const int64_t axis = mask.dim() - 1 - i;
    *strides[i] = mask.size(axis) == 1 ? 0 : mask.stride(axis);
  }
  return described;
}

sageattn3_params describe_options(const at::Tensor &query, const std::optional<at::Tensor> &attn_mask, double sm_scale,
                                  bool is_causal, bool bottom_right, bool per_block_mean) {
  sageattn3_params params{};
  params.struct_size = sizeof(params);
  params.dtype = query.scalar_type() == at::kHalf ? SAGEATTN3_FLOAT16 : SAGEATTN3_BFLOAT16;
  if (attn_mask) params.mask = describe_mask(*attn_mask);
  params.sm_scale = static_cast<float>(sm_scale);
  params.causality = !is_causal     ? SAGEATTN3_NOT_CAUSAL
                     : bottom_right ? SAGEATTN3_CAUSAL_BOTTOM_RIGHT
                                    : SAGEATTN3_CAUSAL_TOP_LEFT;
  params.per_block_mean = per_block_mean;
  return params;
}

void set_addresses(sageattn3_params &params, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                   const std::optional<at::Tensor> &attn_mask, const Result &result, bool return_lse) {
  const auto &[output, lse] = result;
  params.query.data = address_of(query);
  params.key.data = address_of(key);
  params.value.data = address_of(value);
  params.output.data = output.mutable_data_ptr();
  if (attn_mask) params.mask.data = attn_mask->const_data_ptr();
  if (return_lse) params.lse = lse.mutable_data_ptr<float>();
}

void launch(const sageattn3_params &params, c10::Device device) {
  size_t bytes = 0;
  check_status(sageattn3_workspace_size(&params, &bytes));
  // Freed on return: the caching allocator reuses it only for work behind this call on the same stream.
  const at::Tensor workspace =
      at::empty({static_cast<int64_t>(bytes)}, at::TensorOptions().dtype(at::kByte).device(device));
  check_status(sageattn3_forward(&params, workspace.mutable_data_ptr(), bytes, current_cuda_stream(device)));
}

std::string kernel_name(sageattn3_params params, int64_t compute_capability) {
  params.compute_capability = static_cast<int32_t>(compute_capability);
  char name[128];
  check_status(sageattn3_kernel_name(&params, name, sizeof(name)));
  return name;
}

} // namespace sageattn3_torch
