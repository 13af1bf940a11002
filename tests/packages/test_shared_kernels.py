"""Packages for two PyTorch versions come from one compilation of the kernels."""

import re
from pathlib import Path

import pytest
from feedstock import variants
from packages.helpers import copy_of_sources, feedstock

pytestmark = pytest.mark.package


def test_two_pytorch_versions_share_one_kernel_build(tmp_path):
    """In a copy that nobody has built before: the engine's log names every file that nvcc compiles."""
    newest = variants.default()
    first, second = [cell.name for cell in variants.native() if cell.cuda == newest.cuda][:2]
    copy = copy_of_sources(tmp_path / "copy")
    source = copy / "csrc/quant/quantize_key.cu"
    source.write_text(source.read_text() + f"// {tmp_path}\n")

    answers = [
        # A log of its own for each: the command that runs the tests hands its log on.
        feedstock("build", "--variant", name, root=copy, FEEDSTOCK_LOG=str(tmp_path / f"{name}.log"))
        for name in (first, second)
    ]
    assert [len(compiled(answer, "quantize_key.cu")) for answer in answers] == [1, 0]
    assert [len(compiled(answer, "unity_0_cxx.cxx")) for answer in answers] == [2, 2]
    kernels, others = [], []
    for answer in answers:
        kernels.append({file for file in answer["packages"] if Path(file).name.startswith("lib")})
        others.append(set(answer["packages"]) - kernels[-1])
    assert kernels[0] == kernels[1]
    assert others[0].isdisjoint(others[1])


def compiled(answer, name):
    """Lines of ninja about this source."""
    with open(answer["log"], encoding="utf-8", errors="replace") as log:
        return [line for line in log if re.search(rf"Building \w+ object .*{re.escape(name)}", line)]
