"""Importing with a library that is missing, foreign or damaged: an ImportError that names the cause and the remedy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

FILE_NAME = "sageattention_torch.dll" if sys.platform == "win32" else "libsageattention_torch.so"
HERE = ".".join(torch.__version__.split(".")[:2])


@pytest.fixture
def built_library(sageattention):
    return sageattention._library.find()


@pytest.fixture
def assert_import_error(package_folder):
    """Imports the package in a new process that has one directory to load the library from, and reads its error."""

    def check(directory: Path, *words: str):
        environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        environment.update(SAGEATTENTION_LIBRARY_DIR=str(directory), PYTHONPATH=str(package_folder.parent))
        command = [sys.executable, "-c", "import sageattention"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 1
        error = result.stderr[result.stderr.rindex("ImportError: ") :]
        assert re.search(".*".join(re.escape(word) for word in words), error, re.DOTALL), error

    return check


def test_missing_library(assert_import_error, tmp_path):
    assert_import_error(tmp_path, "not found", str(tmp_path / FILE_NAME), "Reinstall", "SAGEATTENTION_LIBRARY_DIR")


def test_library_for_another_torch(assert_import_error, tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"\x7fELF...sageattention_torch_built_for=1.5.0\0...")
    assert_import_error(
        tmp_path,
        f"built for torch 1.5, found torch {torch.__version__}",
        f"Install a sageattention package that was built for torch {HERE}",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="libstdc++ has two ABIs, MSVC's library has one")
def test_library_for_the_other_string_abi(assert_import_error, tmp_path):
    """torch 2.6 was published with both; a library for one of them fails in the other with a mangled name."""
    own = int(torch.compiled_with_cxx11_abi())
    marker = f"\x7fELF...sageattention_torch_built_for={HERE}.0 cxx11_abi={1 - own}\0..."
    (tmp_path / FILE_NAME).write_bytes(marker.encode())
    assert_import_error(tmp_path, f"_GLIBCXX_USE_CXX11_ABI={1 - own}", f"torch {torch.__version__} has {own}")


def test_library_without_a_marker(assert_import_error, tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"\x7fELF")
    assert_import_error(tmp_path, str(tmp_path / FILE_NAME), "damaged", "Reinstall")


def test_empty_library(assert_import_error, tmp_path):
    (tmp_path / FILE_NAME).touch()
    assert_import_error(tmp_path, str(tmp_path / FILE_NAME), "damaged", "Reinstall")


def test_truncated_library(assert_import_error, tmp_path):
    (tmp_path / FILE_NAME).write_bytes(f"\x7fELF...sageattention_torch_built_for={HERE}.0\0...".encode())
    assert_import_error(tmp_path, str(tmp_path / FILE_NAME), "could not be loaded", "reinstall")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' loader names no file in its message")
def test_missing_kernel_library(assert_import_error, tmp_path, built_library):
    shutil.copy(built_library, tmp_path / FILE_NAME)
    assert_import_error(tmp_path, "could not be loaded", "libsageattention.so", "reinstall")


def test_kernel_library_of_another_abi(sageattention, monkeypatch, tmp_path):
    library = sageattention._library
    information = {"version": "9.9.9", "abi_version": "7", "abi_version_expected": "1"}
    monkeypatch.setattr(torch.ops.sageattention, "build_information", lambda: information)
    with pytest.raises(ImportError, match=r"version 1 of the kernel library's ABI.*9\.9\.9.*version 7.*Reinstall"):
        library._check_kernel_library(tmp_path)


def test_the_library_says_what_it_was_built_for(sageattention, built_library):
    version, abi = sageattention._library.built_for(built_library)
    assert version == HERE
    assert abi == (None if sys.platform == "win32" else str(int(torch.compiled_with_cxx11_abi())))
