// Sentences for what an operator does not do.
#include "refusals.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sageattention_torch {
namespace {

[[noreturn]] void refuse_to_differentiate() {
  TORCH_CHECK_NOT_IMPLEMENTED(false,
                              LIBRARY_NAME ": the quantized attention has no gradient; run it under "
                                           "torch.no_grad(), or train with torch's scaled_dot_product_attention");
}

class NotDifferentiable : public torch::autograd::Function<NotDifferentiable> {
public:
  // The tensors are here for autograd to see; `run` knows them.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext *, const at::Tensor &,
                                                const at::Tensor &, const at::Tensor &,
                                                const std::optional<at::Tensor> &, const std::function<Result()> *run) {
    auto [output, lse] = (*run)();
    return {output, lse};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                 const torch::autograd::variable_list &) {
    refuse_to_differentiate();
  }
};

} // namespace

bool wants_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                    const std::optional<at::Tensor> &attn_mask) {
  // Left alone, a tangent would be dropped, and the derivative of the result would silently be zero.
  const auto has_tangent = [](const at::Tensor &tensor) { return tensor._fw_grad(/*level=*/0).defined(); };
  if (has_tangent(query) || has_tangent(key) || has_tangent(value) || (attn_mask && has_tangent(*attn_mask)))
    refuse_to_differentiate();
  return at::GradMode::is_enabled() && (query.requires_grad() || key.requires_grad() || value.requires_grad() ||
                                        (attn_mask && attn_mask->requires_grad()));
}

Result refuse_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                       const std::optional<at::Tensor> &attn_mask, const std::function<Result()> &run) {
  // Within torch.func.grad and the like.
  if (c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::FuncTorchDynamicLayerBackMode))
    refuse_to_differentiate();
  const auto results = NotDifferentiable::apply(query, key, value, attn_mask, &run);
  return {results[0], results[1]};
}

void refuse_device(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                   std::initializer_list<Named> others) {
  const auto check = [](const char *name, const at::Tensor &tensor) {
    TORCH_CHECK_VALUE(tensor.layout() == at::kStrided, LIBRARY_NAME ": ", name, " is a ", tensor.layout(),
                      " tensor on ", tensor.device(), "; expected an ordinary (strided) tensor");
    TORCH_CHECK_VALUE(tensor.device().is_cpu() || tensor.device().is_cuda(), LIBRARY_NAME ": ", name, " is on ",
                      tensor.device(), "; expected a CUDA device (kernels) or the CPU (reference)");
  };
  check("q", query);
  check("k", key);
  check("v", value);
  for (const auto &[name, tensor] : others) check(name, tensor);
  TORCH_CHECK_VALUE(false,
                    LIBRARY_NAME ": no kernel takes tensors of this kind; expected ordinary (strided) tensors on a "
                                 "CUDA device or the CPU");
}

} // namespace sageattention_torch
