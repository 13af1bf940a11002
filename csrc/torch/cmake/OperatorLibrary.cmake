# add_operator_library(<name> <source>...): the target <name>_torch, with what all operator libraries share.
#
# It links the kernel library <name>::<name> and LibTorch::LibTorch, both found before.
include(GNUInstallDirs)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/sbom.cmake")
# Without "..": the compiler's messages and prefix maps hold the path as it is spelled.
get_filename_component(operator_library_shared "${CMAKE_CURRENT_LIST_DIR}/../shared" ABSOLUTE)

function(add_operator_library name)
  set(target ${name}_torch)
  add_library(${target} SHARED
    ${ARGN}
    ${operator_library_shared}/built_for.cpp
    ${operator_library_shared}/current_stream.cpp
    ${operator_library_shared}/packed.cpp
    ${operator_library_shared}/refusals.cpp
    ${operator_library_shared}/tensors.cpp)
  target_include_directories(${target} PRIVATE "${operator_library_shared}")
  target_compile_definitions(${target} PRIVATE "LIBRARY_NAME=\"${name}\"")
  # What torch's own headers are written in since 2.13; older ones compile as well.
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE ${name}::${name} LibTorch::LibTorch ${CMAKE_DL_LIBS})
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN"
    # Nearly all of the compile time is torch's headers: read once, the library takes a third of it.
    UNITY_BUILD ON
    UNITY_BUILD_BATCH_SIZE 0)
  if(WIN32)
    # It includes windows.h, whose macros are not for torch's headers.
    set_source_files_properties(${operator_library_shared}/current_stream.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()

  if(NOT MSVC)
    target_compile_options(${target} PRIVATE
      -Wall -Wextra
      # Error checks carry file names: keep the build machine's paths out of the library.
      "-ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=csrc/torch"
      "-ffile-prefix-map=${operator_library_shared}=csrc/torch/shared"
      "-ffile-prefix-map=${LibTorch_INCLUDE_DIR}=torch")
  endif()
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE -Wl,--no-undefined -Wl,--as-needed)
    require_shared_libstdcxx()
  endif()

  install(TARGETS ${target}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION lib
    ARCHIVE DESTINATION lib)
  install_sbom(lib${target} VERSION "${${name}_VERSION}"
               TOOLS "${CMAKE_CXX_COMPILER_ID}=${CMAKE_CXX_COMPILER_VERSION}"
               NEEDS "lib${name}=${${name}_VERSION}" "torch=${LibTorch_VERSION}")
endfunction()

# torch writes into our C++ streams: a second, static libstdc++ in the library would crash in the first error message.
function(require_shared_libstdcxx)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.so OUTPUT_VARIABLE shared_libstdcxx
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT EXISTS "${shared_libstdcxx}")
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} has no shared libstdc++, which torch and this library must have in "
                        "common; use another compiler: -DCMAKE_CXX_COMPILER=...")
  endif()
endfunction()
