// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace. No GPU needed.
#pragma once

#include "../common/params.h"
#include "sageattention/sageattention.h"

#include <cstddef>
#include <cstdint>

namespace sage {

struct Plan {
  Dtype dtype;
  int tile_dim;           // head_dim rounded up to a compiled tile
  int key_blocks;         // blocks of kKeyBlock keys
  int record_bytes;       // of a block of quantized keys, with its values in FP8
  size_t quantized_key;   // offsets into the workspace, bytes
  size_t key_scale;
  size_t key_mean;
  size_t key_special;
  size_t workspace_bytes;
};

// Checks every field that can be checked without a GPU and fills the plan.
sageattention_status make_plan(const sageattention_params &params, Plan &plan);

// Whether rows can be loaded in vectors of `bytes`: address, strides and the row itself are multiples of them.
bool loads_wide(const sageattention_tensor &tensor, int64_t head_dim, int64_t bytes);

// Fails unless machine code for the format of values and the capability (0: of the current device) is in this build.
sageattention_status check_device(const sageattention_params &params);

} // namespace sage
