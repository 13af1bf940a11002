"""Finding and loading the operator library, and saying what is wrong when that fails.

The library is looked for in this order:

1. the directory in the environment variable SAGEATTENTION_LIBRARY_DIR (development: a build or install tree),
2. ``lib/`` inside this package (wheels),
3. the environment's own library directory (conda: ``<prefix>/lib``, on Windows ``<prefix>/Library/bin``).
"""

from __future__ import annotations

import mmap
import os
import re
import sys
from pathlib import Path

import torch

DIRECTORY_VARIABLE = "SAGEATTENTION_LIBRARY_DIR"
_WINDOWS = sys.platform == "win32"
FILE_NAME = "sageattention_torch.dll" if _WINDOWS else "libsageattention_torch.so"
# csrc/torch/built_for.cpp: the only thing that can be read when the C++ ABI does not match.
_MARKER = re.compile(rb"sageattention_torch_built_for=(\d+\.\d+)(?:\.\d+)?")


def load() -> Path:
    """Loads the operator library into torch and returns its path.

    Raises:
        ImportError: it is missing, was built for another torch, or cannot be loaded; the message says which.
    """
    path = find()
    _check_torch_version(path)
    _load(path)
    _check_kernel_library(path)
    return path


def find() -> Path:
    """Path of the operator library; ImportError with every place that was tried if there is none."""
    candidates = [directory / FILE_NAME for directory in _search_directories()]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    tried = "".join(f"\n  {candidate}" for candidate in candidates)
    raise ImportError(
        f"sageattention: the operator library {FILE_NAME} was not found. Tried:{tried}\n"
        "Reinstall the sageattention package; when working from a source tree, build csrc and csrc/torch and set "
        f"{DIRECTORY_VARIABLE} to the directory that holds the library."
    )


def _search_directories() -> list[Path]:
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    if chosen:  # chosen by name: nothing else may stand in for it
        return [Path(chosen)]
    prefix = Path(sys.prefix)
    return [Path(__file__).parent / "lib", prefix / "Library" / "bin" if _WINDOWS else prefix / "lib"]


def built_for(path: Path) -> str | None:
    """The torch version ("2.13") that a library file was compiled for, read without loading it."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            marker = _MARKER.search(content)
            return marker.group(1).decode() if marker else None


def _check_torch_version(path: Path) -> None:
    expected = built_for(path)
    if expected is None:
        raise ImportError(
            f"sageattention: {path} does not say which torch it was built for, so it is damaged or not the "
            "operator library. Reinstall the sageattention package."
        )
    found = ".".join(torch.__version__.split(".")[:2])
    if found != expected:
        raise ImportError(
            f"sageattention: built for torch {expected}, found torch {torch.__version__}. Install a sageattention "
            f"package that was built for torch {found}, or torch {expected}. (Library: {path})"
        )


def _load(path: Path) -> None:
    try:
        torch.ops.load_library(str(path))
    except OSError as error:
        # The dynamic loader's own sentence names the missing file or symbol; newer torch wraps it.
        reason = error.__cause__ or error
        raise ImportError(
            f"sageattention: the operator library {path} could not be loaded: {reason}. "
            "A library that is named as missing belongs to the sageattention package or to torch: reinstall both "
            "from one source, for one CUDA version."
        ) from error


def _check_kernel_library(path: Path) -> None:
    information = torch.ops.sageattention.build_information()
    found, expected = information["abi_version"], information["abi_version_expected"]
    if found != expected:
        raise ImportError(
            f"sageattention: {path} was compiled for version {expected} of the kernel library's ABI, but the "
            f"libsageattention it found ({information['version']}) has version {found}. Reinstall both "
            "libsageattention and sageattention from one source."
        )
