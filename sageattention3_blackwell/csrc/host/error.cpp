// The last failure of this thread, for sageattn3_last_error().
#include "error.h"

#include <cstdarg>
#include <cstdio>

namespace sageattn3 {
namespace {
thread_local char message[512] = "";
} // namespace

sageattn3_status fail(sageattn3_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  return status;
}

sageattn3_status fail_cuda(cudaError_t error, const char *what) {
  return fail(SAGEATTN3_CUDA_ERROR, "%s failed: %s (%s)", what, cudaGetErrorString(error), cudaGetErrorName(error));
}

const char *last_error() { return message; }

} // namespace sageattn3
