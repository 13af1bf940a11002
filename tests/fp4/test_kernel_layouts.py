"""The layouts and number formats of the FP4 kernels against the PTX ISA, as a C++ program of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "sageattention3_blackwell" / "csrc" / "tests" / "layout.cpp"


@pytest.mark.skipif(sys.platform == "win32", reason="calls the compiler in the Unix way")
def test_layouts_agree_with_the_isa(tmp_path):
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    program = tmp_path / "layout"
    command = [*compiler.split(), "-std=c++17", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
