// The C ABI: every function of sageattn3.h.
#include "build_config.h"
#include "error.h"
#include "plan.h"

#include <cmath>
#include <cstdio>

using namespace sageattn3;

namespace {

TensorView view(const sageattn3_tensor &t, const Plan &plan) {
  return {t.data, plan.sequences.cu_seqlens_q == nullptr ? t.stride_batch : 0, t.stride_head, t.stride_token};
}

MaskView view(const sageattn3_mask &mask) {
  MaskView result{mask.data, MaskKind::kNone, mask.stride_batch, mask.stride_head, mask.stride_query, mask.stride_key};
  if (mask.data == nullptr) return result;
  switch (mask.dtype) {
  case SAGEATTN3_BOOL: result.kind = MaskKind::kBool; break;
  case SAGEATTN3_FLOAT16: result.kind = MaskKind::kFloat16; break;
  case SAGEATTN3_BFLOAT16: result.kind = MaskKind::kBFloat16; break;
  default: result.kind = MaskKind::kFloat32; break;
  }
  return result;
}

StatisticsParams statistics_params(const sageattn3_params &p, const Plan &plan, char *workspace) {
  StatisticsParams s{};
  s.sequences = plan.sequences;
  s.key = view(p.key, plan);
  s.value = view(p.value, plan);
  s.query = view(p.query, plan);
  s.heads_kv = static_cast<int>(p.heads_kv);
  s.heads_q = p.per_block_mean != 0 ? 0 : static_cast<int>(p.heads_q);
  s.dim_qk = static_cast<int>(p.head_dim_qk);
  s.dim_v = static_cast<int>(p.head_dim_v);
  s.chunks = plan.chunks;
  s.wide_key = loads_wide(p.key, p.head_dim_qk);
  s.wide_value = loads_wide(p.value, p.head_dim_v);
  s.wide_query = loads_wide(p.query, p.head_dim_qk);
  s.partial = reinterpret_cast<float *>(workspace);
  s.mean = reinterpret_cast<float *>(workspace + plan.mean);
  s.factor = reinterpret_cast<float *>(workspace + plan.factor);
  return s;
}

PrepareParams prepare_params(const StatisticsParams &s, char *workspace) {
  PrepareParams r{};
  r.sequences = s.sequences;
  r.key = s.key;
  r.value = s.value;
  r.heads_kv = s.heads_kv;
  r.dim_qk = s.dim_qk;
  r.dim_v = s.dim_v;
  r.wide_key = s.wide_key;
  r.mean = s.mean;
  r.factor = s.factor;
  r.records = workspace;
  return r;
}

AttentionParams attention_params(const sageattn3_params &p, const Plan &plan, const StatisticsParams &s,
                                 const char *workspace) {
  AttentionParams a{};
  a.sequences = s.sequences;
  a.query = s.query;
  a.output = view(p.output, plan);
  a.mask = view(p.mask);
  a.records = workspace;
  a.mean = s.mean;
  a.factor = s.factor;
  a.lse = p.lse;
  const bool packed = s.sequences.cu_seqlens_q != nullptr;
  a.lse_stride_head = packed ? s.sequences.total_q : s.sequences.len_q;
  a.lse_stride_batch = packed ? 0 : p.heads_q * a.lse_stride_head;
  a.heads_q = static_cast<int>(p.heads_q);
  a.heads_kv = s.heads_kv;
  a.dim_qk = s.dim_qk;
  a.dim_v = s.dim_v;
  a.query_tiles = (s.sequences.len_q + kQueryBlock - 1) / kQueryBlock;
  a.sm_scale = p.sm_scale;
  a.causality = p.causality;
  a.per_block_mean = p.per_block_mean != 0;
  a.wide_query = s.wide_query;
  a.wide_output = loads_wide(p.output, p.head_dim_v);
  return a;
}

sageattn3_status check_workspace(const void *workspace, size_t bytes, size_t needed) {
  if (workspace == nullptr || bytes < needed)
    return fail(SAGEATTN3_INVALID_ARGUMENT,
                "workspace has %zu bytes at %p, expected %zu: ask sageattn3_workspace_size()", bytes, workspace,
                needed);
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0)
    return fail(SAGEATTN3_INVALID_ARGUMENT, "workspace is at %p, expected a multiple of 256 bytes", workspace);
  return SAGEATTN3_OK;
}

} // namespace

extern "C" {

sageattn3_status sageattn3_workspace_size(const sageattn3_params *params, size_t *bytes) {
  if (params == nullptr || bytes == nullptr)
    return fail(SAGEATTN3_INVALID_ARGUMENT, "params and bytes must not be NULL");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  *bytes = plan.workspace_bytes;
  return SAGEATTN3_OK;
}

sageattn3_status sageattn3_forward(const sageattn3_params *params, void *workspace, size_t workspace_bytes,
                                   void *stream) {
  if (params == nullptr) return fail(SAGEATTN3_INVALID_ARGUMENT, "params must not be NULL");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  if (!std::isfinite(params->sm_scale))
    return fail(SAGEATTN3_INVALID_ARGUMENT, "sm_scale is %g, expected a finite number", params->sm_scale);
  int compute_capability = params->compute_capability;
  if (const auto status = check_device(compute_capability)) return status;
  if (const auto status = check_workspace(workspace, workspace_bytes, plan.workspace_bytes)) return status;
  const bool packed = plan.sequences.cu_seqlens_q != nullptr;
  if (packed && plan.sequences.total_q == 0) return SAGEATTN3_OK; // nothing to write

  char *const bytes = static_cast<char *>(workspace);
  const auto statistics = statistics_params(*params, plan, bytes);
  const auto attention = attention_params(*params, plan, statistics, bytes);
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  if (plan.sequences.len_kv > 0) {
    const auto prepare = prepare_params(statistics, bytes);
    if (const auto error = launch_statistics(statistics, plan.dtype, plan.tile_dim, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching the statistics of K and V");
    if (const auto error = launch_prepare(prepare, plan.dtype, plan.tile_dim, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching the quantization of K and V");
  }
  if (const auto error = launch_attention(attention, plan.dtype, plan.tile_dim, cuda_stream); error != cudaSuccess)
    return fail_cuda(error, "launching attention");
  return SAGEATTN3_OK;
}

sageattn3_status sageattn3_kernel_name(const sageattn3_params *params, char *name, size_t name_bytes) {
  if (params == nullptr || name == nullptr || name_bytes == 0)
    return fail(SAGEATTN3_INVALID_ARGUMENT, "params and name must not be NULL, name_bytes not 0");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  int compute_capability = params->compute_capability;
  if (const auto status = check_device(compute_capability)) return status;
  std::snprintf(name, name_bytes, "fp4%s_d%d", multiplies_fp4(compute_capability) ? "" : "_emulated", plan.tile_dim);
  return SAGEATTN3_OK;
}

const char *sageattn3_last_error(void) { return last_error(); }
const char *sageattn3_version(void) { return SAGEATTN3_VERSION_STRING; }
int sageattn3_abi_version(void) { return SAGEATTN3_ABI_VERSION; }
int sageattn3_cuda_version(void) { return CUDART_VERSION; }
const char *sageattn3_architectures(void) { return SAGEATTN3_ARCHITECTURES_STRING; }

} // extern "C"
