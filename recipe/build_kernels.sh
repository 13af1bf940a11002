#!/usr/bin/env bash
# Compiles the kernel library in $KERNELS into $PREFIX; $OPTIONS begins the names of its CMake options. The compilers
# come from the build environment by full path: PATH also shows the machine's own.
set -euo pipefail

# ptxas takes up to 1.5 GiB for one attention kernel; the job count must fit into memory, not only onto the cores.
memory_gib=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
jobs=$(( memory_gib / 2 < CPU_COUNT ? memory_gib / 2 : CPU_COUNT ))
jobs=$(( jobs > 0 ? jobs : 1 ))

# shellcheck disable=SC2086  # CMAKE_ARGS is a list of words
cmake -S "$KERNELS" -B build -G Ninja ${CMAKE_ARGS:-} \
  -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" \
  -DCMAKE_INSTALL_LIBDIR=lib \
  -DCMAKE_PREFIX_PATH="$PREFIX" \
  -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_CUDA_COMPILER="$BUILD_PREFIX/bin/nvcc" \
  "-D${OPTIONS}_ARCHITECTURES=$ARCHITECTURES" \
  "-D${OPTIONS}_VERSION=$VERSION"
cmake --build build --parallel "$jobs"
cmake --install build --strip
