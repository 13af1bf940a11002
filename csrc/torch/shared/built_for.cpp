// Which torch this library was compiled against.
//
// Its C++ ABI holds within one minor version of torch. With another one the dynamic loader fails on some mangled
// name before any code runs, so the version must be readable without loading: the Python package (_library.py) looks
// for the marker in the file's bytes. torch 2.6 exists with both of libstdc++'s ABIs.
#include <torch/version.h>

#define STRINGIFY_VALUE(value) #value
#define STRINGIFY(value) STRINGIFY_VALUE(value)

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

#if defined(_GLIBCXX_USE_CXX11_ABI)
#define STRING_ABI " cxx11_abi=" STRINGIFY(_GLIBCXX_USE_CXX11_ABI)
#else
#define STRING_ABI ""
#endif

#define MARKER LIBRARY_NAME "_torch_built_for="

// TORCH_VERSION may carry a local part (2.13.0+cu130), which says nothing about the C++ ABI.
static const char built_for[] =
    MARKER STRINGIFY(TORCH_VERSION_MAJOR) "." STRINGIFY(TORCH_VERSION_MINOR) "." STRINGIFY(TORCH_VERSION_PATCH)
        STRING_ABI;

extern "C" EXPORT const char *torch_built_for() { return built_for + sizeof(MARKER) - 1; }
