// The C ABI: every function of sageattention.h.
#include "build_config.h"
#include "error.h"
#include "plan.h"

#if SAGE_SM90
#include "../sm90/launch.h"
#endif

#include <cmath>
#include <cstdio>

using namespace sage;

namespace {

TensorView view(const sageattention_tensor &t, const Plan &plan) {
  const bool packed = plan.sequences.cu_seqlens_q != nullptr;
  return {t.data, packed ? 0 : t.stride_batch, t.stride_head, t.stride_token};
}

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

template <typename T> T *part(char *workspace, size_t offset) { return reinterpret_cast<T *>(workspace + offset); }

QuantizeKeyParams quantize_key_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  QuantizeKeyParams k{};
  k.sequences = plan.sequences;
  k.key = view(p.key, plan);
  k.quantized = part<int8_t>(workspace, plan.quantized_key);
  k.record_bytes = plan.record_bytes;
  k.scale = part<float>(workspace, plan.key_scale);
  k.special = part<uint64_t>(workspace, plan.key_special);
  k.mean = part<float>(workspace, plan.key_mean);
  if (plan.padding) {
    k.padding = view(p.mask);
    k.visible = part<uint64_t>(workspace, plan.key_visible);
  }
  k.heads = static_cast<int>(p.heads_kv);
  k.head_dim = static_cast<int>(p.head_dim_qk);
  k.smooth = p.smooth_k != 0;
  k.one_scale = p.granularity == SAGEATTENTION_PER_WARP;
  k.wide_loads = loads_wide(p.key, plan.dtype, p.head_dim_qk, 16, 8);
  return k;
}

[[maybe_unused]] QuantizeValueParams quantize_value_params(const sageattention_params &p, const Plan &plan,
                                                           char *workspace) {
  QuantizeValueParams v{};
  v.sequences = plan.sequences;
  v.value = view(p.value, plan);
  v.records = part<int8_t>(workspace, plan.quantized_key);
  v.record_bytes = plan.record_bytes;
  v.key_scale = part<float>(workspace, plan.key_scale);
  v.special = part<uint64_t>(workspace, plan.value_special);
  v.mean = p.smooth_v != 0 ? part<float>(workspace, plan.value_mean) : nullptr;
  v.largest = plan.value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS ? kLargestForFp16Sums : kLargestE4m3;
  v.heads = static_cast<int>(p.heads_kv);
  v.head_dim = static_cast<int>(p.head_dim_v);
  v.wide_loads = loads_wide(p.value, plan.dtype, p.head_dim_v, 16, 8);
  return v;
}

ConvertValueParams convert_value_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  ConvertValueParams v{};
  v.sequences = plan.sequences;
  v.value = view(p.value, plan);
  v.converted = part<uint16_t>(workspace, plan.converted_value);
  v.key_scale = part<float>(workspace, plan.key_scale);
  v.special = part<uint64_t>(workspace, plan.value_special);
  v.mean = p.smooth_v != 0 ? part<float>(workspace, plan.value_mean) : nullptr;
  v.magnitude = part<unsigned>(workspace, plan.value_magnitude);
  v.scale = part<float>(workspace, plan.value_scale);
  v.sums_all_keys = plan.value_format == SAGEATTENTION_VALUES_FP16_SUMS;
  v.largest = v.sums_all_keys ? kLargestFp16Sum : kLargestForFp16Steps;
  v.heads = static_cast<int>(p.heads_kv);
  v.head_dim = static_cast<int>(p.head_dim_v);
  v.wide_loads = loads_wide(p.value, plan.dtype, p.head_dim_v, 16, 8);
  return v;
}

