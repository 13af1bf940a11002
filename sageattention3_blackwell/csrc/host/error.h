// The last failure of this thread, for sageattn3_last_error().
#pragma once

#include "sageattn3/sageattn3.h"

#include <cuda_runtime_api.h>

namespace sageattn3 {

// Keeps the message (printf format) and returns the status.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
sageattn3_status fail(sageattn3_status status, const char *format, ...);

sageattn3_status fail_cuda(cudaError_t error, const char *what);

const char *last_error();

} // namespace sageattn3
