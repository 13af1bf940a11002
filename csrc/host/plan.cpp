// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace.
#include "plan.h"
#include "../common/once_per_device.h"
#include "build_config.h"
#include "error.h"
#if SAGE_SM90
#include "../sm90/launch.h"
#endif

#include <algorithm>
#include <cuda_runtime_api.h>
#include <vector>

namespace sage {
namespace {

constexpr int64_t kMaxLength = kSeesAll - 1024;        // positions are 32-bit, offsets 64-bit
constexpr int64_t kMostTiles = (int64_t{1} << 30) - 1; // counted in 32 bits, with room for two blocks each
constexpr int64_t kMaxHeadDim = 256;
constexpr int64_t kSmallestTileRows = 64;
constexpr size_t kAlignment = 256;

long long printable(int64_t x) { return static_cast<long long>(x); }

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

sageattention_status check_range(int64_t value, const char *name, int64_t smallest, int64_t largest) {
  if (value >= smallest && value <= largest) return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_INVALID_ARGUMENT, "%s is %lld, expected %lld to %lld", name, printable(value),
              printable(smallest), printable(largest));
}

sageattention_status check_tensor(const sageattention_tensor &tensor, const char *name, bool needed) {
  if (tensor.data != nullptr || !needed) return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_INVALID_ARGUMENT, "%s.data is NULL, expected device memory", name);
}

int64_t element_bytes(Dtype dtype) { return dtype == Dtype::kFloat32 ? 4 : 2; }

bool is_fp8(int32_t format) {
  return format == SAGEATTENTION_VALUES_FP8_FP32_SUMS || format == SAGEATTENTION_VALUES_FP8_FP16_SUMS;
}

// Machine code runs on its own capability and on later minor ones of the same major (CUDA C++ programming guide,
// "Binary compatibility").
bool serves(const std::vector<int> &compiled, int compute_capability) {
  return std::any_of(compiled.begin(), compiled.end(), [&](int architecture) {
    return architecture / 10 == compute_capability / 10 && architecture % 10 <= compute_capability % 10;
  });
}

sageattention_status check_sizes(const sageattention_params &p) {
  const struct {
    int64_t value;
    const char *name;
    int64_t smallest;
  } sizes[] = {{p.batch, "batch", 1},
               {p.heads_q, "heads_q", 1},
               {p.heads_kv, "heads_kv", 1},
               {p.len_q, "len_q", p.cu_seqlens_q == nullptr ? 1 : 0},
               {p.len_kv, "len_kv", 0}};
  for (const auto &size : sizes)
    if (const auto status = check_range(size.value, size.name, size.smallest, kMaxLength)) return status;
  if (p.heads_q % p.heads_kv != 0)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "heads_q is %lld, expected a multiple of heads_kv (%lld)",
                printable(p.heads_q), printable(p.heads_kv));
  const struct {
    int64_t value;
    const char *name;
  } dims[] = {{p.head_dim_qk, "head_dim_qk"}, {p.head_dim_v, "head_dim_v"}};
  for (const auto &dim : dims)
    if (dim.value < 1 || dim.value > kMaxHeadDim)
      return fail(SAGEATTENTION_UNSUPPORTED, "%s is %lld, expected 1 to %lld", dim.name, printable(dim.value),
                  printable(kMaxHeadDim));
  if ((p.cu_seqlens_q == nullptr) != (p.cu_seqlens_k == nullptr))
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "%s is NULL, expected device memory like %s",
                p.cu_seqlens_q == nullptr ? "cu_seqlens_q" : "cu_seqlens_k",
                p.cu_seqlens_q == nullptr ? "cu_seqlens_k" : "cu_seqlens_q");
  if (p.cu_seqlens_q == nullptr) return SAGEATTENTION_OK;
  if (const auto status = check_range(p.total_q, "total_q", 1, kMaxLength)) return status;
  return check_range(p.total_kv, "total_kv", 0, kMaxLength);
}

sageattention_status check_options(const sageattention_params &p) {
  const struct {
    int64_t value;
    const char *name;
    int64_t largest;
  } options[] = {{p.dtype, "dtype", SAGEATTENTION_FLOAT32},
                 {p.value_format, "value_format", SAGEATTENTION_VALUES_UNQUANTIZED},
                 {p.granularity, "granularity", SAGEATTENTION_PER_WARP},
                 {p.causality, "causality", SAGEATTENTION_CAUSAL_BOTTOM_RIGHT},
                 {p.mask.data == nullptr ? 0 : p.mask.dtype, "mask.dtype", SAGEATTENTION_BOOL}};
  for (const auto &option : options)
    if (const auto status = check_range(option.value, option.name, 0, option.largest)) return status;
  return SAGEATTENTION_OK;
}

