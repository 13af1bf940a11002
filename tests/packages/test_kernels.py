"""The kernels that ship, read from the libraries of the packages."""

import pytest
from feedstock.cubins import cubins_of
from packages.helpers import kernels_of, opcodes_of, stack_frames_of

pytestmark = pytest.mark.package

# The lowest 9 bits of the instructions of wgmma: those above tell where operands lie.
IGMMA, QGMMA = 0x1F1, 0x1F3  # INT8, FP8


@pytest.mark.parametrize("name", ["sageattention", "sageattn3"])
def test_no_kernel_spills_registers(unpacked, name):
    """Nor keeps anything else in local memory."""
    frames = {}
    for architecture, cubin in cubins_of((unpacked[f"lib{name}"] / "lib" / f"lib{name}.so").read_bytes()):
        kernels = [kernel for kernel, _ in kernels_of(cubin)]
        found = stack_frames_of(cubin)
        assert len(found) >= len(kernels) > 0
        frames[(architecture, *kernels)] = max(found)
    assert {kernels: frame for kernels, frame in frames.items() if frame} == {}


def test_a_stack_frame_is_seen(toolkit, tmp_path):
    source, cubin = tmp_path / "indexed.cu", tmp_path / "indexed.cubin"
    source.write_text(
        "__global__ void indexed(int *x) { int y[64]; for (int i = 0; i < 64; ++i) y[x[i]] = i; x[0] = y[x[1]]; }"
    )
    toolkit.run("nvcc", "-cubin", "-arch=sm_80", "-o", cubin, source)
    assert max(stack_frames_of(cubin.read_bytes())) >= 4 * 64


def test_attention_of_9_0_multiplies_on_wgmma(unpacked):
    """Scores in INT8 and values in FP8, in every kernel of that family, and nowhere else."""
    multiplies, others = [], []
    for architecture, cubin in cubins_of((unpacked["libsageattention"] / "lib/libsageattention.so").read_bytes()):
        for kernel, code in kernels_of(cubin):
            is_wgmma = architecture == 90 and "sm90" in kernel and "attention_kernel" in kernel
            (multiplies if is_wgmma else others).append({IGMMA, QGMMA}.intersection(opcodes_of(code, bits=9)))
    assert set(map(frozenset, multiplies)) == {frozenset({IGMMA, QGMMA})}
    assert set(map(frozenset, others)) == {frozenset()}
