"""The FP4 kernels as compiled: what cannot be seen without a GPU that multiplies FP4 is read from the machine code."""

import importlib.util
import itertools
import re
import struct

import pytest
from packages.helpers import ROOT

pytestmark = pytest.mark.package

# The reader of embedded machine code that the packages test themselves with.
spec = importlib.util.spec_from_file_location("machine_code", ROOT / "recipe" / "tests" / "machine_code.py")
machine_code = importlib.util.module_from_spec(spec)
spec.loader.exec_module(machine_code)

# OMMA.SF.16864, the block-scaled FP4 matrix instruction of 12.x: the lowest 12 bits of the instruction.
OMMA = 0x47F
INSTRUCTION_BYTES = 16


def expected_omma(head_dim: int) -> int:
    """Of a step of 64 keys: one for every 8 keys x 64 channels of the scores, and every 8 channels of the output."""
    return 8 * (head_dim // 64) + head_dim // 8


def test_what_ships_multiplies_fp4_on_12_and_nowhere_else(unpacked):
    """Every kernel of the package, for both dtypes, with a mask and without."""
    found = {}
    for architecture, cubin in cubins_of((unpacked["libsageattn3"] / "lib" / "libsageattn3.so").read_bytes()):
        for name, code in kernels_of(cubin):
            kernel = re.search(r"attention_kernel.*(__half|__nv_bfloat16)Li(\d+)EEELb([01])", name)
            if kernel:
                dtype, head_dim, mask = kernel.groups()
                found[architecture, dtype, int(head_dim), mask] = count_omma(code)
    kinds = itertools.product((100, 120), ("__half", "__nv_bfloat16"), (64, 128, 256), "01")
    assert found == {kind: expected_omma(kind[2]) if kind[0] == 120 else 0 for kind in kinds}


@pytest.mark.parametrize("target", ["sm_120a", "sm_121a"])
def test_targets_of_one_architecture(toolkit, target, tmp_path):
    """nvcc 12.8 knows no family targets. This one compiles for the family, and can do both."""
    cubin = tmp_path / "attention.cubin"
    source = ROOT / "sageattention3_blackwell" / "csrc" / "attention" / "attention_bf16_d128.cu"
    report = toolkit.run("nvcc", "-std=c++17", "-O3", "-Xptxas=-v", "-cubin", f"-arch={target}", "-o", cubin, source)
    assert [count_omma(code) for _, code in kernels_of(cubin.read_bytes())] == 2 * [expected_omma(128)]
    assert re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", report) == 2 * [("0", "0")]


def cubins_of(library: bytes):
    """Architecture number and ELF file of everything that nvcc embedded."""
    for match in re.finditer(re.escape(machine_code.MAGIC), library):
        _, version, header_size, size = machine_code.FILE_HEADER.unpack_from(library, match.start())
        if (version, header_size) != (1, machine_code.FILE_HEADER.size):
            continue
        position = match.start() + header_size
        end = position + size
        while position < end:
            _, _, header_size, size, number = machine_code.ENTRY_HEADER.unpack_from(library, position)
            cubin = library[position + header_size : position + header_size + size]
            assert cubin.startswith(b"\x7fELF"), "compressed, or no machine code"
            yield number, cubin
            position += header_size + size


def kernels_of(cubin: bytes):
    """Mangled name and machine code of each kernel: the sections .text.* of a 64-bit ELF file."""
    table, entry_size, count, names_index = struct.unpack_from("<Q10xHHH", cubin, 40)
    headers = [struct.unpack_from("<IIQQQQ", cubin, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, offset, size in headers:
        start = names + name
        full_name = cubin[start : cubin.index(b"\0", start)]
        if full_name.startswith(b".text."):
            yield full_name.removeprefix(b".text.").decode(), cubin[offset : offset + size]


def count_omma(code: bytes) -> int:
    words = struct.iter_unpack("<QQ", code[: len(code) // INSTRUCTION_BYTES * INSTRUCTION_BYTES])
    return sum(low & 0xFFF == OMMA for low, _ in words)