sageattention_status check_tensors(const sageattention_params &p) {
  const struct {
    const sageattention_tensor &tensor;
    const char *name;
    bool needed;
  } tensors[] = {{p.query, "query", true},
                 {p.key, "key", p.len_kv > 0},
                 {p.value, "value", p.len_kv > 0},
                 {p.output, "output", true}};
  for (const auto &t : tensors)
    if (const auto status = check_tensor(t.tensor, t.name, t.needed)) return status;
  return SAGEATTENTION_OK;
}

// The capability that the caller names, or that of the current device.
sageattention_status ask_capability(int named, int &compute_capability) {
  compute_capability = named;
  if (named != 0) return SAGEATTENTION_OK;
  static std::atomic<int> answers[kMostDevices];
  const cudaError_t error = once_per_device(answers, compute_capability, [](int device, int &answer) {
    int major = 0, minor = 0;
    cudaError_t failure = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (failure == cudaSuccess) failure = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    answer = 10 * major + minor;
    return failure;
  });
  return error == cudaSuccess ? SAGEATTENTION_OK
                              : fail_cuda(error, "asking for the compute capability of the current device");
}

// Whether the decode family knows everything that the call asks for.
bool suits_decode(const sageattention_params &p, const Plan &plan) {
  return plan.dtype != Dtype::kFloat32 && p.cu_seqlens_q == nullptr && p.len_q <= kMaxLength / (p.heads_q / p.heads_kv);
}

// Whether there are kernels on wgmma. Their machine code runs on no other capability.
bool has_wgmma([[maybe_unused]] int compute_capability) {
#if SAGE_SM90
  const auto &known = kSm90Architectures;
  return std::find(known.begin(), known.end(), compute_capability) != known.end();
#else
  return false;
#endif
}

// Whether the decode family has some for the call.
bool suits_decode_wgmma(const Plan &plan) {
  return has_wgmma(plan.compute_capability) && plan.tile_dim <= decode::kMostWgmmaChannels;
}

// Query rows that share a head of keys.
int64_t shared_rows(const sageattention_params &p) { return p.len_q * (p.heads_q / p.heads_kv); }

// Whether reading K and V once as they are is faster than quantizing them, which reads them, writes half as many bytes
// and reads those.
bool prefers_decode(const sageattention_params &p, const Plan &plan) {
  return suits_decode(p, plan) && shared_rows(p) <= decode::most_rows(suits_decode_wgmma(plan), plan.masked, p.len_kv);
}

// Whether the sm90 family is also the fastest where it runs: with head dims up to 64, masks of one or two bytes that
// are not read in vectors take longer than in the sm80 family.
bool prefers_wgmma(const sageattention_params &p, const Plan &plan) {
  return !plan.masked || plan.tile_dim > 64 || p.mask.dtype == SAGEATTENTION_FLOAT32 || p.mask.stride_key == 0 ||
         in_vectors(p.mask, p.len_kv);
}

int key_block([[maybe_unused]] const Plan &plan) {
#if SAGE_SM90
  if (plan.wgmma) return sm90::kTileKeys;
#endif
  return kKeyBlock;
}

Sequences sequences(const sageattention_params &p, int block) {
  Sequences s{};
  s.cu_seqlens_q = p.cu_seqlens_q;
  s.cu_seqlens_kv = p.cu_seqlens_k;
  s.batch = static_cast<int>(p.batch);
  s.len_q = static_cast<int>(p.len_q);
  s.len_kv = static_cast<int>(p.len_kv);
  s.key_blocks = static_cast<int>((p.len_kv + block - 1) / block);
  if (p.cu_seqlens_q != nullptr) {
    s.total_q = static_cast<int>(p.total_q);
    s.total_kv = static_cast<int>(p.total_kv);
  }
  return s;
}

