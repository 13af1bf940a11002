// What an attention call accepts, and the sentences for what it does not.
#include "arguments.h"

#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>

#include <cmath>
#include <string>

// A size that torch.compile traces is symbolic: expect_true() turns the condition into a guard.
#define CHECK_SIZES(condition, ...) TORCH_CHECK_VALUE((condition).expect_true(__FILE__, __LINE__), __VA_ARGS__)

namespace sageattention_torch {
namespace {

// Head dims the kernels are compiled for. sageattention/reference.py accepts the same ones, through these checks.
constexpr int64_t kHeadDims[] = {64, 128};

Axes parse_layout(c10::string_view tensor_layout) {
  if (tensor_layout == "HND") return {1, 2};
  if (tensor_layout == "NHD") return {2, 1};
  TORCH_CHECK_VALUE(false, "sageattention: tensor_layout is '", tensor_layout,
                    "'; expected 'HND' ([batch, heads, tokens, head_dim]) or 'NHD' ([batch, tokens, heads, head_dim])");
}

// As Python spells it: float16, not Half.
std::string dtype_name(const at::Tensor &tensor) { return std::string(c10::getDtypeNames(tensor.scalar_type()).first); }

void check_dtype(const char *name, const at::Tensor &tensor) {
  const auto dtype = tensor.scalar_type();
  TORCH_CHECK_TYPE(dtype == at::kHalf || dtype == at::kBFloat16, "sageattention: ", name, " has dtype ",
                   dtype_name(tensor), "; expected float16 or bfloat16");
}

void check_rank(const char *name, const at::Tensor &tensor, c10::string_view tensor_layout) {
  TORCH_CHECK_VALUE(tensor.layout() == at::kStrided, "sageattention: ", name, " has layout ", tensor.layout(),
                    "; expected an ordinary (strided) tensor");
  TORCH_CHECK_VALUE(tensor.dim() == 4, "sageattention: ", name, " has ", tensor.dim(), " dimensions (shape ",
                    tensor.sym_sizes(), "); expected 4: ",
                    tensor_layout == "HND" ? "[batch, heads, tokens, head_dim]" : "[batch, tokens, heads, head_dim]",
                    " for tensor_layout '", tensor_layout, "'");
}

void check_channels(const char *name, const at::Tensor &tensor) {
  // Strides of an empty tensor mean nothing.
  CHECK_SIZES(tensor.sym_stride(3).sym_eq(1).sym_or(tensor.sym_numel().sym_eq(0)), "sageattention: ", name,
              " has stride ", tensor.sym_stride(3),
              " in its last dimension; expected 1 (contiguous channels): call .contiguous() on it");
}

void check_same_kind(const char *name, const at::Tensor &tensor, const at::Tensor &query) {
  TORCH_CHECK_VALUE(tensor.device() == query.device(), "sageattention: ", name, " is on ", tensor.device(),
                    " but q is on ", query.device(), "; expected one device");
  TORCH_CHECK_TYPE(tensor.scalar_type() == query.scalar_type(), "sageattention: ", name, " has dtype ",
                   dtype_name(tensor), " but q has ", dtype_name(query), "; expected one dtype");
}

void check_equal(const char *what, const char *name, const c10::SymInt &size, const char *other_name,
                 const c10::SymInt &other) {
  CHECK_SIZES(size.sym_eq(other), "sageattention: ", name, " has ", size, " ", what, " but ", other_name, " has ",
              other, "; expected the same");
}

void check_heads(const c10::SymInt &heads_q, const c10::SymInt &heads_kv) {
  CHECK_SIZES((heads_q % heads_kv.max(1)).sym_eq(0), "sageattention: k and v have ", heads_kv, " heads but q has ",
              heads_q, "; expected a multiple of them");
}

void check_head_dim(const c10::SymInt &head_dim) {
  c10::SymBool known = false;
  for (const int64_t supported : kHeadDims) known = known.sym_or(head_dim.sym_eq(supported));
  CHECK_SIZES(known, "sageattention: q, k and v have head_dim ", head_dim, "; supported: ",
              c10::IntArrayRef(kHeadDims));
}

// An empty query has an empty result, whatever the keys; a query without any key has none.
void check_keys_present(const at::Tensor &query, const at::Tensor &key, const Arguments &arguments) {
  CHECK_SIZES(key.sym_numel().sym_gt(0).sym_or(query.sym_numel().sym_eq(0)),
              "sageattention: k and v are empty (shape ", key.sym_sizes(), ") but q has ", arguments.len_q,
              " tokens; expected at least one key");
}

double resolve_scale(std::optional<double> sm_scale, const c10::SymInt &head_dim) {
  // The head dim is one of a few compiled constants, so a guard on it costs nothing.
  if (!sm_scale) return 1.0 / std::sqrt(static_cast<double>(head_dim.guard_int(__FILE__, __LINE__)));
  TORCH_CHECK_VALUE(std::isfinite(*sm_scale), "sageattention: sm_scale is ", *sm_scale, "; expected a finite number");
  return *sm_scale;
}

} // namespace

Arguments check_arguments(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                          c10::string_view tensor_layout, std::optional<double> sm_scale) {
  const Axes axes = parse_layout(tensor_layout);
  check_rank("q", query, tensor_layout);
  check_rank("k", key, tensor_layout);
  check_rank("v", value, tensor_layout);
  check_dtype("q", query);
  check_same_kind("k", key, query);
  check_same_kind("v", value, query);

  Arguments arguments{axes,
                      query.sym_size(0),
                      query.sym_size(axes.head),
                      key.sym_size(axes.head),
                      query.sym_size(axes.token),
                      key.sym_size(axes.token),
                      query.sym_size(3),
                      0.0};
  check_equal("batch entries", "k", key.sym_size(0), "q", arguments.batch);
  check_equal("batch entries", "v", value.sym_size(0), "q", arguments.batch);
  check_equal("heads", "v", value.sym_size(axes.head), "k", arguments.heads_kv);
  check_equal("tokens", "v", value.sym_size(axes.token), "k", arguments.len_kv);
  check_equal("channels (head_dim)", "k", key.sym_size(3), "q", arguments.head_dim);
  check_equal("channels (head_dim)", "v", value.sym_size(3), "q", arguments.head_dim);
  check_heads(arguments.heads_q, arguments.heads_kv);
  check_head_dim(arguments.head_dim);
  check_keys_present(query, key, arguments);
  check_channels("q", query);
  check_channels("k", key);
  check_channels("v", value);
  arguments.sm_scale = resolve_scale(sm_scale, arguments.head_dim);
  return arguments;
}

c10::SymDimVector lse_sizes(const Arguments &arguments, bool return_lse) {
  if (!return_lse) return {c10::SymInt(0)};
  return {arguments.batch, arguments.heads_q, arguments.len_q};
}

} // namespace sageattention_torch
