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
constexpr c10::string_view kDecodeAccumulators[] = {"fp32"};

struct Family {
  c10::string_view name;
  Kernel kernel;
  c10::ArrayRef<c10::string_view> accumulators; // what `pv_accum_dtype` may be; "auto" is the first
};

// In the order of enum Kernel.
constexpr Family kFamilies[] = {{"fp16", Kernel::kFp16, kFp16Accumulators},
                                {"fp8", Kernel::kFp8, kFp8Accumulators},
                                {"fp8_sm90", Kernel::kFp8Sm90, kFp8Sm90Accumulators},
                                {"decode", Kernel::kDecode, kDecodeAccumulators}};

struct Choice {
  Kernel kernel;
  bool reference;
  bool automatic = false;
};

// The automatic choice, unless the environment says otherwise: the kernel library picks for the device, the reference
// emulates 16-bit values.
Choice choose_kernel() {
  const char *forced = std::getenv(kKernelVariable);
  const c10::string_view name = forced == nullptr ? "" : forced;
  if (name.empty() || name == "reference") return {Kernel::kFp16, name == "reference", name.empty()};
  for (const Family &family : kFamilies)
    if (name == family.name) return {family.kernel, false};
  TORCH_CHECK_VALUE(false, "sageattention: the environment variable ", kKernelVariable, " is '", name,
                    "'; known kernels: fp16, fp8, fp8_sm90, decode, reference (unset: chosen automatically)");
}

Choice parse_kernel(c10::string_view name) {
  if (name == "auto") return choose_kernel();
  if (name == "reference") return {Kernel::kFp16, true};
  for (const Family &family : kFamilies)
    if (name == family.name) return {family.kernel, false};
  TORCH_CHECK_VALUE(false, "sageattention: kernel is '", name,
                    "'; expected 'auto', 'fp16', 'fp8', 'fp8_sm90', 'decode' or 'reference'");
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

Options parse_options(c10::string_view kernel, c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype,
                      c10::string_view causal_alignment) {
  TORCH_CHECK_VALUE(qk_quant_gran == "per_thread" || qk_quant_gran == "per_warp", "sageattention: qk_quant_gran is '",
                    qk_quant_gran, "'; expected 'per_thread' or 'per_warp'");
  const Choice choice = parse_kernel(kernel);
  return {choice.kernel,
          choice.reference,
          choice.automatic && pv_accum_dtype == "auto",
          parse_accumulator(pv_accum_dtype, choice.kernel),
          qk_quant_gran == "per_warp",
          is_bottom_right(causal_alignment)};
}

void check_decode_takes(const Options &options, const at::Tensor &query, bool packed) {
  TORCH_CHECK_NOT_IMPLEMENTED(options.kernel != Kernel::kDecode || (!packed && query.scalar_type() != at::kFloat),
                              "sageattention: the decode kernels take no ", packed ? "packed sequences" : "fp32 inputs",
                              "; let the library choose, or use the fp16 kernels");
}

c10::string_view kernel_name(Kernel kernel) { return kFamilies[static_cast<int>(kernel)].name; }

} // namespace sageattention_torch
