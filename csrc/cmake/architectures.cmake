# The architecture map: which kernel families are compiled for which compute capability.
#
# sage_family_architectures(<out> <family>) filters SAGEATTENTION_ARCHITECTURES. Machine code runs on later minor
# capabilities of the same major: of the sm80 family 8.0 also serves 8.6, 8.7 and 8.9. A capability that nobody listed
# here is an error.

# capability: families. sm80_one_block: tiles for multiprocessors with about 100 KB of shared memory.
set(SAGE_CAPABILITIES 80 86 89 90 100 103 120 121)
set(SAGE_FAMILIES_80 quant decode sm80 sm80_one_block)
set(SAGE_FAMILIES_86 quant decode sm80 sm80_one_block)
set(SAGE_FAMILIES_89 quant decode sm80 sm80_one_block sm89)
set(SAGE_FAMILIES_90 quant decode sm80 sm89 sm90)
set(SAGE_FAMILIES_100 quant decode sm80 sm89)
set(SAGE_FAMILIES_103 quant decode sm80 sm89)
set(SAGE_FAMILIES_120 quant decode sm80 sm80_one_block sm89)
set(SAGE_FAMILIES_121 quant decode sm80 sm80_one_block sm89)

if(NOT SAGEATTENTION_ARCHITECTURES)
  message(FATAL_ERROR "SAGEATTENTION_ARCHITECTURES is empty, expected capabilities without dots, e.g. "
                      "-DSAGEATTENTION_ARCHITECTURES=\"80;90;100;120\"")
endif()
foreach(arch IN LISTS SAGEATTENTION_ARCHITECTURES)
  if(NOT arch IN_LIST SAGE_CAPABILITIES)
    list(JOIN SAGE_CAPABILITIES " " known)
    message(FATAL_ERROR "SAGEATTENTION_ARCHITECTURES names '${arch}', which no kernel family knows; known: ${known}")
  endif()
endforeach()

function(sage_family_architectures out family)
  set(found "")
  foreach(arch IN LISTS SAGEATTENTION_ARCHITECTURES)
    if(family IN_LIST SAGE_FAMILIES_${arch})
      list(APPEND found ${arch})
    endif()
  endforeach()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# The options of nvcc that make machine code of `architectures`. nvcc optimizes once per virtual architecture, which takes
# most of its time, so one virtual architecture serves all that the sources do not tell apart by __CUDA_ARCH__: 8.0, 8.6
# and, without FP8, 8.9; all from 10.0 on.
function(sage_code_options out family architectures)
  if(family STREQUAL "sm90")
    set(${out} "--generate-code=arch=compute_90a,code=[sm_90a]" PARENT_SCOPE) # wgmma and setmaxnreg: of 9.0 alone
    return()
  endif()
  foreach(arch IN LISTS architectures)
    set(virtual ${arch})
    if(arch GREATER_EQUAL 100)
      set(virtual 100)
    elseif(arch LESS 90 AND NOT family STREQUAL "sm89")
      set(virtual 80)
    endif()
    list(APPEND virtuals ${virtual})
    list(APPEND code_${virtual} sm_${arch})
  endforeach()
  list(REMOVE_DUPLICATES virtuals)
  foreach(virtual IN LISTS virtuals)
    list(JOIN code_${virtual} "," code)
    list(APPEND options "--generate-code=arch=compute_${virtual},code=[${code}]")
  endforeach()
  set(${out} "${options}" PARENT_SCOPE)
endfunction()

# An object library of one family: add_kernel_family(<family> <source>...)
function(add_kernel_family family)
  sage_family_architectures(architectures ${family})
  if(NOT architectures)
    return()
  endif()
  sage_code_options(options ${family} "${architectures}")
  add_library(kernels_${family} OBJECT ${ARGN})
  target_compile_options(kernels_${family} PRIVATE ${options})
  target_link_libraries(kernels_${family} PRIVATE sage_options)
  string(TOUPPER ${family} name)
  target_compile_definitions(sage_options INTERFACE SAGE_${name}=1)
  target_sources(sageattention PRIVATE $<TARGET_OBJECTS:kernels_${family}>)
endfunction()
