// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace.
#include "plan.h"
#include "build_config.h"
#include "error.h"

#include <cuda_runtime_api.h>
#include <limits>

namespace sage {
namespace {

constexpr int64_t kMaxLength = std::numeric_limits<int32_t>::max() - 1024; // positions are 32-bit, offsets 64-bit
constexpr int64_t kMaxGrid = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxHeadDim = 128;
constexpr int64_t kSmallestTileRows = 64;
constexpr size_t kAlignment = 256;

long long printable(int64_t x) { return static_cast<long long>(x); }

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

sageattention_status check_positive(int64_t value, const char *name) {
  if (value > 0 && value <= kMaxLength) return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_INVALID_ARGUMENT, "%s is %lld, expected 1 to %lld", name, printable(value),
              printable(kMaxLength));
}

sageattention_status check_tensor(const sageattention_tensor &tensor, const char *name) {
  if (tensor.data != nullptr) return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_INVALID_ARGUMENT, "%s.data is NULL, expected device memory", name);
}

bool multiple_of(const sageattention_tensor &t, int64_t bytes) {
  constexpr int64_t kElement = 2;
  return reinterpret_cast<uintptr_t>(t.data) % bytes == 0 && t.stride_batch * kElement % bytes == 0 &&
         t.stride_head * kElement % bytes == 0 && t.stride_token * kElement % bytes == 0;
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
  } sizes[] = {{p.batch, "batch"},   {p.heads_q, "heads_q"}, {p.heads_kv, "heads_kv"},
               {p.len_q, "len_q"},   {p.len_kv, "len_kv"}};
  for (const auto &size : sizes)
    if (const auto status = check_positive(size.value, size.name)) return status;
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
  const struct {
    const sageattention_tensor &tensor;
    const char *name;
  } tensors[] = {{p.query, "query"}, {p.key, "key"}, {p.value, "value"}, {p.output, "output"}};
  for (const auto &t : tensors)
    if (const auto status = check_tensor(t.tensor, t.name)) return status;
  if (!multiple_of(p.output, 16))
    return fail(SAGEATTENTION_INVALID_ARGUMENT, "output: base address and strides must be multiples of 16 bytes");

  plan.dtype = p.dtype == SAGEATTENTION_FLOAT16 ? Dtype::kFloat16 : Dtype::kBFloat16;
  plan.tile_dim = p.head_dim_qk <= 64 && p.head_dim_v <= 64 ? 64 : 128;
  plan.key_blocks = static_cast<int>((p.len_kv + kKeyBlock - 1) / kKeyBlock);
  const int64_t tiles = (p.len_q + kSmallestTileRows - 1) / kSmallestTileRows;
  if (p.heads_q * p.batch > kMaxGrid / (tiles > plan.key_blocks ? tiles : plan.key_blocks))
    return fail(SAGEATTENTION_UNSUPPORTED, "batch * heads_q * length is %lld * %lld * %lld: more tiles than a grid holds",
                printable(p.batch), printable(p.heads_q), printable(p.len_q > p.len_kv ? p.len_q : p.len_kv));

  const size_t heads = static_cast<size_t>(p.batch) * p.heads_kv;
  const size_t blocks = heads * plan.key_blocks;
  plan.quantized_key = 0;
  plan.key_scale = aligned(blocks * kKeyBlock * plan.tile_dim);
  plan.key_mean = plan.key_scale + aligned(blocks * kScalesPerBlock * sizeof(float));
  plan.workspace_bytes = plan.key_mean + aligned(heads * plan.tile_dim * sizeof(float));
  return SAGEATTENTION_OK;
}

sageattention_status check_device(int compute_capability) {
  if (compute_capability == 0) {
    int device = 0, major = 0, minor = 0;
    cudaError_t error = cudaGetDevice(&device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    if (error != cudaSuccess) return fail_cuda(error, "asking for the compute capability of the current device");
    compute_capability = 10 * major + minor;
  }
  // Machine code runs on its own capability and on later minor ones of the same major (CUDA C++ programming guide,
  // "Binary compatibility").
  for (const int compiled : kSm80Architectures)
    if (compiled / 10 == compute_capability / 10 && compiled % 10 <= compute_capability % 10) return SAGEATTENTION_OK;
  return fail(SAGEATTENTION_UNSUPPORTED,
              "no kernel for compute capability %d.%d: this build of libsageattention %s has machine code for %s; "
              "install a build that lists this capability",
              compute_capability / 10, compute_capability % 10, SAGEATTENTION_VERSION_STRING,
              SAGEATTENTION_ARCHITECTURES_STRING);
}

} // namespace sage
