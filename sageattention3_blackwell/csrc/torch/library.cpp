// The operators of the library `sageattn3`: schemas, and which function serves which dispatch key.
#include "attention.h"
#include "varlen.h"

#include <ATen/core/Dict.h>
#include <sageattn3/sageattn3.h>
#include <torch/library.h>

#include <string>

using namespace sageattn3_torch;

namespace {

// What the kernel library was built with; the Python package reads it at import.
c10::Dict<std::string, std::string> build_information() {
  c10::Dict<std::string, std::string> information;
  information.insert("version", sageattn3_version());
  information.insert("architectures", sageattn3_architectures());
  information.insert("cuda_version", std::to_string(sageattn3_cuda_version()));
  information.insert("abi_version", std::to_string(sageattn3_abi_version()));
  information.insert("abi_version_expected", std::to_string(SAGEATTN3_ABI_VERSION));
  return information;
}

std::string unpacked_kernel_name(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                                 c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale,
                                 bool return_lse, const std::optional<at::Tensor> &attn_mask,
                                 c10::string_view causal_alignment, bool per_block_mean, int64_t compute_capability) {
  return cuda_kernel_name(
      {query, key, value, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment, per_block_mean},
      compute_capability);
}

} // namespace

TORCH_LIBRARY(sageattn3, library) {
  library.def("attention(Tensor query, Tensor key, Tensor value, str tensor_layout=\"HND\", bool is_causal=False, "
              "float? sm_scale=None, bool return_lse=False, Tensor? attn_mask=None, "
              "str causal_alignment=\"top_left\", bool per_block_mean=True) -> (Tensor output, Tensor lse)",
              {at::Tag::pt2_compliant_tag});
  library.def("attention_varlen(Tensor query, Tensor key, Tensor value, Tensor cu_seqlens_q, Tensor cu_seqlens_k, "
              "SymInt max_seqlen_q, SymInt max_seqlen_k, bool is_causal=False, float? sm_scale=None, "
              "bool return_lse=False, Tensor? attn_mask=None, str causal_alignment=\"top_left\", "
              "bool per_block_mean=True) -> (Tensor output, Tensor lse)",
              {at::Tag::pt2_compliant_tag});
  // Behind them on the CPU; implemented in Python, called with arguments that are already checked.
  library.def("attention_reference(Tensor query, Tensor key, Tensor value, str tensor_layout, bool is_causal, "
              "float? sm_scale, bool return_lse, Tensor? attn_mask, str causal_alignment, bool per_block_mean) "
              "-> (Tensor output, Tensor lse)");
  library.def("attention_varlen_reference(Tensor query, Tensor key, Tensor value, Tensor cu_seqlens_q, "
              "Tensor cu_seqlens_k, SymInt max_seqlen_q, SymInt max_seqlen_k, bool is_causal, float? sm_scale, "
              "bool return_lse, Tensor? attn_mask, str causal_alignment, bool per_block_mean) "
              "-> (Tensor output, Tensor lse)");
  // Asked by sageattn3.explain(), with meta tensors.
  library.def("cuda_kernel_name(Tensor query, Tensor key, Tensor value, str tensor_layout, bool is_causal, "
              "float? sm_scale, bool return_lse, Tensor? attn_mask, str causal_alignment, bool per_block_mean, "
              "int compute_capability) -> str");
  library.def("build_information() -> Dict(str, str)", &build_information);
}

TORCH_LIBRARY_IMPL(sageattn3, CUDA, library) {
  library.impl("attention", &unpacked<attention_cuda>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_cuda>);
}
TORCH_LIBRARY_IMPL(sageattn3, CPU, library) {
  library.impl("attention", &unpacked<attention_cpu>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_cpu>);
}
TORCH_LIBRARY_IMPL(sageattn3, Meta, library) {
  library.impl("attention", &unpacked<attention_meta>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_meta>);
  library.impl("cuda_kernel_name", &unpacked_kernel_name);
}
TORCH_LIBRARY_IMPL(sageattn3, CompositeExplicitAutograd, library) {
  library.impl("attention", &unpacked<attention_elsewhere>);
  library.impl("attention_varlen", &unpacked_varlen<varlen_elsewhere>);
}
TORCH_LIBRARY_IMPL(sageattn3, Autograd, library) {
  library.impl("attention", &attention_autograd);
  library.impl("attention_varlen", &varlen_autograd);
}
