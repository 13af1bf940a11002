# Rendered from sageattention/_library.py by `feedstock rerender`: do not edit.
"""Finding and loading the operator library, and saying what is wrong when that fails.

The library is looked for in this order:

1. the directory in the environment variable <NAME>_LIBRARY_DIR (development: a build or install tree), where <NAME> is
   the package's in capitals: SAGEATTENTION_LIBRARY_DIR,
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

# Of the package, of its operators and, but for a prefix, of its libraries: this file serves sageattn3 as well.
NAME = __name__.partition(".")[0]
DIRECTORY_VARIABLE = f"{NAME.upper()}_LIBRARY_DIR"
_WINDOWS = sys.platform == "win32"
FILE_NAME = f"{NAME}_torch.dll" if _WINDOWS else f"lib{NAME}_torch.so"
# csrc/torch/shared/built_for.cpp: the only thing that can be read when the C++ ABI does not match.
_MARKER = re.compile(NAME.encode() + rb"_torch_built_for=(\d+\.\d+)(?:\.\d+)?(?: cxx11_abi=([01]))?")


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
        f"{NAME}: the operator library {FILE_NAME} was not found. Tried:{tried}\n"
        f"Reinstall the {NAME} package; when working from a source tree, build its csrc and csrc/torch and set "
        f"{DIRECTORY_VARIABLE} to the directory that holds the library."
    )


def _search_directories() -> list[Path]:
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    if chosen:  # chosen by name: nothing else may stand in for it
        return [Path(chosen)]
    prefix = Path(sys.prefix)
    return [Path(__file__).parent / "lib", prefix / "Library" / "bin" if _WINDOWS else prefix / "lib"]


def built_for(path: Path) -> tuple[str | None, str | None]:
    """The torch version ("2.13") that a library file was compiled for and, on Linux, its C++ ABI ("1": std::string as
    of C++11, "0": the older one), read without loading it. None is what the file does not say."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return None, None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            marker = _MARKER.search(content)
            found = marker.groups() if marker else (None, None)
    version, abi = (part.decode() if part else None for part in found)
    return version, abi


def _check_torch_version(path: Path) -> None:
    expected, abi = built_for(path)
    if expected is None:
        raise ImportError(
            f"{NAME}: {path} does not say which torch it was built for, so it is damaged or not the "
            f"operator library. Reinstall the {NAME} package."
        )
    found = ".".join(torch.__version__.split(".")[:2])
    if found != expected:
        raise ImportError(
            f"{NAME}: built for torch {expected}, found torch {torch.__version__}. Install a {NAME} "
            f"package that was built for torch {found}, or torch {expected}. (Library: {path})"
        )
    own = str(int(torch.compiled_with_cxx11_abi()))
    if abi not in (None, own):
        raise ImportError(
            f"{NAME}: built for torch {expected} with _GLIBCXX_USE_CXX11_ABI={abi}, but torch {torch.__version__} has "
            f"{own}: they cannot call each other. Use a torch for the CUDA version that the {NAME} package was built "
            f"for. (Library: {path})"
        )


def _load(path: Path) -> None:
    try:
        torch.ops.load_library(str(path))
    except OSError as error:
        # The dynamic loader's own sentence names the missing file or symbol; newer torch wraps it.
        reason = error.__cause__ or error
        raise ImportError(
            f"{NAME}: the operator library {path} could not be loaded: {reason}. "
            f"A library that is named as missing belongs to the {NAME} package or to torch: reinstall both "
            "from one source, for one CUDA version."
        ) from error


def _check_kernel_library(path: Path) -> None:
    information = getattr(torch.ops, NAME).build_information()
    found, expected = information["abi_version"], information["abi_version_expected"]
    if found != expected:
        raise ImportError(
            f"{NAME}: {path} was compiled for version {expected} of the kernel library's ABI, but the "
            f"lib{NAME} it found ({information['version']}) has version {found}. Reinstall both "
            f"lib{NAME} and {NAME} from one source."
        )