AttentionParams attention_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  AttentionParams a{};
  a.sequences = plan.sequences;
  a.query = view(p.query, plan);
  a.value = view(p.value, plan);
  a.output = view(p.output, plan);
  a.raw_key = view(p.key, plan);
  a.raw_value = a.value;
  if (!plan.padding) a.mask = view(p.mask);
  a.key = part<int8_t>(workspace, plan.quantized_key);
  a.key_scale = part<float>(workspace, plan.key_scale);
  a.key_mean = part<float>(workspace, plan.key_mean);
  a.key_special = part<uint64_t>(workspace, plan.key_special);
  if (plan.padding && !plan.wgmma) a.key_visible = part<uint64_t>(workspace, plan.key_visible);
  if (plan.fp8 || plan.converts_value) a.value_special = part<uint64_t>(workspace, plan.value_special);
  if (p.smooth_v != 0) a.value_mean = part<float>(workspace, plan.value_mean);
  a.lse = p.lse;
  a.lse_stride_head = p.cu_seqlens_q == nullptr ? p.len_q : p.total_q;
  a.lse_stride_batch = p.cu_seqlens_q == nullptr ? p.len_q * p.heads_q : 0;
  a.dtype = plan.dtype;
  a.heads_q = static_cast<int>(p.heads_q);
  a.heads_kv = static_cast<int>(p.heads_kv);
  a.head_dim_qk = static_cast<int>(p.head_dim_qk);
  a.head_dim_v = static_cast<int>(p.head_dim_v);
  a.sm_scale = p.sm_scale;
  a.causal = p.causality != SAGEATTENTION_NOT_CAUSAL;
  a.bottom_right = p.causality == SAGEATTENTION_CAUSAL_BOTTOM_RIGHT;
  a.shared_query_scale = p.granularity == SAGEATTENTION_PER_WARP;
  a.wide_query = plan.wgmma ? loads_wide(p.query, plan.dtype, p.head_dim_qk, 16, 8)
                            : loads_wide(p.query, plan.dtype, p.head_dim_qk, plan.dtype == Dtype::kFloat32 ? 16 : 8, 4);
  a.wide_value = loads_wide(p.value, plan.dtype, p.head_dim_v, 16, 8);
  a.wide_output = loads_wide(p.output, plan.dtype, p.head_dim_v, 16, 8);
  a.wide_mask = in_vectors(p.mask, p.len_kv) &&
                reinterpret_cast<uintptr_t>(p.mask.data) % (p.mask.dtype == SAGEATTENTION_BOOL ? 8 : 16) == 0;
  if (plan.converts_value) {
    a.value = {part<void>(workspace, plan.converted_value), 0, 0, plan.tile_dim};
    a.value_scale = part<float>(workspace, plan.value_scale);
    a.value_in_blocks = a.wide_value = true;
  }
  return a;
}

decode::Params decode_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  decode::Params d{};
  d.batch = static_cast<int>(p.batch);
  d.heads_q = static_cast<int>(p.heads_q);
  d.heads_kv = static_cast<int>(p.heads_kv);
  d.len_q = static_cast<int>(p.len_q);
  d.len_kv = static_cast<int>(p.len_kv);
  d.head_dim_qk = static_cast<int>(p.head_dim_qk);
  d.head_dim_v = static_cast<int>(p.head_dim_v);
  d.query = view(p.query, plan);
  d.key = view(p.key, plan);
  d.value = view(p.value, plan);
  d.output = view(p.output, plan);
  (plan.padding ? d.padding : d.mask) = view(p.mask);
  d.lse = p.lse;
  d.partial = part<float>(workspace, 0);
  d.partial_state = part<float2>(workspace, plan.decode_layout.state_offset);
  d.sm_scale = p.sm_scale;
  d.causal_shift = p.causality == SAGEATTENTION_NOT_CAUSAL        ? kSeesAll
                   : p.causality == SAGEATTENTION_CAUSAL_TOP_LEFT ? 0
                                                                  : d.len_kv - d.len_q;
  d.group = d.heads_q / d.heads_kv;
  d.rows = d.len_q * d.group;
  d.wide_query = loads_wide(p.query, plan.dtype, p.head_dim_qk, 4, 2);
  d.wide_key = loads_wide(p.key, plan.dtype, p.head_dim_qk, 16, 8);
  d.wide_value = loads_wide(p.value, plan.dtype, p.head_dim_v, 16, 8);
  d.wide_output = loads_wide(p.output, plan.dtype, p.head_dim_v, 16, 8);
  const int64_t element = p.mask.dtype == SAGEATTENTION_BOOL ? 1 : p.mask.dtype == SAGEATTENTION_FLOAT32 ? 4 : 2;
  d.mask_pairs = p.mask.stride_key == 1 && reinterpret_cast<uintptr_t>(p.mask.data) % (2 * element) == 0 &&
                 (p.mask.stride_batch | p.mask.stride_head | p.mask.stride_query) % 2 == 0;
  return d;
}

