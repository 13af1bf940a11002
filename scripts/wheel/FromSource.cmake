# compile_libraries(<distribution> <out>): both libraries of a distribution as external projects, installed into the
# prefix that <out> names. What is missing is said here, in one sentence, before anything is compiled.
include(ExternalProject)
include(${CMAKE_CURRENT_LIST_DIR}/architectures.cmake)
set(repository "${CMAKE_CURRENT_LIST_DIR}/../..")
set(sources_sageattention "${repository}/csrc")
set(sources_sageattn3 "${repository}/sageattention3_blackwell/csrc")

function(compile_libraries distribution out)
  find_nvcc(nvcc)
  find_torch(torch)
  choose_architectures(architectures ${distribution} "${nvcc}")
  set(prefix "${CMAKE_BINARY_DIR}/compiled")
  count_jobs(jobs)
  string(TOUPPER ${distribution} variable)
  message(STATUS "${distribution} ${SKBUILD_PROJECT_VERSION}: kernels for ${architectures} with ${nvcc}, operators for ${torch}, "
                 "${jobs} jobs")

  set(common -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=${prefix} -DCMAKE_INSTALL_LIBDIR=lib
             -DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM})
  set(steps BUILD_COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR> --parallel ${jobs}
            INSTALL_COMMAND ${CMAKE_COMMAND} --install <BINARY_DIR> --strip)
  list(JOIN architectures "|" joined)
  ExternalProject_Add(kernels
    SOURCE_DIR "${sources_${distribution}}" LIST_SEPARATOR "|"
    CMAKE_ARGS ${common} -DCMAKE_CUDA_COMPILER=${nvcc} -D${variable}_ARCHITECTURES=${joined}
               -D${variable}_VERSION=${SKBUILD_PROJECT_VERSION}
    ${steps})
  ExternalProject_Add(operators
    SOURCE_DIR "${sources_${distribution}}/torch" DEPENDS kernels
    CMAKE_ARGS ${common} -DCMAKE_PREFIX_PATH=${prefix} -DSAGEATTENTION_TORCH_DIR=${torch}
    ${steps})
  set(${out} "${prefix}" PARENT_SCOPE)
endfunction()

function(find_nvcc out)
  find_program(SAGEATTENTION_NVCC nvcc NO_DEFAULT_PATH
    HINTS "$ENV{CUDA_HOME}/bin" "$ENV{CUDA_PATH}/bin" ENV PATH PATHS /usr/local/cuda/bin)
  if(NOT SAGEATTENTION_NVCC)
    message(FATAL_ERROR "no nvcc in CUDA_HOME ('$ENV{CUDA_HOME}'), CUDA_PATH, PATH or /usr/local/cuda: compiling the "
                        "kernels takes a CUDA toolkit. Install one and name it in CUDA_HOME, or install a wheel.")
  endif()
  set(${out} "${SAGEATTENTION_NVCC}" PARENT_SCOPE)
endfunction()

# Of the environment that is installed into: pip hides it from the build through PYTHONPATH, which -I ignores.
function(find_torch out)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -I -c
      "import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec('torch').origin).parent.as_posix())"
    OUTPUT_VARIABLE directory OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${Python_EXECUTABLE} has no torch: the operators are compiled for one. Install it first "
                        "(pip install torch); if it is there, add --no-build-isolation and install scikit-build-core.")
  endif()
  set(${out} "${directory}" PARENT_SCOPE)
endfunction()

# TORCH_CUDA_ARCH_LIST as torch's own extensions read it ("8.0;9.0+PTX 12.0a"), else those of the packages that this
# nvcc knows. csrc says what it cannot compile for.
function(choose_architectures out distribution nvcc)
  set(listed "$ENV{TORCH_CUDA_ARCH_LIST}")
  if(listed)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" listed "${listed}")
    if(NOT listed)
      message(FATAL_ERROR "TORCH_CUDA_ARCH_LIST is '$ENV{TORCH_CUDA_ARCH_LIST}', expected compute capabilities like "
                          "'8.0;9.0'")
    endif()
    string(REPLACE "." "" listed "${listed}")
  else()
    execute_process(COMMAND "${nvcc}" --list-gpu-code OUTPUT_VARIABLE known COMMAND_ERROR_IS_FATAL ANY)
    foreach(capability IN LISTS released_${distribution})
      if(known MATCHES "sm_${capability}\n")
        list(APPEND listed ${capability})
      endif()
    endforeach()
    if(NOT listed)
      message(FATAL_ERROR "${nvcc} compiles for none of ${released_${distribution}}: a newer CUDA toolkit is needed")
    endif()
  endif()
  set(${out} "${listed}" PARENT_SCOPE)
endfunction()

# As many as there are cores, and no more than memory allows: ptxas takes up to 2 GiB for one attention kernel.
function(count_jobs out)
  cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
  cmake_host_system_information(RESULT mebibytes QUERY AVAILABLE_PHYSICAL_MEMORY)
  math(EXPR jobs "${mebibytes} / 2048")
  if(jobs GREATER cores)
    set(jobs ${cores})
  endif()
  if(jobs LESS 1)
    set(jobs 1)
  endif()
  set(${out} ${jobs} PARENT_SCOPE)
endfunction()
