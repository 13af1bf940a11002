@echo off
rem Compiles sageattention.dll into %LIBRARY_PREFIX%.
cmake -S csrc -B build -G Ninja %CMAKE_ARGS% ^
  -DCMAKE_BUILD_TYPE=Release ^
  -DCMAKE_INSTALL_PREFIX="%LIBRARY_PREFIX%" ^
  -DCMAKE_PREFIX_PATH="%LIBRARY_PREFIX%" ^
  -DSAGEATTENTION_ARCHITECTURES="%SAGEATTENTION_ARCHITECTURES%" ^
  -DSAGEATTENTION_VERSION="%SAGEATTENTION_VERSION%"
if errorlevel 1 exit /b 1
cmake --build build --parallel %CPU_COUNT%
if errorlevel 1 exit /b 1
cmake --install build
if errorlevel 1 exit /b 1
