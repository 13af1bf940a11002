@echo off
rem Compiles the operator library in %OPERATORS% for the PyTorch of the host environment, and installs the Python package beside it.
cmake -S "%OPERATORS%" -B build -G Ninja %CMAKE_ARGS% ^
  -DCMAKE_BUILD_TYPE=Release ^
  -DCMAKE_INSTALL_PREFIX="%LIBRARY_PREFIX%" ^
  -DCMAKE_PREFIX_PATH="%LIBRARY_PREFIX%" ^
  -DSAGEATTENTION_TORCH_DIR="%SP_DIR%\torch"
if errorlevel 1 exit /b 1
cmake --build build --parallel %CPU_COUNT%
if errorlevel 1 exit /b 1
cmake --install build
if errorlevel 1 exit /b 1

"%PYTHON%" -m pip install . --target "%SP_DIR%" --no-deps --no-build-isolation --no-index --no-compile
if errorlevel 1 exit /b 1
