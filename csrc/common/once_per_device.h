// Answers of the CUDA runtime that never change, asked for once per device: a question costs as much as a launch.
#pragma once

#include <atomic>
#include <cuda_runtime_api.h>

namespace sage {

constexpr int kMostDevices = 64; // that answers are kept for; for others the runtime is asked every time

// ask(device, answer) for the current device, if nobody did before. Answers are not 0.
template <class Ask>
cudaError_t once_per_device(std::atomic<int> (&answers)[kMostDevices], int &answer, const Ask &ask) {
  int device = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) return error;
  answer = device < kMostDevices ? answers[device].load(std::memory_order_relaxed) : 0;
  if (answer != 0) return cudaSuccess;
  error = ask(device, answer);
  if (error == cudaSuccess && device < kMostDevices) answers[device].store(answer, std::memory_order_relaxed);
  return error;
}

// Of the current device.
inline cudaError_t compute_capability_major(int &major) {
  static std::atomic<int> answers[kMostDevices];
  return once_per_device(answers, major, [](int device, int &answer) {
    return cudaDeviceGetAttribute(&answer, cudaDevAttrComputeCapabilityMajor, device);
  });
}

} // namespace sage
