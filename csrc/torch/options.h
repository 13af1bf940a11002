// The options of a call that are spelled as strings: parsed, checked, and the kernel chosen.
#pragma once

#include "call.h"

namespace sageattention_torch {

// Kernel families, named after the arithmetic of the second product. The CPU reference emulates each.
enum class Kernel { kFp16, kFp8, kFp8Sm90, kDecode };

struct Options {
  Kernel kernel;
  bool reference;                  // run the emulation, wherever the tensors are
  bool automatic;                  // the kernel library picks what suits the device; `kernel` is for the emulation
  c10::string_view pv_accum_dtype; // one of the family's, never "auto"
  bool per_warp;                   // granularity of the scales of q and k
  bool bottom_right;               // only with is_causal
};

// Throws ValueError naming the option, its value and the known ones. Reads the environment variable
// SAGEATTENTION_KERNEL where the call leaves the choice open (kernel "auto").
Options parse_options(c10::string_view kernel, c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype,
                      c10::string_view causal_alignment);

// Throws NotImplementedError where the CUDA library would: the emulation could go on.
void check_decode_takes(const Options &options, const at::Tensor &query, bool packed);

// As `kernel` spells it.
c10::string_view kernel_name(Kernel kernel);

} // namespace sageattention_torch
