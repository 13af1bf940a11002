// Meta tensors: the shapes of the result, symbolic ones included (torch.compile, torch.export).
#include "arguments.h"
#include "attention.h"

namespace sageattention_torch {

Result attention_meta(const Call &call) { return allocate_result(call, check_arguments(call)); }

} // namespace sageattention_torch
