# LibTorch::LibTorch: the device-generic part of torch (libc10, libtorch_cpu) without find_package(Torch), which would
# demand a CUDA toolkit as soon as torch was built with CUDA.
#
# Looks in SAGEATTENTION_TORCH_DIR, else along CMAKE_PREFIX_PATH (conda: include/torch, lib/), else in the torch of
# Python_EXECUTABLE. Sets LibTorch_INCLUDE_DIR, LibTorch_VERSION, and on Linux LibTorch_CXX11_ABI: 0 where std::string is
# libstdc++'s old one, as in some builds of 2.6 and older.
include(FindPackageHandleStandardArgs)

# Where a torch package lies that Python would import; nothing of it is run.
function(libtorch_directory_of_python result)
  if(NOT Python_EXECUTABLE)
    find_program(Python_EXECUTABLE NAMES python3 python)
  endif()
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec('torch').origin).parent.as_posix())"
    OUTPUT_VARIABLE directory OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} "${directory}" PARENT_SCOPE)
endfunction()

if(SAGEATTENTION_TORCH_DIR)
  set(libtorch_search PATHS "${SAGEATTENTION_TORCH_DIR}" NO_DEFAULT_PATH)
else()
  libtorch_directory_of_python(libtorch_python_directory)
  set(libtorch_search PATHS "${libtorch_python_directory}")
endif()
find_path(LibTorch_INCLUDE_DIR NAMES torch/library.h PATH_SUFFIXES include ${libtorch_search})
find_library(LibTorch_C10_LIBRARY NAMES c10 PATH_SUFFIXES lib ${libtorch_search})
find_library(LibTorch_CPU_LIBRARY NAMES torch_cpu PATH_SUFFIXES lib ${libtorch_search})

if(LibTorch_INCLUDE_DIR)
  # torch/headeronly/version.h holds the numbers since 2.10, torch/version.h before.
  foreach(header IN ITEMS torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
    if(EXISTS "${LibTorch_INCLUDE_DIR}/${header}" AND NOT LibTorch_VERSION)
      file(STRINGS "${LibTorch_INCLUDE_DIR}/${header}" libtorch_version_lines
        REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
      string(REGEX MATCHALL "[0-9]+" libtorch_version_numbers "${libtorch_version_lines}")
      list(JOIN libtorch_version_numbers "." LibTorch_VERSION)
    endif()
  endforeach()
endif()

find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Point -DSAGEATTENTION_TORCH_DIR at the directory of an installed torch.")

if(LibTorch_FOUND AND UNIX AND NOT APPLE)
  # The mangled name of a function with a string among its parameters tells.
  file(STRINGS "${LibTorch_C10_LIBRARY}" libtorch_new_strings
    REGEX "^_ZN3c106detail14torchCheckFail.*NSt7__cxx1112basic_string" LIMIT_COUNT 1)
  set(LibTorch_CXX11_ABI 0)
  if(libtorch_new_strings)
    set(LibTorch_CXX11_ABI 1)
  endif()
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  target_link_libraries(LibTorch::LibTorch INTERFACE "${LibTorch_CPU_LIBRARY}" "${LibTorch_C10_LIBRARY}")
  if(DEFINED LibTorch_CXX11_ABI)
    target_compile_definitions(LibTorch::LibTorch INTERFACE _GLIBCXX_USE_CXX11_ABI=${LibTorch_CXX11_ABI})
  endif()
endif()
