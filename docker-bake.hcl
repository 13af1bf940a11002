# Rendered from variants/ by `feedstock rerender`: do not edit.
#
# A target for every wheel of the table, and its test beside it; wheels land in ./wheels:
#   docker buildx bake linux-pytorch28-cu129-python312
#   docker buildx bake test-linux-pytorch28-cu129-python312
#   docker buildx bake linux-stable                       the Linux targets of a profile
#   CUDA_VERSION=12.9 TORCH_VERSION=2.8.0 docker buildx bake wheel
#   COMMIT=$(git rev-parse HEAD) docker buildx bake dev   an image that says what it was made from
# Windows targets need Windows containers, those for ARM an ARM machine or emulation.

variable "CUDA_VERSION" {
  default = "12.9"
}

variable "TORCH_VERSION" {
  default = "2.8.0"
}

variable "PYTHON_VERSION" {
  default = "3.12"
}

# Compute capabilities, like "8.9;12.0", instead of those of the table.
variable "TORCH_CUDA_ARCH_LIST" {
  default = ""
}

# GitHub Actions names the commit that it runs on.
variable "GITHUB_SHA" {
  default = ""
}

# Commit that the images are labelled with; without one they have no such label.
variable "COMMIT" {
  default = GITHUB_SHA
}

function "environment" {
  params = [cuda]
  result = "cuda${replace(cuda, ".", "")}"
}

# Where tests get PyTorch from: its small build, but where only the one for CUDA has the string ABI of the wheels.
function "torch_index" {
  params = [torch, cuda]
  result = "https://download.pytorch.org/whl/${contains(["2.6"], join(".", slice(split(".", torch), 0, 2))) ? replace("cu${cuda}", ".", "") : "cpu"}"
}

target "_common" {
  context = "."
  labels = {
    "org.opencontainers.image.title"    = "sageattention"
    "org.opencontainers.image.revision" = COMMIT != "" ? COMMIT : null
    "org.opencontainers.image.licenses" = "Apache-2.0"
  }
}

target "_linux" {
  inherits   = ["_common"]
  dockerfile = "docker/Dockerfile.linux"
  args = {
    PIXI_IMAGE = "ghcr.io/prefix-dev/pixi:0.81.0"
  }
}

target "_windows" {
  inherits   = ["_common"]
  dockerfile = "docker/Dockerfile.windows"
  args = {
    WINDOWS_IMAGE   = "mcr.microsoft.com/windows/servercore:ltsc2022"
    PIXI_VERSION    = "0.81.0"
    BUILD_TOOLS_URL = "https://aka.ms/vs/17/release/vs_buildtools.exe"
  }
}

# One wheel of one's own choice; the table must hold it.
target "_chosen" {
  inherits = ["_linux"]
  args = {
    DISTRIBUTION         = "sageattention"
    ENVIRONMENT          = environment(CUDA_VERSION)
    CUDA_VERSION         = CUDA_VERSION
    TORCH_VERSION        = TORCH_VERSION
    TORCH_INDEX          = torch_index(TORCH_VERSION, CUDA_VERSION)
    PYTHON_VERSION       = PYTHON_VERSION
    PYTHON_IMAGE         = "python:${PYTHON_VERSION}-slim-bookworm"
    TORCH_CUDA_ARCH_LIST = TORCH_CUDA_ARCH_LIST
  }
}

target "wheel" {
  inherits = ["_chosen"]
  target   = "wheel"
  output   = ["type=local,dest=wheels"]
}

target "test" {
  inherits = ["_chosen"]
  target   = "test"
  output   = ["type=cacheonly"]
}

target "dev" {
  inherits = ["_chosen"]
  target   = "dev"
  tags     = ["sageattention-dev"]
}

