"""The FP4 kernels as compiled: what cannot be seen without a GPU that multiplies FP4 is read from the machine code."""

import os
import re
import resource
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from packages.helpers import ROOT, feedstock

pytestmark = pytest.mark.package

SOURCE = ROOT / "sageattention3_blackwell" / "csrc"
# OMMA.SF.16864, the block-scaled FP4 matrix instruction of 12.x: the lowest 12 bits of the instruction.
OMMA = 0x47F
INSTRUCTION_BYTES = 16


@dataclass
class Build:
    """What compiling the library for the architectures of the variant took and gave."""

    cpu_seconds: float
    report: str  # of ptxas, about each kernel
    library: Path
    nvcc: Path
    environment: dict


@pytest.fixture(scope="module")
def build(packages, tmp_path_factory):
    tools, folder = tmp_path_factory.mktemp("tools") / "prefix", tmp_path_factory.mktemp("fp4")
    platform = packages["libsageattention"].parent.name
    feedstock("install", "--prefix", str(tools), f"cuda-nvcc_{platform}", "cuda-cudart-dev", "cmake", "ninja")
    variants = "".join(file.read_text() for file in (ROOT / "variants").glob("cuda*.yaml"))
    return compile_library(tools, folder, set(re.findall(r'sageattn3_architectures:\n +- "(.+)"', variants)))


def compile_library(tools: Path, folder: Path, architectures: set) -> Build:
    """The library for all of these capabilities, such as "10.0 12.0", with the tools of that prefix."""
    listed = ";".join(sorted({capability.replace(".", "") for text in architectures for capability in text.split()}))
    environment = dict(os.environ, NVCC_PREPEND_FLAGS=f"-I{tools}/include -L{tools}/lib")
    configure = [
        tools / "bin/cmake",
        "-S",
        SOURCE,
        "-B",
        folder,
        "-G",
        "Ninja",
        f"-DCMAKE_CUDA_COMPILER={tools}/bin/nvcc",
    ]
    configure += [f"-DCMAKE_MAKE_PROGRAM={tools}/bin/ninja", f"-DCUDAToolkit_ROOT={tools}", "-DSAGEATTN3_VERSION=0.0.0"]
    configure += [f"-DSAGEATTN3_ARCHITECTURES={listed}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in (configure, [tools / "bin/cmake", "--build", folder]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout[-3000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report = "".join(file.read_text() for file in sorted((folder / "resource-usage").glob("*.txt")))
    return Build(seconds, report, folder / "libsageattn3.so", tools / "bin/nvcc", environment)


def test_no_kernel_spills_registers(build):
    kernels = re.findall(r"entry function '(\w+)' for '(\w+)'", build.report)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", build.report)
    # Device functions that are not inlined have a line of their own.
    assert len(spills) >= len(kernels) > 0
    assert set(spills) == {("0", "0")}, [kernel for kernel, bytes in zip(kernels, spills) if bytes != ("0", "0")]


def test_compiles_within_four_cpu_minutes(build):
    assert build.cpu_seconds < 240


def test_the_library_is_small(build, tmp_path):
    stripped = tmp_path / "stripped.so"
    subprocess.run(["strip", "-o", stripped, build.library], check=True)
    assert stripped.stat().st_size < 6_000_000


@pytest.mark.parametrize("head_dim", [64, 128, 256])
def test_the_matrix_instruction_is_the_hardware_s(build, head_dim, tmp_path):
    """Every 8 keys (or channels) x 64 channels (or keys) of a step of 64 keys take one, on 12.x and nowhere else."""
    source = SOURCE / "attention" / f"attention_bf16_d{head_dim}.cu"
    counts = {}
    for target in ("sm_120a", "sm_100"):
        cubin = tmp_path / f"{target}.cubin"
        command = [build.nvcc, "-std=c++17", "-O3", "-cubin", f"-arch={target}", "-o", cubin, source]
        done = subprocess.run(command, env=build.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        counts[target] = [count_omma(code) for code in kernels_of(cubin.read_bytes())]
    scores, values = 8 * (head_dim // 64), head_dim // 8
    assert counts == {"sm_120a": [scores + values] * 2, "sm_100": [0, 0]}


def kernels_of(cubin: bytes) -> list:
    """The machine code of each kernel: the sections .text.* of a 64-bit ELF file."""
    table, entry_size, count, names_index = struct.unpack_from("<Q10xHHH", cubin, 40)
    headers = [struct.unpack_from("<IIQQQQ", cubin, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]
    found = []
    for name, _, _, _, offset, size in headers:
        start = names + name
        if cubin[start : cubin.index(b"\0", start)].startswith(b".text."):
            found.append(cubin[offset : offset + size])
    return found


def count_omma(code: bytes) -> int:
    words = struct.iter_unpack("<QQ", code[: len(code) // INSTRUCTION_BYTES * INSTRUCTION_BYTES])
    return sum(low & 0xFFF == OMMA for low, _ in words)
