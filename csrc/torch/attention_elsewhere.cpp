// Devices without a kernel.
#include "attention.h"

#include <c10/util/Exception.h>

namespace sageattention_torch {

Result attention_elsewhere(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, c10::string_view, bool,
                           std::optional<double>, bool) {
  TORCH_CHECK_VALUE(false, "sageattention: q, k and v are on ", query.device(), ", ", key.device(), " and ",
                    value.device(), "; expected one CUDA device (kernels) or the CPU (reference emulation)");
}

} // namespace sageattention_torch
