// The options of a call that are spelled as strings: parsed, checked, and the kernel chosen.
#pragma once

#include "call.h"

namespace sageattention_torch {

// Kernel families, named after the arithmetic of the second product. The CPU reference emulates each.
enum class Kernel { kFp16, kFp8, kFp8Sm90 };

struct Options {
  Kernel kernel;
  bool reference;                  // run the emulation, wherever the tensors are
  c10::string_view pv_accum_dtype; // one of the family's, never "auto"
  bool bottom_right;               // only with is_causal
};

// Throws ValueError naming the option, its value and the known ones. Reads the environment variable
// SAGEATTENTION_KERNEL where the call leaves the choice open (kernel "auto").
Options parse_options(const Call &call);

// Parses `causal_alignment`; ValueError if it is none.
bool is_bottom_right(c10::string_view causal_alignment);

// As `kernel` spells it.
c10::string_view kernel_name(Kernel kernel);

} // namespace sageattention_torch