// Gives every part of the workspace its place, one behind the other.
void lay_out(Plan &plan, int64_t heads_q, int64_t heads_kv, bool smooth_v) {
  size_t end = 0;
  const auto place = [&](size_t &offset, bool present, size_t bytes) {
    offset = end;
    if (present) end += aligned(bytes);
  };
  const size_t blocks = static_cast<size_t>(heads_kv) * plan.sequences.head_blocks;
  const size_t channels = static_cast<size_t>(plan.sequences.batch) * heads_kv * plan.tile_dim;
  const bool prepares_value = plan.fp8 || plan.converts_value;
  const bool apart = !plan.wgmma; // there all of this is in the records
  place(plan.quantized_key, true, blocks * plan.record_bytes);
  place(plan.key_mean, true, channels * sizeof(float));
  place(plan.key_scale, apart, blocks * kScalesPerBlock * sizeof(float));
  place(plan.key_special, apart, blocks * sizeof(uint64_t));
  place(plan.key_visible, apart && plan.padding, plan.sequences.head_blocks * sizeof(uint64_t));
  place(plan.value_special, apart && prepares_value, blocks * sizeof(uint64_t));
  place(plan.value_mean, smooth_v, channels * sizeof(float));
  place(plan.value_scale, plan.converts_value, channels * sizeof(float));
  place(plan.value_magnitude, plan.converts_value, channels * sizeof(unsigned));
  place(plan.converted_value, plan.converts_value, blocks * kKeyBlock * plan.tile_dim * sizeof(uint16_t));
  size_t query_bytes = 0;
#if SAGE_SM90
  query_bytes =
      heads_q * sm90::query_records(plan.sequences, nullptr).of_head * sm90::query_record_bytes(plan.tile_dim);
#endif
  place(plan.quantized_query, plan.quantizes_query, query_bytes);
  plan.workspace_bytes = end;
}

} // namespace

bool loads_wide(const sageattention_tensor &t, Dtype dtype, int64_t head_dim, int64_t bytes, int64_t channels) {
  const int64_t element = element_bytes(dtype);
  return reinterpret_cast<uintptr_t>(t.data) % bytes == 0 && t.stride_batch * element % bytes == 0 &&
         t.stride_head * element % bytes == 0 && t.stride_token * element % bytes == 0 && head_dim % channels == 0;
}

bool in_vectors(const sageattention_mask &mask, int64_t len_kv) {
  return mask.stride_key == 1 && (len_kv | mask.stride_batch | mask.stride_head | mask.stride_query) % 8 == 0;
}

