// Per head and channel: sum, smallest and largest element of K, V and where wanted Q, in parts; then the mean and the
// power of two that the FP4 numbers are scaled by. Infs and NaNs do not count.
#include "../../../csrc/quant/rows.cuh"
#include "../common/formats.h"
#include "../common/params.h"

namespace sageattn3 {
// Not unnamed: nvcc would put a hash of the file's path into names, so that another folder gave another library.
inline namespace statistics {

using sage::kThreads;
using sage::kVector;
using sage::Sequence;

// One tensor's part of the jobs.
struct Source {
  TensorView tensor;
  int heads, dim;
  int job;         // within the tensor: batch * heads + head
  bool wide, keys; // keys: its tokens are those of K and V
};

__device__ __forceinline__ Source source_of(const StatisticsParams &p, int job) {
  const Jobs jobs = jobs_of(p.sequences.batch, p.heads_kv, p.heads_q);
  if (job < jobs.value) return {p.key, p.heads_kv, p.dim_qk, job, p.wide_key, true};
  if (job < jobs.query) return {p.value, p.heads_kv, p.dim_v, job - jobs.value, p.wide_value, true};
  return {p.query, p.heads_q, p.dim_qk, job - jobs.query, p.wide_query, false};
}

template <typename Element, int kTileDim>
__global__ void __launch_bounds__(kThreads) statistics_kernel(const __grid_constant__ StatisticsParams p) {
  using Rows = sage::Rows<kTileDim>;
  constexpr int kRows = Rows::kRowsPerPass;
  __shared__ float shared[kRows][kTileDim];
  const int row = Rows::row(), channel = Rows::channel();
  const int chunk = blockIdx.x % p.chunks, job = blockIdx.x / p.chunks;
  const Source source = source_of(p, job);
  const int batch = source.job / source.heads;
  const Sequence sequence(p.sequences, batch);
  const auto *head = sage::head_of<Element>(source.tensor, batch, source.job % source.heads,
                                            source.keys ? sequence.first_kv : sequence.first_q);
  const int64_t length = source.keys ? sequence.len_kv : sequence.len_q;
  const int begin = static_cast<int>(length * chunk / p.chunks);
  const int end = static_cast<int>(length * (chunk + 1) / p.chunks);

  float sum[kVector] = {}, smallest[kVector], largest[kVector];
#pragma unroll
  for (int c = 0; c < kVector; ++c) smallest[c] = INFINITY, largest[c] = -INFINITY;
#pragma unroll 4
  for (int token = begin + row; token < end; token += kRows) {
    float x[kVector];
    sage::unpack_row(x,
                     sage::load_row(head + token * source.tensor.stride_token, channel, source.dim, true, source.wide));
#pragma unroll
    for (int c = 0; c < kVector; ++c) {
      if (fabsf(x[c]) < INFINITY) {
        sum[c] += x[c];
        smallest[c] = fminf(smallest[c], x[c]);
        largest[c] = fmaxf(largest[c], x[c]);
      }
    }
  }

  float *partial = p.partial + (int64_t{job} * p.chunks + chunk) * 3 * kTileDim;
  const auto reduce = [&](const float (&own)[kVector], float *target, auto combine) {
#pragma unroll
    for (int c = 0; c < kVector; ++c) shared[row][channel + c] = own[c];
    __syncthreads();
    for (int c = threadIdx.x; c < kTileDim; c += kThreads) {
      float x = shared[0][c];
      for (int r = 1; r < kRows; ++r) x = combine(x, shared[r][c]);
      target[c] = x;
    }
    __syncthreads();
  };
  reduce(sum, partial, [](float a, float b) { return a + b; });
  reduce(smallest, partial + kTileDim, [](float a, float b) { return fminf(a, b); });
  reduce(largest, partial + 2 * kTileDim, [](float a, float b) { return fmaxf(a, b); });
}

// One block of threads per job, one thread per channel.
template <int kTileDim>
__global__ void __launch_bounds__(kTileDim) finish_kernel(const __grid_constant__ StatisticsParams p) {
  __shared__ uint32_t absmax;
  const int job = blockIdx.x, channel = threadIdx.x;
  const Jobs jobs = jobs_of(p.sequences.batch, p.heads_kv, p.heads_q);
  const Source source = source_of(p, job);
  const Sequence sequence(p.sequences, source.job / source.heads);
  const int length = source.keys ? sequence.len_kv : sequence.len_q;
  if (threadIdx.x == 0) absmax = 0;
  __syncthreads();

  const float *partial = p.partial + int64_t{job} * p.chunks * 3 * kTileDim + channel;
  float sum = 0.0f, smallest = INFINITY, largest = -INFINITY;
  for (int chunk = 0; chunk < p.chunks; ++chunk, partial += 3 * kTileDim) {
    sum += partial[0];
    smallest = fminf(smallest, partial[kTileDim]);
    largest = fmaxf(largest, partial[2 * kTileDim]);
  }
  const bool is_value = job >= jobs.value && job < jobs.query;
  const float average = sum / static_cast<float>(max(length, 1));
  const float mean = is_value || !(fabsf(average) < INFINITY) ? 0.0f : average;
  const float magnitude = largest < smallest ? 0.0f : fmaxf(largest - mean, mean - smallest);
  if (magnitude < INFINITY) atomicMax(&absmax, bits_of(magnitude)); // floats >= 0 order like integers
  p.mean[int64_t{job} * kTileDim + channel] = mean;
  __syncthreads();
  if (threadIdx.x == 0) p.factor[job] = power_of_two_factor(float_of(absmax));
}

template <typename Element, int kTileDim> cudaError_t launch(const StatisticsParams &p, cudaStream_t stream) {
  const unsigned jobs = static_cast<unsigned>(jobs_of(p.sequences.batch, p.heads_kv, p.heads_q).count);
  statistics_kernel<Element, kTileDim><<<jobs * p.chunks, kThreads, 0, stream>>>(p);
  if (const auto error = cudaGetLastError(); error != cudaSuccess) return error;
  finish_kernel<kTileDim><<<jobs, kTileDim, 0, stream>>>(p);
  return cudaGetLastError();
}

template <typename Element> cudaError_t launch_for(const StatisticsParams &p, int tile_dim, cudaStream_t stream) {
  switch (tile_dim) {
  case 64: return launch<Element, 64>(p, stream);
  case 128: return launch<Element, 128>(p, stream);
  default: return launch<Element, 256>(p, stream);
  }
}

} // namespace statistics

cudaError_t launch_statistics(const StatisticsParams &p, Dtype dtype, int tile_dim, cudaStream_t stream) {
  return dtype == Dtype::kFloat16 ? launch_for<__half>(p, tile_dim, stream)
                                  : launch_for<__nv_bfloat16>(p, tile_dim, stream);
}

} // namespace sageattn3
