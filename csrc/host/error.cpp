// The last failure of this thread, for sageattention_last_error().
#include "error.h"

#include <cstdarg>
#include <cstdio>

namespace sage {
namespace {
thread_local char message[512] = "";
} // namespace

sageattention_status fail(sageattention_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  return status;
}

sageattention_status fail_cuda(cudaError_t error, const char *what) {
  return fail(SAGEATTENTION_CUDA_ERROR, "%s failed: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
}

const char *last_error() { return message; }

} // namespace sage
