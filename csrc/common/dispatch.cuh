// From runtime values to template arguments.
#pragma once

#include "params.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <type_traits>

namespace sage {

// function(element, tile): an element of `dtype` and std::integral_constant of the tile.
template <class Function> cudaError_t dispatch(Dtype dtype, int tile_dim, const Function &function) {
  const auto with_tile = [&](auto element) {
    switch (tile_dim) {
    case 64: return function(element, std::integral_constant<int, 64>{});
    case 128: return function(element, std::integral_constant<int, 128>{});
    default: return function(element, std::integral_constant<int, 256>{});
    }
  };
  switch (dtype) {
  case Dtype::kFloat16: return with_tile(__half{});
  case Dtype::kBFloat16: return with_tile(__nv_bfloat16{});
  default: return with_tile(float{});
  }
}

} // namespace sage
