// Rows of packed outputs that the attention kernel does not write: zeros and an LSE of -inf in front of the first
// and behind the last sequence and, where no kernel runs because there are no keys, of sequences without any; NaN where
// a sequence is longer than the caller said. Runs behind the attention kernel: where cumulative lengths decrease,
// sequences may have overlapped, and every row becomes NaN.
#include "../common/params.h"
#include "../common/sequence.cuh"

#include <algorithm>
#include <cmath>

namespace sage {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace fill_uncovered {

constexpr int kThreads = 256;
constexpr int kTokens = 256;           // of a block at a time
constexpr unsigned kMostBlocks = 1024; // each reads all lengths

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
  if (int64_t{token} - s.cu_seqlens_q[below - 1] >= s.len_q) return kLost;
  if (s.len_kv > 0) return kCovered;
  return Sequence(s, below - 1).fits ? kHidden : kLost;
}

// Whether the lengths of all sequences are 0 or more. All threads of the block take part.
__device__ bool rises(const Sequences &s) {
  bool falls = false;
  for (int i = threadIdx.x; i < s.batch; i += kThreads)
    falls |= s.cu_seqlens_q[i] > s.cu_seqlens_q[i + 1] || s.cu_seqlens_kv[i] > s.cu_seqlens_kv[i + 1];
  return !__syncthreads_or(falls);
}

template <typename Bits> __device__ void fill_row(const AttentionParams &p, int token, Bits bits) {
  Bits *row = static_cast<Bits *>(const_cast<void *>(p.output.data)) + token * p.output.stride_token;
  for (int head = 0; head < p.heads_q; ++head)
    for (int c = threadIdx.x; c < p.head_dim_v; c += kThreads) row[head * p.output.stride_head + c] = bits;
}

__global__ void __launch_bounds__(kThreads) fill_uncovered_kernel(const __grid_constant__ AttentionParams p) {
  __shared__ Row rows[kTokens];
  const bool good = rises(p.sequences);
  for (int first = blockIdx.x * kTokens; first < p.sequences.total_q; first += gridDim.x * kTokens) {
    const int tokens = min(kTokens, p.sequences.total_q - first);
    Row row = kCovered;
    if (static_cast<int>(threadIdx.x) < tokens)
      row = rows[threadIdx.x] = good ? row_of(p.sequences, first + threadIdx.x) : kLost;
    if (!__syncthreads_or(row != kCovered)) continue;
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
    __syncthreads(); // everyone has read the rows
  }
}

} // namespace fill_uncovered

cudaError_t launch_fill_uncovered(const AttentionParams &p, cudaStream_t stream) {
  const unsigned grid = std::min((static_cast<unsigned>(p.sequences.total_q) + kTokens - 1) / kTokens, kMostBlocks);
  fill_uncovered_kernel<<<grid, kThreads, 0, stream>>>(p);
  return cudaGetLastError();
}

} // namespace sage
