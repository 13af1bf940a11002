"""The kernels of each distribution, compiled as in the packages for every architecture of the variant."""

import json
import re
from dataclasses import dataclass

import pytest
from packages.helpers import ROOT, cpu_seconds_of_children

pytestmark = pytest.mark.package

SOURCES = {"sageattention": ROOT / "csrc", "sageattn3": ROOT / "sageattention3_blackwell" / "csrc"}
# For all architectures together. sageattention: 12 minutes for the families on mma.sync, 4 for those on wgmma.
MOST_CPU_SECONDS = {"sageattention": 960, "sageattn3": 240}


@dataclass
class Build:
    name: str
    cpu_seconds: float
    report: str  # of ptxas, about each kernel


@pytest.fixture(scope="module", params=SOURCES)
def build(request, unpacked, toolkit, tmp_path_factory):
    name, folder = request.param, tmp_path_factory.mktemp("kernels")
    about = json.loads((unpacked[f"lib{name}"] / "info/hash_input.json").read_text())
    options = {
        f"{name.upper()}_VERSION": about[f"{name}_version"],
        f"{name.upper()}_ARCHITECTURES": about[f"{name}_architectures"].replace(".", "").replace(" ", ";"),
    }
    before = cpu_seconds_of_children()
    toolkit.compile(SOURCES[name], folder, **options)
    report = "".join(file.read_text() for file in sorted((folder / "resource-usage").glob("*.txt")))
    return Build(name, cpu_seconds_of_children() - before, report)


def test_no_kernel_spills_registers(build):
    kernels = re.findall(r"entry function '(\w+)' for '(\w+)'", build.report)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", build.report)
    # Device functions that are not inlined have a line of their own.
    assert len(spills) >= len(kernels) > 0
    assert set(spills) == {("0", "0")}, [kernel for kernel, bytes in zip(kernels, spills) if bytes != ("0", "0")]


def test_compiling_takes_no_longer_than_promised(build):
    assert build.cpu_seconds < MOST_CPU_SECONDS[build.name]
