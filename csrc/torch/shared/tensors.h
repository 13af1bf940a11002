// The tensors of one attention call, checked once for every device. Each operator library of this repository compiles
// this folder under its own name, LIBRARY_NAME, with which every message begins, and with LIBRARY_TAKES_FP32 if its
// kernels take fp32 tensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/SymInt.h>
#include <c10/util/string_view.h>

#include <optional>
#include <tuple>

// A size that torch.compile traces is symbolic: expect_true() turns the condition into a guard.
#define CHECK_SIZES(condition, ...) TORCH_CHECK_VALUE((condition).expect_true(__FILE__, __LINE__), __VA_ARGS__)

namespace sageattention_torch {

// Output in the query's layout, contiguous; LSE [batch, heads_q, len_q] or, if not asked for, of size [0].
using Result = std::tuple<at::Tensor, at::Tensor>;

// Where the head and token axes lie; batch is always axis 0, the channels are axis 3.
struct Axes {
  int64_t head;
  int64_t token;
};

// Sizes stay symbolic so that the same checks serve real tensors and torch.compile's.
struct Shapes {
  Axes axes;
  c10::SymInt batch, heads_q, heads_kv, len_q, len_kv, head_dim_qk, head_dim_v;
};

// Throws ValueError (shape, device, layout) or TypeError (dtype); the message names the argument as the Python
// functions call it (q, k, v, attn_mask) and both values that disagree.
Shapes check_tensors(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     c10::string_view tensor_layout, const std::optional<at::Tensor> &attn_mask);

// The scale of the scores; ValueError if it is not finite.
double resolve_scale(std::optional<double> sm_scale, const c10::SymInt &head_dim);

// Parses `causal_alignment`; ValueError if it is none.
bool is_bottom_right(c10::string_view causal_alignment);

// Sizes of the output, in the query's layout, and of the LSE: [batch, heads_q, len_q] if wanted, else [0].
c10::SymDimVector output_sizes(const Shapes &shapes);
c10::SymDimVector lse_sizes(const Shapes &shapes, bool return_lse);

// Uninitialized output and LSE.
Result allocate_result(const at::Tensor &query, const Shapes &shapes, bool return_lse);

// True if there is no query or no key, so that no kernel has to run: without a key every row gives zeros and an LSE of
// -inf, as a fully masked one does. Fills the result with them.
bool fill_without_keys(const Result &result, const Shapes &shapes);

// The parts that attention over packed sequences shares.
void check_dtype(const char *name, const at::Tensor &tensor);
void check_strided(const char *name, const at::Tensor &tensor);
void check_channels(const char *name, const at::Tensor &tensor);
void check_same_kind(const char *name, const at::Tensor &tensor, const at::Tensor &query);
void check_equal(const char *what, const char *name, const c10::SymInt &size, const char *other_name,
                 const c10::SymInt &other);
void check_heads(const c10::SymInt &heads_q, const c10::SymInt &heads_kv);
void check_head_dim(const char *names, const c10::SymInt &head_dim);
void check_mask(const std::optional<at::Tensor> &mask, const at::Tensor &query, c10::ArrayRef<c10::SymInt> scores);

} // namespace sageattention_torch
