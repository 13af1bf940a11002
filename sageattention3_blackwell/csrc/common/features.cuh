// Whether the architecture being compiled for multiplies and converts FP4 with the warp's own instructions: 12.0
// and 12.1 as architecture-specific (120a, 121a) or family-specific (120f) targets.
#pragma once

#if defined(__CUDA_ARCH_FEAT_SM120_ALL) || defined(__CUDA_ARCH_FEAT_SM121_ALL) ||                                      \
    (defined(__CUDA_ARCH_FAMILY_SPECIFIC__) && __CUDA_ARCH_FAMILY_SPECIFIC__ == 1200) ||                               \
    (defined(__CUDA_ARCH_SPECIFIC__) && (__CUDA_ARCH_SPECIFIC__ == 1200 || __CUDA_ARCH_SPECIFIC__ == 1210))
#define SAGEATTN3_FP4_INSTRUCTIONS 1
#else
#define SAGEATTN3_FP4_INSTRUCTIONS 0
#endif
