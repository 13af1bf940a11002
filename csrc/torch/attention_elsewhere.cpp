// Devices without a kernel.
#include "attention.h"

#include <c10/util/Exception.h>

namespace sageattention_torch {

Result attention_elsewhere(const Call &call) {
  TORCH_CHECK_VALUE(false, "sageattention: q is a ", call.query.layout(), " tensor on ", call.query.device(),
                    "; expected ordinary (strided) tensors on a CUDA device (kernels) or the CPU (reference)");
}

} // namespace sageattention_torch
