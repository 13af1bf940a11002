// The attention kernels for masks.
#include "attention_masked.cuh"
#include "launch.cuh"

namespace sage::sm90 {

template <int kMaskBytes>
cudaError_t launch_masked(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream) {
  const auto run = [&](auto traits) {
    using T = decltype(traits);
    return launch<T, WideMemory<T>>(masked_attention_kernel<T>, p, queries, stream);
  };
  switch (tile_dim) {
  case 64: return run(MaskedTraits<64, 4, kMaskBytes>{});
  case 128: return run(MaskedTraits<128, 4, kMaskBytes>{});
  case 256: return run(MaskedTraits<256, 2, kMaskBytes>{});
  default: return cudaErrorInvalidValue;
  }
}

cudaError_t launch_attention_masked(const AttentionParams &p, char *queries, int tile_dim, cudaStream_t stream) {
  switch (p.mask.kind) {
  case MaskKind::kBool: return launch_masked<1>(p, queries, tile_dim, stream);
  case MaskKind::kFloat32: return launch_masked<4>(p, queries, tile_dim, stream);
  default: return launch_masked<2>(p, queries, tile_dim, stream);
  }
}

} // namespace sage::sm90
