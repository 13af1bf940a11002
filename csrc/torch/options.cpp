// Which kernel a call asks for, and with which arithmetic.
#include "options.h"

#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include <cstdlib>

namespace sageattention_torch {
namespace {

constexpr const char *kKernelVariable = "SAGEATTENTION_KERNEL";

constexpr c10::string_view kFp16Accumulators[] = {"fp32", "fp16", "fp16+fp32"};
constexpr c10::string_view kFp8Accumulators[] = {"fp32+fp16", "fp32+fp32", "fp32"};
constexpr c10::string_view kFp8Sm90Accumulators[] = {"fp32+fp32", "fp32"};

struct Family {
  c10::string_view name;
  Kernel kernel;
  c10::ArrayRef<c10::string_view> accumulators; // what `pv_accum_dtype` may be; "auto" is the first
};

// In the order of enum Kernel.
constexpr Family kFamilies[] = {{"fp16", Kernel::kFp16, kFp16Accumulators},
                                {"fp8", Kernel::kFp8, kFp8Accumulators},
                                {"fp8_sm90", Kernel::kFp8Sm90, kFp8Sm90Accumulators}};

struct Choice {
  Kernel kernel;
  bool reference;
};

// The automatic choice: 16-bit values, the fastest family where kernels were measured and the most accurate one
// everywhere, unless the environment says otherwise.
Choice choose_kernel() {
  const char *forced = std::getenv(kKernelVariable);
  const c10::string_view name = forced == nullptr ? "" : forced;
  TORCH_CHECK_VALUE(name.empty() || name == "fp16" || name == "fp8" || name == "reference",
                    "sageattention: the environment variable ", kKernelVariable, " is '", name,
                    "'; known kernels: fp16, fp8, reference (unset: chosen automatically)");
  return {name == "fp8" ? Kernel::kFp8 : Kernel::kFp16, name == "reference"};
}

Choice parse_kernel(c10::string_view name) {
  if (name == "auto") return choose_kernel();
  if (name == "reference") return {Kernel::kFp16, true};
  for (const Family &family : kFamilies)
    if (name == family.name) return {family.kernel, false};
  TORCH_CHECK_VALUE(false, "sageattention: kernel is '", name,
                    "'; expected 'auto', 'fp16', 'fp8', 'fp8_sm90' or 'reference'");
}

c10::string_view parse_accumulator(c10::string_view name, Kernel kernel) {
  const Family &family = kFamilies[static_cast<int>(kernel)];
  if (name == "auto") return family.accumulators[0];
  for (const c10::string_view known : family.accumulators)
    if (name == known) return known;
  TORCH_CHECK_VALUE(false, "sageattention: pv_accum_dtype is '", name, "'; the ", family.name,
                    " kernels know: ", family.accumulators);
}

} // namespace

bool is_bottom_right(c10::string_view name) {
  TORCH_CHECK_VALUE(name == "top_left" || name == "bottom_right", "sageattention: causal_alignment is '", name,
                    "'; expected 'top_left' (query i sees keys 0 to i) or 'bottom_right' (the last query sees all)");
  return name == "bottom_right";
}

Options parse_options(const Call &call) {
  TORCH_CHECK_VALUE(call.qk_quant_gran == "per_thread" || call.qk_quant_gran == "per_warp",
                    "sageattention: qk_quant_gran is '", call.qk_quant_gran, "'; expected 'per_thread' or 'per_warp'");
  const Choice choice = parse_kernel(call.kernel);
  return {choice.kernel, choice.reference, parse_accumulator(call.pv_accum_dtype, choice.kernel),
          is_bottom_right(call.causal_alignment)};
}

c10::string_view kernel_name(Kernel kernel) { return kFamilies[static_cast<int>(kernel)].name; }

} // namespace sageattention_torch
