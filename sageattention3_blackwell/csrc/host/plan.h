// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace. No GPU needed.
#pragma once

#include "../common/params.h"
#include "sageattn3/sageattn3.h"

#include <cstddef>
#include <cstdint>

namespace sageattn3 {

struct Plan {
  Dtype dtype;
  int tile_dim; // head dims rounded up to a compiled tile
  int chunks;   // parts of a head in the statistics
  Sequences sequences;
  Jobs jobs;
  size_t mean; // offsets into the workspace, bytes; records and, before them, partial statistics are at 0
  size_t factor;
  size_t workspace_bytes;
};

// Checks every field that can be checked without a GPU and fills the plan.
sageattn3_status make_plan(const sageattn3_params &params, Plan &plan);

// Whether rows can be loaded in vectors of 16 bytes: address, strides and the row itself are multiples of them.
bool loads_wide(const sageattn3_tensor &tensor, int64_t head_dim);

// Fails unless machine code for the capability (0: of the current device, which is then filled in) is in this build.
sageattn3_status check_device(int &compute_capability);

// Whether kernels on that capability multiply FP4 itself.
bool multiplies_fp4(int compute_capability);

} // namespace sageattn3