Sums sums(const Plan &plan) {
  switch (plan.value_format) {
  case SAGEATTENTION_VALUES_FP16_SUMS: return Sums::kFp16;
  case SAGEATTENTION_VALUES_FP16_BLOCK_SUMS: return Sums::kFp16PerStep;
  default: return Sums::kFp32;
  }
}

#if SAGE_SM90
sm90::PrepareParams prepare_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  sm90::PrepareParams x{};
  x.sequences = plan.sequences;
  x.key = view(p.key, plan);
  x.value = view(p.value, plan);
  if (plan.padding) x.padding = view(p.mask);
  x.records = part<char>(workspace, plan.quantized_key);
  x.mean = part<float>(workspace, plan.key_mean);
  x.heads = static_cast<int>(p.heads_kv);
  x.head_dim_qk = static_cast<int>(p.head_dim_qk);
  x.head_dim_v = static_cast<int>(p.head_dim_v);
  if (p.smooth_v != 0) x.value_mean = part<float>(workspace, plan.value_mean);
  x.smooth = p.smooth_k != 0;
  x.mask_order = plan.masked;
  x.one_scale = p.granularity == SAGEATTENTION_PER_WARP;
  x.wide_key = loads_wide(p.key, plan.dtype, p.head_dim_qk, 16, 8);
  x.wide_value = loads_wide(p.value, plan.dtype, p.head_dim_v, 16, 8);
  return x;
}

sm90::QueryParams query_params(const sageattention_params &p, const Plan &plan, char *workspace) {
  sm90::QueryParams q{};
  q.sequences = plan.sequences;
  q.query = view(p.query, plan);
  if (p.lse != nullptr) q.key_mean = part<float>(workspace, plan.key_mean);
  q.records = sm90::query_records(plan.sequences, part<char>(workspace, plan.quantized_query));
  q.heads_q = static_cast<int>(p.heads_q);
  q.heads_kv = static_cast<int>(p.heads_kv);
  q.head_dim = static_cast<int>(p.head_dim_qk);
  q.sm_scale = p.sm_scale;
  q.shared_scale = p.granularity == SAGEATTENTION_PER_WARP;
  q.wide = loads_wide(p.query, plan.dtype, p.head_dim_qk, 16, 8);
  return q;
}

cudaError_t prepare_wgmma(const sageattention_params &p, const Plan &plan, char *workspace, cudaStream_t stream) {
  const auto error = sm90::launch_prepare(prepare_params(p, plan, workspace), plan.dtype, plan.tile_dim, stream);
  if (error != cudaSuccess || !plan.quantizes_query) return error;
  return sm90::launch_quantize_query(query_params(p, plan, workspace), plan.dtype, plan.tile_dim, stream);
}
#endif

// Quantizes K and, where the kernel does not read it as it is, V.
cudaError_t prepare(const sageattention_params &p, const Plan &plan, char *workspace, cudaStream_t stream) {
  if (p.len_kv == 0) return cudaSuccess;
#if SAGE_SM90
  if (plan.wgmma) return prepare_wgmma(p, plan, workspace, stream);
#endif
  const auto key = quantize_key_params(p, plan, workspace);
#if SAGE_SM89
  if (plan.fp8)
    return launch_quantize_key_value(key, quantize_value_params(p, plan, workspace), plan.dtype, plan.tile_dim, stream);
#endif
  const auto error = launch_quantize_key(key, plan.dtype, plan.tile_dim, stream);
  if (error != cudaSuccess || !plan.converts_value) return error;
  return launch_convert_value(convert_value_params(p, plan, workspace), plan.dtype, plan.tile_dim, stream);
}

