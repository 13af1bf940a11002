// Devices without a kernel.
#include "attention.h"

#include <c10/util/Exception.h>

namespace sageattention_torch {

Result attention_elsewhere(const at::Tensor &query, const at::Tensor &, const at::Tensor &, c10::string_view,
                           bool, std::optional<double>, bool) {
  TORCH_CHECK_VALUE(false, "sageattention: q is a ", query.layout(), " tensor on ", query.device(),
                    "; expected ordinary (strided) tensors on a CUDA device (kernels) or the CPU (reference)");
}

} // namespace sageattention_torch
