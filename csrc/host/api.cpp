// The C ABI: every function of sageattention.h.
#include "build_config.h"
#include "error.h"
#include "plan.h"

#include <cmath>
#include <cstdio>

using namespace sage;

namespace {

TensorView view(const sageattention_tensor &t) { return {t.data, t.stride_batch, t.stride_head, t.stride_token}; }

MaskView view(const sageattention_mask &mask) {
  MaskView result{mask.data, MaskKind::kNone, mask.stride_batch, mask.stride_head, mask.stride_query, mask.stride_key};
  if (mask.data == nullptr) return result;
  switch (mask.dtype) {
  case SAGEATTENTION_BOOL: result.kind = MaskKind::kBool; break;
  case SAGEATTENTION_FLOAT16: result.kind = MaskKind::kFloat16; break;
  case SAGEATTENTION_BFLOAT16: result.kind = MaskKind::kBFloat16; break;
  default: result.kind = MaskKind::kFloat32; break;
  }
  return result;
}

QuantizeKeyParams quantize_key_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  QuantizeKeyParams k{};
  k.key = view(p.key);
  k.quantized = reinterpret_cast<int8_t *>(workspace + plan.quantized_key);
  k.record_bytes = plan.record_bytes;
  k.scale = reinterpret_cast<float *>(workspace + plan.key_scale);
  k.mean = reinterpret_cast<float *>(workspace + plan.key_mean);
  k.special = reinterpret_cast<uint64_t *>(workspace + plan.key_special);
  k.batch = static_cast<int>(p.batch);
  k.heads = static_cast<int>(p.heads_kv);
  k.len = static_cast<int>(p.len_kv);
  k.head_dim = static_cast<int>(p.head_dim_qk);
  k.blocks = plan.key_blocks;
  k.smooth = p.smooth_k != 0;
  k.wide_loads = loads_wide(p.key, p.head_dim_qk, 16);
  return k;
}

QuantizeValueParams quantize_value_params(const sageattention_params &p, const QuantizeKeyParams &k) {
  QuantizeValueParams v{};
  v.value = view(p.value);
  v.records = k.quantized;
  v.record_bytes = k.record_bytes;
  v.largest = p.value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS ? kLargestForFp16Sums : kLargestE4m3;
  v.batch = k.batch;
  v.heads = k.heads;
  v.len = k.len;
  v.head_dim = static_cast<int>(p.head_dim_v);
  v.blocks = k.blocks;
  v.wide_loads = loads_wide(p.value, p.head_dim_v, 16);
  return v;
}

AttentionParams attention_params(const sageattention_params &p, const Plan &plan, const QuantizeKeyParams &k) {
  AttentionParams a{};
  a.query = view(p.query);
  a.value = view(p.value);
  a.output = view(p.output);
  a.raw_key = view(p.key);
  a.mask = view(p.mask);
  a.key = k.quantized;
  a.key_scale = k.scale;
  a.key_mean = k.mean;
  a.key_special = k.special;
  a.lse = p.lse;
  a.batch = k.batch;
  a.heads_q = static_cast<int>(p.heads_q);
  a.heads_kv = k.heads;
  a.len_q = static_cast<int>(p.len_q);
  a.len_kv = k.len;
  a.head_dim_qk = k.head_dim;
  a.head_dim_v = static_cast<int>(p.head_dim_v);
  a.key_blocks = plan.key_blocks;
  a.sm_scale = p.sm_scale;
  a.causal_shift = p.causality == SAGEATTENTION_NOT_CAUSAL         ? kSeesAll
                   : p.causality == SAGEATTENTION_CAUSAL_TOP_LEFT ? 0
                                                                  : a.len_kv - a.len_q;
  a.wide_query = loads_wide(p.query, p.head_dim_qk, 8);
  a.wide_value = loads_wide(p.value, p.head_dim_v, 16);
  a.wide_output = loads_wide(p.output, p.head_dim_v, 16);
  return a;
}

cudaError_t launch_fp8([[maybe_unused]] const sageattention_params &p, [[maybe_unused]] const Plan &plan,
                       [[maybe_unused]] const QuantizeKeyParams &key, [[maybe_unused]] const AttentionParams &attention,
                       [[maybe_unused]] cudaStream_t stream) {
#if SAGE_SM89
  if (key.len > 0) {
    const auto error = launch_quantize_value(quantize_value_params(p, key), plan.dtype, plan.tile_dim, stream);
    if (error != cudaSuccess) return error;
  }
  return launch_attention_sm89(attention, plan.dtype, plan.tile_dim,
                               p.value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS, stream);
#else
  return cudaErrorNoKernelImageForDevice; // check_device() has refused the call
#endif
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
  if (const auto status = check_device(*params)) return status;
  if ((workspace == nullptr && plan.workspace_bytes > 0) || workspace_bytes < plan.workspace_bytes)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "workspace has %zu bytes at %p, expected %zu: ask "
                "sageattention_workspace_size()", workspace_bytes, workspace, plan.workspace_bytes);
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "workspace is at %p, expected a multiple of 256 bytes", workspace);

  const auto key = quantize_key_params(*params, plan, static_cast<char *>(workspace));
  const auto attention = attention_params(*params, plan, key);
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  if (key.len > 0)
    if (const auto error = launch_quantize_key(key, plan.dtype, plan.tile_dim, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching the quantization of K");
  const auto error = params->value_format == SAGEATTENTION_VALUES_16BIT
                         ? launch_attention_sm80(attention, plan.dtype, plan.tile_dim, cuda_stream)
                         : launch_fp8(*params, plan, key, attention, cuda_stream);
  if (error != cudaSuccess) return fail_cuda(error, "launching attention");
  return SAGEATTENTION_OK;
}

sageattention_status sageattention_kernel_name(const sageattention_params *params, char *name, size_t name_bytes) {
  if (params == nullptr || name == nullptr || name_bytes == 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "params and name must not be NULL, name_bytes not 0");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  if (const auto status = check_device(*params)) return status;
  const char *const format = params->value_format == SAGEATTENTION_VALUES_FP8_FP32_SUMS   ? "fp8_fp32_sums"
                             : params->value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS ? "fp8_fp16_sums"
                             : plan.dtype == Dtype::kFloat16                              ? "f16"
                                                                                          : "bf16";
  std::snprintf(name, name_bytes, "%s_qk_int8_pv_%s_d%d",
                params->value_format == SAGEATTENTION_VALUES_16BIT ? "sm80" : "sm89", format, plan.tile_dim);
  return SAGEATTENTION_OK;
}

const char *sageattention_last_error(void) { return last_error(); }
const char *sageattention_version(void) { return SAGEATTENTION_VERSION_STRING; }
int sageattention_abi_version(void) { return SAGEATTENTION_ABI_VERSION; }
int sageattention_cuda_version(void) { return CUDART_VERSION; }
const char *sageattention_architectures(void) { return SAGEATTENTION_ARCHITECTURES_STRING; }

} // extern "C"
