// What an operator does not do: gradients, and devices without kernels.
#pragma once

#include "tensors.h"

#include <functional>
#include <initializer_list>

namespace sageattention_torch {

// True if gradients are on and an input wants one. Throws NotImplementedError if one has a tangent (forward mode),
// which could not wait for a result that is differentiated.
bool wants_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                    const std::optional<at::Tensor> &attn_mask);

// What `run` returns, as a result that refuses to be differentiated: inference only, and wrong gradients help no one.
// Throws NotImplementedError at once under torch.func, which knows no such results.
Result refuse_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                       const std::optional<at::Tensor> &attn_mask, const std::function<Result()> &run);

struct Named {
  const char *name; // as the Python functions call it
  const at::Tensor &tensor;
};

// Throws ValueError, naming the first tensor that is not strided, or neither on a CUDA device nor on the CPU.
[[noreturn]] void refuse_device(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                                std::initializer_list<Named> others = {});

} // namespace sageattention_torch
