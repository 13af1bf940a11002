// The C ABI: every function of sageattention.h.
#include "build_config.h"
#include "error.h"
#include "plan.h"

#include <cmath>
#include <cstdio>

using namespace sage;

namespace {

TensorView view(const sageattention_tensor &t) { return {t.data, t.stride_batch, t.stride_head, t.stride_token}; }

QuantizeKeyParams quantize_key_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  QuantizeKeyParams k{};
  k.key = view(p.key);
  k.quantized = reinterpret_cast<int8_t *>(workspace + plan.quantized_key);
  k.scale = reinterpret_cast<float *>(workspace + plan.key_scale);
  k.mean = reinterpret_cast<float *>(workspace + plan.key_mean);
  k.batch = static_cast<int>(p.batch);
  k.heads = static_cast<int>(p.heads_kv);
  k.len = static_cast<int>(p.len_kv);
  k.head_dim = static_cast<int>(p.head_dim_qk);
  k.blocks = plan.key_blocks;
  k.wide_loads = loads_wide(p.key, p.head_dim, 16);
  return k;
}

AttentionParams attention_params(const sageattention_params &p, const Plan &plan, const QuantizeKeyParams &k) {
  AttentionParams a{};
  a.query = view(p.query);
  a.value = view(p.value);
  a.output = view(p.output);
  a.key = k.quantized;
  a.key_scale = k.scale;
  a.key_mean = k.mean;
  a.lse = p.lse;
  a.batch = k.batch;
  a.heads_q = static_cast<int>(p.heads_q);
  a.heads_kv = k.heads;
  a.len_q = static_cast<int>(p.len_q);
  a.len_kv = k.len;
  a.head_dim = k.head_dim;
  a.key_blocks = plan.key_blocks;
  a.sm_scale = p.sm_scale;
  a.is_causal = p.causality != SAGEATTENTION_NOT_CAUSAL;
  a.wide_query = loads_wide(p.query, p.head_dim, 8);
  a.wide_value = loads_wide(p.value, p.head_dim, 16);
  return a;
}

} // namespace

extern "C" {

sageattention_status sageattention_workspace_size(const sageattention_params *params, size_t *bytes) {
  if (params == nullptr || bytes == nullptr)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "params and bytes must not be NULL");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  *bytes = plan.workspace_bytes;
  return SAGEATTENTION_OK;
}

sageattention_status sageattention_forward(const sageattention_params *params, void *workspace, size_t workspace_bytes,
                                           void *stream) {
  if (params == nullptr) return fail(SAGEATTENTION_INVALID_ARGUMENT, "params must not be NULL");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  if (!std::isfinite(params->sm_scale))
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "sm_scale is %g, expected a finite number", params->sm_scale);
  if (const auto status = check_device(params->compute_capability)) return status;
  if (workspace == nullptr || workspace_bytes < plan.workspace_bytes)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "workspace has %zu bytes at %p, expected %zu: ask "
                "sageattention_workspace_size()", workspace_bytes, workspace, plan.workspace_bytes);
  if (reinterpret_cast<uintptr_t>(workspace) % 16 != 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "workspace is at %p, expected a multiple of 256 bytes", workspace);

  const auto key = quantize_key_params(*params, plan, static_cast<char *>(workspace));
  const auto attention = attention_params(*params, plan, key);
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  if (const auto error = launch_quantize_key(key, plan.dtype, plan.tile_dim, cuda_stream); error != cudaSuccess)
    return fail_cuda(error, "launching the quantization of K");
  if (const auto error = launch_attention_sm80(attention, plan.dtype, plan.tile_dim, cuda_stream);
      error != cudaSuccess)
    return fail_cuda(error, "launching attention");
  return SAGEATTENTION_OK;
}

sageattention_status sageattention_kernel_name(const sageattention_params *params, char *name, size_t name_bytes) {
  if (params == nullptr || name == nullptr || name_bytes == 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "params and name must not be NULL, name_bytes not 0");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  if (const auto status = check_device(params->compute_capability)) return status;
  std::snprintf(name, name_bytes, "sm80_qk_int8_pv_%s_d%d", plan.dtype == Dtype::kFloat16 ? "f16" : "bf16",
                plan.tile_dim);
  return SAGEATTENTION_OK;
}

const char *sageattention_last_error(void) { return last_error(); }
const char *sageattention_version(void) { return SAGEATTENTION_VERSION_STRING; }
int sageattention_abi_version(void) { return SAGEATTENTION_ABI_VERSION; }
int sageattention_cuda_version(void) { return CUDART_VERSION; }
const char *sageattention_architectures(void) { return SAGEATTENTION_ARCHITECTURES_STRING; }

} // extern "C"
