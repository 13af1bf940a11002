// Devices without a kernel.
#include "attention.h"

#include <c10/util/Exception.h>

namespace sageattention_torch {

Result attention_elsewhere(const Call &call) {
  const struct {
    const char *name;
    const at::Tensor &tensor;
  } inputs[] = {{"q", call.query}, {"k", call.key}, {"v", call.value}};
  for (const auto &[name, tensor] : inputs)
    TORCH_CHECK_VALUE(tensor.layout() == at::kStrided, "sageattention: ", name, " is a ", tensor.layout(), " tensor on ",
                      tensor.device(), "; expected an ordinary (strided) tensor");
  TORCH_CHECK_VALUE(false, "sageattention: q is on ", call.query.device(),
                    "; expected a CUDA device (kernels) or the CPU (reference)");
}

} // namespace sageattention_torch
