@echo off
rem Compiles the kernel library in %KERNELS% into %LIBRARY_PREFIX%; %OPTIONS% begins the names of its CMake options.
cmake -S "%KERNELS%" -B build -G Ninja %CMAKE_ARGS% ^
  -DCMAKE_BUILD_TYPE=Release ^
  -DCMAKE_INSTALL_PREFIX="%LIBRARY_PREFIX%" ^
  -DCMAKE_PREFIX_PATH="%LIBRARY_PREFIX%" ^
  -D%OPTIONS%_ARCHITECTURES="%ARCHITECTURES%" ^
  -D%OPTIONS%_VERSION="%VERSION%"
if errorlevel 1 exit /b 1
cmake --build build --parallel %CPU_COUNT%
if errorlevel 1 exit /b 1
cmake --install build
if errorlevel 1 exit /b 1
