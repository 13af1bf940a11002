// The arguments of one attention call, checked once for every device.
#pragma once

#include "call.h"
#include "options.h"

#include <c10/core/SymInt.h>

namespace sageattention_torch {

// Where the head and token axes lie; batch is always axis 0, the channels are axis 3.
struct Axes {
  int64_t head;
  int64_t token;
};

// Sizes stay symbolic so that the same checks serve real tensors and torch.compile's.
struct Arguments {
  Axes axes;
  Options options;
  c10::SymInt batch, heads_q, heads_kv, len_q, len_kv, head_dim_qk, head_dim_v;
  double sm_scale;
};

// Throws ValueError (shape, device, layout, number) or TypeError (dtype); the message names the argument as the
// Python functions call it (q, k, v, attn_mask) and both values that disagree.
Arguments check_arguments(const Call &call);

// Sizes of the output, in the query's layout, and of the LSE: [batch, heads_q, len_q] if wanted, else [0].
c10::SymDimVector output_sizes(const Arguments &arguments);
c10::SymDimVector lse_sizes(const Arguments &arguments, bool return_lse);

// Uninitialized output and LSE.
Result allocate_result(const Call &call, const Arguments &arguments);

// True if there is no query or no key, so that no kernel has to run: without a key every row gives zeros and an LSE of
// -inf, as a fully masked one does. Fills the result with them.
bool fill_without_keys(const Result &result, const Arguments &arguments);

// The parts that attention over packed sequences (varlen.cpp) shares.
void check_dtype(const char *name, const at::Tensor &tensor);
void check_strided(const char *name, const at::Tensor &tensor);
void check_channels(const char *name, const at::Tensor &tensor);
void check_same_kind(const char *name, const at::Tensor &tensor, const at::Tensor &query);
void check_equal(const char *what, const char *name, const c10::SymInt &size, const char *other_name,
                 const c10::SymInt &other);
void check_heads(const c10::SymInt &heads_q, const c10::SymInt &heads_kv);
void check_head_dim(const char *names, const c10::SymInt &head_dim);
void check_mask(const std::optional<at::Tensor> &mask, const at::Tensor &query, c10::ArrayRef<c10::SymInt> scores);
double resolve_scale(std::optional<double> sm_scale, const c10::SymInt &head_dim);

} // namespace sageattention_torch
