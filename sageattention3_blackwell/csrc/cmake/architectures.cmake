# From compute capabilities to targets of nvcc. 12.x multiplies FP4 itself, which takes a specific target: of the family
# (CUDA 12.9 and later: one for 12.0 and 12.1) or of the one architecture. All others run the emulation.

set(SAGEATTN3_CAPABILITIES 80 86 89 90 100 103 120 121)
if(NOT SAGEATTN3_ARCHITECTURES)
  message(FATAL_ERROR "SAGEATTN3_ARCHITECTURES is empty, expected capabilities without dots, e.g. "
                      "-DSAGEATTN3_ARCHITECTURES=\"100;120\"")
endif()

set(SAGEATTN3_TARGETS "")
set(compatible "") # machine code that runs on later minor capabilities too
set(exact "")
foreach(arch IN LISTS SAGEATTN3_ARCHITECTURES)
  if(NOT arch IN_LIST SAGEATTN3_CAPABILITIES)
    list(JOIN SAGEATTN3_CAPABILITIES " " known)
    message(FATAL_ERROR "SAGEATTN3_ARCHITECTURES names '${arch}', which the kernels do not know; known: ${known}")
  endif()
  set(target ${arch})
  if(arch MATCHES "^12" AND CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.9)
    set(target ${arch}f)
    list(APPEND compatible ${arch})
  elseif(arch MATCHES "^12")
    set(target ${arch}a)
    list(APPEND exact ${arch})
  else()
    list(APPEND compatible ${arch})
  endif()
  # Written out, for CMake versions that do not know the suffixes.
  list(APPEND SAGEATTN3_TARGETS "--generate-code=arch=compute_${target},code=[sm_${target}]")
endforeach()
list(JOIN compatible ", " SAGEATTN3_COMPATIBLE_LIST)
list(JOIN exact ", " SAGEATTN3_EXACT_LIST)
