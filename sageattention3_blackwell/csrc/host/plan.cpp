// From the caller's parameters to what runs: validation, choice of kernel, layout of the workspace.
#include "plan.h"
#include "build_config.h"
#include "error.h"

#include <algorithm>
#include <cuda_runtime_api.h>
#include <limits>

namespace sageattn3 {
namespace {

constexpr int64_t kMaxLength = kSeesAll - 1024; // positions are 32-bit, offsets 64-bit
constexpr int64_t kMaxGrid = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxHeadDim = 256;
constexpr size_t kAlignment = 256;
// Parts of a head in the statistics: enough blocks of threads to fill a GPU with one head, long enough to be worth one.
constexpr int64_t kMaxChunks = 64;
constexpr int64_t kTokensPerChunk = 512;

long long printable(int64_t x) { return static_cast<long long>(x); }

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

int64_t blocks_of(int64_t length) { return (length + kKeyBlock - 1) / kKeyBlock; }

size_t record_bytes(int tile_dim) {
  return tile_dim == 64 ? sizeof(Record<64>) : tile_dim == 128 ? sizeof(Record<128>) : sizeof(Record<256>);
}

sageattn3_status check_range(int64_t value, const char *name, int64_t smallest, int64_t largest) {
  if (value >= smallest && value <= largest) return SAGEATTN3_OK;
  return fail(SAGEATTN3_INVALID_ARGUMENT, "%s is %lld, expected %lld to %lld", name, printable(value),
              printable(smallest), printable(largest));
}

sageattn3_status check_pointer(const void *pointer, const char *name, bool needed) {
  if (pointer != nullptr || !needed) return SAGEATTN3_OK;
  return fail(SAGEATTN3_INVALID_ARGUMENT, "%s is NULL, expected device memory", name);
}

sageattn3_status check_sizes(const sageattn3_params &p) {
  const struct {
    int64_t value;
    const char *name;
    int64_t smallest;
  } sizes[] = {{p.batch, "batch", 1},
               {p.heads_q, "heads_q", 1},
               {p.heads_kv, "heads_kv", 1},
               {p.len_q, "len_q", 1},
               {p.len_kv, "len_kv", 0}};
  for (const auto &size : sizes)
    if (const auto status = check_range(size.value, size.name, size.smallest, kMaxLength)) return status;
  if (p.heads_q % p.heads_kv != 0)
    return fail(SAGEATTN3_INVALID_ARGUMENT, "heads_q is %lld, expected a multiple of heads_kv (%lld)",
                printable(p.heads_q), printable(p.heads_kv));
  const struct {
    int64_t value;
    const char *name;
  } dims[] = {{p.head_dim_qk, "head_dim_qk"}, {p.head_dim_v, "head_dim_v"}};
  for (const auto &dim : dims)
    if (dim.value < 1 || dim.value > kMaxHeadDim)
      return fail(SAGEATTN3_UNSUPPORTED, "%s is %lld, expected 1 to %lld", dim.name, printable(dim.value),
                  printable(kMaxHeadDim));
  return SAGEATTN3_OK;
}

sageattn3_status check_options(const sageattn3_params &p) {
  if (p.dtype != SAGEATTN3_FLOAT16 && p.dtype != SAGEATTN3_BFLOAT16)
    return fail(SAGEATTN3_INVALID_ARGUMENT, "dtype is %d, expected SAGEATTN3_FLOAT16 (0) or BFLOAT16 (1)", p.dtype);
  if (const auto status = check_range(p.causality, "causality", 0, SAGEATTN3_CAUSAL_BOTTOM_RIGHT)) return status;
  if (p.mask.data != nullptr)
    if (const auto status = check_range(p.mask.dtype, "mask.dtype", 0, SAGEATTN3_BOOL)) return status;
  if ((p.cu_seqlens_q == nullptr) != (p.cu_seqlens_kv == nullptr))
    return fail(SAGEATTN3_INVALID_ARGUMENT, "cu_seqlens_%s is NULL and the other is not, expected both or neither",
                p.cu_seqlens_q == nullptr ? "q" : "kv");
  if (p.cu_seqlens_q == nullptr) return SAGEATTN3_OK;
  if (const auto status = check_range(p.total_q, "total_q", 0, kMaxLength)) return status;
  return check_range(p.total_kv, "total_kv", 0, kMaxLength);
}

// Machine code runs on its own capability and, unless it is architecture-specific, on later minor ones of the same
// major (CUDA C++ programming guide, "Binary compatibility").
bool serves(int compute_capability) {
  const auto exact = std::find(kExactArchitectures.begin(), kExactArchitectures.end(), compute_capability);
  return exact != kExactArchitectures.end() ||
         std::any_of(kArchitectures.begin(), kArchitectures.end(), [&](int architecture) {
           return architecture / 10 == compute_capability / 10 && architecture % 10 <= compute_capability % 10;
         });
}

} // namespace

bool loads_wide(const sageattn3_tensor &t, int64_t head_dim) {
  constexpr int64_t kVector = 8; // 16-bit elements
  return reinterpret_cast<uintptr_t>(t.data) % (2 * kVector) == 0 && t.stride_batch % kVector == 0 &&
         t.stride_head % kVector == 0 && t.stride_token % kVector == 0 && head_dim % kVector == 0;
}

sageattn3_status make_plan(const sageattn3_params &p, Plan &plan) {
  if (p.struct_size != sizeof(sageattn3_params))
    return fail(SAGEATTN3_INVALID_ARGUMENT,
                "struct_size is %zu, expected %zu: the caller was compiled with another sageattn3.h", p.struct_size,
                sizeof(sageattn3_params));
  if (const auto status = check_sizes(p)) return status;
  if (const auto status = check_options(p)) return status;
  const bool packed = p.cu_seqlens_q != nullptr;
  const bool has_keys = packed ? p.total_kv > 0 : p.len_kv > 0, has_queries = !packed || p.total_q > 0;
  const struct {
    const void *pointer;
    const char *name;
    bool needed;
  } tensors[] = {{p.query.data, "query.data", has_queries},
                 {p.key.data, "key.data", has_keys},
                 {p.value.data, "value.data", has_keys},
                 {p.output.data, "output.data", has_queries}};
  for (const auto &t : tensors)
    if (const auto status = check_pointer(t.pointer, t.name, t.needed)) return status;

  plan.dtype = p.dtype == SAGEATTN3_FLOAT16 ? Dtype::kFloat16 : Dtype::kBFloat16;
  for (const int tile : sage::kTileDims) {
    plan.tile_dim = tile;
    if (p.head_dim_qk <= tile && p.head_dim_v <= tile) break;
  }
  const int64_t longest = std::max(p.len_q, p.len_kv);
  plan.chunks = static_cast<int>(std::clamp<int64_t>(longest / kTokensPerChunk, 1, kMaxChunks));
  const int64_t tiles = std::max<int64_t>({blocks_of(longest), 3 * int64_t{plan.chunks}});
  if (p.heads_q > kMaxGrid / p.batch || p.heads_q * p.batch > kMaxGrid / tiles)
    return fail(SAGEATTN3_UNSUPPORTED, "batch * heads_q * length is %lld * %lld * %lld: more tiles than a grid holds",
                printable(p.batch), printable(p.heads_q), printable(longest));

  Sequences &s = plan.sequences;
  s = {};
  s.cu_seqlens_q = p.cu_seqlens_q;
  s.cu_seqlens_kv = p.cu_seqlens_kv;
  s.batch = static_cast<int>(p.batch);
  s.len_q = static_cast<int>(p.len_q);
  s.len_kv = static_cast<int>(p.len_kv);
  s.total_q = packed ? static_cast<int>(p.total_q) : 0;
  s.total_kv = packed ? static_cast<int>(p.total_kv) : 0;
  s.key_blocks = static_cast<int>(blocks_of(p.len_kv));
  s.head_blocks = packed ? s.total_kv / kKeyBlock + s.batch : s.batch * s.key_blocks;
  plan.jobs = jobs_of(s.batch, static_cast<int>(p.heads_kv), p.per_block_mean != 0 ? 0 : static_cast<int>(p.heads_q));
  const size_t jobs = static_cast<size_t>(plan.jobs.count);
  const size_t records = static_cast<size_t>(p.heads_kv) * s.head_blocks * record_bytes(plan.tile_dim);
  const size_t partial = jobs * plan.chunks * 3 * plan.tile_dim * sizeof(float); // done with before records are written
  plan.mean = aligned(std::max(records, partial));
  plan.factor = plan.mean + aligned(jobs * plan.tile_dim * sizeof(float));
  plan.workspace_bytes = plan.factor + aligned(jobs * sizeof(float));
  return SAGEATTN3_OK;
}

sageattn3_status check_device(int &compute_capability) {
  if (compute_capability == 0) {
    int device = 0, major = 0, minor = 0;
    cudaError_t error = cudaGetDevice(&device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
    if (error != cudaSuccess) return fail_cuda(error, "asking for the compute capability of the current device");
    compute_capability = 10 * major + minor;
  }
  if (serves(compute_capability)) return SAGEATTN3_OK;
  return fail(
      SAGEATTN3_UNSUPPORTED,
      "no kernel for compute capability %d.%d: this build of libsageattn3 %s has machine code for %s; install a "
      "build that lists this capability, or use the package sageattention",
      compute_capability / 10, compute_capability % 10, SAGEATTN3_VERSION_STRING, SAGEATTN3_ARCHITECTURES_STRING);
}

bool multiplies_fp4(int compute_capability) { return compute_capability / 10 == 12; }

} // namespace sageattn3
