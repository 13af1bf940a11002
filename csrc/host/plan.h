// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace. No GPU needed.
#pragma once

#include "../common/params.h"
#include "../decode/launch.h"
#include "sageattention/sageattention.h"

#include <cstddef>
#include <cstdint>

namespace sage {

struct Plan {
  Dtype dtype;            // of the inputs and the output
  Dtype value_dtype;      // that values are multiplied in, with 16-bit values
  int compute_capability; // as the caller gives it, or of the current device where the choice depends on it; else 0
  int32_t value_format;   // sageattention_value_format, never AUTO
  bool decode;            // nothing is quantized: few queries
  bool fp8;
  bool wgmma;           // the sm90 family runs the call
  bool quantizes_query; // ahead, for the general kernels of the sm90 family
  bool converts_value;  // to fp16 in the workspace
  bool padding;         // the mask is a boolean one of the keys alone
  bool masked;          // there is another mask
  int tile_dim;         // head_dim rounded up to a compiled tile
  Sequences sequences;  // the sm90 family counts blocks of sm90::kTileKeys
  int record_bytes;     // of a block of quantized keys, with its values in FP8
  // Offsets into the workspace, bytes. Empty parts take none.
  size_t quantized_key, key_scale, key_mean, key_special, key_visible;
  size_t value_special, value_mean, value_scale, value_magnitude, converted_value, quantized_query;
  decode::Layout decode_layout; // where `decode`
  size_t workspace_bytes;
};

// Checks every field that can be checked without a GPU and fills the plan. Asks the current device only where the plan
// depends on it (wgmma, VALUES_AUTO) and the caller does not name a capability.
sageattention_status make_plan(const sageattention_params &params, Plan &plan);

// Whether rows can be loaded in vectors of `bytes` and of `channels`: address, strides and the row are multiples of
// them.
bool loads_wide(const sageattention_tensor &tensor, Dtype dtype, int64_t head_dim, int64_t bytes, int64_t channels);

// Whether 8 neighbouring keys of a mask can be loaded at a time, if its address allows it.
bool in_vectors(const sageattention_mask &mask, int64_t len_kv);

// Fails unless machine code for the plan and the capability (0: of the current device) is in this build.
sageattention_status check_device(const Plan &plan);

} // namespace sage
