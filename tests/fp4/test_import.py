"""sageattn3 is a distribution of its own: it imports without sageattention, and its errors name its own files. The
module that loads libraries is sageattention's text; tests/attention/test_import.py tests the rest of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch


def run(sageattn3, program, **variables):
    """A new process that finds this sageattn3."""
    path = os.pathsep.join([str(Path(sageattn3.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)


def test_needs_no_sageattention(sageattn3):
    program = """
import sys
sys.modules["sageattention"] = None  # importing it raises
import torch, sageattn3
q = torch.randn(1, 1, 9, 64).half()
print(sageattn3.sageattn3_blackwell(q, q, q).shape)
"""
    answer = run(sageattn3, program)
    assert answer.returncode == 0, answer.stderr
    assert "[1, 1, 9, 64]" in answer.stdout


def test_both_live_in_one_process(sageattn3, sageattention):
    q = torch.randn(1, 1, 9, 64).half()
    assert sageattn3.sageattn3_blackwell(q, q, q).shape == sageattention.sageattn(q, q, q).shape


def test_a_missing_library_is_named(sageattn3, tmp_path):
    answer = run(sageattn3, "import sageattn3", SAGEATTN3_LIBRARY_DIR=str(tmp_path))
    assert answer.returncode == 1
    assert "sageattn3: the operator library" in answer.stderr
    assert str(tmp_path / sageattn3._library.FILE_NAME) in answer.stderr
    assert "SAGEATTN3_LIBRARY_DIR" in answer.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' loader names no file in its message")
def test_it_does_not_load_sageattentions_library(sageattn3):
    program = "import sageattn3; print(open('/proc/self/maps').read())"
    answer = run(sageattn3, program)
    assert "libsageattn3_torch.so" in answer.stdout
    assert "libsageattention" not in answer.stdout
