// Launches with the help of griddepcontrol (memory.cuh).
#pragma once

#include "once_per_device.h"

namespace sage {

// Where the GPU can (9.0 and later), blocks start while those of the launch before are still running. They call
// wait_for_previous_grid().
template <class Kernel, class Params>
cudaError_t launch_early(Kernel kernel, const Params &p, unsigned grid, unsigned threads, size_t bytes,
                         cudaStream_t stream) {
  int major = 0;
  if (const cudaError_t error = compute_capability_major(major); error != cudaSuccess) return error;
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(grid);
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = major >= 9 ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, p);
}

} // namespace sage
