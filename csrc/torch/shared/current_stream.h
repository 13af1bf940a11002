// The CUDA stream of torch, without linking a CUDA library of torch.
#pragma once

#include <c10/core/Device.h>

namespace sageattention_torch {

// The current stream of the calling thread on a CUDA device, as a cudaStream_t. Inside torch.cuda.stream() and during
// the capture of a graph that is the stream in question.
void *current_cuda_stream(c10::Device device);

} // namespace sageattention_torch
