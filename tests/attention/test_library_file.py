"""The operator library as a file: what it needs, what it exports, what it must not carry."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")

ALLOWED = re.compile(
    r"lib(sageattention|torch_cpu|c10|stdc\+\+|gcc_s|m|c|dl|pthread)\.so(\.\d+)*|ld-linux-[a-z0-9-]+\.so\.\d"
)


def readelf(option, path):
    if not shutil.which("readelf"):
        pytest.skip("readelf is not installed")
    return subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def library(sageattention):
    return sageattention._library.find()


def test_needs_neither_python_nor_cuda(library):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", library))
    assert {"libsageattention.so", "libtorch_cpu.so", "libc10.so"} <= set(needed)
    assert [name for name in needed if not ALLOWED.fullmatch(name)] == []


def test_uses_no_python_symbols(library):
    undefined = re.findall(r"UND (\S+)", readelf("--dyn-syms", library))
    assert undefined
    assert [name for name in undefined if re.match(r"_?Py|cuda|cu[A-Z]", name)] == []


def test_finds_its_neighbour_wherever_it_lies(library):
    paths = re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.+)\]", readelf("-d", library))
    assert all(path.startswith("$ORIGIN") for path in paths[0].split(":"))


def test_carries_no_path_of_the_build_machine(library):
    content = library.read_bytes()
    assert not re.search(rb"/[\x21-\x7e]*/(csrc/torch|torch/include)/", content)
