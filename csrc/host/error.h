// The last failure of this thread, for sageattention_last_error().
#pragma once

#include "sageattention/sageattention.h"

#include <cuda_runtime_api.h>

namespace sage {

// Keeps the message (printf format) and returns the status.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
sageattention_status fail(sageattention_status status, const char *format, ...);

sageattention_status fail_cuda(cudaError_t error, const char *what);

const char *last_error();

} // namespace sage
