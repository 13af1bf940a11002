#!/usr/bin/env bash
# Compiles the operator library in $OPERATORS for the PyTorch of the host environment, and installs the Python package beside it.
set -euo pipefail

# shellcheck disable=SC2086  # CMAKE_ARGS is a list of words
cmake -S "$OPERATORS" -B build -G Ninja ${CMAKE_ARGS:-} \
  -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_INSTALL_PREFIX="$PREFIX" \
  -DCMAKE_INSTALL_LIBDIR=lib \
  -DCMAKE_PREFIX_PATH="$PREFIX" \
  -DCMAKE_CXX_COMPILER="$CXX" \
  -DSAGEATTENTION_TORCH_DIR="$SP_DIR/torch"
cmake --build build --parallel "$CPU_COUNT"
cmake --install build --strip

"$PYTHON" -m pip install . --target "$SP_DIR" --no-deps --no-build-isolation --no-index --no-compile

# pip records the folder that it installed from: a path of the build machine.
dist_info=$(echo "$SP_DIR/$PKG_NAME"-*.dist-info)
rm "$dist_info/direct_url.json"
sed -i '/direct_url\.json/d' "$dist_info/RECORD"
