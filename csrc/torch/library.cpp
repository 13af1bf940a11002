// The operators of the library `sageattention`: schemas, and which function serves which dispatch key.
#include "attention.h"
#include "varlen.h"

#include <ATen/core/Dict.h>
#include <sageattention/sageattention.h>
#include <torch/library.h>

#include <string>

using namespace sageattention_torch;

namespace {

// What the kernel library was built with; the Python package reads it at import.
c10::Dict<std::string, std::string> build_information() {
  c10::Dict<std::string, std::string> information;
  information.insert("version", sageattention_version());
  information.insert("architectures", sageattention_architectures());
  information.insert("cuda_version", std::to_string(sageattention_cuda_version()));
  information.insert("abi_version", std::to_string(sageattention_abi_version()));
  information.insert("abi_version_expected", std::to_string(SAGEATTENTION_ABI_VERSION));
  return information;
}

std::string unpacked_kernel_name(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                                 c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale,
                                 bool return_lse, const std::optional<at::Tensor> &attn_mask,
                                 c10::string_view causal_alignment, bool smooth_k, bool smooth_v,
                                 c10::string_view kernel, c10::string_view qk_quant_gran,
                                 c10::string_view pv_accum_dtype, int64_t compute_capability) {
  return cuda_kernel_name({query, key, value, tensor_layout, is_causal, sm_scale, return_lse, attn_mask,
                           causal_alignment, smooth_k, smooth_v, kernel, qk_quant_gran, pv_accum_dtype},
                          compute_capability);
}

std::string unpacked_varlen_kernel_name(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                                        const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                                        c10::SymInt max_seqlen_q, c10::SymInt max_seqlen_k, bool is_causal,
                                        std::optional<double> sm_scale, bool smooth_k, bool return_lse,
                                        const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment,
                                        bool smooth_v, c10::string_view kernel, c10::string_view qk_quant_gran,
                                        c10::string_view pv_accum_dtype, int64_t compute_capability) {
  return varlen_cuda_kernel_name({query, key, value, cu_seqlens_q, cu_seqlens_k, std::move(max_seqlen_q),
                                  std::move(max_seqlen_k), is_causal, sm_scale, smooth_k, return_lse, attn_mask,
                                  causal_alignment, smooth_v, kernel, qk_quant_gran, pv_accum_dtype},
                                 compute_capability);
}

} // namespace

TORCH_LIBRARY(sageattention, library) {
  library.def("attention(Tensor query, Tensor key, Tensor value, str tensor_layout=\"HND\", bool is_causal=False, "
              "float? sm_scale=None, bool return_lse=False, Tensor? attn_mask=None, "
              "str causal_alignment=\"top_left\", bool smooth_k=True, bool smooth_v=False, "
              "str kernel_family=\"auto\", " // not "kernel": torch's inductor passes an argument of that name itself
              "str qk_quant_gran=\"per_thread\", str pv_accum_dtype=\"auto\") -> (Tensor output, Tensor lse)",
              {at::Tag::pt2_compliant_tag});
  library.def("attention_varlen(Tensor query, Tensor key, Tensor value, Tensor cu_seqlens_q, Tensor cu_seqlens_k, "
              "SymInt max_seqlen_q, SymInt max_seqlen_k, bool is_causal=False, float? sm_scale=None, "
              "bool smooth_k=True, bool return_lse=False, Tensor? attn_mask=None, "
              "str causal_alignment=\"top_left\", bool smooth_v=False, str kernel_family=\"auto\", "
              "str qk_quant_gran=\"per_thread\", str pv_accum_dtype=\"auto\") -> (Tensor output, Tensor lse)",
              {at::Tag::pt2_compliant_tag});
  // Behind them on the CPU; implemented in Python, called with arguments that are already checked.
  library.def("attention_reference(Tensor query, Tensor key, Tensor value, str tensor_layout, bool is_causal, "
              "float sm_scale, bool return_lse, Tensor? attn_mask, str causal_alignment, bool smooth_k, "
              "bool smooth_v, str kernel_family, str qk_quant_gran, str pv_accum_dtype) "
              "-> (Tensor output, Tensor lse)");
  library.def("attention_varlen_reference(Tensor query, Tensor key, Tensor value, Tensor cu_seqlens_q, "
              "Tensor cu_seqlens_k, SymInt max_seqlen_q, SymInt max_seqlen_k, bool is_causal, float? sm_scale, "
              "bool smooth_k, bool return_lse, Tensor? attn_mask, str causal_alignment, bool smooth_v, "
              "str kernel_family, str qk_quant_gran, str pv_accum_dtype) -> (Tensor output, Tensor lse)");
  // Asked by sageattention.explain(), with meta tensors.
  library.def("cuda_kernel_name(Tensor query, Tensor key, Tensor value, str tensor_layout, bool is_causal, "
              "float? sm_scale, bool return_lse, Tensor? attn_mask, str causal_alignment, bool smooth_k, "
              "bool smooth_v, str kernel_family, str qk_quant_gran, str pv_accum_dtype, int compute_capability) "
              "-> str");
  library.def("varlen_cuda_kernel_name(Tensor query, Tensor key, Tensor value, Tensor cu_seqlens_q, "
              "Tensor cu_seqlens_k, SymInt max_seqlen_q, SymInt max_seqlen_k, bool is_causal, float? sm_scale, "
              "bool smooth_k, bool return_lse, Tensor? attn_mask, str causal_alignment, bool smooth_v, "
              "str kernel_family, str qk_quant_gran, str pv_accum_dtype, int compute_capability) -> str");
  library.def("build_information() -> Dict(str, str)", &build_information);
}

TORCH_LIBRARY_IMPL(sageattention, CUDA, library) {
  library.impl("attention", &unpacked<attention_cuda>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_cuda>);
}
TORCH_LIBRARY_IMPL(sageattention, CPU, library) {
  library.impl("attention", &unpacked<attention_cpu>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_cpu>);
}
TORCH_LIBRARY_IMPL(sageattention, Meta, library) {
  library.impl("attention", &unpacked<attention_meta>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_meta>);
  library.impl("cuda_kernel_name", &unpacked_kernel_name);
  library.impl("varlen_cuda_kernel_name", &unpacked_varlen_kernel_name);
}
TORCH_LIBRARY_IMPL(sageattention, CompositeExplicitAutograd, library) {
  library.impl("attention", &unpacked<attention_elsewhere>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_elsewhere>);
}
TORCH_LIBRARY_IMPL(sageattention, Autograd, library) {
  library.impl("attention", &attention_autograd);
  library.impl("attention_varlen", &varlen_autograd);
}
