// Division by numbers that the host knows.
#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace sage {

// Division of numbers below 2^31 by one that the host knows (Granlund and Montgomery, 1994).
struct Divisor {
  unsigned multiplier, shift;

  Divisor() = default;

  explicit Divisor(unsigned divisor) : shift(0) {
    while (uint64_t{1} << shift < divisor) ++shift;
    multiplier = static_cast<unsigned>((((uint64_t{1} << shift) - divisor) << 32) / divisor + 1);
  }
  __device__ __forceinline__ int quotient(int x) const {
    return (__umulhi(multiplier, static_cast<unsigned>(x)) + x) >> shift;
  }
};

} // namespace sage