cudaError_t attend(const Plan &plan, const AttentionParams &attention, char *workspace, cudaStream_t stream) {
#if SAGE_SM90
  char *queries = plan.quantizes_query ? part<char>(workspace, plan.quantized_query) : nullptr;
  if (plan.wgmma) return sm90::launch_attention(attention, queries, plan.tile_dim, stream);
#endif
#if SAGE_SM89
  if (plan.fp8)
    return launch_attention_sm89(attention, plan.tile_dim, plan.value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS,
                                 stream);
#endif
  return launch_attention_sm80(attention, plan.value_dtype, sums(plan), plan.tile_dim, stream);
}

const char *format_name(const Plan &plan) {
  if (plan.decode && plan.decode_layout.wgmma)
    return plan.dtype == Dtype::kFloat16 ? "sm90_decode_f16" : "sm90_decode_bf16";
  if (plan.decode) return plan.dtype == Dtype::kFloat16 ? "sm80_decode_f16" : "sm80_decode_bf16";
  if (plan.wgmma) return "sm90_qk_int8_pv_fp8_fp32_sums";
  switch (plan.value_format) {
  case SAGEATTENTION_VALUES_FP8_FP32_SUMS: return "sm89_qk_int8_pv_fp8_fp32_sums";
  case SAGEATTENTION_VALUES_FP8_FP16_SUMS: return "sm89_qk_int8_pv_fp8_fp16_sums";
  case SAGEATTENTION_VALUES_FP16_SUMS: return "sm80_qk_int8_pv_f16_fp16_sums";
  case SAGEATTENTION_VALUES_FP16_BLOCK_SUMS: return "sm80_qk_int8_pv_f16_fp16_block_sums";
  default: return plan.value_dtype == Dtype::kFloat16 ? "sm80_qk_int8_pv_f16" : "sm80_qk_int8_pv_bf16";
  }
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
  if (const auto status = check_device(plan)) return status;
  if ((workspace == nullptr && plan.workspace_bytes > 0) || workspace_bytes < plan.workspace_bytes)
    return fail(SAGEATTENTION_INVALID_ARGUMENT,
                "workspace has %zu bytes at %p, expected %zu: ask "
                "sageattention_workspace_size()",
                workspace_bytes, workspace, plan.workspace_bytes);
  if (reinterpret_cast<uintptr_t>(workspace) % 256 != 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "workspace is at %p, expected a multiple of 256 bytes", workspace);

  const auto memory = static_cast<char *>(workspace);
  const auto cuda_stream = static_cast<cudaStream_t>(stream);
  if (plan.decode) {
    const auto error = decode::launch(decode_params(*params, plan, memory), plan.decode_layout, plan.dtype,
                                      plan.tile_dim, cuda_stream);
    return error == cudaSuccess ? SAGEATTENTION_OK : fail_cuda(error, "launching attention in 16 bits");
  }
  const auto attention = attention_params(*params, plan, memory);
  const bool packed = params->cu_seqlens_q != nullptr;
  if (!packed || (params->len_q > 0 && params->len_kv > 0)) {
    if (const auto error = prepare(*params, plan, memory, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching the quantization of K and V");
    if (const auto error = attend(plan, attention, memory, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching attention");
  }
  if (packed)
    if (const auto error = launch_fill_uncovered(attention, cuda_stream); error != cudaSuccess)
      return fail_cuda(error, "launching the rows that attention does not write");
  return SAGEATTENTION_OK;
}

sageattention_status sageattention_kernel_name(const sageattention_params *params, char *name, size_t name_bytes) {
  if (params == nullptr || name == nullptr || name_bytes == 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "params and name must not be NULL, name_bytes not 0");
  Plan plan;
  if (const auto status = make_plan(*params, plan)) return status;
  if (const auto status = check_device(plan)) return status;
  std::snprintf(name, name_bytes, "%s_d%d", format_name(plan), plan.tile_dim);
  return SAGEATTENTION_OK;
}

const char *sageattention_last_error(void) { return last_error(); }
const char *sageattention_version(void) { return SAGEATTENTION_VERSION_STRING; }
int sageattention_abi_version(void) { return SAGEATTENTION_ABI_VERSION; }
int sageattention_cuda_version(void) { return CUDART_VERSION; }
const char *sageattention_architectures(void) { return SAGEATTENTION_ARCHITECTURES_STRING; }

} // extern "C"
