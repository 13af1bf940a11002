// Devices without a kernel.
#include "attention.h"

namespace sageattention_torch {

Result attention_elsewhere(const Call &call) {
  if (call.attn_mask) refuse_device(call.query, call.key, call.value, {{"attn_mask", *call.attn_mask}});
  refuse_device(call.query, call.key, call.value);
}

} // namespace sageattention_torch
