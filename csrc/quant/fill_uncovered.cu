// Rows of packed outputs that no block of the attention kernel writes: zeros and an LSE of -inf in front of the first
// and behind the last sequence, NaN where a sequence is longer than the caller said.
#include "../common/params.h"

#include <cmath>

namespace sage {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace fill_uncovered {

constexpr int kThreads = 256;
constexpr int kTokens = 256; // of a block

enum Row : uint8_t { kCovered, kHidden, kLost };

__device__ Row row_of(const Sequences &s, int token) {
  int below = 0, above = s.batch + 1; // the first entry beyond the token lies in [below, above]
  while (below < above) {
    const int middle = (below + above) / 2;
    if (s.cu_seqlens_q[middle] > token)
      above = middle;
    else
      below = middle + 1;
  }
  if (below == 0 || below > s.batch) return kHidden;
  return token - s.cu_seqlens_q[below - 1] < s.len_q ? kCovered : kLost;
}

template <typename Bits> __device__ void fill_row(const AttentionParams &p, int token, Bits bits) {
  Bits *row = static_cast<Bits *>(const_cast<void *>(p.output.data)) + token * p.output.stride_token;
  for (int head = 0; head < p.heads_q; ++head)
    for (int c = threadIdx.x; c < p.head_dim_v; c += kThreads) row[head * p.output.stride_head + c] = bits;
}

__global__ void __launch_bounds__(kThreads) fill_uncovered_kernel(const __grid_constant__ AttentionParams p) {
  __shared__ Row rows[kTokens];
  const int first = blockIdx.x * kTokens;
  const int tokens = min(kTokens, p.sequences.total_q - first);
  Row row = kCovered;
  if (static_cast<int>(threadIdx.x) < tokens) row = rows[threadIdx.x] = row_of(p.sequences, first + threadIdx.x);
  if (!__syncthreads_or(row != kCovered)) return;
  for (int i = 0; i < tokens; ++i) {
    if (rows[i] == kCovered) continue;
    const bool lost = rows[i] == kLost;
    if (p.dtype == Dtype::kFloat32)
      fill_row<uint32_t>(p, first + i, lost ? 0x7fffffffu : 0u); // NaN
    else
      fill_row<uint16_t>(p, first + i, lost ? 0x7fffu : 0u); // NaN in both 16-bit types
    if (p.lse != nullptr)
      for (int head = threadIdx.x; head < p.heads_q; head += kThreads)
        p.lse[head * p.lse_stride_head + first + i] = lost ? NAN : -INFINITY;
  }
}

} // namespace fill_uncovered

cudaError_t launch_fill_uncovered(const AttentionParams &p, cudaStream_t stream) {
  const unsigned grid = (static_cast<unsigned>(p.sequences.total_q) + kTokens - 1) / kTokens;
  fill_uncovered_kernel<<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

} // namespace sage
