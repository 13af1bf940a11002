// The operators of the library `sageattention`: schemas, and which function serves which dispatch key.
#include "attention.h"

#include <ATen/core/Dict.h>
#include <sageattention/sageattention.h>
#include <torch/library.h>

#include <string>

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

} // namespace

TORCH_LIBRARY(sageattention, library) {
  library.def("attention(Tensor query, Tensor key, Tensor value, str tensor_layout=\"HND\", bool is_causal=False, "
              "float? sm_scale=None, bool return_lse=False) -> (Tensor output, Tensor lse)",
              {at::Tag::pt2_compliant_tag});
  // Behind `attention` on the CPU; implemented in Python, called with arguments that are already checked.
  library.def("attention_reference(Tensor query, Tensor key, Tensor value, str tensor_layout, bool is_causal, "
              "float sm_scale, bool return_lse) -> (Tensor output, Tensor lse)");
  library.def("build_information() -> Dict(str, str)", &build_information);
}

TORCH_LIBRARY_IMPL(sageattention, CUDA, library) { library.impl("attention", &sageattention_torch::attention_cuda); }
TORCH_LIBRARY_IMPL(sageattention, CPU, library) { library.impl("attention", &sageattention_torch::attention_cpu); }
TORCH_LIBRARY_IMPL(sageattention, Meta, library) { library.impl("attention", &sageattention_torch::attention_meta); }
TORCH_LIBRARY_IMPL(sageattention, CompositeExplicitAutograd, library) {
  library.impl("attention", &sageattention_torch::attention_elsewhere);
}
TORCH_LIBRARY_IMPL(sageattention, Autograd, library) {
  library.impl("attention", &sageattention_torch::attention_autograd);
}