target "cells" {
  name = "${kind}${cell.name}"
  matrix = {
    kind = ["", "test-"]
    cell = [
      { name = "linux-pytorch28-cu129-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.10" },
      { name = "linux-pytorch28-cu129-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.11" },
      { name = "linux-pytorch28-cu129-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.12" },
      { name = "linux-aarch64-pytorch28-cu129-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.10" },
      { name = "linux-aarch64-pytorch28-cu129-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.11" },
      { name = "linux-aarch64-pytorch28-cu129-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.12" },
      { name = "windows-pytorch28-cu129-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.10" },
      { name = "windows-pytorch28-cu129-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.11" },
      { name = "windows-pytorch28-cu129-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.9", python = "3.12" },
      { name = "linux-pytorch27-cu128-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.10" },
      { name = "linux-pytorch27-cu128-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.11" },
      { name = "linux-pytorch27-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.12" },
      { name = "linux-aarch64-pytorch27-cu128-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.10" },
      { name = "linux-aarch64-pytorch27-cu128-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.11" },
      { name = "linux-aarch64-pytorch27-cu128-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.12" },
      { name = "windows-pytorch27-cu128-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.10" },
      { name = "windows-pytorch27-cu128-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.11" },
      { name = "windows-pytorch27-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.7.0", cuda = "12.8", python = "3.12" },
      { name = "linux-pytorch26-cu126-python39", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.9" },
      { name = "linux-pytorch26-cu126-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.10" },
      { name = "linux-pytorch26-cu126-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.11" },
      { name = "linux-pytorch26-cu126-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.12" },
      { name = "linux-aarch64-pytorch26-cu126-python39", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.9" },
      { name = "linux-aarch64-pytorch26-cu126-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.10" },
      { name = "linux-aarch64-pytorch26-cu126-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.11" },
      { name = "linux-aarch64-pytorch26-cu126-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.12" },
      { name = "windows-pytorch26-cu126-python39", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.9" },
      { name = "windows-pytorch26-cu126-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.10" },
      { name = "windows-pytorch26-cu126-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.11" },
      { name = "windows-pytorch26-cu126-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.6.0", cuda = "12.6", python = "3.12" },
      { name = "linux-pytorch29-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch29-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch29-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch29-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "linux-aarch64-pytorch29-cu128-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "windows-pytorch29-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "linux-pytorch28-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.8", python = "3.12" },
      { name = "windows-pytorch28-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.8.0", cuda = "12.8", python = "3.12" },
      { name = "linux-sage3-pytorch29-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-sage3-pytorch29-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "windows-sage3-pytorch29-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.0", python = "3.12" },
      { name = "linux-sage3-pytorch29-cu129-python312", system = "linux", platform = "linux/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "12.9", python = "3.12" },
      { name = "windows-sage3-pytorch29-cu129-python312", system = "windows", platform = "windows/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "12.9", python = "3.12" },
      { name = "linux-sage3-pytorch29-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "linux-aarch64-sage3-pytorch29-cu128-python312", system = "linux", platform = "linux/arm64", distribution = "sageattn3", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "windows-sage3-pytorch29-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "12.8", python = "3.12" },
      { name = "linux-sage3-pytorch29-cu131-python312", system = "linux", platform = "linux/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.1", python = "3.12" },
      { name = "linux-aarch64-sage3-pytorch29-cu131-python312", system = "linux", platform = "linux/arm64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.1", python = "3.12" },
      { name = "windows-sage3-pytorch29-cu131-python312", system = "windows", platform = "windows/amd64", distribution = "sageattn3", torch = "2.9.0", cuda = "13.1", python = "3.12" },
      { name = "linux-pytorch215-cu132-python315", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.15" },
      { name = "linux-pytorch215-cu132-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.14" },
      { name = "linux-pytorch215-cu132-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.13" },
      { name = "linux-pytorch215-cu132-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.12" },
      { name = "linux-pytorch215-cu132-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.11" },
      { name = "linux-aarch64-pytorch215-cu132-python315", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.15" },
      { name = "linux-aarch64-pytorch215-cu132-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.14" },
      { name = "linux-aarch64-pytorch215-cu132-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.13" },
      { name = "linux-aarch64-pytorch215-cu132-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.12" },
      { name = "linux-aarch64-pytorch215-cu132-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.11" },
      { name = "windows-pytorch215-cu132-python315", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.15" },
      { name = "windows-pytorch215-cu132-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.14" },
      { name = "windows-pytorch215-cu132-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.13" },
      { name = "windows-pytorch215-cu132-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.12" },
      { name = "windows-pytorch215-cu132-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.15.0", cuda = "13.2", python = "3.11" },
      { name = "linux-pytorch214-cu130-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.14" },
      { name = "linux-pytorch214-cu130-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.13" },
      { name = "linux-pytorch214-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch214-cu130-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.11" },
      { name = "linux-pytorch214-cu130-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.10" },
      { name = "linux-aarch64-pytorch214-cu130-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.14" },
      { name = "linux-aarch64-pytorch214-cu130-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.13" },
      { name = "linux-aarch64-pytorch214-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch214-cu130-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.11" },
      { name = "linux-aarch64-pytorch214-cu130-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.10" },
      { name = "windows-pytorch214-cu130-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.14" },
      { name = "windows-pytorch214-cu130-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.13" },
      { name = "windows-pytorch214-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch214-cu130-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.11" },
      { name = "windows-pytorch214-cu130-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.14.1", cuda = "13.0", python = "3.10" },
      { name = "linux-pytorch213-cu132-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.14" },
      { name = "linux-pytorch213-cu132-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.13" },
      { name = "linux-pytorch213-cu132-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.12" },
      { name = "linux-pytorch213-cu132-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.11" },
      { name = "linux-pytorch213-cu132-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.10" },
      { name = "linux-aarch64-pytorch213-cu132-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.14" },
      { name = "linux-aarch64-pytorch213-cu132-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.13" },
      { name = "linux-aarch64-pytorch213-cu132-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.12" },
      { name = "linux-aarch64-pytorch213-cu132-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.11" },
      { name = "linux-aarch64-pytorch213-cu132-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.10" },
      { name = "windows-pytorch213-cu132-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.14" },
      { name = "windows-pytorch213-cu132-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.13" },
      { name = "windows-pytorch213-cu132-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.12" },
      { name = "windows-pytorch213-cu132-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.11" },
      { name = "windows-pytorch213-cu132-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.2", python = "3.10" },
      { name = "linux-pytorch213-cu130-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.14" },
      { name = "linux-pytorch213-cu130-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.13" },
      { name = "linux-pytorch213-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch213-cu130-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.11" },
      { name = "linux-pytorch213-cu130-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.10" },
      { name = "linux-aarch64-pytorch213-cu130-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.14" },
      { name = "linux-aarch64-pytorch213-cu130-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.13" },
      { name = "linux-aarch64-pytorch213-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch213-cu130-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.11" },
      { name = "linux-aarch64-pytorch213-cu130-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.10" },
      { name = "windows-pytorch213-cu130-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.14" },
      { name = "windows-pytorch213-cu130-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.13" },
      { name = "windows-pytorch213-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch213-cu130-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.11" },
      { name = "windows-pytorch213-cu130-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "13.0", python = "3.10" },
      { name = "linux-pytorch213-cu126-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.14" },
      { name = "linux-pytorch213-cu126-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.13" },
      { name = "linux-pytorch213-cu126-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.12" },
      { name = "linux-pytorch213-cu126-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.11" },
      { name = "linux-pytorch213-cu126-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.10" },
      { name = "linux-aarch64-pytorch213-cu126-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.14" },
      { name = "linux-aarch64-pytorch213-cu126-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.13" },
      { name = "linux-aarch64-pytorch213-cu126-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.12" },
      { name = "linux-aarch64-pytorch213-cu126-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.11" },
      { name = "linux-aarch64-pytorch213-cu126-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.10" },
      { name = "windows-pytorch213-cu126-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.14" },
      { name = "windows-pytorch213-cu126-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.13" },
      { name = "windows-pytorch213-cu126-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.12" },
      { name = "windows-pytorch213-cu126-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.11" },
      { name = "windows-pytorch213-cu126-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.13.0", cuda = "12.6", python = "3.10" },
      { name = "linux-pytorch212-cu132-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.14" },
      { name = "linux-pytorch212-cu132-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.13" },
      { name = "linux-pytorch212-cu132-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.12" },
      { name = "linux-pytorch212-cu132-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.11" },
      { name = "linux-pytorch212-cu132-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.10" },
      { name = "linux-aarch64-pytorch212-cu132-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.14" },
      { name = "linux-aarch64-pytorch212-cu132-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.13" },
      { name = "linux-aarch64-pytorch212-cu132-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.12" },
      { name = "linux-aarch64-pytorch212-cu132-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.11" },
      { name = "linux-aarch64-pytorch212-cu132-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.10" },
      { name = "windows-pytorch212-cu132-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.14" },
      { name = "windows-pytorch212-cu132-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.13" },
      { name = "windows-pytorch212-cu132-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.12" },
      { name = "windows-pytorch212-cu132-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.11" },
      { name = "windows-pytorch212-cu132-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.2", python = "3.10" },
      { name = "linux-pytorch212-cu130-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.14" },
      { name = "linux-pytorch212-cu130-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.13" },
      { name = "linux-pytorch212-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch212-cu130-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.11" },
      { name = "linux-pytorch212-cu130-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.10" },
      { name = "linux-aarch64-pytorch212-cu130-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.14" },
      { name = "linux-aarch64-pytorch212-cu130-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.13" },
      { name = "linux-aarch64-pytorch212-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch212-cu130-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.11" },
      { name = "linux-aarch64-pytorch212-cu130-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.10" },
      { name = "windows-pytorch212-cu130-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.14" },
      { name = "windows-pytorch212-cu130-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.13" },
      { name = "windows-pytorch212-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch212-cu130-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.11" },
      { name = "windows-pytorch212-cu130-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "13.0", python = "3.10" },
      { name = "linux-pytorch212-cu126-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.14" },
      { name = "linux-pytorch212-cu126-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.13" },
      { name = "linux-pytorch212-cu126-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.12" },
      { name = "linux-pytorch212-cu126-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.11" },
      { name = "linux-pytorch212-cu126-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.10" },
      { name = "linux-aarch64-pytorch212-cu126-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.14" },
      { name = "linux-aarch64-pytorch212-cu126-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.13" },
      { name = "linux-aarch64-pytorch212-cu126-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.12" },
      { name = "linux-aarch64-pytorch212-cu126-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.11" },
      { name = "linux-aarch64-pytorch212-cu126-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.10" },
      { name = "windows-pytorch212-cu126-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.14" },
      { name = "windows-pytorch212-cu126-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.13" },
      { name = "windows-pytorch212-cu126-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.12" },
      { name = "windows-pytorch212-cu126-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.11" },
      { name = "windows-pytorch212-cu126-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.12.1", cuda = "12.6", python = "3.10" },
      { name = "linux-pytorch211-cu130-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.14" },
      { name = "linux-pytorch211-cu130-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.13" },
      { name = "linux-pytorch211-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch211-cu130-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.11" },
      { name = "linux-pytorch211-cu130-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.10" },
      { name = "linux-aarch64-pytorch211-cu130-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.14" },
      { name = "linux-aarch64-pytorch211-cu130-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.13" },
      { name = "linux-aarch64-pytorch211-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch211-cu130-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.11" },
      { name = "linux-aarch64-pytorch211-cu130-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.10" },
      { name = "windows-pytorch211-cu130-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.14" },
      { name = "windows-pytorch211-cu130-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.13" },
      { name = "windows-pytorch211-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch211-cu130-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.11" },
      { name = "windows-pytorch211-cu130-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "13.0", python = "3.10" },
      { name = "linux-pytorch211-cu129-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.14" },
      { name = "linux-pytorch211-cu129-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.13" },
      { name = "linux-pytorch211-cu129-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.12" },
      { name = "linux-pytorch211-cu129-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.11" },
      { name = "linux-pytorch211-cu129-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.10" },
      { name = "windows-pytorch211-cu129-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.14" },
      { name = "windows-pytorch211-cu129-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.13" },
      { name = "windows-pytorch211-cu129-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.12" },
      { name = "windows-pytorch211-cu129-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.11" },
      { name = "windows-pytorch211-cu129-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.9", python = "3.10" },
      { name = "linux-pytorch211-cu128-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.14" },
      { name = "linux-pytorch211-cu128-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.13" },
      { name = "linux-pytorch211-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.12" },
      { name = "linux-pytorch211-cu128-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.11" },
      { name = "linux-pytorch211-cu128-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.10" },
      { name = "linux-aarch64-pytorch211-cu128-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.14" },
      { name = "linux-aarch64-pytorch211-cu128-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.13" },
      { name = "linux-aarch64-pytorch211-cu128-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.12" },
      { name = "linux-aarch64-pytorch211-cu128-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.11" },
      { name = "linux-aarch64-pytorch211-cu128-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.10" },
      { name = "windows-pytorch211-cu128-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.14" },
      { name = "windows-pytorch211-cu128-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.13" },
      { name = "windows-pytorch211-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.12" },
      { name = "windows-pytorch211-cu128-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.11" },
      { name = "windows-pytorch211-cu128-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.8", python = "3.10" },
      { name = "linux-pytorch211-cu126-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.14" },
      { name = "linux-pytorch211-cu126-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.13" },
      { name = "linux-pytorch211-cu126-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.12" },
      { name = "linux-pytorch211-cu126-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.11" },
      { name = "linux-pytorch211-cu126-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.10" },
      { name = "linux-aarch64-pytorch211-cu126-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.14" },
      { name = "linux-aarch64-pytorch211-cu126-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.13" },
      { name = "linux-aarch64-pytorch211-cu126-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.12" },
      { name = "linux-aarch64-pytorch211-cu126-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.11" },
      { name = "linux-aarch64-pytorch211-cu126-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.10" },
      { name = "windows-pytorch211-cu126-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.14" },
      { name = "windows-pytorch211-cu126-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.13" },
      { name = "windows-pytorch211-cu126-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.12" },
      { name = "windows-pytorch211-cu126-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.11" },
      { name = "windows-pytorch211-cu126-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.11.0", cuda = "12.6", python = "3.10" },
      { name = "linux-pytorch210-cu130-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.14" },
      { name = "linux-pytorch210-cu130-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.13" },
      { name = "linux-pytorch210-cu130-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.12" },
      { name = "linux-pytorch210-cu130-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.11" },
      { name = "linux-pytorch210-cu130-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.10" },
      { name = "linux-aarch64-pytorch210-cu130-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.14" },
      { name = "linux-aarch64-pytorch210-cu130-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.13" },
      { name = "linux-aarch64-pytorch210-cu130-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.12" },
      { name = "linux-aarch64-pytorch210-cu130-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.11" },
      { name = "linux-aarch64-pytorch210-cu130-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.10" },
      { name = "windows-pytorch210-cu130-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.14" },
      { name = "windows-pytorch210-cu130-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.13" },
      { name = "windows-pytorch210-cu130-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.12" },
      { name = "windows-pytorch210-cu130-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.11" },
      { name = "windows-pytorch210-cu130-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "13.0", python = "3.10" },
      { name = "linux-pytorch210-cu129-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.14" },
      { name = "linux-pytorch210-cu129-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.13" },
      { name = "linux-pytorch210-cu129-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.12" },
      { name = "linux-pytorch210-cu129-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.11" },
      { name = "linux-pytorch210-cu129-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.10" },
      { name = "windows-pytorch210-cu129-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.14" },
      { name = "windows-pytorch210-cu129-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.13" },
      { name = "windows-pytorch210-cu129-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.12" },
      { name = "windows-pytorch210-cu129-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.11" },
      { name = "windows-pytorch210-cu129-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.9", python = "3.10" },
      { name = "linux-pytorch210-cu128-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.14" },
      { name = "linux-pytorch210-cu128-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.13" },
      { name = "linux-pytorch210-cu128-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.12" },
      { name = "linux-pytorch210-cu128-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.11" },
      { name = "linux-pytorch210-cu128-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.10" },
      { name = "linux-aarch64-pytorch210-cu128-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.14" },
      { name = "linux-aarch64-pytorch210-cu128-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.13" },
      { name = "linux-aarch64-pytorch210-cu128-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.12" },
      { name = "linux-aarch64-pytorch210-cu128-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.11" },
      { name = "linux-aarch64-pytorch210-cu128-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.10" },
      { name = "windows-pytorch210-cu128-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.14" },
      { name = "windows-pytorch210-cu128-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.13" },
      { name = "windows-pytorch210-cu128-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.12" },
      { name = "windows-pytorch210-cu128-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.11" },
      { name = "windows-pytorch210-cu128-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.8", python = "3.10" },
      { name = "linux-pytorch210-cu126-python314", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.14" },
      { name = "linux-pytorch210-cu126-python313", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.13" },
      { name = "linux-pytorch210-cu126-python312", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.12" },
      { name = "linux-pytorch210-cu126-python311", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.11" },
      { name = "linux-pytorch210-cu126-python310", system = "linux", platform = "linux/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.10" },
      { name = "linux-aarch64-pytorch210-cu126-python314", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.14" },
      { name = "linux-aarch64-pytorch210-cu126-python313", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.13" },
      { name = "linux-aarch64-pytorch210-cu126-python312", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.12" },
      { name = "linux-aarch64-pytorch210-cu126-python311", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.11" },
      { name = "linux-aarch64-pytorch210-cu126-python310", system = "linux", platform = "linux/arm64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.10" },
      { name = "windows-pytorch210-cu126-python314", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.14" },
      { name = "windows-pytorch210-cu126-python313", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.13" },
      { name = "windows-pytorch210-cu126-python312", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.12" },
      { name = "windows-pytorch210-cu126-python311", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.11" },
      { name = "windows-pytorch210-cu126-python310", system = "windows", platform = "windows/amd64", distribution = "sageattention", torch = "2.10.0", cuda = "12.6", python = "3.10" },
    ]
  }
  inherits  = ["_${cell.system}"]
  platforms = [cell.platform]
  target    = kind == "" ? "wheel" : "test"
  output    = kind == "" ? ["type=local,dest=wheels"] : ["type=cacheonly"]
  args = {
    DISTRIBUTION         = cell.distribution
    ENVIRONMENT          = environment(cell.cuda)
    CUDA_VERSION         = cell.cuda
    TORCH_VERSION        = cell.torch
    TORCH_INDEX          = torch_index(cell.torch, cell.cuda)
    PYTHON_VERSION       = cell.python
    PYTHON_IMAGE         = "python:${cell.python}-slim-bookworm"
    TORCH_CUDA_ARCH_LIST = TORCH_CUDA_ARCH_LIST
  }
}

group "default" {
  targets = [
    "linux-pytorch28-cu129-python312",
  ]
}

group "linux-default" {
  targets = [
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python312",
  ]
}

group "windows-default" {
  targets = [
    "windows-pytorch28-cu129-python312",
  ]
}

group "linux-stable" {
  targets = [
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python312",
  ]
}

group "windows-stable" {
  targets = [
    "windows-pytorch28-cu129-python312",
    "windows-pytorch27-cu128-python312",
    "windows-pytorch26-cu126-python312",
  ]
}

group "stable" {
  targets = [
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python312",
    "windows-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python312",
    "windows-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python312",
    "windows-pytorch26-cu126-python312",
  ]
}

group "linux-pytorch26" {
  targets = [
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
  ]
}

group "windows-pytorch26" {
  targets = [
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
  ]
}

group "pytorch26" {
  targets = [
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
  ]
}

group "linux-pytorch27" {
  targets = [
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
  ]
}

group "windows-pytorch27" {
  targets = [
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
  ]
}

group "pytorch27" {
  targets = [
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
  ]
}

group "linux-pytorch28" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
  ]
}

group "windows-pytorch28" {
  targets = [
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
  ]
}

group "pytorch28" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
  ]
}

group "linux-python310" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python310",
  ]
}

group "windows-python310" {
  targets = [
    "windows-pytorch28-cu129-python310",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch26-cu126-python310",
  ]
}

group "python310" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python310",
    "linux-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python310",
    "linux-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python310",
  ]
}

group "linux-python311" {
  targets = [
    "linux-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python311",
  ]
}

group "windows-python311" {
  targets = [
    "windows-pytorch28-cu129-python311",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch26-cu126-python311",
  ]
}

group "python311" {
  targets = [
    "linux-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python311",
    "linux-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python311",
    "linux-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python311",
  ]
}

group "linux-python312" {
  targets = [
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python312",
  ]
}

group "windows-python312" {
  targets = [
    "windows-pytorch28-cu129-python312",
    "windows-pytorch27-cu128-python312",
    "windows-pytorch26-cu126-python312",
  ]
}

group "python312" {
  targets = [
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python312",
    "windows-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python312",
    "windows-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python312",
    "windows-pytorch26-cu126-python312",
  ]
}

group "linux-sage2-all" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
  ]
}

group "windows-sage2-all" {
  targets = [
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
  ]
}

group "sage2-all" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
  ]
}

group "linux-sage3" {
  targets = [
    "linux-sage3-pytorch29-cu130-python312",
    "linux-aarch64-sage3-pytorch29-cu130-python312",
    "linux-sage3-pytorch29-cu129-python312",
    "linux-sage3-pytorch29-cu128-python312",
    "linux-aarch64-sage3-pytorch29-cu128-python312",
    "linux-sage3-pytorch29-cu131-python312",
    "linux-aarch64-sage3-pytorch29-cu131-python312",
  ]
}

group "windows-sage3" {
  targets = [
    "windows-sage3-pytorch29-cu130-python312",
    "windows-sage3-pytorch29-cu129-python312",
    "windows-sage3-pytorch29-cu128-python312",
    "windows-sage3-pytorch29-cu131-python312",
  ]
}

group "sage3" {
  targets = [
    "linux-sage3-pytorch29-cu130-python312",
    "linux-aarch64-sage3-pytorch29-cu130-python312",
    "windows-sage3-pytorch29-cu130-python312",
    "linux-sage3-pytorch29-cu129-python312",
    "windows-sage3-pytorch29-cu129-python312",
    "linux-sage3-pytorch29-cu128-python312",
    "linux-aarch64-sage3-pytorch29-cu128-python312",
    "windows-sage3-pytorch29-cu128-python312",
    "linux-sage3-pytorch29-cu131-python312",
    "linux-aarch64-sage3-pytorch29-cu131-python312",
    "windows-sage3-pytorch29-cu131-python312",
  ]
}

group "linux-current" {
  targets = [
    "linux-pytorch215-cu132-python315",
    "linux-pytorch215-cu132-python314",
    "linux-pytorch215-cu132-python313",
    "linux-pytorch215-cu132-python312",
    "linux-pytorch215-cu132-python311",
    "linux-aarch64-pytorch215-cu132-python315",
    "linux-aarch64-pytorch215-cu132-python314",
    "linux-aarch64-pytorch215-cu132-python313",
    "linux-aarch64-pytorch215-cu132-python312",
    "linux-aarch64-pytorch215-cu132-python311",
    "linux-pytorch214-cu130-python314",
    "linux-pytorch214-cu130-python313",
    "linux-pytorch214-cu130-python312",
    "linux-pytorch214-cu130-python311",
    "linux-pytorch214-cu130-python310",
    "linux-aarch64-pytorch214-cu130-python314",
    "linux-aarch64-pytorch214-cu130-python313",
    "linux-aarch64-pytorch214-cu130-python312",
    "linux-aarch64-pytorch214-cu130-python311",
    "linux-aarch64-pytorch214-cu130-python310",
    "linux-pytorch213-cu132-python314",
    "linux-pytorch213-cu132-python313",
    "linux-pytorch213-cu132-python312",
    "linux-pytorch213-cu132-python311",
    "linux-pytorch213-cu132-python310",
    "linux-aarch64-pytorch213-cu132-python314",
    "linux-aarch64-pytorch213-cu132-python313",
    "linux-aarch64-pytorch213-cu132-python312",
    "linux-aarch64-pytorch213-cu132-python311",
    "linux-aarch64-pytorch213-cu132-python310",
    "linux-pytorch213-cu130-python314",
    "linux-pytorch213-cu130-python313",
    "linux-pytorch213-cu130-python312",
    "linux-pytorch213-cu130-python311",
    "linux-pytorch213-cu130-python310",
    "linux-aarch64-pytorch213-cu130-python314",
    "linux-aarch64-pytorch213-cu130-python313",
    "linux-aarch64-pytorch213-cu130-python312",
    "linux-aarch64-pytorch213-cu130-python311",
    "linux-aarch64-pytorch213-cu130-python310",
    "linux-pytorch213-cu126-python314",
    "linux-pytorch213-cu126-python313",
    "linux-pytorch213-cu126-python312",
    "linux-pytorch213-cu126-python311",
    "linux-pytorch213-cu126-python310",
    "linux-aarch64-pytorch213-cu126-python314",
    "linux-aarch64-pytorch213-cu126-python313",
    "linux-aarch64-pytorch213-cu126-python312",
    "linux-aarch64-pytorch213-cu126-python311",
    "linux-aarch64-pytorch213-cu126-python310",
    "linux-pytorch212-cu132-python314",
    "linux-pytorch212-cu132-python313",
    "linux-pytorch212-cu132-python312",
    "linux-pytorch212-cu132-python311",
    "linux-pytorch212-cu132-python310",
    "linux-aarch64-pytorch212-cu132-python314",
    "linux-aarch64-pytorch212-cu132-python313",
    "linux-aarch64-pytorch212-cu132-python312",
    "linux-aarch64-pytorch212-cu132-python311",
    "linux-aarch64-pytorch212-cu132-python310",
    "linux-pytorch212-cu130-python314",
    "linux-pytorch212-cu130-python313",
    "linux-pytorch212-cu130-python312",
    "linux-pytorch212-cu130-python311",
    "linux-pytorch212-cu130-python310",
    "linux-aarch64-pytorch212-cu130-python314",
    "linux-aarch64-pytorch212-cu130-python313",
    "linux-aarch64-pytorch212-cu130-python312",
    "linux-aarch64-pytorch212-cu130-python311",
    "linux-aarch64-pytorch212-cu130-python310",
    "linux-pytorch212-cu126-python314",
    "linux-pytorch212-cu126-python313",
    "linux-pytorch212-cu126-python312",
    "linux-pytorch212-cu126-python311",
    "linux-pytorch212-cu126-python310",
    "linux-aarch64-pytorch212-cu126-python314",
    "linux-aarch64-pytorch212-cu126-python313",
    "linux-aarch64-pytorch212-cu126-python312",
    "linux-aarch64-pytorch212-cu126-python311",
    "linux-aarch64-pytorch212-cu126-python310",
    "linux-pytorch211-cu130-python314",
    "linux-pytorch211-cu130-python313",
    "linux-pytorch211-cu130-python312",
    "linux-pytorch211-cu130-python311",
    "linux-pytorch211-cu130-python310",
    "linux-aarch64-pytorch211-cu130-python314",
    "linux-aarch64-pytorch211-cu130-python313",
    "linux-aarch64-pytorch211-cu130-python312",
    "linux-aarch64-pytorch211-cu130-python311",
    "linux-aarch64-pytorch211-cu130-python310",
    "linux-pytorch211-cu129-python314",
    "linux-pytorch211-cu129-python313",
    "linux-pytorch211-cu129-python312",
    "linux-pytorch211-cu129-python311",
    "linux-pytorch211-cu129-python310",
    "linux-pytorch211-cu128-python314",
    "linux-pytorch211-cu128-python313",
    "linux-pytorch211-cu128-python312",
    "linux-pytorch211-cu128-python311",
    "linux-pytorch211-cu128-python310",
    "linux-aarch64-pytorch211-cu128-python314",
    "linux-aarch64-pytorch211-cu128-python313",
    "linux-aarch64-pytorch211-cu128-python312",
    "linux-aarch64-pytorch211-cu128-python311",
    "linux-aarch64-pytorch211-cu128-python310",
    "linux-pytorch211-cu126-python314",
    "linux-pytorch211-cu126-python313",
    "linux-pytorch211-cu126-python312",
    "linux-pytorch211-cu126-python311",
    "linux-pytorch211-cu126-python310",
    "linux-aarch64-pytorch211-cu126-python314",
    "linux-aarch64-pytorch211-cu126-python313",
    "linux-aarch64-pytorch211-cu126-python312",
    "linux-aarch64-pytorch211-cu126-python311",
    "linux-aarch64-pytorch211-cu126-python310",
    "linux-pytorch210-cu130-python314",
    "linux-pytorch210-cu130-python313",
    "linux-pytorch210-cu130-python312",
    "linux-pytorch210-cu130-python311",
    "linux-pytorch210-cu130-python310",
    "linux-aarch64-pytorch210-cu130-python314",
    "linux-aarch64-pytorch210-cu130-python313",
    "linux-aarch64-pytorch210-cu130-python312",
    "linux-aarch64-pytorch210-cu130-python311",
    "linux-aarch64-pytorch210-cu130-python310",
    "linux-pytorch210-cu129-python314",
    "linux-pytorch210-cu129-python313",
    "linux-pytorch210-cu129-python312",
    "linux-pytorch210-cu129-python311",
    "linux-pytorch210-cu129-python310",
    "linux-pytorch210-cu128-python314",
    "linux-pytorch210-cu128-python313",
    "linux-pytorch210-cu128-python312",
    "linux-pytorch210-cu128-python311",
    "linux-pytorch210-cu128-python310",
    "linux-aarch64-pytorch210-cu128-python314",
    "linux-aarch64-pytorch210-cu128-python313",
    "linux-aarch64-pytorch210-cu128-python312",
    "linux-aarch64-pytorch210-cu128-python311",
    "linux-aarch64-pytorch210-cu128-python310",
    "linux-pytorch210-cu126-python314",
    "linux-pytorch210-cu126-python313",
    "linux-pytorch210-cu126-python312",
    "linux-pytorch210-cu126-python311",
    "linux-pytorch210-cu126-python310",
    "linux-aarch64-pytorch210-cu126-python314",
    "linux-aarch64-pytorch210-cu126-python313",
    "linux-aarch64-pytorch210-cu126-python312",
    "linux-aarch64-pytorch210-cu126-python311",
    "linux-aarch64-pytorch210-cu126-python310",
  ]
}

group "windows-current" {
  targets = [
    "windows-pytorch215-cu132-python315",
    "windows-pytorch215-cu132-python314",
    "windows-pytorch215-cu132-python313",
    "windows-pytorch215-cu132-python312",
    "windows-pytorch215-cu132-python311",
    "windows-pytorch214-cu130-python314",
    "windows-pytorch214-cu130-python313",
    "windows-pytorch214-cu130-python312",
    "windows-pytorch214-cu130-python311",
    "windows-pytorch214-cu130-python310",
    "windows-pytorch213-cu132-python314",
    "windows-pytorch213-cu132-python313",
    "windows-pytorch213-cu132-python312",
    "windows-pytorch213-cu132-python311",
    "windows-pytorch213-cu132-python310",
    "windows-pytorch213-cu130-python314",
    "windows-pytorch213-cu130-python313",
    "windows-pytorch213-cu130-python312",
    "windows-pytorch213-cu130-python311",
    "windows-pytorch213-cu130-python310",
    "windows-pytorch213-cu126-python314",
    "windows-pytorch213-cu126-python313",
    "windows-pytorch213-cu126-python312",
    "windows-pytorch213-cu126-python311",
    "windows-pytorch213-cu126-python310",
    "windows-pytorch212-cu132-python314",
    "windows-pytorch212-cu132-python313",
    "windows-pytorch212-cu132-python312",
    "windows-pytorch212-cu132-python311",
    "windows-pytorch212-cu132-python310",
    "windows-pytorch212-cu130-python314",
    "windows-pytorch212-cu130-python313",
    "windows-pytorch212-cu130-python312",
    "windows-pytorch212-cu130-python311",
    "windows-pytorch212-cu130-python310",
    "windows-pytorch212-cu126-python314",
    "windows-pytorch212-cu126-python313",
    "windows-pytorch212-cu126-python312",
    "windows-pytorch212-cu126-python311",
    "windows-pytorch212-cu126-python310",
    "windows-pytorch211-cu130-python314",
    "windows-pytorch211-cu130-python313",
    "windows-pytorch211-cu130-python312",
    "windows-pytorch211-cu130-python311",
    "windows-pytorch211-cu130-python310",
    "windows-pytorch211-cu129-python314",
    "windows-pytorch211-cu129-python313",
    "windows-pytorch211-cu129-python312",
    "windows-pytorch211-cu129-python311",
    "windows-pytorch211-cu129-python310",
    "windows-pytorch211-cu128-python314",
    "windows-pytorch211-cu128-python313",
    "windows-pytorch211-cu128-python312",
    "windows-pytorch211-cu128-python311",
    "windows-pytorch211-cu128-python310",
    "windows-pytorch211-cu126-python314",
    "windows-pytorch211-cu126-python313",
    "windows-pytorch211-cu126-python312",
    "windows-pytorch211-cu126-python311",
    "windows-pytorch211-cu126-python310",
    "windows-pytorch210-cu130-python314",
    "windows-pytorch210-cu130-python313",
    "windows-pytorch210-cu130-python312",
    "windows-pytorch210-cu130-python311",
    "windows-pytorch210-cu130-python310",
    "windows-pytorch210-cu129-python314",
    "windows-pytorch210-cu129-python313",
    "windows-pytorch210-cu129-python312",
    "windows-pytorch210-cu129-python311",
    "windows-pytorch210-cu129-python310",
    "windows-pytorch210-cu128-python314",
    "windows-pytorch210-cu128-python313",
    "windows-pytorch210-cu128-python312",
    "windows-pytorch210-cu128-python311",
    "windows-pytorch210-cu128-python310",
    "windows-pytorch210-cu126-python314",
    "windows-pytorch210-cu126-python313",
    "windows-pytorch210-cu126-python312",
    "windows-pytorch210-cu126-python311",
    "windows-pytorch210-cu126-python310",
  ]
}

group "current" {
  targets = [
    "linux-pytorch215-cu132-python315",
    "linux-pytorch215-cu132-python314",
    "linux-pytorch215-cu132-python313",
    "linux-pytorch215-cu132-python312",
    "linux-pytorch215-cu132-python311",
    "linux-aarch64-pytorch215-cu132-python315",
    "linux-aarch64-pytorch215-cu132-python314",
    "linux-aarch64-pytorch215-cu132-python313",
    "linux-aarch64-pytorch215-cu132-python312",
    "linux-aarch64-pytorch215-cu132-python311",
    "windows-pytorch215-cu132-python315",
    "windows-pytorch215-cu132-python314",
    "windows-pytorch215-cu132-python313",
    "windows-pytorch215-cu132-python312",
    "windows-pytorch215-cu132-python311",
    "linux-pytorch214-cu130-python314",
    "linux-pytorch214-cu130-python313",
    "linux-pytorch214-cu130-python312",
    "linux-pytorch214-cu130-python311",
    "linux-pytorch214-cu130-python310",
    "linux-aarch64-pytorch214-cu130-python314",
    "linux-aarch64-pytorch214-cu130-python313",
    "linux-aarch64-pytorch214-cu130-python312",
    "linux-aarch64-pytorch214-cu130-python311",
    "linux-aarch64-pytorch214-cu130-python310",
    "windows-pytorch214-cu130-python314",
    "windows-pytorch214-cu130-python313",
    "windows-pytorch214-cu130-python312",
    "windows-pytorch214-cu130-python311",
    "windows-pytorch214-cu130-python310",
    "linux-pytorch213-cu132-python314",
    "linux-pytorch213-cu132-python313",
    "linux-pytorch213-cu132-python312",
    "linux-pytorch213-cu132-python311",
    "linux-pytorch213-cu132-python310",
    "linux-aarch64-pytorch213-cu132-python314",
    "linux-aarch64-pytorch213-cu132-python313",
    "linux-aarch64-pytorch213-cu132-python312",
    "linux-aarch64-pytorch213-cu132-python311",
    "linux-aarch64-pytorch213-cu132-python310",
    "windows-pytorch213-cu132-python314",
    "windows-pytorch213-cu132-python313",
    "windows-pytorch213-cu132-python312",
    "windows-pytorch213-cu132-python311",
    "windows-pytorch213-cu132-python310",
    "linux-pytorch213-cu130-python314",
    "linux-pytorch213-cu130-python313",
    "linux-pytorch213-cu130-python312",
    "linux-pytorch213-cu130-python311",
    "linux-pytorch213-cu130-python310",
    "linux-aarch64-pytorch213-cu130-python314",
    "linux-aarch64-pytorch213-cu130-python313",
    "linux-aarch64-pytorch213-cu130-python312",
    "linux-aarch64-pytorch213-cu130-python311",
    "linux-aarch64-pytorch213-cu130-python310",
    "windows-pytorch213-cu130-python314",
    "windows-pytorch213-cu130-python313",
    "windows-pytorch213-cu130-python312",
    "windows-pytorch213-cu130-python311",
    "windows-pytorch213-cu130-python310",
    "linux-pytorch213-cu126-python314",
    "linux-pytorch213-cu126-python313",
    "linux-pytorch213-cu126-python312",
    "linux-pytorch213-cu126-python311",
    "linux-pytorch213-cu126-python310",
    "linux-aarch64-pytorch213-cu126-python314",
    "linux-aarch64-pytorch213-cu126-python313",
    "linux-aarch64-pytorch213-cu126-python312",
    "linux-aarch64-pytorch213-cu126-python311",
    "linux-aarch64-pytorch213-cu126-python310",
    "windows-pytorch213-cu126-python314",
    "windows-pytorch213-cu126-python313",
    "windows-pytorch213-cu126-python312",
    "windows-pytorch213-cu126-python311",
    "windows-pytorch213-cu126-python310",
    "linux-pytorch212-cu132-python314",
    "linux-pytorch212-cu132-python313",
    "linux-pytorch212-cu132-python312",
    "linux-pytorch212-cu132-python311",
    "linux-pytorch212-cu132-python310",
    "linux-aarch64-pytorch212-cu132-python314",
    "linux-aarch64-pytorch212-cu132-python313",
    "linux-aarch64-pytorch212-cu132-python312",
    "linux-aarch64-pytorch212-cu132-python311",
    "linux-aarch64-pytorch212-cu132-python310",
    "windows-pytorch212-cu132-python314",
    "windows-pytorch212-cu132-python313",
    "windows-pytorch212-cu132-python312",
    "windows-pytorch212-cu132-python311",
    "windows-pytorch212-cu132-python310",
    "linux-pytorch212-cu130-python314",
    "linux-pytorch212-cu130-python313",
    "linux-pytorch212-cu130-python312",
    "linux-pytorch212-cu130-python311",
    "linux-pytorch212-cu130-python310",
    "linux-aarch64-pytorch212-cu130-python314",
    "linux-aarch64-pytorch212-cu130-python313",
    "linux-aarch64-pytorch212-cu130-python312",
    "linux-aarch64-pytorch212-cu130-python311",
    "linux-aarch64-pytorch212-cu130-python310",
    "windows-pytorch212-cu130-python314",
    "windows-pytorch212-cu130-python313",
    "windows-pytorch212-cu130-python312",
    "windows-pytorch212-cu130-python311",
    "windows-pytorch212-cu130-python310",
    "linux-pytorch212-cu126-python314",
    "linux-pytorch212-cu126-python313",
    "linux-pytorch212-cu126-python312",
    "linux-pytorch212-cu126-python311",
    "linux-pytorch212-cu126-python310",
    "linux-aarch64-pytorch212-cu126-python314",
    "linux-aarch64-pytorch212-cu126-python313",
    "linux-aarch64-pytorch212-cu126-python312",
    "linux-aarch64-pytorch212-cu126-python311",
    "linux-aarch64-pytorch212-cu126-python310",
    "windows-pytorch212-cu126-python314",
    "windows-pytorch212-cu126-python313",
    "windows-pytorch212-cu126-python312",
    "windows-pytorch212-cu126-python311",
    "windows-pytorch212-cu126-python310",
    "linux-pytorch211-cu130-python314",
    "linux-pytorch211-cu130-python313",
    "linux-pytorch211-cu130-python312",
    "linux-pytorch211-cu130-python311",
    "linux-pytorch211-cu130-python310",
    "linux-aarch64-pytorch211-cu130-python314",
    "linux-aarch64-pytorch211-cu130-python313",
    "linux-aarch64-pytorch211-cu130-python312",
    "linux-aarch64-pytorch211-cu130-python311",
    "linux-aarch64-pytorch211-cu130-python310",
    "windows-pytorch211-cu130-python314",
    "windows-pytorch211-cu130-python313",
    "windows-pytorch211-cu130-python312",
    "windows-pytorch211-cu130-python311",
    "windows-pytorch211-cu130-python310",
    "linux-pytorch211-cu129-python314",
    "linux-pytorch211-cu129-python313",
    "linux-pytorch211-cu129-python312",
    "linux-pytorch211-cu129-python311",
    "linux-pytorch211-cu129-python310",
    "windows-pytorch211-cu129-python314",
    "windows-pytorch211-cu129-python313",
    "windows-pytorch211-cu129-python312",
    "windows-pytorch211-cu129-python311",
    "windows-pytorch211-cu129-python310",
    "linux-pytorch211-cu128-python314",
    "linux-pytorch211-cu128-python313",
    "linux-pytorch211-cu128-python312",
    "linux-pytorch211-cu128-python311",
    "linux-pytorch211-cu128-python310",
    "linux-aarch64-pytorch211-cu128-python314",
    "linux-aarch64-pytorch211-cu128-python313",
    "linux-aarch64-pytorch211-cu128-python312",
    "linux-aarch64-pytorch211-cu128-python311",
    "linux-aarch64-pytorch211-cu128-python310",
    "windows-pytorch211-cu128-python314",
    "windows-pytorch211-cu128-python313",
    "windows-pytorch211-cu128-python312",
    "windows-pytorch211-cu128-python311",
    "windows-pytorch211-cu128-python310",
    "linux-pytorch211-cu126-python314",
    "linux-pytorch211-cu126-python313",
    "linux-pytorch211-cu126-python312",
    "linux-pytorch211-cu126-python311",
    "linux-pytorch211-cu126-python310",
    "linux-aarch64-pytorch211-cu126-python314",
    "linux-aarch64-pytorch211-cu126-python313",
    "linux-aarch64-pytorch211-cu126-python312",
    "linux-aarch64-pytorch211-cu126-python311",
    "linux-aarch64-pytorch211-cu126-python310",
    "windows-pytorch211-cu126-python314",
    "windows-pytorch211-cu126-python313",
    "windows-pytorch211-cu126-python312",
    "windows-pytorch211-cu126-python311",
    "windows-pytorch211-cu126-python310",
    "linux-pytorch210-cu130-python314",
    "linux-pytorch210-cu130-python313",
    "linux-pytorch210-cu130-python312",
    "linux-pytorch210-cu130-python311",
    "linux-pytorch210-cu130-python310",
    "linux-aarch64-pytorch210-cu130-python314",
    "linux-aarch64-pytorch210-cu130-python313",
    "linux-aarch64-pytorch210-cu130-python312",
    "linux-aarch64-pytorch210-cu130-python311",
    "linux-aarch64-pytorch210-cu130-python310",
    "windows-pytorch210-cu130-python314",
    "windows-pytorch210-cu130-python313",
    "windows-pytorch210-cu130-python312",
    "windows-pytorch210-cu130-python311",
    "windows-pytorch210-cu130-python310",
    "linux-pytorch210-cu129-python314",
    "linux-pytorch210-cu129-python313",
    "linux-pytorch210-cu129-python312",
    "linux-pytorch210-cu129-python311",
    "linux-pytorch210-cu129-python310",
    "windows-pytorch210-cu129-python314",
    "windows-pytorch210-cu129-python313",
    "windows-pytorch210-cu129-python312",
    "windows-pytorch210-cu129-python311",
    "windows-pytorch210-cu129-python310",
    "linux-pytorch210-cu128-python314",
    "linux-pytorch210-cu128-python313",
    "linux-pytorch210-cu128-python312",
    "linux-pytorch210-cu128-python311",
    "linux-pytorch210-cu128-python310",
    "linux-aarch64-pytorch210-cu128-python314",
    "linux-aarch64-pytorch210-cu128-python313",
    "linux-aarch64-pytorch210-cu128-python312",
    "linux-aarch64-pytorch210-cu128-python311",
    "linux-aarch64-pytorch210-cu128-python310",
    "windows-pytorch210-cu128-python314",
    "windows-pytorch210-cu128-python313",
    "windows-pytorch210-cu128-python312",
    "windows-pytorch210-cu128-python311",
    "windows-pytorch210-cu128-python310",
    "linux-pytorch210-cu126-python314",
    "linux-pytorch210-cu126-python313",
    "linux-pytorch210-cu126-python312",
    "linux-pytorch210-cu126-python311",
    "linux-pytorch210-cu126-python310",
    "linux-aarch64-pytorch210-cu126-python314",
    "linux-aarch64-pytorch210-cu126-python313",
    "linux-aarch64-pytorch210-cu126-python312",
    "linux-aarch64-pytorch210-cu126-python311",
    "linux-aarch64-pytorch210-cu126-python310",
    "windows-pytorch210-cu126-python314",
    "windows-pytorch210-cu126-python313",
    "windows-pytorch210-cu126-python312",
    "windows-pytorch210-cu126-python311",
    "windows-pytorch210-cu126-python310",
  ]
}

group "linux" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
    "linux-pytorch29-cu130-python312",
    "linux-aarch64-pytorch29-cu130-python312",
    "linux-pytorch29-cu128-python312",
    "linux-aarch64-pytorch29-cu128-python312",
    "linux-pytorch28-cu128-python312",
    "linux-sage3-pytorch29-cu130-python312",
    "linux-aarch64-sage3-pytorch29-cu130-python312",
    "linux-sage3-pytorch29-cu129-python312",
    "linux-sage3-pytorch29-cu128-python312",
    "linux-aarch64-sage3-pytorch29-cu128-python312",
    "linux-sage3-pytorch29-cu131-python312",
    "linux-aarch64-sage3-pytorch29-cu131-python312",
    "linux-pytorch215-cu132-python315",
    "linux-pytorch215-cu132-python314",
    "linux-pytorch215-cu132-python313",
    "linux-pytorch215-cu132-python312",
    "linux-pytorch215-cu132-python311",
    "linux-aarch64-pytorch215-cu132-python315",
    "linux-aarch64-pytorch215-cu132-python314",
    "linux-aarch64-pytorch215-cu132-python313",
    "linux-aarch64-pytorch215-cu132-python312",
    "linux-aarch64-pytorch215-cu132-python311",
    "linux-pytorch214-cu130-python314",
    "linux-pytorch214-cu130-python313",
    "linux-pytorch214-cu130-python312",
    "linux-pytorch214-cu130-python311",
    "linux-pytorch214-cu130-python310",
    "linux-aarch64-pytorch214-cu130-python314",
    "linux-aarch64-pytorch214-cu130-python313",
    "linux-aarch64-pytorch214-cu130-python312",
    "linux-aarch64-pytorch214-cu130-python311",
    "linux-aarch64-pytorch214-cu130-python310",
    "linux-pytorch213-cu132-python314",
    "linux-pytorch213-cu132-python313",
    "linux-pytorch213-cu132-python312",
    "linux-pytorch213-cu132-python311",
    "linux-pytorch213-cu132-python310",
    "linux-aarch64-pytorch213-cu132-python314",
    "linux-aarch64-pytorch213-cu132-python313",
    "linux-aarch64-pytorch213-cu132-python312",
    "linux-aarch64-pytorch213-cu132-python311",
    "linux-aarch64-pytorch213-cu132-python310",
    "linux-pytorch213-cu130-python314",
    "linux-pytorch213-cu130-python313",
    "linux-pytorch213-cu130-python312",
    "linux-pytorch213-cu130-python311",
    "linux-pytorch213-cu130-python310",
    "linux-aarch64-pytorch213-cu130-python314",
    "linux-aarch64-pytorch213-cu130-python313",
    "linux-aarch64-pytorch213-cu130-python312",
    "linux-aarch64-pytorch213-cu130-python311",
    "linux-aarch64-pytorch213-cu130-python310",
    "linux-pytorch213-cu126-python314",
    "linux-pytorch213-cu126-python313",
    "linux-pytorch213-cu126-python312",
    "linux-pytorch213-cu126-python311",
    "linux-pytorch213-cu126-python310",
    "linux-aarch64-pytorch213-cu126-python314",
    "linux-aarch64-pytorch213-cu126-python313",
    "linux-aarch64-pytorch213-cu126-python312",
    "linux-aarch64-pytorch213-cu126-python311",
    "linux-aarch64-pytorch213-cu126-python310",
    "linux-pytorch212-cu132-python314",
    "linux-pytorch212-cu132-python313",
    "linux-pytorch212-cu132-python312",
    "linux-pytorch212-cu132-python311",
    "linux-pytorch212-cu132-python310",
    "linux-aarch64-pytorch212-cu132-python314",
    "linux-aarch64-pytorch212-cu132-python313",
    "linux-aarch64-pytorch212-cu132-python312",
    "linux-aarch64-pytorch212-cu132-python311",
    "linux-aarch64-pytorch212-cu132-python310",
    "linux-pytorch212-cu130-python314",
    "linux-pytorch212-cu130-python313",
    "linux-pytorch212-cu130-python312",
    "linux-pytorch212-cu130-python311",
    "linux-pytorch212-cu130-python310",
    "linux-aarch64-pytorch212-cu130-python314",
    "linux-aarch64-pytorch212-cu130-python313",
    "linux-aarch64-pytorch212-cu130-python312",
    "linux-aarch64-pytorch212-cu130-python311",
    "linux-aarch64-pytorch212-cu130-python310",
    "linux-pytorch212-cu126-python314",
    "linux-pytorch212-cu126-python313",
    "linux-pytorch212-cu126-python312",
    "linux-pytorch212-cu126-python311",
    "linux-pytorch212-cu126-python310",
    "linux-aarch64-pytorch212-cu126-python314",
    "linux-aarch64-pytorch212-cu126-python313",
    "linux-aarch64-pytorch212-cu126-python312",
    "linux-aarch64-pytorch212-cu126-python311",
    "linux-aarch64-pytorch212-cu126-python310",
    "linux-pytorch211-cu130-python314",
    "linux-pytorch211-cu130-python313",
    "linux-pytorch211-cu130-python312",
    "linux-pytorch211-cu130-python311",
    "linux-pytorch211-cu130-python310",
    "linux-aarch64-pytorch211-cu130-python314",
    "linux-aarch64-pytorch211-cu130-python313",
    "linux-aarch64-pytorch211-cu130-python312",
    "linux-aarch64-pytorch211-cu130-python311",
    "linux-aarch64-pytorch211-cu130-python310",
    "linux-pytorch211-cu129-python314",
    "linux-pytorch211-cu129-python313",
    "linux-pytorch211-cu129-python312",
    "linux-pytorch211-cu129-python311",
    "linux-pytorch211-cu129-python310",
    "linux-pytorch211-cu128-python314",
    "linux-pytorch211-cu128-python313",
    "linux-pytorch211-cu128-python312",
    "linux-pytorch211-cu128-python311",
    "linux-pytorch211-cu128-python310",
    "linux-aarch64-pytorch211-cu128-python314",
    "linux-aarch64-pytorch211-cu128-python313",
    "linux-aarch64-pytorch211-cu128-python312",
    "linux-aarch64-pytorch211-cu128-python311",
    "linux-aarch64-pytorch211-cu128-python310",
    "linux-pytorch211-cu126-python314",
    "linux-pytorch211-cu126-python313",
    "linux-pytorch211-cu126-python312",
    "linux-pytorch211-cu126-python311",
    "linux-pytorch211-cu126-python310",
    "linux-aarch64-pytorch211-cu126-python314",
    "linux-aarch64-pytorch211-cu126-python313",
    "linux-aarch64-pytorch211-cu126-python312",
    "linux-aarch64-pytorch211-cu126-python311",
    "linux-aarch64-pytorch211-cu126-python310",
    "linux-pytorch210-cu130-python314",
    "linux-pytorch210-cu130-python313",
    "linux-pytorch210-cu130-python312",
    "linux-pytorch210-cu130-python311",
    "linux-pytorch210-cu130-python310",
    "linux-aarch64-pytorch210-cu130-python314",
    "linux-aarch64-pytorch210-cu130-python313",
    "linux-aarch64-pytorch210-cu130-python312",
    "linux-aarch64-pytorch210-cu130-python311",
    "linux-aarch64-pytorch210-cu130-python310",
    "linux-pytorch210-cu129-python314",
    "linux-pytorch210-cu129-python313",
    "linux-pytorch210-cu129-python312",
    "linux-pytorch210-cu129-python311",
    "linux-pytorch210-cu129-python310",
    "linux-pytorch210-cu128-python314",
    "linux-pytorch210-cu128-python313",
    "linux-pytorch210-cu128-python312",
    "linux-pytorch210-cu128-python311",
    "linux-pytorch210-cu128-python310",
    "linux-aarch64-pytorch210-cu128-python314",
    "linux-aarch64-pytorch210-cu128-python313",
    "linux-aarch64-pytorch210-cu128-python312",
    "linux-aarch64-pytorch210-cu128-python311",
    "linux-aarch64-pytorch210-cu128-python310",
    "linux-pytorch210-cu126-python314",
    "linux-pytorch210-cu126-python313",
    "linux-pytorch210-cu126-python312",
    "linux-pytorch210-cu126-python311",
    "linux-pytorch210-cu126-python310",
    "linux-aarch64-pytorch210-cu126-python314",
    "linux-aarch64-pytorch210-cu126-python313",
    "linux-aarch64-pytorch210-cu126-python312",
    "linux-aarch64-pytorch210-cu126-python311",
    "linux-aarch64-pytorch210-cu126-python310",
  ]
}

group "windows" {
  targets = [
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
    "windows-pytorch29-cu130-python312",
    "windows-pytorch29-cu128-python312",
    "windows-pytorch28-cu128-python312",
    "windows-sage3-pytorch29-cu130-python312",
    "windows-sage3-pytorch29-cu129-python312",
    "windows-sage3-pytorch29-cu128-python312",
    "windows-sage3-pytorch29-cu131-python312",
    "windows-pytorch215-cu132-python315",
    "windows-pytorch215-cu132-python314",
    "windows-pytorch215-cu132-python313",
    "windows-pytorch215-cu132-python312",
    "windows-pytorch215-cu132-python311",
    "windows-pytorch214-cu130-python314",
    "windows-pytorch214-cu130-python313",
    "windows-pytorch214-cu130-python312",
    "windows-pytorch214-cu130-python311",
    "windows-pytorch214-cu130-python310",
    "windows-pytorch213-cu132-python314",
    "windows-pytorch213-cu132-python313",
    "windows-pytorch213-cu132-python312",
    "windows-pytorch213-cu132-python311",
    "windows-pytorch213-cu132-python310",
    "windows-pytorch213-cu130-python314",
    "windows-pytorch213-cu130-python313",
    "windows-pytorch213-cu130-python312",
    "windows-pytorch213-cu130-python311",
    "windows-pytorch213-cu130-python310",
    "windows-pytorch213-cu126-python314",
    "windows-pytorch213-cu126-python313",
    "windows-pytorch213-cu126-python312",
    "windows-pytorch213-cu126-python311",
    "windows-pytorch213-cu126-python310",
    "windows-pytorch212-cu132-python314",
    "windows-pytorch212-cu132-python313",
    "windows-pytorch212-cu132-python312",
    "windows-pytorch212-cu132-python311",
    "windows-pytorch212-cu132-python310",
    "windows-pytorch212-cu130-python314",
    "windows-pytorch212-cu130-python313",
    "windows-pytorch212-cu130-python312",
    "windows-pytorch212-cu130-python311",
    "windows-pytorch212-cu130-python310",
    "windows-pytorch212-cu126-python314",
    "windows-pytorch212-cu126-python313",
    "windows-pytorch212-cu126-python312",
    "windows-pytorch212-cu126-python311",
    "windows-pytorch212-cu126-python310",
    "windows-pytorch211-cu130-python314",
    "windows-pytorch211-cu130-python313",
    "windows-pytorch211-cu130-python312",
    "windows-pytorch211-cu130-python311",
    "windows-pytorch211-cu130-python310",
    "windows-pytorch211-cu129-python314",
    "windows-pytorch211-cu129-python313",
    "windows-pytorch211-cu129-python312",
    "windows-pytorch211-cu129-python311",
    "windows-pytorch211-cu129-python310",
    "windows-pytorch211-cu128-python314",
    "windows-pytorch211-cu128-python313",
    "windows-pytorch211-cu128-python312",
    "windows-pytorch211-cu128-python311",
    "windows-pytorch211-cu128-python310",
    "windows-pytorch211-cu126-python314",
    "windows-pytorch211-cu126-python313",
    "windows-pytorch211-cu126-python312",
    "windows-pytorch211-cu126-python311",
    "windows-pytorch211-cu126-python310",
    "windows-pytorch210-cu130-python314",
    "windows-pytorch210-cu130-python313",
    "windows-pytorch210-cu130-python312",
    "windows-pytorch210-cu130-python311",
    "windows-pytorch210-cu130-python310",
    "windows-pytorch210-cu129-python314",
    "windows-pytorch210-cu129-python313",
    "windows-pytorch210-cu129-python312",
    "windows-pytorch210-cu129-python311",
    "windows-pytorch210-cu129-python310",
    "windows-pytorch210-cu128-python314",
    "windows-pytorch210-cu128-python313",
    "windows-pytorch210-cu128-python312",
    "windows-pytorch210-cu128-python311",
    "windows-pytorch210-cu128-python310",
    "windows-pytorch210-cu126-python314",
    "windows-pytorch210-cu126-python313",
    "windows-pytorch210-cu126-python312",
    "windows-pytorch210-cu126-python311",
    "windows-pytorch210-cu126-python310",
  ]
}

group "all" {
  targets = [
    "linux-pytorch28-cu129-python310",
    "linux-pytorch28-cu129-python311",
    "linux-pytorch28-cu129-python312",
    "linux-aarch64-pytorch28-cu129-python310",
    "linux-aarch64-pytorch28-cu129-python311",
    "linux-aarch64-pytorch28-cu129-python312",
    "windows-pytorch28-cu129-python310",
    "windows-pytorch28-cu129-python311",
    "windows-pytorch28-cu129-python312",
    "linux-pytorch27-cu128-python310",
    "linux-pytorch27-cu128-python311",
    "linux-pytorch27-cu128-python312",
    "linux-aarch64-pytorch27-cu128-python310",
    "linux-aarch64-pytorch27-cu128-python311",
    "linux-aarch64-pytorch27-cu128-python312",
    "windows-pytorch27-cu128-python310",
    "windows-pytorch27-cu128-python311",
    "windows-pytorch27-cu128-python312",
    "linux-pytorch26-cu126-python39",
    "linux-pytorch26-cu126-python310",
    "linux-pytorch26-cu126-python311",
    "linux-pytorch26-cu126-python312",
    "linux-aarch64-pytorch26-cu126-python39",
    "linux-aarch64-pytorch26-cu126-python310",
    "linux-aarch64-pytorch26-cu126-python311",
    "linux-aarch64-pytorch26-cu126-python312",
    "windows-pytorch26-cu126-python39",
    "windows-pytorch26-cu126-python310",
    "windows-pytorch26-cu126-python311",
    "windows-pytorch26-cu126-python312",
    "linux-pytorch29-cu130-python312",
    "linux-aarch64-pytorch29-cu130-python312",
    "windows-pytorch29-cu130-python312",
    "linux-pytorch29-cu128-python312",
    "linux-aarch64-pytorch29-cu128-python312",
    "windows-pytorch29-cu128-python312",
    "linux-pytorch28-cu128-python312",
    "windows-pytorch28-cu128-python312",
    "linux-sage3-pytorch29-cu130-python312",
    "linux-aarch64-sage3-pytorch29-cu130-python312",
    "windows-sage3-pytorch29-cu130-python312",
    "linux-sage3-pytorch29-cu129-python312",
    "windows-sage3-pytorch29-cu129-python312",
    "linux-sage3-pytorch29-cu128-python312",
    "linux-aarch64-sage3-pytorch29-cu128-python312",
    "windows-sage3-pytorch29-cu128-python312",
    "linux-sage3-pytorch29-cu131-python312",
    "linux-aarch64-sage3-pytorch29-cu131-python312",
    "windows-sage3-pytorch29-cu131-python312",
    "linux-pytorch215-cu132-python315",
    "linux-pytorch215-cu132-python314",
    "linux-pytorch215-cu132-python313",
    "linux-pytorch215-cu132-python312",
    "linux-pytorch215-cu132-python311",
    "linux-aarch64-pytorch215-cu132-python315",
    "linux-aarch64-pytorch215-cu132-python314",
    "linux-aarch64-pytorch215-cu132-python313",
    "linux-aarch64-pytorch215-cu132-python312",
    "linux-aarch64-pytorch215-cu132-python311",
    "windows-pytorch215-cu132-python315",
    "windows-pytorch215-cu132-python314",
    "windows-pytorch215-cu132-python313",
    "windows-pytorch215-cu132-python312",
    "windows-pytorch215-cu132-python311",
    "linux-pytorch214-cu130-python314",
    "linux-pytorch214-cu130-python313",
    "linux-pytorch214-cu130-python312",
    "linux-pytorch214-cu130-python311",
    "linux-pytorch214-cu130-python310",
    "linux-aarch64-pytorch214-cu130-python314",
    "linux-aarch64-pytorch214-cu130-python313",
    "linux-aarch64-pytorch214-cu130-python312",
    "linux-aarch64-pytorch214-cu130-python311",
    "linux-aarch64-pytorch214-cu130-python310",
    "windows-pytorch214-cu130-python314",
    "windows-pytorch214-cu130-python313",
    "windows-pytorch214-cu130-python312",
    "windows-pytorch214-cu130-python311",
    "windows-pytorch214-cu130-python310",
    "linux-pytorch213-cu132-python314",
    "linux-pytorch213-cu132-python313",
    "linux-pytorch213-cu132-python312",
    "linux-pytorch213-cu132-python311",
    "linux-pytorch213-cu132-python310",
    "linux-aarch64-pytorch213-cu132-python314",
    "linux-aarch64-pytorch213-cu132-python313",
    "linux-aarch64-pytorch213-cu132-python312",
    "linux-aarch64-pytorch213-cu132-python311",
    "linux-aarch64-pytorch213-cu132-python310",
    "windows-pytorch213-cu132-python314",
    "windows-pytorch213-cu132-python313",
    "windows-pytorch213-cu132-python312",
    "windows-pytorch213-cu132-python311",
    "windows-pytorch213-cu132-python310",
    "linux-pytorch213-cu130-python314",
    "linux-pytorch213-cu130-python313",
    "linux-pytorch213-cu130-python312",
    "linux-pytorch213-cu130-python311",
    "linux-pytorch213-cu130-python310",
    "linux-aarch64-pytorch213-cu130-python314",
    "linux-aarch64-pytorch213-cu130-python313",
    "linux-aarch64-pytorch213-cu130-python312",
    "linux-aarch64-pytorch213-cu130-python311",
    "linux-aarch64-pytorch213-cu130-python310",
    "windows-pytorch213-cu130-python314",
    "windows-pytorch213-cu130-python313",
    "windows-pytorch213-cu130-python312",
    "windows-pytorch213-cu130-python311",
    "windows-pytorch213-cu130-python310",
    "linux-pytorch213-cu126-python314",
    "linux-pytorch213-cu126-python313",
    "linux-pytorch213-cu126-python312",
    "linux-pytorch213-cu126-python311",
    "linux-pytorch213-cu126-python310",
    "linux-aarch64-pytorch213-cu126-python314",
    "linux-aarch64-pytorch213-cu126-python313",
    "linux-aarch64-pytorch213-cu126-python312",
    "linux-aarch64-pytorch213-cu126-python311",
    "linux-aarch64-pytorch213-cu126-python310",
    "windows-pytorch213-cu126-python314",
    "windows-pytorch213-cu126-python313",
    "windows-pytorch213-cu126-python312",
    "windows-pytorch213-cu126-python311",
    "windows-pytorch213-cu126-python310",
    "linux-pytorch212-cu132-python314",
    "linux-pytorch212-cu132-python313",
    "linux-pytorch212-cu132-python312",
    "linux-pytorch212-cu132-python311",
    "linux-pytorch212-cu132-python310",
    "linux-aarch64-pytorch212-cu132-python314",
    "linux-aarch64-pytorch212-cu132-python313",
    "linux-aarch64-pytorch212-cu132-python312",
    "linux-aarch64-pytorch212-cu132-python311",
    "linux-aarch64-pytorch212-cu132-python310",
    "windows-pytorch212-cu132-python314",
    "windows-pytorch212-cu132-python313",
    "windows-pytorch212-cu132-python312",
    "windows-pytorch212-cu132-python311",
    "windows-pytorch212-cu132-python310",
    "linux-pytorch212-cu130-python314",
    "linux-pytorch212-cu130-python313",
    "linux-pytorch212-cu130-python312",
    "linux-pytorch212-cu130-python311",
    "linux-pytorch212-cu130-python310",
    "linux-aarch64-pytorch212-cu130-python314",
    "linux-aarch64-pytorch212-cu130-python313",
    "linux-aarch64-pytorch212-cu130-python312",
    "linux-aarch64-pytorch212-cu130-python311",
    "linux-aarch64-pytorch212-cu130-python310",
    "windows-pytorch212-cu130-python314",
    "windows-pytorch212-cu130-python313",
    "windows-pytorch212-cu130-python312",
    "windows-pytorch212-cu130-python311",
    "windows-pytorch212-cu130-python310",
    "linux-pytorch212-cu126-python314",
    "linux-pytorch212-cu126-python313",
    "linux-pytorch212-cu126-python312",
    "linux-pytorch212-cu126-python311",
    "linux-pytorch212-cu126-python310",
    "linux-aarch64-pytorch212-cu126-python314",
    "linux-aarch64-pytorch212-cu126-python313",
    "linux-aarch64-pytorch212-cu126-python312",
    "linux-aarch64-pytorch212-cu126-python311",
    "linux-aarch64-pytorch212-cu126-python310",
    "windows-pytorch212-cu126-python314",
    "windows-pytorch212-cu126-python313",
    "windows-pytorch212-cu126-python312",
    "windows-pytorch212-cu126-python311",
    "windows-pytorch212-cu126-python310",
    "linux-pytorch211-cu130-python314",
    "linux-pytorch211-cu130-python313",
    "linux-pytorch211-cu130-python312",
    "linux-pytorch211-cu130-python311",
    "linux-pytorch211-cu130-python310",
    "linux-aarch64-pytorch211-cu130-python314",
    "linux-aarch64-pytorch211-cu130-python313",
    "linux-aarch64-pytorch211-cu130-python312",
    "linux-aarch64-pytorch211-cu130-python311",
    "linux-aarch64-pytorch211-cu130-python310",
    "windows-pytorch211-cu130-python314",
    "windows-pytorch211-cu130-python313",
    "windows-pytorch211-cu130-python312",
    "windows-pytorch211-cu130-python311",
    "windows-pytorch211-cu130-python310",
    "linux-pytorch211-cu129-python314",
    "linux-pytorch211-cu129-python313",
    "linux-pytorch211-cu129-python312",
    "linux-pytorch211-cu129-python311",
    "linux-pytorch211-cu129-python310",
    "windows-pytorch211-cu129-python314",
    "windows-pytorch211-cu129-python313",
    "windows-pytorch211-cu129-python312",
    "windows-pytorch211-cu129-python311",
    "windows-pytorch211-cu129-python310",
    "linux-pytorch211-cu128-python314",
    "linux-pytorch211-cu128-python313",
    "linux-pytorch211-cu128-python312",
    "linux-pytorch211-cu128-python311",
    "linux-pytorch211-cu128-python310",
    "linux-aarch64-pytorch211-cu128-python314",
    "linux-aarch64-pytorch211-cu128-python313",
    "linux-aarch64-pytorch211-cu128-python312",
    "linux-aarch64-pytorch211-cu128-python311",
    "linux-aarch64-pytorch211-cu128-python310",
    "windows-pytorch211-cu128-python314",
    "windows-pytorch211-cu128-python313",
    "windows-pytorch211-cu128-python312",
    "windows-pytorch211-cu128-python311",
    "windows-pytorch211-cu128-python310",
    "linux-pytorch211-cu126-python314",
    "linux-pytorch211-cu126-python313",
    "linux-pytorch211-cu126-python312",
    "linux-pytorch211-cu126-python311",
    "linux-pytorch211-cu126-python310",
    "linux-aarch64-pytorch211-cu126-python314",
    "linux-aarch64-pytorch211-cu126-python313",
    "linux-aarch64-pytorch211-cu126-python312",
    "linux-aarch64-pytorch211-cu126-python311",
    "linux-aarch64-pytorch211-cu126-python310",
    "windows-pytorch211-cu126-python314",
    "windows-pytorch211-cu126-python313",
    "windows-pytorch211-cu126-python312",
    "windows-pytorch211-cu126-python311",
    "windows-pytorch211-cu126-python310",
    "linux-pytorch210-cu130-python314",
    "linux-pytorch210-cu130-python313",
    "linux-pytorch210-cu130-python312",
    "linux-pytorch210-cu130-python311",
    "linux-pytorch210-cu130-python310",
    "linux-aarch64-pytorch210-cu130-python314",
    "linux-aarch64-pytorch210-cu130-python313",
    "linux-aarch64-pytorch210-cu130-python312",
    "linux-aarch64-pytorch210-cu130-python311",
    "linux-aarch64-pytorch210-cu130-python310",
    "windows-pytorch210-cu130-python314",
    "windows-pytorch210-cu130-python313",
    "windows-pytorch210-cu130-python312",
    "windows-pytorch210-cu130-python311",
    "windows-pytorch210-cu130-python310",
    "linux-pytorch210-cu129-python314",
    "linux-pytorch210-cu129-python313",
    "linux-pytorch210-cu129-python312",
    "linux-pytorch210-cu129-python311",
    "linux-pytorch210-cu129-python310",
    "windows-pytorch210-cu129-python314",
    "windows-pytorch210-cu129-python313",
    "windows-pytorch210-cu129-python312",
    "windows-pytorch210-cu129-python311",
    "windows-pytorch210-cu129-python310",
    "linux-pytorch210-cu128-python314",
    "linux-pytorch210-cu128-python313",
    "linux-pytorch210-cu128-python312",
    "linux-pytorch210-cu128-python311",
    "linux-pytorch210-cu128-python310",
    "linux-aarch64-pytorch210-cu128-python314",
    "linux-aarch64-pytorch210-cu128-python313",
    "linux-aarch64-pytorch210-cu128-python312",
    "linux-aarch64-pytorch210-cu128-python311",
    "linux-aarch64-pytorch210-cu128-python310",
    "windows-pytorch210-cu128-python314",
    "windows-pytorch210-cu128-python313",
    "windows-pytorch210-cu128-python312",
    "windows-pytorch210-cu128-python311",
    "windows-pytorch210-cu128-python310",
    "linux-pytorch210-cu126-python314",
    "linux-pytorch210-cu126-python313",
    "linux-pytorch210-cu126-python312",
    "linux-pytorch210-cu126-python311",
    "linux-pytorch210-cu126-python310",
    "linux-aarch64-pytorch210-cu126-python314",
    "linux-aarch64-pytorch210-cu126-python313",
    "linux-aarch64-pytorch210-cu126-python312",
    "linux-aarch64-pytorch210-cu126-python311",
    "linux-aarch64-pytorch210-cu126-python310",
    "windows-pytorch210-cu126-python314",
    "windows-pytorch210-cu126-python313",
    "windows-pytorch210-cu126-python312",
    "windows-pytorch210-cu126-python311",
    "windows-pytorch210-cu126-python310",
  ]
}

group "test-all" {
  targets = [
    "test-linux-pytorch28-cu129-python310",
    "test-linux-pytorch28-cu129-python311",
    "test-linux-pytorch28-cu129-python312",
    "test-linux-aarch64-pytorch28-cu129-python310",
    "test-linux-aarch64-pytorch28-cu129-python311",
    "test-linux-aarch64-pytorch28-cu129-python312",
    "test-windows-pytorch28-cu129-python310",
    "test-windows-pytorch28-cu129-python311",
    "test-windows-pytorch28-cu129-python312",
    "test-linux-pytorch27-cu128-python310",
    "test-linux-pytorch27-cu128-python311",
    "test-linux-pytorch27-cu128-python312",
    "test-linux-aarch64-pytorch27-cu128-python310",
    "test-linux-aarch64-pytorch27-cu128-python311",
    "test-linux-aarch64-pytorch27-cu128-python312",
    "test-windows-pytorch27-cu128-python310",
    "test-windows-pytorch27-cu128-python311",
    "test-windows-pytorch27-cu128-python312",
    "test-linux-pytorch26-cu126-python39",
    "test-linux-pytorch26-cu126-python310",
    "test-linux-pytorch26-cu126-python311",
    "test-linux-pytorch26-cu126-python312",
    "test-linux-aarch64-pytorch26-cu126-python39",
    "test-linux-aarch64-pytorch26-cu126-python310",
    "test-linux-aarch64-pytorch26-cu126-python311",
    "test-linux-aarch64-pytorch26-cu126-python312",
    "test-windows-pytorch26-cu126-python39",
    "test-windows-pytorch26-cu126-python310",
    "test-windows-pytorch26-cu126-python311",
    "test-windows-pytorch26-cu126-python312",
    "test-linux-pytorch29-cu130-python312",
    "test-linux-aarch64-pytorch29-cu130-python312",
    "test-windows-pytorch29-cu130-python312",
    "test-linux-pytorch29-cu128-python312",
    "test-linux-aarch64-pytorch29-cu128-python312",
    "test-windows-pytorch29-cu128-python312",
    "test-linux-pytorch28-cu128-python312",
    "test-windows-pytorch28-cu128-python312",
    "test-linux-sage3-pytorch29-cu130-python312",
    "test-linux-aarch64-sage3-pytorch29-cu130-python312",
    "test-windows-sage3-pytorch29-cu130-python312",
    "test-linux-sage3-pytorch29-cu129-python312",
    "test-windows-sage3-pytorch29-cu129-python312",
    "test-linux-sage3-pytorch29-cu128-python312",
    "test-linux-aarch64-sage3-pytorch29-cu128-python312",
    "test-windows-sage3-pytorch29-cu128-python312",
    "test-linux-sage3-pytorch29-cu131-python312",
    "test-linux-aarch64-sage3-pytorch29-cu131-python312",
    "test-windows-sage3-pytorch29-cu131-python312",
    "test-linux-pytorch215-cu132-python315",
    "test-linux-pytorch215-cu132-python314",
    "test-linux-pytorch215-cu132-python313",
    "test-linux-pytorch215-cu132-python312",
    "test-linux-pytorch215-cu132-python311",
    "test-linux-aarch64-pytorch215-cu132-python315",
    "test-linux-aarch64-pytorch215-cu132-python314",
    "test-linux-aarch64-pytorch215-cu132-python313",
    "test-linux-aarch64-pytorch215-cu132-python312",
    "test-linux-aarch64-pytorch215-cu132-python311",
    "test-windows-pytorch215-cu132-python315",
    "test-windows-pytorch215-cu132-python314",
    "test-windows-pytorch215-cu132-python313",
    "test-windows-pytorch215-cu132-python312",
    "test-windows-pytorch215-cu132-python311",
    "test-linux-pytorch214-cu130-python314",
    "test-linux-pytorch214-cu130-python313",
    "test-linux-pytorch214-cu130-python312",
    "test-linux-pytorch214-cu130-python311",
    "test-linux-pytorch214-cu130-python310",
    "test-linux-aarch64-pytorch214-cu130-python314",
    "test-linux-aarch64-pytorch214-cu130-python313",
    "test-linux-aarch64-pytorch214-cu130-python312",
    "test-linux-aarch64-pytorch214-cu130-python311",
    "test-linux-aarch64-pytorch214-cu130-python310",
    "test-windows-pytorch214-cu130-python314",
    "test-windows-pytorch214-cu130-python313",
    "test-windows-pytorch214-cu130-python312",
    "test-windows-pytorch214-cu130-python311",
    "test-windows-pytorch214-cu130-python310",
    "test-linux-pytorch213-cu132-python314",
    "test-linux-pytorch213-cu132-python313",
    "test-linux-pytorch213-cu132-python312",
    "test-linux-pytorch213-cu132-python311",
    "test-linux-pytorch213-cu132-python310",
    "test-linux-aarch64-pytorch213-cu132-python314",
    "test-linux-aarch64-pytorch213-cu132-python313",
    "test-linux-aarch64-pytorch213-cu132-python312",
    "test-linux-aarch64-pytorch213-cu132-python311",
    "test-linux-aarch64-pytorch213-cu132-python310",
    "test-windows-pytorch213-cu132-python314",
    "test-windows-pytorch213-cu132-python313",
    "test-windows-pytorch213-cu132-python312",
    "test-windows-pytorch213-cu132-python311",
    "test-windows-pytorch213-cu132-python310",
    "test-linux-pytorch213-cu130-python314",
    "test-linux-pytorch213-cu130-python313",
    "test-linux-pytorch213-cu130-python312",
    "test-linux-pytorch213-cu130-python311",
    "test-linux-pytorch213-cu130-python310",
    "test-linux-aarch64-pytorch213-cu130-python314",
    "test-linux-aarch64-pytorch213-cu130-python313",
    "test-linux-aarch64-pytorch213-cu130-python312",
    "test-linux-aarch64-pytorch213-cu130-python311",
    "test-linux-aarch64-pytorch213-cu130-python310",
    "test-windows-pytorch213-cu130-python314",
    "test-windows-pytorch213-cu130-python313",
    "test-windows-pytorch213-cu130-python312",
    "test-windows-pytorch213-cu130-python311",
    "test-windows-pytorch213-cu130-python310",
    "test-linux-pytorch213-cu126-python314",
    "test-linux-pytorch213-cu126-python313",
    "test-linux-pytorch213-cu126-python312",
    "test-linux-pytorch213-cu126-python311",
    "test-linux-pytorch213-cu126-python310",
    "test-linux-aarch64-pytorch213-cu126-python314",
    "test-linux-aarch64-pytorch213-cu126-python313",
    "test-linux-aarch64-pytorch213-cu126-python312",
    "test-linux-aarch64-pytorch213-cu126-python311",
    "test-linux-aarch64-pytorch213-cu126-python310",
    "test-windows-pytorch213-cu126-python314",
    "test-windows-pytorch213-cu126-python313",
    "test-windows-pytorch213-cu126-python312",
    "test-windows-pytorch213-cu126-python311",
    "test-windows-pytorch213-cu126-python310",
    "test-linux-pytorch212-cu132-python314",
    "test-linux-pytorch212-cu132-python313",
    "test-linux-pytorch212-cu132-python312",
    "test-linux-pytorch212-cu132-python311",
    "test-linux-pytorch212-cu132-python310",
    "test-linux-aarch64-pytorch212-cu132-python314",
    "test-linux-aarch64-pytorch212-cu132-python313",
    "test-linux-aarch64-pytorch212-cu132-python312",
    "test-linux-aarch64-pytorch212-cu132-python311",
    "test-linux-aarch64-pytorch212-cu132-python310",
    "test-windows-pytorch212-cu132-python314",
    "test-windows-pytorch212-cu132-python313",
    "test-windows-pytorch212-cu132-python312",
    "test-windows-pytorch212-cu132-python311",
    "test-windows-pytorch212-cu132-python310",
    "test-linux-pytorch212-cu130-python314",
    "test-linux-pytorch212-cu130-python313",
    "test-linux-pytorch212-cu130-python312",
    "test-linux-pytorch212-cu130-python311",
    "test-linux-pytorch212-cu130-python310",
    "test-linux-aarch64-pytorch212-cu130-python314",
    "test-linux-aarch64-pytorch212-cu130-python313",
    "test-linux-aarch64-pytorch212-cu130-python312",
    "test-linux-aarch64-pytorch212-cu130-python311",
    "test-linux-aarch64-pytorch212-cu130-python310",
    "test-windows-pytorch212-cu130-python314",
    "test-windows-pytorch212-cu130-python313",
    "test-windows-pytorch212-cu130-python312",
    "test-windows-pytorch212-cu130-python311",
    "test-windows-pytorch212-cu130-python310",
    "test-linux-pytorch212-cu126-python314",
    "test-linux-pytorch212-cu126-python313",
    "test-linux-pytorch212-cu126-python312",
    "test-linux-pytorch212-cu126-python311",
    "test-linux-pytorch212-cu126-python310",
    "test-linux-aarch64-pytorch212-cu126-python314",
    "test-linux-aarch64-pytorch212-cu126-python313",
    "test-linux-aarch64-pytorch212-cu126-python312",
    "test-linux-aarch64-pytorch212-cu126-python311",
    "test-linux-aarch64-pytorch212-cu126-python310",
    "test-windows-pytorch212-cu126-python314",
    "test-windows-pytorch212-cu126-python313",
    "test-windows-pytorch212-cu126-python312",
    "test-windows-pytorch212-cu126-python311",
    "test-windows-pytorch212-cu126-python310",
    "test-linux-pytorch211-cu130-python314",
    "test-linux-pytorch211-cu130-python313",
    "test-linux-pytorch211-cu130-python312",
    "test-linux-pytorch211-cu130-python311",
    "test-linux-pytorch211-cu130-python310",
    "test-linux-aarch64-pytorch211-cu130-python314",
    "test-linux-aarch64-pytorch211-cu130-python313",
    "test-linux-aarch64-pytorch211-cu130-python312",
    "test-linux-aarch64-pytorch211-cu130-python311",
    "test-linux-aarch64-pytorch211-cu130-python310",
    "test-windows-pytorch211-cu130-python314",
    "test-windows-pytorch211-cu130-python313",
    "test-windows-pytorch211-cu130-python312",
    "test-windows-pytorch211-cu130-python311",
    "test-windows-pytorch211-cu130-python310",
    "test-linux-pytorch211-cu129-python314",
    "test-linux-pytorch211-cu129-python313",
    "test-linux-pytorch211-cu129-python312",
    "test-linux-pytorch211-cu129-python311",
    "test-linux-pytorch211-cu129-python310",
    "test-windows-pytorch211-cu129-python314",
    "test-windows-pytorch211-cu129-python313",
    "test-windows-pytorch211-cu129-python312",
    "test-windows-pytorch211-cu129-python311",
    "test-windows-pytorch211-cu129-python310",
    "test-linux-pytorch211-cu128-python314",
    "test-linux-pytorch211-cu128-python313",
    "test-linux-pytorch211-cu128-python312",
    "test-linux-pytorch211-cu128-python311",
    "test-linux-pytorch211-cu128-python310",
    "test-linux-aarch64-pytorch211-cu128-python314",
    "test-linux-aarch64-pytorch211-cu128-python313",
    "test-linux-aarch64-pytorch211-cu128-python312",
    "test-linux-aarch64-pytorch211-cu128-python311",
    "test-linux-aarch64-pytorch211-cu128-python310",
    "test-windows-pytorch211-cu128-python314",
    "test-windows-pytorch211-cu128-python313",
    "test-windows-pytorch211-cu128-python312",
    "test-windows-pytorch211-cu128-python311",
    "test-windows-pytorch211-cu128-python310",
    "test-linux-pytorch211-cu126-python314",
    "test-linux-pytorch211-cu126-python313",
    "test-linux-pytorch211-cu126-python312",
    "test-linux-pytorch211-cu126-python311",
    "test-linux-pytorch211-cu126-python310",
    "test-linux-aarch64-pytorch211-cu126-python314",
    "test-linux-aarch64-pytorch211-cu126-python313",
    "test-linux-aarch64-pytorch211-cu126-python312",
    "test-linux-aarch64-pytorch211-cu126-python311",
    "test-linux-aarch64-pytorch211-cu126-python310",
    "test-windows-pytorch211-cu126-python314",
    "test-windows-pytorch211-cu126-python313",
    "test-windows-pytorch211-cu126-python312",
    "test-windows-pytorch211-cu126-python311",
    "test-windows-pytorch211-cu126-python310",
    "test-linux-pytorch210-cu130-python314",
    "test-linux-pytorch210-cu130-python313",
    "test-linux-pytorch210-cu130-python312",
    "test-linux-pytorch210-cu130-python311",
    "test-linux-pytorch210-cu130-python310",
    "test-linux-aarch64-pytorch210-cu130-python314",
    "test-linux-aarch64-pytorch210-cu130-python313",
    "test-linux-aarch64-pytorch210-cu130-python312",
    "test-linux-aarch64-pytorch210-cu130-python311",
    "test-linux-aarch64-pytorch210-cu130-python310",
    "test-windows-pytorch210-cu130-python314",
    "test-windows-pytorch210-cu130-python313",
    "test-windows-pytorch210-cu130-python312",
    "test-windows-pytorch210-cu130-python311",
    "test-windows-pytorch210-cu130-python310",
    "test-linux-pytorch210-cu129-python314",
    "test-linux-pytorch210-cu129-python313",
    "test-linux-pytorch210-cu129-python312",
    "test-linux-pytorch210-cu129-python311",
    "test-linux-pytorch210-cu129-python310",
    "test-windows-pytorch210-cu129-python314",
    "test-windows-pytorch210-cu129-python313",
    "test-windows-pytorch210-cu129-python312",
    "test-windows-pytorch210-cu129-python311",
    "test-windows-pytorch210-cu129-python310",
    "test-linux-pytorch210-cu128-python314",
    "test-linux-pytorch210-cu128-python313",
    "test-linux-pytorch210-cu128-python312",
    "test-linux-pytorch210-cu128-python311",
    "test-linux-pytorch210-cu128-python310",
    "test-linux-aarch64-pytorch210-cu128-python314",
    "test-linux-aarch64-pytorch210-cu128-python313",
    "test-linux-aarch64-pytorch210-cu128-python312",
    "test-linux-aarch64-pytorch210-cu128-python311",
    "test-linux-aarch64-pytorch210-cu128-python310",
    "test-windows-pytorch210-cu128-python314",
    "test-windows-pytorch210-cu128-python313",
    "test-windows-pytorch210-cu128-python312",
    "test-windows-pytorch210-cu128-python311",
    "test-windows-pytorch210-cu128-python310",
    "test-linux-pytorch210-cu126-python314",
    "test-linux-pytorch210-cu126-python313",
    "test-linux-pytorch210-cu126-python312",
    "test-linux-pytorch210-cu126-python311",
    "test-linux-pytorch210-cu126-python310",
    "test-linux-aarch64-pytorch210-cu126-python314",
    "test-linux-aarch64-pytorch210-cu126-python313",
    "test-linux-aarch64-pytorch210-cu126-python312",
    "test-linux-aarch64-pytorch210-cu126-python311",
    "test-linux-aarch64-pytorch210-cu126-python310",
    "test-windows-pytorch210-cu126-python314",
    "test-windows-pytorch210-cu126-python313",
    "test-windows-pytorch210-cu126-python312",
    "test-windows-pytorch210-cu126-python311",
    "test-windows-pytorch210-cu126-python310",
  ]
}

# The same targets under the name of the distribution.
group "linux-sage2-pytorch28-cu129-python310" { targets = ["linux-pytorch28-cu129-python310"] }
group "linux-sage2-pytorch28-cu129-python311" { targets = ["linux-pytorch28-cu129-python311"] }
group "linux-sage2-pytorch28-cu129-python312" { targets = ["linux-pytorch28-cu129-python312"] }
group "linux-aarch64-sage2-pytorch28-cu129-python310" { targets = ["linux-aarch64-pytorch28-cu129-python310"] }
group "linux-aarch64-sage2-pytorch28-cu129-python311" { targets = ["linux-aarch64-pytorch28-cu129-python311"] }
group "linux-aarch64-sage2-pytorch28-cu129-python312" { targets = ["linux-aarch64-pytorch28-cu129-python312"] }
group "windows-sage2-pytorch28-cu129-python310" { targets = ["windows-pytorch28-cu129-python310"] }
group "windows-sage2-pytorch28-cu129-python311" { targets = ["windows-pytorch28-cu129-python311"] }
group "windows-sage2-pytorch28-cu129-python312" { targets = ["windows-pytorch28-cu129-python312"] }
group "linux-sage2-pytorch27-cu128-python310" { targets = ["linux-pytorch27-cu128-python310"] }
group "linux-sage2-pytorch27-cu128-python311" { targets = ["linux-pytorch27-cu128-python311"] }
group "linux-sage2-pytorch27-cu128-python312" { targets = ["linux-pytorch27-cu128-python312"] }
group "linux-aarch64-sage2-pytorch27-cu128-python310" { targets = ["linux-aarch64-pytorch27-cu128-python310"] }
group "linux-aarch64-sage2-pytorch27-cu128-python311" { targets = ["linux-aarch64-pytorch27-cu128-python311"] }
group "linux-aarch64-sage2-pytorch27-cu128-python312" { targets = ["linux-aarch64-pytorch27-cu128-python312"] }
group "windows-sage2-pytorch27-cu128-python310" { targets = ["windows-pytorch27-cu128-python310"] }
group "windows-sage2-pytorch27-cu128-python311" { targets = ["windows-pytorch27-cu128-python311"] }
group "windows-sage2-pytorch27-cu128-python312" { targets = ["windows-pytorch27-cu128-python312"] }
group "linux-sage2-pytorch26-cu126-python39" { targets = ["linux-pytorch26-cu126-python39"] }
group "linux-sage2-pytorch26-cu126-python310" { targets = ["linux-pytorch26-cu126-python310"] }
group "linux-sage2-pytorch26-cu126-python311" { targets = ["linux-pytorch26-cu126-python311"] }
group "linux-sage2-pytorch26-cu126-python312" { targets = ["linux-pytorch26-cu126-python312"] }
group "linux-aarch64-sage2-pytorch26-cu126-python39" { targets = ["linux-aarch64-pytorch26-cu126-python39"] }
group "linux-aarch64-sage2-pytorch26-cu126-python310" { targets = ["linux-aarch64-pytorch26-cu126-python310"] }
group "linux-aarch64-sage2-pytorch26-cu126-python311" { targets = ["linux-aarch64-pytorch26-cu126-python311"] }
group "linux-aarch64-sage2-pytorch26-cu126-python312" { targets = ["linux-aarch64-pytorch26-cu126-python312"] }
group "windows-sage2-pytorch26-cu126-python39" { targets = ["windows-pytorch26-cu126-python39"] }
group "windows-sage2-pytorch26-cu126-python310" { targets = ["windows-pytorch26-cu126-python310"] }
group "windows-sage2-pytorch26-cu126-python311" { targets = ["windows-pytorch26-cu126-python311"] }
group "windows-sage2-pytorch26-cu126-python312" { targets = ["windows-pytorch26-cu126-python312"] }
group "linux-sage2-pytorch29-cu130-python312" { targets = ["linux-pytorch29-cu130-python312"] }
group "linux-aarch64-sage2-pytorch29-cu130-python312" { targets = ["linux-aarch64-pytorch29-cu130-python312"] }
group "windows-sage2-pytorch29-cu130-python312" { targets = ["windows-pytorch29-cu130-python312"] }
group "linux-sage2-pytorch29-cu128-python312" { targets = ["linux-pytorch29-cu128-python312"] }
group "linux-aarch64-sage2-pytorch29-cu128-python312" { targets = ["linux-aarch64-pytorch29-cu128-python312"] }
group "windows-sage2-pytorch29-cu128-python312" { targets = ["windows-pytorch29-cu128-python312"] }
group "linux-sage2-pytorch28-cu128-python312" { targets = ["linux-pytorch28-cu128-python312"] }
group "windows-sage2-pytorch28-cu128-python312" { targets = ["windows-pytorch28-cu128-python312"] }
group "linux-sage2-pytorch215-cu132-python315" { targets = ["linux-pytorch215-cu132-python315"] }
group "linux-sage2-pytorch215-cu132-python314" { targets = ["linux-pytorch215-cu132-python314"] }
group "linux-sage2-pytorch215-cu132-python313" { targets = ["linux-pytorch215-cu132-python313"] }
group "linux-sage2-pytorch215-cu132-python312" { targets = ["linux-pytorch215-cu132-python312"] }
group "linux-sage2-pytorch215-cu132-python311" { targets = ["linux-pytorch215-cu132-python311"] }
group "linux-aarch64-sage2-pytorch215-cu132-python315" { targets = ["linux-aarch64-pytorch215-cu132-python315"] }
group "linux-aarch64-sage2-pytorch215-cu132-python314" { targets = ["linux-aarch64-pytorch215-cu132-python314"] }
group "linux-aarch64-sage2-pytorch215-cu132-python313" { targets = ["linux-aarch64-pytorch215-cu132-python313"] }
group "linux-aarch64-sage2-pytorch215-cu132-python312" { targets = ["linux-aarch64-pytorch215-cu132-python312"] }
group "linux-aarch64-sage2-pytorch215-cu132-python311" { targets = ["linux-aarch64-pytorch215-cu132-python311"] }
group "windows-sage2-pytorch215-cu132-python315" { targets = ["windows-pytorch215-cu132-python315"] }
group "windows-sage2-pytorch215-cu132-python314" { targets = ["windows-pytorch215-cu132-python314"] }
group "windows-sage2-pytorch215-cu132-python313" { targets = ["windows-pytorch215-cu132-python313"] }
group "windows-sage2-pytorch215-cu132-python312" { targets = ["windows-pytorch215-cu132-python312"] }
group "windows-sage2-pytorch215-cu132-python311" { targets = ["windows-pytorch215-cu132-python311"] }
group "linux-sage2-pytorch214-cu130-python314" { targets = ["linux-pytorch214-cu130-python314"] }
group "linux-sage2-pytorch214-cu130-python313" { targets = ["linux-pytorch214-cu130-python313"] }
group "linux-sage2-pytorch214-cu130-python312" { targets = ["linux-pytorch214-cu130-python312"] }
group "linux-sage2-pytorch214-cu130-python311" { targets = ["linux-pytorch214-cu130-python311"] }
group "linux-sage2-pytorch214-cu130-python310" { targets = ["linux-pytorch214-cu130-python310"] }
group "linux-aarch64-sage2-pytorch214-cu130-python314" { targets = ["linux-aarch64-pytorch214-cu130-python314"] }
group "linux-aarch64-sage2-pytorch214-cu130-python313" { targets = ["linux-aarch64-pytorch214-cu130-python313"] }
group "linux-aarch64-sage2-pytorch214-cu130-python312" { targets = ["linux-aarch64-pytorch214-cu130-python312"] }
group "linux-aarch64-sage2-pytorch214-cu130-python311" { targets = ["linux-aarch64-pytorch214-cu130-python311"] }
group "linux-aarch64-sage2-pytorch214-cu130-python310" { targets = ["linux-aarch64-pytorch214-cu130-python310"] }
group "windows-sage2-pytorch214-cu130-python314" { targets = ["windows-pytorch214-cu130-python314"] }
group "windows-sage2-pytorch214-cu130-python313" { targets = ["windows-pytorch214-cu130-python313"] }
group "windows-sage2-pytorch214-cu130-python312" { targets = ["windows-pytorch214-cu130-python312"] }
group "windows-sage2-pytorch214-cu130-python311" { targets = ["windows-pytorch214-cu130-python311"] }
group "windows-sage2-pytorch214-cu130-python310" { targets = ["windows-pytorch214-cu130-python310"] }
group "linux-sage2-pytorch213-cu132-python314" { targets = ["linux-pytorch213-cu132-python314"] }
group "linux-sage2-pytorch213-cu132-python313" { targets = ["linux-pytorch213-cu132-python313"] }
group "linux-sage2-pytorch213-cu132-python312" { targets = ["linux-pytorch213-cu132-python312"] }
group "linux-sage2-pytorch213-cu132-python311" { targets = ["linux-pytorch213-cu132-python311"] }
group "linux-sage2-pytorch213-cu132-python310" { targets = ["linux-pytorch213-cu132-python310"] }
group "linux-aarch64-sage2-pytorch213-cu132-python314" { targets = ["linux-aarch64-pytorch213-cu132-python314"] }
group "linux-aarch64-sage2-pytorch213-cu132-python313" { targets = ["linux-aarch64-pytorch213-cu132-python313"] }
group "linux-aarch64-sage2-pytorch213-cu132-python312" { targets = ["linux-aarch64-pytorch213-cu132-python312"] }
group "linux-aarch64-sage2-pytorch213-cu132-python311" { targets = ["linux-aarch64-pytorch213-cu132-python311"] }
group "linux-aarch64-sage2-pytorch213-cu132-python310" { targets = ["linux-aarch64-pytorch213-cu132-python310"] }
group "windows-sage2-pytorch213-cu132-python314" { targets = ["windows-pytorch213-cu132-python314"] }
group "windows-sage2-pytorch213-cu132-python313" { targets = ["windows-pytorch213-cu132-python313"] }
group "windows-sage2-pytorch213-cu132-python312" { targets = ["windows-pytorch213-cu132-python312"] }
group "windows-sage2-pytorch213-cu132-python311" { targets = ["windows-pytorch213-cu132-python311"] }
group "windows-sage2-pytorch213-cu132-python310" { targets = ["windows-pytorch213-cu132-python310"] }
group "linux-sage2-pytorch213-cu130-python314" { targets = ["linux-pytorch213-cu130-python314"] }
group "linux-sage2-pytorch213-cu130-python313" { targets = ["linux-pytorch213-cu130-python313"] }
group "linux-sage2-pytorch213-cu130-python312" { targets = ["linux-pytorch213-cu130-python312"] }
group "linux-sage2-pytorch213-cu130-python311" { targets = ["linux-pytorch213-cu130-python311"] }
group "linux-sage2-pytorch213-cu130-python310" { targets = ["linux-pytorch213-cu130-python310"] }
group "linux-aarch64-sage2-pytorch213-cu130-python314" { targets = ["linux-aarch64-pytorch213-cu130-python314"] }
group "linux-aarch64-sage2-pytorch213-cu130-python313" { targets = ["linux-aarch64-pytorch213-cu130-python313"] }
group "linux-aarch64-sage2-pytorch213-cu130-python312" { targets = ["linux-aarch64-pytorch213-cu130-python312"] }
group "linux-aarch64-sage2-pytorch213-cu130-python311" { targets = ["linux-aarch64-pytorch213-cu130-python311"] }
group "linux-aarch64-sage2-pytorch213-cu130-python310" { targets = ["linux-aarch64-pytorch213-cu130-python310"] }
group "windows-sage2-pytorch213-cu130-python314" { targets = ["windows-pytorch213-cu130-python314"] }
group "windows-sage2-pytorch213-cu130-python313" { targets = ["windows-pytorch213-cu130-python313"] }
group "windows-sage2-pytorch213-cu130-python312" { targets = ["windows-pytorch213-cu130-python312"] }
group "windows-sage2-pytorch213-cu130-python311" { targets = ["windows-pytorch213-cu130-python311"] }
group "windows-sage2-pytorch213-cu130-python310" { targets = ["windows-pytorch213-cu130-python310"] }
group "linux-sage2-pytorch213-cu126-python314" { targets = ["linux-pytorch213-cu126-python314"] }
group "linux-sage2-pytorch213-cu126-python313" { targets = ["linux-pytorch213-cu126-python313"] }
group "linux-sage2-pytorch213-cu126-python312" { targets = ["linux-pytorch213-cu126-python312"] }
group "linux-sage2-pytorch213-cu126-python311" { targets = ["linux-pytorch213-cu126-python311"] }
group "linux-sage2-pytorch213-cu126-python310" { targets = ["linux-pytorch213-cu126-python310"] }
group "linux-aarch64-sage2-pytorch213-cu126-python314" { targets = ["linux-aarch64-pytorch213-cu126-python314"] }
group "linux-aarch64-sage2-pytorch213-cu126-python313" { targets = ["linux-aarch64-pytorch213-cu126-python313"] }
group "linux-aarch64-sage2-pytorch213-cu126-python312" { targets = ["linux-aarch64-pytorch213-cu126-python312"] }
group "linux-aarch64-sage2-pytorch213-cu126-python311" { targets = ["linux-aarch64-pytorch213-cu126-python311"] }
group "linux-aarch64-sage2-pytorch213-cu126-python310" { targets = ["linux-aarch64-pytorch213-cu126-python310"] }
group "windows-sage2-pytorch213-cu126-python314" { targets = ["windows-pytorch213-cu126-python314"] }
group "windows-sage2-pytorch213-cu126-python313" { targets = ["windows-pytorch213-cu126-python313"] }
group "windows-sage2-pytorch213-cu126-python312" { targets = ["windows-pytorch213-cu126-python312"] }
group "windows-sage2-pytorch213-cu126-python311" { targets = ["windows-pytorch213-cu126-python311"] }
group "windows-sage2-pytorch213-cu126-python310" { targets = ["windows-pytorch213-cu126-python310"] }
group "linux-sage2-pytorch212-cu132-python314" { targets = ["linux-pytorch212-cu132-python314"] }
group "linux-sage2-pytorch212-cu132-python313" { targets = ["linux-pytorch212-cu132-python313"] }
group "linux-sage2-pytorch212-cu132-python312" { targets = ["linux-pytorch212-cu132-python312"] }
group "linux-sage2-pytorch212-cu132-python311" { targets = ["linux-pytorch212-cu132-python311"] }
group "linux-sage2-pytorch212-cu132-python310" { targets = ["linux-pytorch212-cu132-python310"] }
group "linux-aarch64-sage2-pytorch212-cu132-python314" { targets = ["linux-aarch64-pytorch212-cu132-python314"] }
group "linux-aarch64-sage2-pytorch212-cu132-python313" { targets = ["linux-aarch64-pytorch212-cu132-python313"] }
group "linux-aarch64-sage2-pytorch212-cu132-python312" { targets = ["linux-aarch64-pytorch212-cu132-python312"] }
group "linux-aarch64-sage2-pytorch212-cu132-python311" { targets = ["linux-aarch64-pytorch212-cu132-python311"] }
group "linux-aarch64-sage2-pytorch212-cu132-python310" { targets = ["linux-aarch64-pytorch212-cu132-python310"] }
group "windows-sage2-pytorch212-cu132-python314" { targets = ["windows-pytorch212-cu132-python314"] }
group "windows-sage2-pytorch212-cu132-python313" { targets = ["windows-pytorch212-cu132-python313"] }
group "windows-sage2-pytorch212-cu132-python312" { targets = ["windows-pytorch212-cu132-python312"] }
group "windows-sage2-pytorch212-cu132-python311" { targets = ["windows-pytorch212-cu132-python311"] }
group "windows-sage2-pytorch212-cu132-python310" { targets = ["windows-pytorch212-cu132-python310"] }
group "linux-sage2-pytorch212-cu130-python314" { targets = ["linux-pytorch212-cu130-python314"] }
group "linux-sage2-pytorch212-cu130-python313" { targets = ["linux-pytorch212-cu130-python313"] }
group "linux-sage2-pytorch212-cu130-python312" { targets = ["linux-pytorch212-cu130-python312"] }
group "linux-sage2-pytorch212-cu130-python311" { targets = ["linux-pytorch212-cu130-python311"] }
group "linux-sage2-pytorch212-cu130-python310" { targets = ["linux-pytorch212-cu130-python310"] }
group "linux-aarch64-sage2-pytorch212-cu130-python314" { targets = ["linux-aarch64-pytorch212-cu130-python314"] }
group "linux-aarch64-sage2-pytorch212-cu130-python313" { targets = ["linux-aarch64-pytorch212-cu130-python313"] }
group "linux-aarch64-sage2-pytorch212-cu130-python312" { targets = ["linux-aarch64-pytorch212-cu130-python312"] }
group "linux-aarch64-sage2-pytorch212-cu130-python311" { targets = ["linux-aarch64-pytorch212-cu130-python311"] }
group "linux-aarch64-sage2-pytorch212-cu130-python310" { targets = ["linux-aarch64-pytorch212-cu130-python310"] }
group "windows-sage2-pytorch212-cu130-python314" { targets = ["windows-pytorch212-cu130-python314"] }
group "windows-sage2-pytorch212-cu130-python313" { targets = ["windows-pytorch212-cu130-python313"] }
group "windows-sage2-pytorch212-cu130-python312" { targets = ["windows-pytorch212-cu130-python312"] }
group "windows-sage2-pytorch212-cu130-python311" { targets = ["windows-pytorch212-cu130-python311"] }
group "windows-sage2-pytorch212-cu130-python310" { targets = ["windows-pytorch212-cu130-python310"] }
group "linux-sage2-pytorch212-cu126-python314" { targets = ["linux-pytorch212-cu126-python314"] }
group "linux-sage2-pytorch212-cu126-python313" { targets = ["linux-pytorch212-cu126-python313"] }
group "linux-sage2-pytorch212-cu126-python312" { targets = ["linux-pytorch212-cu126-python312"] }
group "linux-sage2-pytorch212-cu126-python311" { targets = ["linux-pytorch212-cu126-python311"] }
group "linux-sage2-pytorch212-cu126-python310" { targets = ["linux-pytorch212-cu126-python310"] }
group "linux-aarch64-sage2-pytorch212-cu126-python314" { targets = ["linux-aarch64-pytorch212-cu126-python314"] }
group "linux-aarch64-sage2-pytorch212-cu126-python313" { targets = ["linux-aarch64-pytorch212-cu126-python313"] }
group "linux-aarch64-sage2-pytorch212-cu126-python312" { targets = ["linux-aarch64-pytorch212-cu126-python312"] }
group "linux-aarch64-sage2-pytorch212-cu126-python311" { targets = ["linux-aarch64-pytorch212-cu126-python311"] }
group "linux-aarch64-sage2-pytorch212-cu126-python310" { targets = ["linux-aarch64-pytorch212-cu126-python310"] }
group "windows-sage2-pytorch212-cu126-python314" { targets = ["windows-pytorch212-cu126-python314"] }
group "windows-sage2-pytorch212-cu126-python313" { targets = ["windows-pytorch212-cu126-python313"] }
group "windows-sage2-pytorch212-cu126-python312" { targets = ["windows-pytorch212-cu126-python312"] }
group "windows-sage2-pytorch212-cu126-python311" { targets = ["windows-pytorch212-cu126-python311"] }
group "windows-sage2-pytorch212-cu126-python310" { targets = ["windows-pytorch212-cu126-python310"] }
group "linux-sage2-pytorch211-cu130-python314" { targets = ["linux-pytorch211-cu130-python314"] }
group "linux-sage2-pytorch211-cu130-python313" { targets = ["linux-pytorch211-cu130-python313"] }
group "linux-sage2-pytorch211-cu130-python312" { targets = ["linux-pytorch211-cu130-python312"] }
group "linux-sage2-pytorch211-cu130-python311" { targets = ["linux-pytorch211-cu130-python311"] }
group "linux-sage2-pytorch211-cu130-python310" { targets = ["linux-pytorch211-cu130-python310"] }
group "linux-aarch64-sage2-pytorch211-cu130-python314" { targets = ["linux-aarch64-pytorch211-cu130-python314"] }
group "linux-aarch64-sage2-pytorch211-cu130-python313" { targets = ["linux-aarch64-pytorch211-cu130-python313"] }
group "linux-aarch64-sage2-pytorch211-cu130-python312" { targets = ["linux-aarch64-pytorch211-cu130-python312"] }
group "linux-aarch64-sage2-pytorch211-cu130-python311" { targets = ["linux-aarch64-pytorch211-cu130-python311"] }
group "linux-aarch64-sage2-pytorch211-cu130-python310" { targets = ["linux-aarch64-pytorch211-cu130-python310"] }
group "windows-sage2-pytorch211-cu130-python314" { targets = ["windows-pytorch211-cu130-python314"] }
group "windows-sage2-pytorch211-cu130-python313" { targets = ["windows-pytorch211-cu130-python313"] }
group "windows-sage2-pytorch211-cu130-python312" { targets = ["windows-pytorch211-cu130-python312"] }
group "windows-sage2-pytorch211-cu130-python311" { targets = ["windows-pytorch211-cu130-python311"] }
group "windows-sage2-pytorch211-cu130-python310" { targets = ["windows-pytorch211-cu130-python310"] }
group "linux-sage2-pytorch211-cu129-python314" { targets = ["linux-pytorch211-cu129-python314"] }
group "linux-sage2-pytorch211-cu129-python313" { targets = ["linux-pytorch211-cu129-python313"] }
group "linux-sage2-pytorch211-cu129-python312" { targets = ["linux-pytorch211-cu129-python312"] }
group "linux-sage2-pytorch211-cu129-python311" { targets = ["linux-pytorch211-cu129-python311"] }
group "linux-sage2-pytorch211-cu129-python310" { targets = ["linux-pytorch211-cu129-python310"] }
group "windows-sage2-pytorch211-cu129-python314" { targets = ["windows-pytorch211-cu129-python314"] }
group "windows-sage2-pytorch211-cu129-python313" { targets = ["windows-pytorch211-cu129-python313"] }
group "windows-sage2-pytorch211-cu129-python312" { targets = ["windows-pytorch211-cu129-python312"] }
group "windows-sage2-pytorch211-cu129-python311" { targets = ["windows-pytorch211-cu129-python311"] }
group "windows-sage2-pytorch211-cu129-python310" { targets = ["windows-pytorch211-cu129-python310"] }
group "linux-sage2-pytorch211-cu128-python314" { targets = ["linux-pytorch211-cu128-python314"] }
group "linux-sage2-pytorch211-cu128-python313" { targets = ["linux-pytorch211-cu128-python313"] }
group "linux-sage2-pytorch211-cu128-python312" { targets = ["linux-pytorch211-cu128-python312"] }
group "linux-sage2-pytorch211-cu128-python311" { targets = ["linux-pytorch211-cu128-python311"] }
group "linux-sage2-pytorch211-cu128-python310" { targets = ["linux-pytorch211-cu128-python310"] }
group "linux-aarch64-sage2-pytorch211-cu128-python314" { targets = ["linux-aarch64-pytorch211-cu128-python314"] }
group "linux-aarch64-sage2-pytorch211-cu128-python313" { targets = ["linux-aarch64-pytorch211-cu128-python313"] }
group "linux-aarch64-sage2-pytorch211-cu128-python312" { targets = ["linux-aarch64-pytorch211-cu128-python312"] }
group "linux-aarch64-sage2-pytorch211-cu128-python311" { targets = ["linux-aarch64-pytorch211-cu128-python311"] }
group "linux-aarch64-sage2-pytorch211-cu128-python310" { targets = ["linux-aarch64-pytorch211-cu128-python310"] }
group "windows-sage2-pytorch211-cu128-python314" { targets = ["windows-pytorch211-cu128-python314"] }
group "windows-sage2-pytorch211-cu128-python313" { targets = ["windows-pytorch211-cu128-python313"] }
group "windows-sage2-pytorch211-cu128-python312" { targets = ["windows-pytorch211-cu128-python312"] }
group "windows-sage2-pytorch211-cu128-python311" { targets = ["windows-pytorch211-cu128-python311"] }
group "windows-sage2-pytorch211-cu128-python310" { targets = ["windows-pytorch211-cu128-python310"] }
group "linux-sage2-pytorch211-cu126-python314" { targets = ["linux-pytorch211-cu126-python314"] }
group "linux-sage2-pytorch211-cu126-python313" { targets = ["linux-pytorch211-cu126-python313"] }
group "linux-sage2-pytorch211-cu126-python312" { targets = ["linux-pytorch211-cu126-python312"] }
group "linux-sage2-pytorch211-cu126-python311" { targets = ["linux-pytorch211-cu126-python311"] }
group "linux-sage2-pytorch211-cu126-python310" { targets = ["linux-pytorch211-cu126-python310"] }
group "linux-aarch64-sage2-pytorch211-cu126-python314" { targets = ["linux-aarch64-pytorch211-cu126-python314"] }
group "linux-aarch64-sage2-pytorch211-cu126-python313" { targets = ["linux-aarch64-pytorch211-cu126-python313"] }
group "linux-aarch64-sage2-pytorch211-cu126-python312" { targets = ["linux-aarch64-pytorch211-cu126-python312"] }
group "linux-aarch64-sage2-pytorch211-cu126-python311" { targets = ["linux-aarch64-pytorch211-cu126-python311"] }
group "linux-aarch64-sage2-pytorch211-cu126-python310" { targets = ["linux-aarch64-pytorch211-cu126-python310"] }
group "windows-sage2-pytorch211-cu126-python314" { targets = ["windows-pytorch211-cu126-python314"] }
group "windows-sage2-pytorch211-cu126-python313" { targets = ["windows-pytorch211-cu126-python313"] }
group "windows-sage2-pytorch211-cu126-python312" { targets = ["windows-pytorch211-cu126-python312"] }
group "windows-sage2-pytorch211-cu126-python311" { targets = ["windows-pytorch211-cu126-python311"] }
group "windows-sage2-pytorch211-cu126-python310" { targets = ["windows-pytorch211-cu126-python310"] }
group "linux-sage2-pytorch210-cu130-python314" { targets = ["linux-pytorch210-cu130-python314"] }
group "linux-sage2-pytorch210-cu130-python313" { targets = ["linux-pytorch210-cu130-python313"] }
group "linux-sage2-pytorch210-cu130-python312" { targets = ["linux-pytorch210-cu130-python312"] }
group "linux-sage2-pytorch210-cu130-python311" { targets = ["linux-pytorch210-cu130-python311"] }
group "linux-sage2-pytorch210-cu130-python310" { targets = ["linux-pytorch210-cu130-python310"] }
group "linux-aarch64-sage2-pytorch210-cu130-python314" { targets = ["linux-aarch64-pytorch210-cu130-python314"] }
group "linux-aarch64-sage2-pytorch210-cu130-python313" { targets = ["linux-aarch64-pytorch210-cu130-python313"] }
group "linux-aarch64-sage2-pytorch210-cu130-python312" { targets = ["linux-aarch64-pytorch210-cu130-python312"] }
group "linux-aarch64-sage2-pytorch210-cu130-python311" { targets = ["linux-aarch64-pytorch210-cu130-python311"] }
group "linux-aarch64-sage2-pytorch210-cu130-python310" { targets = ["linux-aarch64-pytorch210-cu130-python310"] }
group "windows-sage2-pytorch210-cu130-python314" { targets = ["windows-pytorch210-cu130-python314"] }
group "windows-sage2-pytorch210-cu130-python313" { targets = ["windows-pytorch210-cu130-python313"] }
group "windows-sage2-pytorch210-cu130-python312" { targets = ["windows-pytorch210-cu130-python312"] }
group "windows-sage2-pytorch210-cu130-python311" { targets = ["windows-pytorch210-cu130-python311"] }
group "windows-sage2-pytorch210-cu130-python310" { targets = ["windows-pytorch210-cu130-python310"] }
group "linux-sage2-pytorch210-cu129-python314" { targets = ["linux-pytorch210-cu129-python314"] }
group "linux-sage2-pytorch210-cu129-python313" { targets = ["linux-pytorch210-cu129-python313"] }
group "linux-sage2-pytorch210-cu129-python312" { targets = ["linux-pytorch210-cu129-python312"] }
group "linux-sage2-pytorch210-cu129-python311" { targets = ["linux-pytorch210-cu129-python311"] }
group "linux-sage2-pytorch210-cu129-python310" { targets = ["linux-pytorch210-cu129-python310"] }
group "windows-sage2-pytorch210-cu129-python314" { targets = ["windows-pytorch210-cu129-python314"] }
group "windows-sage2-pytorch210-cu129-python313" { targets = ["windows-pytorch210-cu129-python313"] }
group "windows-sage2-pytorch210-cu129-python312" { targets = ["windows-pytorch210-cu129-python312"] }
group "windows-sage2-pytorch210-cu129-python311" { targets = ["windows-pytorch210-cu129-python311"] }
group "windows-sage2-pytorch210-cu129-python310" { targets = ["windows-pytorch210-cu129-python310"] }
group "linux-sage2-pytorch210-cu128-python314" { targets = ["linux-pytorch210-cu128-python314"] }
group "linux-sage2-pytorch210-cu128-python313" { targets = ["linux-pytorch210-cu128-python313"] }
group "linux-sage2-pytorch210-cu128-python312" { targets = ["linux-pytorch210-cu128-python312"] }
group "linux-sage2-pytorch210-cu128-python311" { targets = ["linux-pytorch210-cu128-python311"] }
group "linux-sage2-pytorch210-cu128-python310" { targets = ["linux-pytorch210-cu128-python310"] }
group "linux-aarch64-sage2-pytorch210-cu128-python314" { targets = ["linux-aarch64-pytorch210-cu128-python314"] }
group "linux-aarch64-sage2-pytorch210-cu128-python313" { targets = ["linux-aarch64-pytorch210-cu128-python313"] }
group "linux-aarch64-sage2-pytorch210-cu128-python312" { targets = ["linux-aarch64-pytorch210-cu128-python312"] }
group "linux-aarch64-sage2-pytorch210-cu128-python311" { targets = ["linux-aarch64-pytorch210-cu128-python311"] }
group "linux-aarch64-sage2-pytorch210-cu128-python310" { targets = ["linux-aarch64-pytorch210-cu128-python310"] }
group "windows-sage2-pytorch210-cu128-python314" { targets = ["windows-pytorch210-cu128-python314"] }
group "windows-sage2-pytorch210-cu128-python313" { targets = ["windows-pytorch210-cu128-python313"] }
group "windows-sage2-pytorch210-cu128-python312" { targets = ["windows-pytorch210-cu128-python312"] }
group "windows-sage2-pytorch210-cu128-python311" { targets = ["windows-pytorch210-cu128-python311"] }
group "windows-sage2-pytorch210-cu128-python310" { targets = ["windows-pytorch210-cu128-python310"] }
group "linux-sage2-pytorch210-cu126-python314" { targets = ["linux-pytorch210-cu126-python314"] }
group "linux-sage2-pytorch210-cu126-python313" { targets = ["linux-pytorch210-cu126-python313"] }
group "linux-sage2-pytorch210-cu126-python312" { targets = ["linux-pytorch210-cu126-python312"] }
group "linux-sage2-pytorch210-cu126-python311" { targets = ["linux-pytorch210-cu126-python311"] }
group "linux-sage2-pytorch210-cu126-python310" { targets = ["linux-pytorch210-cu126-python310"] }
group "linux-aarch64-sage2-pytorch210-cu126-python314" { targets = ["linux-aarch64-pytorch210-cu126-python314"] }
group "linux-aarch64-sage2-pytorch210-cu126-python313" { targets = ["linux-aarch64-pytorch210-cu126-python313"] }
group "linux-aarch64-sage2-pytorch210-cu126-python312" { targets = ["linux-aarch64-pytorch210-cu126-python312"] }
group "linux-aarch64-sage2-pytorch210-cu126-python311" { targets = ["linux-aarch64-pytorch210-cu126-python311"] }
group "linux-aarch64-sage2-pytorch210-cu126-python310" { targets = ["linux-aarch64-pytorch210-cu126-python310"] }
group "windows-sage2-pytorch210-cu126-python314" { targets = ["windows-pytorch210-cu126-python314"] }
group "windows-sage2-pytorch210-cu126-python313" { targets = ["windows-pytorch210-cu126-python313"] }
group "windows-sage2-pytorch210-cu126-python312" { targets = ["windows-pytorch210-cu126-python312"] }
group "windows-sage2-pytorch210-cu126-python311" { targets = ["windows-pytorch210-cu126-python311"] }
group "windows-sage2-pytorch210-cu126-python310" { targets = ["windows-pytorch210-cu126-python310"] }
group "test-linux-sage2-pytorch28-cu129-python310" { targets = ["test-linux-pytorch28-cu129-python310"] }
group "test-linux-sage2-pytorch28-cu129-python311" { targets = ["test-linux-pytorch28-cu129-python311"] }
group "test-linux-sage2-pytorch28-cu129-python312" { targets = ["test-linux-pytorch28-cu129-python312"] }
group "test-linux-aarch64-sage2-pytorch28-cu129-python310" { targets = ["test-linux-aarch64-pytorch28-cu129-python310"] }
group "test-linux-aarch64-sage2-pytorch28-cu129-python311" { targets = ["test-linux-aarch64-pytorch28-cu129-python311"] }
group "test-linux-aarch64-sage2-pytorch28-cu129-python312" { targets = ["test-linux-aarch64-pytorch28-cu129-python312"] }
group "test-windows-sage2-pytorch28-cu129-python310" { targets = ["test-windows-pytorch28-cu129-python310"] }
group "test-windows-sage2-pytorch28-cu129-python311" { targets = ["test-windows-pytorch28-cu129-python311"] }
group "test-windows-sage2-pytorch28-cu129-python312" { targets = ["test-windows-pytorch28-cu129-python312"] }
group "test-linux-sage2-pytorch27-cu128-python310" { targets = ["test-linux-pytorch27-cu128-python310"] }
group "test-linux-sage2-pytorch27-cu128-python311" { targets = ["test-linux-pytorch27-cu128-python311"] }
group "test-linux-sage2-pytorch27-cu128-python312" { targets = ["test-linux-pytorch27-cu128-python312"] }
group "test-linux-aarch64-sage2-pytorch27-cu128-python310" { targets = ["test-linux-aarch64-pytorch27-cu128-python310"] }
group "test-linux-aarch64-sage2-pytorch27-cu128-python311" { targets = ["test-linux-aarch64-pytorch27-cu128-python311"] }
group "test-linux-aarch64-sage2-pytorch27-cu128-python312" { targets = ["test-linux-aarch64-pytorch27-cu128-python312"] }
group "test-windows-sage2-pytorch27-cu128-python310" { targets = ["test-windows-pytorch27-cu128-python310"] }
group "test-windows-sage2-pytorch27-cu128-python311" { targets = ["test-windows-pytorch27-cu128-python311"] }
group "test-windows-sage2-pytorch27-cu128-python312" { targets = ["test-windows-pytorch27-cu128-python312"] }
group "test-linux-sage2-pytorch26-cu126-python39" { targets = ["test-linux-pytorch26-cu126-python39"] }
group "test-linux-sage2-pytorch26-cu126-python310" { targets = ["test-linux-pytorch26-cu126-python310"] }
group "test-linux-sage2-pytorch26-cu126-python311" { targets = ["test-linux-pytorch26-cu126-python311"] }
group "test-linux-sage2-pytorch26-cu126-python312" { targets = ["test-linux-pytorch26-cu126-python312"] }
group "test-linux-aarch64-sage2-pytorch26-cu126-python39" { targets = ["test-linux-aarch64-pytorch26-cu126-python39"] }
group "test-linux-aarch64-sage2-pytorch26-cu126-python310" { targets = ["test-linux-aarch64-pytorch26-cu126-python310"] }
group "test-linux-aarch64-sage2-pytorch26-cu126-python311" { targets = ["test-linux-aarch64-pytorch26-cu126-python311"] }
group "test-linux-aarch64-sage2-pytorch26-cu126-python312" { targets = ["test-linux-aarch64-pytorch26-cu126-python312"] }
group "test-windows-sage2-pytorch26-cu126-python39" { targets = ["test-windows-pytorch26-cu126-python39"] }
group "test-windows-sage2-pytorch26-cu126-python310" { targets = ["test-windows-pytorch26-cu126-python310"] }
group "test-windows-sage2-pytorch26-cu126-python311" { targets = ["test-windows-pytorch26-cu126-python311"] }
group "test-windows-sage2-pytorch26-cu126-python312" { targets = ["test-windows-pytorch26-cu126-python312"] }
group "test-linux-sage2-pytorch29-cu130-python312" { targets = ["test-linux-pytorch29-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch29-cu130-python312" { targets = ["test-linux-aarch64-pytorch29-cu130-python312"] }
group "test-windows-sage2-pytorch29-cu130-python312" { targets = ["test-windows-pytorch29-cu130-python312"] }
group "test-linux-sage2-pytorch29-cu128-python312" { targets = ["test-linux-pytorch29-cu128-python312"] }
group "test-linux-aarch64-sage2-pytorch29-cu128-python312" { targets = ["test-linux-aarch64-pytorch29-cu128-python312"] }
group "test-windows-sage2-pytorch29-cu128-python312" { targets = ["test-windows-pytorch29-cu128-python312"] }
group "test-linux-sage2-pytorch28-cu128-python312" { targets = ["test-linux-pytorch28-cu128-python312"] }
group "test-windows-sage2-pytorch28-cu128-python312" { targets = ["test-windows-pytorch28-cu128-python312"] }
group "test-linux-sage2-pytorch215-cu132-python315" { targets = ["test-linux-pytorch215-cu132-python315"] }
group "test-linux-sage2-pytorch215-cu132-python314" { targets = ["test-linux-pytorch215-cu132-python314"] }
group "test-linux-sage2-pytorch215-cu132-python313" { targets = ["test-linux-pytorch215-cu132-python313"] }
group "test-linux-sage2-pytorch215-cu132-python312" { targets = ["test-linux-pytorch215-cu132-python312"] }
group "test-linux-sage2-pytorch215-cu132-python311" { targets = ["test-linux-pytorch215-cu132-python311"] }
group "test-linux-aarch64-sage2-pytorch215-cu132-python315" { targets = ["test-linux-aarch64-pytorch215-cu132-python315"] }
group "test-linux-aarch64-sage2-pytorch215-cu132-python314" { targets = ["test-linux-aarch64-pytorch215-cu132-python314"] }
group "test-linux-aarch64-sage2-pytorch215-cu132-python313" { targets = ["test-linux-aarch64-pytorch215-cu132-python313"] }
group "test-linux-aarch64-sage2-pytorch215-cu132-python312" { targets = ["test-linux-aarch64-pytorch215-cu132-python312"] }
group "test-linux-aarch64-sage2-pytorch215-cu132-python311" { targets = ["test-linux-aarch64-pytorch215-cu132-python311"] }
group "test-windows-sage2-pytorch215-cu132-python315" { targets = ["test-windows-pytorch215-cu132-python315"] }
group "test-windows-sage2-pytorch215-cu132-python314" { targets = ["test-windows-pytorch215-cu132-python314"] }
group "test-windows-sage2-pytorch215-cu132-python313" { targets = ["test-windows-pytorch215-cu132-python313"] }
group "test-windows-sage2-pytorch215-cu132-python312" { targets = ["test-windows-pytorch215-cu132-python312"] }
group "test-windows-sage2-pytorch215-cu132-python311" { targets = ["test-windows-pytorch215-cu132-python311"] }
group "test-linux-sage2-pytorch214-cu130-python314" { targets = ["test-linux-pytorch214-cu130-python314"] }
group "test-linux-sage2-pytorch214-cu130-python313" { targets = ["test-linux-pytorch214-cu130-python313"] }
group "test-linux-sage2-pytorch214-cu130-python312" { targets = ["test-linux-pytorch214-cu130-python312"] }
group "test-linux-sage2-pytorch214-cu130-python311" { targets = ["test-linux-pytorch214-cu130-python311"] }
group "test-linux-sage2-pytorch214-cu130-python310" { targets = ["test-linux-pytorch214-cu130-python310"] }
group "test-linux-aarch64-sage2-pytorch214-cu130-python314" { targets = ["test-linux-aarch64-pytorch214-cu130-python314"] }
group "test-linux-aarch64-sage2-pytorch214-cu130-python313" { targets = ["test-linux-aarch64-pytorch214-cu130-python313"] }
group "test-linux-aarch64-sage2-pytorch214-cu130-python312" { targets = ["test-linux-aarch64-pytorch214-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch214-cu130-python311" { targets = ["test-linux-aarch64-pytorch214-cu130-python311"] }
group "test-linux-aarch64-sage2-pytorch214-cu130-python310" { targets = ["test-linux-aarch64-pytorch214-cu130-python310"] }
group "test-windows-sage2-pytorch214-cu130-python314" { targets = ["test-windows-pytorch214-cu130-python314"] }
group "test-windows-sage2-pytorch214-cu130-python313" { targets = ["test-windows-pytorch214-cu130-python313"] }
group "test-windows-sage2-pytorch214-cu130-python312" { targets = ["test-windows-pytorch214-cu130-python312"] }
group "test-windows-sage2-pytorch214-cu130-python311" { targets = ["test-windows-pytorch214-cu130-python311"] }
group "test-windows-sage2-pytorch214-cu130-python310" { targets = ["test-windows-pytorch214-cu130-python310"] }
group "test-linux-sage2-pytorch213-cu132-python314" { targets = ["test-linux-pytorch213-cu132-python314"] }
group "test-linux-sage2-pytorch213-cu132-python313" { targets = ["test-linux-pytorch213-cu132-python313"] }
group "test-linux-sage2-pytorch213-cu132-python312" { targets = ["test-linux-pytorch213-cu132-python312"] }
group "test-linux-sage2-pytorch213-cu132-python311" { targets = ["test-linux-pytorch213-cu132-python311"] }
group "test-linux-sage2-pytorch213-cu132-python310" { targets = ["test-linux-pytorch213-cu132-python310"] }
group "test-linux-aarch64-sage2-pytorch213-cu132-python314" { targets = ["test-linux-aarch64-pytorch213-cu132-python314"] }
group "test-linux-aarch64-sage2-pytorch213-cu132-python313" { targets = ["test-linux-aarch64-pytorch213-cu132-python313"] }
group "test-linux-aarch64-sage2-pytorch213-cu132-python312" { targets = ["test-linux-aarch64-pytorch213-cu132-python312"] }
group "test-linux-aarch64-sage2-pytorch213-cu132-python311" { targets = ["test-linux-aarch64-pytorch213-cu132-python311"] }
group "test-linux-aarch64-sage2-pytorch213-cu132-python310" { targets = ["test-linux-aarch64-pytorch213-cu132-python310"] }
group "test-windows-sage2-pytorch213-cu132-python314" { targets = ["test-windows-pytorch213-cu132-python314"] }
group "test-windows-sage2-pytorch213-cu132-python313" { targets = ["test-windows-pytorch213-cu132-python313"] }
group "test-windows-sage2-pytorch213-cu132-python312" { targets = ["test-windows-pytorch213-cu132-python312"] }
group "test-windows-sage2-pytorch213-cu132-python311" { targets = ["test-windows-pytorch213-cu132-python311"] }
group "test-windows-sage2-pytorch213-cu132-python310" { targets = ["test-windows-pytorch213-cu132-python310"] }
group "test-linux-sage2-pytorch213-cu130-python314" { targets = ["test-linux-pytorch213-cu130-python314"] }
group "test-linux-sage2-pytorch213-cu130-python313" { targets = ["test-linux-pytorch213-cu130-python313"] }
group "test-linux-sage2-pytorch213-cu130-python312" { targets = ["test-linux-pytorch213-cu130-python312"] }
group "test-linux-sage2-pytorch213-cu130-python311" { targets = ["test-linux-pytorch213-cu130-python311"] }
group "test-linux-sage2-pytorch213-cu130-python310" { targets = ["test-linux-pytorch213-cu130-python310"] }
group "test-linux-aarch64-sage2-pytorch213-cu130-python314" { targets = ["test-linux-aarch64-pytorch213-cu130-python314"] }
group "test-linux-aarch64-sage2-pytorch213-cu130-python313" { targets = ["test-linux-aarch64-pytorch213-cu130-python313"] }
group "test-linux-aarch64-sage2-pytorch213-cu130-python312" { targets = ["test-linux-aarch64-pytorch213-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch213-cu130-python311" { targets = ["test-linux-aarch64-pytorch213-cu130-python311"] }
group "test-linux-aarch64-sage2-pytorch213-cu130-python310" { targets = ["test-linux-aarch64-pytorch213-cu130-python310"] }
group "test-windows-sage2-pytorch213-cu130-python314" { targets = ["test-windows-pytorch213-cu130-python314"] }
group "test-windows-sage2-pytorch213-cu130-python313" { targets = ["test-windows-pytorch213-cu130-python313"] }
group "test-windows-sage2-pytorch213-cu130-python312" { targets = ["test-windows-pytorch213-cu130-python312"] }
group "test-windows-sage2-pytorch213-cu130-python311" { targets = ["test-windows-pytorch213-cu130-python311"] }
group "test-windows-sage2-pytorch213-cu130-python310" { targets = ["test-windows-pytorch213-cu130-python310"] }
group "test-linux-sage2-pytorch213-cu126-python314" { targets = ["test-linux-pytorch213-cu126-python314"] }
group "test-linux-sage2-pytorch213-cu126-python313" { targets = ["test-linux-pytorch213-cu126-python313"] }
group "test-linux-sage2-pytorch213-cu126-python312" { targets = ["test-linux-pytorch213-cu126-python312"] }
group "test-linux-sage2-pytorch213-cu126-python311" { targets = ["test-linux-pytorch213-cu126-python311"] }
group "test-linux-sage2-pytorch213-cu126-python310" { targets = ["test-linux-pytorch213-cu126-python310"] }
group "test-linux-aarch64-sage2-pytorch213-cu126-python314" { targets = ["test-linux-aarch64-pytorch213-cu126-python314"] }
group "test-linux-aarch64-sage2-pytorch213-cu126-python313" { targets = ["test-linux-aarch64-pytorch213-cu126-python313"] }
group "test-linux-aarch64-sage2-pytorch213-cu126-python312" { targets = ["test-linux-aarch64-pytorch213-cu126-python312"] }
group "test-linux-aarch64-sage2-pytorch213-cu126-python311" { targets = ["test-linux-aarch64-pytorch213-cu126-python311"] }
group "test-linux-aarch64-sage2-pytorch213-cu126-python310" { targets = ["test-linux-aarch64-pytorch213-cu126-python310"] }
group "test-windows-sage2-pytorch213-cu126-python314" { targets = ["test-windows-pytorch213-cu126-python314"] }
group "test-windows-sage2-pytorch213-cu126-python313" { targets = ["test-windows-pytorch213-cu126-python313"] }
group "test-windows-sage2-pytorch213-cu126-python312" { targets = ["test-windows-pytorch213-cu126-python312"] }
group "test-windows-sage2-pytorch213-cu126-python311" { targets = ["test-windows-pytorch213-cu126-python311"] }
group "test-windows-sage2-pytorch213-cu126-python310" { targets = ["test-windows-pytorch213-cu126-python310"] }
group "test-linux-sage2-pytorch212-cu132-python314" { targets = ["test-linux-pytorch212-cu132-python314"] }
group "test-linux-sage2-pytorch212-cu132-python313" { targets = ["test-linux-pytorch212-cu132-python313"] }
group "test-linux-sage2-pytorch212-cu132-python312" { targets = ["test-linux-pytorch212-cu132-python312"] }
group "test-linux-sage2-pytorch212-cu132-python311" { targets = ["test-linux-pytorch212-cu132-python311"] }
group "test-linux-sage2-pytorch212-cu132-python310" { targets = ["test-linux-pytorch212-cu132-python310"] }
group "test-linux-aarch64-sage2-pytorch212-cu132-python314" { targets = ["test-linux-aarch64-pytorch212-cu132-python314"] }
group "test-linux-aarch64-sage2-pytorch212-cu132-python313" { targets = ["test-linux-aarch64-pytorch212-cu132-python313"] }
group "test-linux-aarch64-sage2-pytorch212-cu132-python312" { targets = ["test-linux-aarch64-pytorch212-cu132-python312"] }
group "test-linux-aarch64-sage2-pytorch212-cu132-python311" { targets = ["test-linux-aarch64-pytorch212-cu132-python311"] }
group "test-linux-aarch64-sage2-pytorch212-cu132-python310" { targets = ["test-linux-aarch64-pytorch212-cu132-python310"] }
group "test-windows-sage2-pytorch212-cu132-python314" { targets = ["test-windows-pytorch212-cu132-python314"] }
group "test-windows-sage2-pytorch212-cu132-python313" { targets = ["test-windows-pytorch212-cu132-python313"] }
group "test-windows-sage2-pytorch212-cu132-python312" { targets = ["test-windows-pytorch212-cu132-python312"] }
group "test-windows-sage2-pytorch212-cu132-python311" { targets = ["test-windows-pytorch212-cu132-python311"] }
group "test-windows-sage2-pytorch212-cu132-python310" { targets = ["test-windows-pytorch212-cu132-python310"] }
group "test-linux-sage2-pytorch212-cu130-python314" { targets = ["test-linux-pytorch212-cu130-python314"] }
group "test-linux-sage2-pytorch212-cu130-python313" { targets = ["test-linux-pytorch212-cu130-python313"] }
group "test-linux-sage2-pytorch212-cu130-python312" { targets = ["test-linux-pytorch212-cu130-python312"] }
group "test-linux-sage2-pytorch212-cu130-python311" { targets = ["test-linux-pytorch212-cu130-python311"] }
group "test-linux-sage2-pytorch212-cu130-python310" { targets = ["test-linux-pytorch212-cu130-python310"] }
group "test-linux-aarch64-sage2-pytorch212-cu130-python314" { targets = ["test-linux-aarch64-pytorch212-cu130-python314"] }
group "test-linux-aarch64-sage2-pytorch212-cu130-python313" { targets = ["test-linux-aarch64-pytorch212-cu130-python313"] }
group "test-linux-aarch64-sage2-pytorch212-cu130-python312" { targets = ["test-linux-aarch64-pytorch212-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch212-cu130-python311" { targets = ["test-linux-aarch64-pytorch212-cu130-python311"] }
group "test-linux-aarch64-sage2-pytorch212-cu130-python310" { targets = ["test-linux-aarch64-pytorch212-cu130-python310"] }
group "test-windows-sage2-pytorch212-cu130-python314" { targets = ["test-windows-pytorch212-cu130-python314"] }
group "test-windows-sage2-pytorch212-cu130-python313" { targets = ["test-windows-pytorch212-cu130-python313"] }
group "test-windows-sage2-pytorch212-cu130-python312" { targets = ["test-windows-pytorch212-cu130-python312"] }
group "test-windows-sage2-pytorch212-cu130-python311" { targets = ["test-windows-pytorch212-cu130-python311"] }
group "test-windows-sage2-pytorch212-cu130-python310" { targets = ["test-windows-pytorch212-cu130-python310"] }
group "test-linux-sage2-pytorch212-cu126-python314" { targets = ["test-linux-pytorch212-cu126-python314"] }
group "test-linux-sage2-pytorch212-cu126-python313" { targets = ["test-linux-pytorch212-cu126-python313"] }
group "test-linux-sage2-pytorch212-cu126-python312" { targets = ["test-linux-pytorch212-cu126-python312"] }
group "test-linux-sage2-pytorch212-cu126-python311" { targets = ["test-linux-pytorch212-cu126-python311"] }
group "test-linux-sage2-pytorch212-cu126-python310" { targets = ["test-linux-pytorch212-cu126-python310"] }
group "test-linux-aarch64-sage2-pytorch212-cu126-python314" { targets = ["test-linux-aarch64-pytorch212-cu126-python314"] }
group "test-linux-aarch64-sage2-pytorch212-cu126-python313" { targets = ["test-linux-aarch64-pytorch212-cu126-python313"] }
group "test-linux-aarch64-sage2-pytorch212-cu126-python312" { targets = ["test-linux-aarch64-pytorch212-cu126-python312"] }
group "test-linux-aarch64-sage2-pytorch212-cu126-python311" { targets = ["test-linux-aarch64-pytorch212-cu126-python311"] }
group "test-linux-aarch64-sage2-pytorch212-cu126-python310" { targets = ["test-linux-aarch64-pytorch212-cu126-python310"] }
group "test-windows-sage2-pytorch212-cu126-python314" { targets = ["test-windows-pytorch212-cu126-python314"] }
group "test-windows-sage2-pytorch212-cu126-python313" { targets = ["test-windows-pytorch212-cu126-python313"] }
group "test-windows-sage2-pytorch212-cu126-python312" { targets = ["test-windows-pytorch212-cu126-python312"] }
group "test-windows-sage2-pytorch212-cu126-python311" { targets = ["test-windows-pytorch212-cu126-python311"] }
group "test-windows-sage2-pytorch212-cu126-python310" { targets = ["test-windows-pytorch212-cu126-python310"] }
group "test-linux-sage2-pytorch211-cu130-python314" { targets = ["test-linux-pytorch211-cu130-python314"] }
group "test-linux-sage2-pytorch211-cu130-python313" { targets = ["test-linux-pytorch211-cu130-python313"] }
group "test-linux-sage2-pytorch211-cu130-python312" { targets = ["test-linux-pytorch211-cu130-python312"] }
group "test-linux-sage2-pytorch211-cu130-python311" { targets = ["test-linux-pytorch211-cu130-python311"] }
group "test-linux-sage2-pytorch211-cu130-python310" { targets = ["test-linux-pytorch211-cu130-python310"] }
group "test-linux-aarch64-sage2-pytorch211-cu130-python314" { targets = ["test-linux-aarch64-pytorch211-cu130-python314"] }
group "test-linux-aarch64-sage2-pytorch211-cu130-python313" { targets = ["test-linux-aarch64-pytorch211-cu130-python313"] }
group "test-linux-aarch64-sage2-pytorch211-cu130-python312" { targets = ["test-linux-aarch64-pytorch211-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch211-cu130-python311" { targets = ["test-linux-aarch64-pytorch211-cu130-python311"] }
group "test-linux-aarch64-sage2-pytorch211-cu130-python310" { targets = ["test-linux-aarch64-pytorch211-cu130-python310"] }
group "test-windows-sage2-pytorch211-cu130-python314" { targets = ["test-windows-pytorch211-cu130-python314"] }
group "test-windows-sage2-pytorch211-cu130-python313" { targets = ["test-windows-pytorch211-cu130-python313"] }
group "test-windows-sage2-pytorch211-cu130-python312" { targets = ["test-windows-pytorch211-cu130-python312"] }
group "test-windows-sage2-pytorch211-cu130-python311" { targets = ["test-windows-pytorch211-cu130-python311"] }
group "test-windows-sage2-pytorch211-cu130-python310" { targets = ["test-windows-pytorch211-cu130-python310"] }
group "test-linux-sage2-pytorch211-cu129-python314" { targets = ["test-linux-pytorch211-cu129-python314"] }
group "test-linux-sage2-pytorch211-cu129-python313" { targets = ["test-linux-pytorch211-cu129-python313"] }
group "test-linux-sage2-pytorch211-cu129-python312" { targets = ["test-linux-pytorch211-cu129-python312"] }
group "test-linux-sage2-pytorch211-cu129-python311" { targets = ["test-linux-pytorch211-cu129-python311"] }
group "test-linux-sage2-pytorch211-cu129-python310" { targets = ["test-linux-pytorch211-cu129-python310"] }
group "test-windows-sage2-pytorch211-cu129-python314" { targets = ["test-windows-pytorch211-cu129-python314"] }
group "test-windows-sage2-pytorch211-cu129-python313" { targets = ["test-windows-pytorch211-cu129-python313"] }
group "test-windows-sage2-pytorch211-cu129-python312" { targets = ["test-windows-pytorch211-cu129-python312"] }
group "test-windows-sage2-pytorch211-cu129-python311" { targets = ["test-windows-pytorch211-cu129-python311"] }
group "test-windows-sage2-pytorch211-cu129-python310" { targets = ["test-windows-pytorch211-cu129-python310"] }
group "test-linux-sage2-pytorch211-cu128-python314" { targets = ["test-linux-pytorch211-cu128-python314"] }
group "test-linux-sage2-pytorch211-cu128-python313" { targets = ["test-linux-pytorch211-cu128-python313"] }
group "test-linux-sage2-pytorch211-cu128-python312" { targets = ["test-linux-pytorch211-cu128-python312"] }
group "test-linux-sage2-pytorch211-cu128-python311" { targets = ["test-linux-pytorch211-cu128-python311"] }
group "test-linux-sage2-pytorch211-cu128-python310" { targets = ["test-linux-pytorch211-cu128-python310"] }
group "test-linux-aarch64-sage2-pytorch211-cu128-python314" { targets = ["test-linux-aarch64-pytorch211-cu128-python314"] }
group "test-linux-aarch64-sage2-pytorch211-cu128-python313" { targets = ["test-linux-aarch64-pytorch211-cu128-python313"] }
group "test-linux-aarch64-sage2-pytorch211-cu128-python312" { targets = ["test-linux-aarch64-pytorch211-cu128-python312"] }
group "test-linux-aarch64-sage2-pytorch211-cu128-python311" { targets = ["test-linux-aarch64-pytorch211-cu128-python311"] }
group "test-linux-aarch64-sage2-pytorch211-cu128-python310" { targets = ["test-linux-aarch64-pytorch211-cu128-python310"] }
group "test-windows-sage2-pytorch211-cu128-python314" { targets = ["test-windows-pytorch211-cu128-python314"] }
group "test-windows-sage2-pytorch211-cu128-python313" { targets = ["test-windows-pytorch211-cu128-python313"] }
group "test-windows-sage2-pytorch211-cu128-python312" { targets = ["test-windows-pytorch211-cu128-python312"] }
group "test-windows-sage2-pytorch211-cu128-python311" { targets = ["test-windows-pytorch211-cu128-python311"] }
group "test-windows-sage2-pytorch211-cu128-python310" { targets = ["test-windows-pytorch211-cu128-python310"] }
group "test-linux-sage2-pytorch211-cu126-python314" { targets = ["test-linux-pytorch211-cu126-python314"] }
group "test-linux-sage2-pytorch211-cu126-python313" { targets = ["test-linux-pytorch211-cu126-python313"] }
group "test-linux-sage2-pytorch211-cu126-python312" { targets = ["test-linux-pytorch211-cu126-python312"] }
group "test-linux-sage2-pytorch211-cu126-python311" { targets = ["test-linux-pytorch211-cu126-python311"] }
group "test-linux-sage2-pytorch211-cu126-python310" { targets = ["test-linux-pytorch211-cu126-python310"] }
group "test-linux-aarch64-sage2-pytorch211-cu126-python314" { targets = ["test-linux-aarch64-pytorch211-cu126-python314"] }
group "test-linux-aarch64-sage2-pytorch211-cu126-python313" { targets = ["test-linux-aarch64-pytorch211-cu126-python313"] }
group "test-linux-aarch64-sage2-pytorch211-cu126-python312" { targets = ["test-linux-aarch64-pytorch211-cu126-python312"] }
group "test-linux-aarch64-sage2-pytorch211-cu126-python311" { targets = ["test-linux-aarch64-pytorch211-cu126-python311"] }
group "test-linux-aarch64-sage2-pytorch211-cu126-python310" { targets = ["test-linux-aarch64-pytorch211-cu126-python310"] }
group "test-windows-sage2-pytorch211-cu126-python314" { targets = ["test-windows-pytorch211-cu126-python314"] }
group "test-windows-sage2-pytorch211-cu126-python313" { targets = ["test-windows-pytorch211-cu126-python313"] }
group "test-windows-sage2-pytorch211-cu126-python312" { targets = ["test-windows-pytorch211-cu126-python312"] }
group "test-windows-sage2-pytorch211-cu126-python311" { targets = ["test-windows-pytorch211-cu126-python311"] }
group "test-windows-sage2-pytorch211-cu126-python310" { targets = ["test-windows-pytorch211-cu126-python310"] }
group "test-linux-sage2-pytorch210-cu130-python314" { targets = ["test-linux-pytorch210-cu130-python314"] }
group "test-linux-sage2-pytorch210-cu130-python313" { targets = ["test-linux-pytorch210-cu130-python313"] }
group "test-linux-sage2-pytorch210-cu130-python312" { targets = ["test-linux-pytorch210-cu130-python312"] }
group "test-linux-sage2-pytorch210-cu130-python311" { targets = ["test-linux-pytorch210-cu130-python311"] }
group "test-linux-sage2-pytorch210-cu130-python310" { targets = ["test-linux-pytorch210-cu130-python310"] }
group "test-linux-aarch64-sage2-pytorch210-cu130-python314" { targets = ["test-linux-aarch64-pytorch210-cu130-python314"] }
group "test-linux-aarch64-sage2-pytorch210-cu130-python313" { targets = ["test-linux-aarch64-pytorch210-cu130-python313"] }
group "test-linux-aarch64-sage2-pytorch210-cu130-python312" { targets = ["test-linux-aarch64-pytorch210-cu130-python312"] }
group "test-linux-aarch64-sage2-pytorch210-cu130-python311" { targets = ["test-linux-aarch64-pytorch210-cu130-python311"] }
group "test-linux-aarch64-sage2-pytorch210-cu130-python310" { targets = ["test-linux-aarch64-pytorch210-cu130-python310"] }
group "test-windows-sage2-pytorch210-cu130-python314" { targets = ["test-windows-pytorch210-cu130-python314"] }
group "test-windows-sage2-pytorch210-cu130-python313" { targets = ["test-windows-pytorch210-cu130-python313"] }
group "test-windows-sage2-pytorch210-cu130-python312" { targets = ["test-windows-pytorch210-cu130-python312"] }
group "test-windows-sage2-pytorch210-cu130-python311" { targets = ["test-windows-pytorch210-cu130-python311"] }
group "test-windows-sage2-pytorch210-cu130-python310" { targets = ["test-windows-pytorch210-cu130-python310"] }
group "test-linux-sage2-pytorch210-cu129-python314" { targets = ["test-linux-pytorch210-cu129-python314"] }
group "test-linux-sage2-pytorch210-cu129-python313" { targets = ["test-linux-pytorch210-cu129-python313"] }
group "test-linux-sage2-pytorch210-cu129-python312" { targets = ["test-linux-pytorch210-cu129-python312"] }
group "test-linux-sage2-pytorch210-cu129-python311" { targets = ["test-linux-pytorch210-cu129-python311"] }
group "test-linux-sage2-pytorch210-cu129-python310" { targets = ["test-linux-pytorch210-cu129-python310"] }
group "test-windows-sage2-pytorch210-cu129-python314" { targets = ["test-windows-pytorch210-cu129-python314"] }
group "test-windows-sage2-pytorch210-cu129-python313" { targets = ["test-windows-pytorch210-cu129-python313"] }
group "test-windows-sage2-pytorch210-cu129-python312" { targets = ["test-windows-pytorch210-cu129-python312"] }
group "test-windows-sage2-pytorch210-cu129-python311" { targets = ["test-windows-pytorch210-cu129-python311"] }
group "test-windows-sage2-pytorch210-cu129-python310" { targets = ["test-windows-pytorch210-cu129-python310"] }
group "test-linux-sage2-pytorch210-cu128-python314" { targets = ["test-linux-pytorch210-cu128-python314"] }
group "test-linux-sage2-pytorch210-cu128-python313" { targets = ["test-linux-pytorch210-cu128-python313"] }
group "test-linux-sage2-pytorch210-cu128-python312" { targets = ["test-linux-pytorch210-cu128-python312"] }
group "test-linux-sage2-pytorch210-cu128-python311" { targets = ["test-linux-pytorch210-cu128-python311"] }
group "test-linux-sage2-pytorch210-cu128-python310" { targets = ["test-linux-pytorch210-cu128-python310"] }
group "test-linux-aarch64-sage2-pytorch210-cu128-python314" { targets = ["test-linux-aarch64-pytorch210-cu128-python314"] }
group "test-linux-aarch64-sage2-pytorch210-cu128-python313" { targets = ["test-linux-aarch64-pytorch210-cu128-python313"] }
group "test-linux-aarch64-sage2-pytorch210-cu128-python312" { targets = ["test-linux-aarch64-pytorch210-cu128-python312"] }
group "test-linux-aarch64-sage2-pytorch210-cu128-python311" { targets = ["test-linux-aarch64-pytorch210-cu128-python311"] }
group "test-linux-aarch64-sage2-pytorch210-cu128-python310" { targets = ["test-linux-aarch64-pytorch210-cu128-python310"] }
group "test-windows-sage2-pytorch210-cu128-python314" { targets = ["test-windows-pytorch210-cu128-python314"] }
group "test-windows-sage2-pytorch210-cu128-python313" { targets = ["test-windows-pytorch210-cu128-python313"] }
group "test-windows-sage2-pytorch210-cu128-python312" { targets = ["test-windows-pytorch210-cu128-python312"] }
group "test-windows-sage2-pytorch210-cu128-python311" { targets = ["test-windows-pytorch210-cu128-python311"] }
group "test-windows-sage2-pytorch210-cu128-python310" { targets = ["test-windows-pytorch210-cu128-python310"] }
group "test-linux-sage2-pytorch210-cu126-python314" { targets = ["test-linux-pytorch210-cu126-python314"] }
group "test-linux-sage2-pytorch210-cu126-python313" { targets = ["test-linux-pytorch210-cu126-python313"] }
group "test-linux-sage2-pytorch210-cu126-python312" { targets = ["test-linux-pytorch210-cu126-python312"] }
group "test-linux-sage2-pytorch210-cu126-python311" { targets = ["test-linux-pytorch210-cu126-python311"] }
group "test-linux-sage2-pytorch210-cu126-python310" { targets = ["test-linux-pytorch210-cu126-python310"] }
group "test-linux-aarch64-sage2-pytorch210-cu126-python314" { targets = ["test-linux-aarch64-pytorch210-cu126-python314"] }
group "test-linux-aarch64-sage2-pytorch210-cu126-python313" { targets = ["test-linux-aarch64-pytorch210-cu126-python313"] }
group "test-linux-aarch64-sage2-pytorch210-cu126-python312" { targets = ["test-linux-aarch64-pytorch210-cu126-python312"] }
group "test-linux-aarch64-sage2-pytorch210-cu126-python311" { targets = ["test-linux-aarch64-pytorch210-cu126-python311"] }
group "test-linux-aarch64-sage2-pytorch210-cu126-python310" { targets = ["test-linux-aarch64-pytorch210-cu126-python310"] }
group "test-windows-sage2-pytorch210-cu126-python314" { targets = ["test-windows-pytorch210-cu126-python314"] }
group "test-windows-sage2-pytorch210-cu126-python313" { targets = ["test-windows-pytorch210-cu126-python313"] }
group "test-windows-sage2-pytorch210-cu126-python312" { targets = ["test-windows-pytorch210-cu126-python312"] }
group "test-windows-sage2-pytorch210-cu126-python311" { targets = ["test-windows-pytorch210-cu126-python311"] }
group "test-windows-sage2-pytorch210-cu126-python310" { targets = ["test-windows-pytorch210-cu126-python310"] }
