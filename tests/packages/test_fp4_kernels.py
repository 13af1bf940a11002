"""The FP4 kernels as compiled: what cannot be seen without a GPU that multiplies FP4 is read from the machine code."""

import itertools
import re

import pytest
from feedstock.cubins import cubins_of
from packages.helpers import ROOT, kernels_of, opcodes_of

pytestmark = pytest.mark.package

# OMMA.SF.16864, the block-scaled FP4 matrix instruction of 12.x: the lowest 12 bits of the instruction.
OMMA = 0x47F


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


def count_omma(code: bytes) -> int:
    return opcodes_of(code, bits=12).count(OMMA)
