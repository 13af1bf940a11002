// What an attention call accepts, and the sentences for what it does not.
#include "tensors.h"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

namespace sageattention_torch {
namespace {

// What any kernel may accept; a device whose kernels stop earlier says so itself.
constexpr int64_t kMaxHeadDim = 256;

Axes parse_layout(c10::string_view tensor_layout) {
  if (tensor_layout == "HND") return {1, 2};
  if (tensor_layout == "NHD") return {2, 1};
  TORCH_CHECK_VALUE(false, LIBRARY_NAME ": tensor_layout is '", tensor_layout,
                    "'; expected 'HND' ([batch, heads, tokens, head_dim]) or 'NHD' ([batch, tokens, heads, head_dim])");
}

// As Python spells it: float16, not Half.
std::string dtype_name(const at::Tensor &tensor) { return std::string(c10::getDtypeNames(tensor.scalar_type()).first); }

void check_rank(const char *name, const at::Tensor &tensor, c10::string_view tensor_layout) {
  check_strided(name, tensor);
  TORCH_CHECK_VALUE(tensor.dim() == 4, LIBRARY_NAME ": ", name, " has ", tensor.dim(), " dimensions (shape ",
                    tensor.sym_sizes(), "); expected 4: ",
                    tensor_layout == "HND" ? "[batch, heads, tokens, head_dim]" : "[batch, tokens, heads, head_dim]",
                    " for tensor_layout '", tensor_layout, "'");
}

bool is_mask_dtype(c10::ScalarType dtype) {
  return dtype == at::kBool || dtype == at::kHalf || dtype == at::kBFloat16 || dtype == at::kFloat;
}

} // namespace

void check_dtype(const char *name, const at::Tensor &tensor) {
  const auto dtype = tensor.scalar_type();
#ifdef LIBRARY_TAKES_FP32
  TORCH_CHECK_TYPE(dtype == at::kHalf || dtype == at::kBFloat16 || dtype == at::kFloat, LIBRARY_NAME ": ", name,
                   " has dtype ", dtype_name(tensor), "; expected float16, bfloat16 or float32");
#else
  TORCH_CHECK_TYPE(dtype == at::kHalf || dtype == at::kBFloat16, LIBRARY_NAME ": ", name, " has dtype ",
                   dtype_name(tensor), "; expected float16 or bfloat16");
#endif
}

void check_strided(const char *name, const at::Tensor &tensor) {
  TORCH_CHECK_VALUE(tensor.layout() == at::kStrided, LIBRARY_NAME ": ", name, " has layout ", tensor.layout(),
                    "; expected an ordinary (strided) tensor");
}

void check_channels(const char *name, const at::Tensor &tensor) {
  // The stride of a single channel means nothing (.contiguous() may leave it), nor do those of an empty tensor.
  const auto any = tensor.sym_size(-1).sym_eq(1).sym_or(tensor.sym_numel().sym_eq(0));
  CHECK_SIZES(tensor.sym_stride(-1).sym_eq(1).sym_or(any), LIBRARY_NAME ": ", name, " has stride ",
              tensor.sym_stride(-1),
              " in its last dimension; expected 1 (contiguous channels): call .contiguous() on it");
}

void check_same_kind(const char *name, const at::Tensor &tensor, const at::Tensor &query) {
  TORCH_CHECK_VALUE(tensor.device() == query.device(), LIBRARY_NAME ": ", name, " is on ", tensor.device(),
                    " but q is on ", query.device(), "; expected one device");
  TORCH_CHECK_TYPE(tensor.scalar_type() == query.scalar_type(), LIBRARY_NAME ": ", name, " has dtype ",
                   dtype_name(tensor), " but q has ", dtype_name(query), "; expected one dtype");
}

void check_equal(const char *what, const char *name, const c10::SymInt &size, const char *other_name,
                 const c10::SymInt &other) {
  CHECK_SIZES(size.sym_eq(other), LIBRARY_NAME ": ", name, " has ", size, " ", what, " but ", other_name, " has ",
              other, "; expected the same");
}

void check_heads(const c10::SymInt &heads_q, const c10::SymInt &heads_kv) {
  const auto multiple = (heads_q % heads_kv.max(1)).sym_eq(0);
  CHECK_SIZES(multiple.sym_and(heads_kv.sym_gt(0).sym_or(heads_q.sym_eq(0))), LIBRARY_NAME ": k and v have ", heads_kv,
              " heads but q has ", heads_q, "; expected a multiple of them");
}

void check_head_dim(const char *names, const c10::SymInt &head_dim) {
  CHECK_SIZES(head_dim.sym_ge(1).sym_and(head_dim.sym_le(kMaxHeadDim)), LIBRARY_NAME ": ", names, " head_dim ",
              head_dim, "; expected 1 to ", kMaxHeadDim);
}

void check_mask(const std::optional<at::Tensor> &mask, const at::Tensor &query, c10::ArrayRef<c10::SymInt> scores) {
  if (!mask) return;
  check_strided("attn_mask", *mask);
  TORCH_CHECK_TYPE(is_mask_dtype(mask->scalar_type()), LIBRARY_NAME ": attn_mask has dtype ", dtype_name(*mask),
                   "; expected bool (True: the key takes part), float16, bfloat16 or float32 (added to the scores)");
  TORCH_CHECK_VALUE(mask->device() == query.device(), LIBRARY_NAME ": attn_mask is on ", mask->device(),
                    " but q is on ", query.device(), "; expected one device");
  const auto sizes = mask->sym_sizes();
  c10::SymBool broadcasts = sizes.size() <= scores.size();
  for (size_t i = 1; i <= std::min(sizes.size(), scores.size()); ++i) {
    const c10::SymInt &size = sizes[sizes.size() - i];
    broadcasts = broadcasts.sym_and(size.sym_eq(1).sym_or(size.sym_eq(scores[scores.size() - i])));
  }
  CHECK_SIZES(broadcasts, LIBRARY_NAME ": attn_mask has shape ", sizes,
              "; expected one that broadcasts to [batch, q heads, q tokens, k tokens] = ", scores);
}

double resolve_scale(std::optional<double> sm_scale, const c10::SymInt &head_dim) {
  // A model has one head dim, so a guard on it costs nothing.
  if (!sm_scale) return 1.0 / std::sqrt(static_cast<double>(head_dim.guard_int(__FILE__, __LINE__)));
  TORCH_CHECK_VALUE(std::isfinite(static_cast<float>(*sm_scale)), LIBRARY_NAME ": sm_scale is ", *sm_scale,
                    "; expected a number that is finite in fp32");
  return *sm_scale;
}

bool is_bottom_right(c10::string_view name) {
  TORCH_CHECK_VALUE(name == "top_left" || name == "bottom_right", LIBRARY_NAME ": causal_alignment is '", name,
                    "'; expected 'top_left' (query i sees keys 0 to i) or 'bottom_right' (the last query sees all)");
  return name == "bottom_right";
}

Shapes check_tensors(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     c10::string_view tensor_layout, const std::optional<at::Tensor> &attn_mask) {
  const Axes axes = parse_layout(tensor_layout);
  check_rank("q", query, tensor_layout);
  check_rank("k", key, tensor_layout);
  check_rank("v", value, tensor_layout);
  check_dtype("q", query);
  check_same_kind("k", key, query);
  check_same_kind("v", value, query);

  const Shapes shapes{axes,
                      query.sym_size(0),
                      query.sym_size(axes.head),
                      key.sym_size(axes.head),
                      query.sym_size(axes.token),
                      key.sym_size(axes.token),
                      query.sym_size(3),
                      value.sym_size(3)};
  check_equal("batch entries", "k", key.sym_size(0), "q", shapes.batch);
  check_equal("batch entries", "v", value.sym_size(0), "q", shapes.batch);
  check_equal("heads", "v", value.sym_size(axes.head), "k", shapes.heads_kv);
  check_equal("tokens", "v", value.sym_size(axes.token), "k", shapes.len_kv);
  check_equal("channels (head_dim)", "k", key.sym_size(3), "q", shapes.head_dim_qk);
  check_heads(shapes.heads_q, shapes.heads_kv);
  check_head_dim("q and k have", shapes.head_dim_qk);
  check_head_dim("v has", shapes.head_dim_v);
  check_channels("q", query);
  check_channels("k", key);
  check_channels("v", value);
  if (attn_mask) check_mask(attn_mask, query, {shapes.batch, shapes.heads_q, shapes.len_q, shapes.len_kv});
  return shapes;
}

c10::SymDimVector output_sizes(const Shapes &shapes) {
  c10::SymDimVector sizes{shapes.batch, 0, 0, shapes.head_dim_v};
  sizes[shapes.axes.head] = shapes.heads_q;
  sizes[shapes.axes.token] = shapes.len_q;
  return sizes;
}

c10::SymDimVector lse_sizes(const Shapes &shapes, bool return_lse) {
  if (!return_lse) return {c10::SymInt(0)};
  return {shapes.batch, shapes.heads_q, shapes.len_q};
}

Result allocate_result(const at::Tensor &query, const Shapes &shapes, bool return_lse) {
  const auto options = query.options();
  return {at::empty_symint(output_sizes(shapes), options),
          at::empty_symint(lse_sizes(shapes, return_lse), options.dtype(at::kFloat))};
}

bool fill_without_keys(const Result &result, const Shapes &shapes) {
  const auto &[output, lse] = result;
  if (output.numel() == 0) return true;
  if (shapes.len_kv.expect_int() != 0) return false;
  output.zero_();
  lse.fill_(-std::numeric_limits<double>::infinity());
  return true;
}

} // namespace sageattention_torch
