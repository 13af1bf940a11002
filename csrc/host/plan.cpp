// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace.
#include "plan.h"
#include "build_config.h"
#include "error.h"

#include <algorithm>
#include <cuda_runtime_api.h>
#include <limits>
#include <vector>

namespace sage {
namespace {

constexpr int64_t kMaxLength = kSeesAll - 1024; // positions are 32-bit, offsets 64-bit
constexpr int64_t kMaxGrid = std::numeric_limits<int32_t>::max();
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

bool multiple_of(const sageattention_tensor &t, int64_t bytes) {
  constexpr int64_t kElement = 2;
  return reinterpret_cast<uintptr_t>(t.data) % bytes == 0 && t.stride_batch * kElement % bytes == 0 &&
         t.stride_head * kElement % bytes == 0 && t.stride_token * kElement % bytes == 0;
}

// Machine code runs on its own capability and on later minor ones of the same major (CUDA C++ programming guide,
// "Binary compatibility").
bool serves(const std::vector<int> &compiled, int compute_capability) {
  return std::any_of(compiled.begin(), compiled.end(), [&](int architecture) {
    return architecture / 10 == compute_capability / 10 && architecture % 10 <= compute_capability % 10;
  });
}

} // namespace

bool loads_wide(const sageattention_tensor &t, int64_t head_dim, int64_t bytes) {
  return multiple_of(t, bytes) && head_dim * 2 % bytes == 0;
}

sageattention_status make_plan(const sageattention_params &p, Plan &plan) {
  if (p.struct_size != sizeof(sageattention_params))
    return fail(SAGEATTENTION_INVALID_ARGUMENT,
                "struct_size is %zu, expected %zu: the caller was compiled with another sageattention.h", p.struct_size,
                sizeof(sageattention_params));
  if (p.dtype != SAGEATTENTION_FLOAT16 && p.dtype != SAGEATTENTION_BFLOAT16)
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "dtype is %d, expected SAGEATTENTION_FLOAT16 (0) or BFLOAT16 (1)",
                p.dtype);
  const struct {
    int64_t value;
    const char *name;
    int64_t smallest;
  } sizes[] = {{p.batch, "batch", 1}, {p.heads_q, "heads_q", 1}, {p.heads_kv, "heads_kv", 1},
               {p.len_q, "len_q", 1}, {p.len_kv, "len_kv", 0}};
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
  if (const auto status = check_range(p.value_format, "value_format", 0, SAGEATTENTION_VALUES_FP8_FP16_SUMS)) return status;
  if (const auto status = check_range(p.causality, "causality", 0, SAGEATTENTION_CAUSAL_BOTTOM_RIGHT)) return status;
  if (p.mask.data != nullptr)
    if (const auto status = check_range(p.mask.dtype, "mask.dtype", 0, SAGEATTENTION_BOOL)) return status;
  const struct {
    const sageattention_tensor &tensor;
    const char *name;
    bool needed;
  } tensors[] = {{p.query, "query", true}, {p.key, "key", p.len_kv > 0}, {p.value, "value", p.len_kv > 0},
                 {p.output, "output", true}};
  for (const auto &t : tensors)
    if (const auto status = check_tensor(t.tensor, t.name, t.needed)) return status;

  plan.dtype = p.dtype == SAGEATTENTION_FLOAT16 ? Dtype::kFloat16 : Dtype::kBFloat16;
  for (const int tile : kTileDims) {
    plan.tile_dim = tile;
    if (p.head_dim_qk <= tile && p.head_dim_v <= tile) break;
  }
  plan.key_blocks = static_cast<int>((p.len_kv + kKeyBlock - 1) / kKeyBlock);
  const int64_t tiles = (p.len_q + kSmallestTileRows - 1) / kSmallestTileRows;
  if (p.heads_q * p.batch > kMaxGrid / (tiles > plan.key_blocks ? tiles : plan.key_blocks))
    return fail(SAGEATTENTION_UNSUPPORTED, "batch * heads_q * length is %lld * %lld * %lld: more tiles than a grid holds",
                printable(p.batch), printable(p.heads_q), printable(p.len_q > p.len_kv ? p.len_q : p.len_kv));

  const size_t heads = static_cast<size_t>(p.batch) * p.heads_kv;
  const size_t blocks = heads * plan.key_blocks;
  plan.quantized_key = 0;
  plan.record_bytes = p.value_format == SAGEATTENTION_VALUES_16BIT ? kKeyBlock * plan.tile_dim
                                                                     : fp8_record_bytes(plan.tile_dim);
  plan.key_scale = aligned(blocks * plan.record_bytes);
  plan.key_mean = plan.key_scale + aligned(blocks * kScalesPerBlock * sizeof(float));
  plan.key_special = plan.key_mean + aligned(heads * plan.tile_dim * sizeof(float));
  plan.workspace_bytes = plan.key_special + aligned(blocks * sizeof(uint64_t));
  return SAGEATTENTION_OK;
}

sageattention_status check_device(const sageattention_params &params) {
  int compute_capability = params.compute_capability;
  if (compute_capability == 0) {
    int device = 0, major = 0, minor = 0;
    cudaError_t error = cudaGetDevice(&device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    if (error != cudaSuccess) return fail_cuda(error, "asking for the compute capability of the current device");
    compute_capability = 10 * major + minor;
  }
  const bool fp8 = params.value_format != SAGEATTENTION_VALUES_16BIT;
  if (fp8 ? serves(kSm89Architectures, compute_capability) : serves(kSm80Architectures, compute_capability))
    return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_UNSUPPORTED,
              "no kernel with %s values for compute capability %d.%d: this build of libsageattention %s has machine code "
              "for %s%s; install a build that lists this capability",
              fp8 ? "FP8" : "16-bit", compute_capability / 10, compute_capability % 10, SAGEATTENTION_VERSION_STRING,
              SAGEATTENTION_ARCHITECTURES_STRING, fp8 ? ", and FP8 needs 8.9 or later" : "");
}

} // namespace sage