sageattention_status make_plan(const sageattention_params &p, Plan &plan) {
  if (p.struct_size != sizeof(sageattention_params))
    return fail(SAGEATTENTION_INVALID_ARGUMENT,
                "struct_size is %zu, expected %zu: the caller was compiled with another sageattention.h", p.struct_size,
                sizeof(sageattention_params));
  for (const auto check : {check_sizes, check_options, check_tensors})
    if (const auto status = check(p)) return status;

  plan.dtype = p.dtype == SAGEATTENTION_FLOAT16    ? Dtype::kFloat16
               : p.dtype == SAGEATTENTION_BFLOAT16 ? Dtype::kBFloat16
                                                   : Dtype::kFloat32;
  plan.padding = p.mask.data != nullptr && p.mask.dtype == SAGEATTENTION_BOOL && p.mask.stride_head == 0 &&
                 p.mask.stride_query == 0 && p.len_kv > 0;
  plan.masked = p.mask.data != nullptr && !plan.padding;
  for (const int tile : kTileDims) {
    plan.tile_dim = tile;
    if (p.head_dim_qk <= tile && p.head_dim_v <= tile) break;
  }
  const bool automatic = p.value_format == SAGEATTENTION_VALUES_AUTO;
  const bool unquantized = p.value_format == SAGEATTENTION_VALUES_UNQUANTIZED;
  if (unquantized && !suits_decode(p, plan))
    return fail(SAGEATTENTION_UNSUPPORTED,
                "the decode kernels take no %s; let the library choose, or use the fp16 kernels",
                p.cu_seqlens_q != nullptr       ? "packed sequences"
                : plan.dtype == Dtype::kFloat32 ? "fp32 inputs"
                                                : "calls with so many queries");
  plan.compute_capability = p.compute_capability;
  plan.decode = plan.wgmma = false;
  if (automatic || unquantized || (p.wgmma != 0 && p.value_format == SAGEATTENTION_VALUES_FP8_FP32_SUMS)) {
    if (const auto status = ask_capability(p.compute_capability, plan.compute_capability)) return status;
    plan.decode = unquantized || (automatic && prefers_decode(p, plan));
    plan.wgmma = !plan.decode && has_wgmma(plan.compute_capability) && (!automatic || prefers_wgmma(p, plan));
  }
  plan.value_format = plan.decode  ? SAGEATTENTION_VALUES_UNQUANTIZED
                      : !automatic ? p.value_format
                      : plan.wgmma ? SAGEATTENTION_VALUES_FP8_FP32_SUMS
                                   : SAGEATTENTION_VALUES_16BIT;
  plan.fp8 = is_fp8(plan.value_format);
  plan.converts_value =
      !plan.decode && !plan.fp8 &&
      (plan.value_format != SAGEATTENTION_VALUES_16BIT || p.smooth_v != 0 || plan.dtype == Dtype::kFloat32);
  plan.value_dtype = plan.converts_value ? Dtype::kFloat16 : plan.dtype;
  const int block = key_block(plan);
  plan.sequences = sequences(p, block);
  const int64_t key_blocks = plan.sequences.key_blocks;
  const int64_t head_blocks = p.cu_seqlens_q == nullptr ? p.batch * key_blocks : p.total_kv / block + p.batch;
  const int64_t tiles = (p.len_q + kSmallestTileRows - 1) / kSmallestTileRows;
  if (p.heads_q * p.batch > kMostTiles / std::max({tiles, key_blocks, int64_t{1}}) || head_blocks > kMostTiles)
    return fail(SAGEATTENTION_UNSUPPORTED,
                "batch * heads_q * length is %lld * %lld * %lld: more tiles than one call computes (%lld)",
                printable(p.batch), printable(p.heads_q), printable(p.len_q > p.len_kv ? p.len_q : p.len_kv),
                printable(kMostTiles));
  plan.sequences.head_blocks = static_cast<int>(head_blocks);
  plan.quantizes_query = plan.wgmma && (plan.dtype == Dtype::kFloat32 || p.smooth_v != 0 ||
                                        p.granularity != SAGEATTENTION_PER_THREAD || plan.masked);
  plan.record_bytes = plan.fp8 ? fp8_record_bytes(plan.tile_dim) : kKeyBlock * plan.tile_dim;
#if SAGE_SM90
  if (plan.wgmma) plan.record_bytes = sm90::record_bytes(plan.tile_dim);
#endif
  if (plan.decode) {
    plan.decode_layout =
        decode::Layout(p.batch * p.heads_kv, shared_rows(p), p.len_kv, plan.tile_dim, suits_decode_wgmma(plan));
    plan.workspace_bytes = plan.decode_layout.bytes;
  } else {
    lay_out(plan, p.heads_q, p.heads_kv, p.smooth_v != 0);
  }
  return SAGEATTENTION_OK;
}

sageattention_status check_device(const Plan &plan) {
  if (plan.wgmma) return SAGEATTENTION_OK;
  int compute_capability = 0;
  if (const auto status = ask_capability(plan.compute_capability, compute_capability)) return status;
  const bool fp8 = plan.fp8;
  const auto &known = plan.decode ? kDecodeArchitectures : fp8 ? kSm89Architectures : kSm80Architectures;
  if (!serves(known, compute_capability))
    return fail(
        SAGEATTENTION_UNSUPPORTED,
        "no kernel with %s values for compute capability %d.%d: this build of libsageattention %s has machine code "
        "for %s%s; install a build that lists this capability",
        fp8 ? "FP8" : "16-bit", compute_capability / 10, compute_capability % 10, SAGEATTENTION_VERSION_STRING,
        SAGEATTENTION_ARCHITECTURES_STRING, fp8 ? ", and FP8 needs 8.9 or later" : "");
  if (plan.value_format == SAGEATTENTION_VALUES_FP8_FP16_SUMS && !SAGEATTENTION_FP8_FP16_SUMS)
    return fail(SAGEATTENTION_UNSUPPORTED,
                "no kernel with FP8 values and fp16 sums (pv_accum_dtype='fp32+fp16'): they need CUDA 12.8, and this "
                "build of libsageattention %s was compiled with CUDA %d.%d; use fp32 sums "
                "(pv_accum_dtype='fp32+fp32') or install a build for CUDA 12.8 or later",
                SAGEATTENTION_VERSION_STRING, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
  return SAGEATTENTION_OK;
}

} // namespace sage
