// Asks torch's C interface for compiled models (AOTInductor). torch_cuda exports the function under a C name in every
// version that this library compiles for, and it is looked up in the torch_cuda that the process has loaded: so a
// library that was compiled against a CPU build of torch runs with all CUDA builds of the same version.
#include "current_stream.h"

#include <c10/util/Exception.h>

#include <cstdint>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace sageattention_torch {
namespace {

constexpr char kFunctionName[] = "aoti_torch_get_current_cuda_stream";
using Function = int32_t(int32_t device_index, void **stream); // 0: no error

#if defined(_WIN32)
constexpr char kLibraryName[] = "torch_cuda.dll";

void *look_up() {
  const HMODULE library = GetModuleHandleA(kLibraryName);
  return library ? reinterpret_cast<void *>(GetProcAddress(library, kFunctionName)) : nullptr;
}
#else
constexpr char kLibraryName[] = "libtorch_cuda.so";

void *look_up() {
  // Never loads anything: CUDA tensors exist, so torch has loaded it. Python loads it privately; RTLD_DEFAULT would not
  // find it.
  void *const library = dlopen(kLibraryName, RTLD_LAZY | RTLD_NOLOAD);
  return library ? dlsym(library, kFunctionName) : nullptr;
}
#endif

} // namespace

void *current_cuda_stream(c10::Device device) {
  static const auto function = reinterpret_cast<Function *>(look_up());
  TORCH_CHECK(function, "sageattention: the current CUDA stream is unknown, because no loaded ", kLibraryName,
              " exports ", kFunctionName, "; install a CUDA build of torch as its project publishes it");
  void *stream = nullptr;
  TORCH_CHECK(function(device.index(), &stream) == 0, "sageattention: torch gave no current stream of ", device, " (",
              kFunctionName, " failed)");
  return stream;
}

} // namespace sageattention_torch
