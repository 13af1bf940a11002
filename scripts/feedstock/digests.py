"""Digests of the sources. They are variant keys, so an edit gives another build string: a stale package cannot be kept.

Several keys, so that an edit rebuilds no more than it must: kernels (minutes), operators and Python (seconds) of each
distribution, recipe.
"""

import hashlib
from pathlib import Path

from feedstock.paths import REPOSITORY

# What each key covers, relative to the repository.
COVERAGE = {
    "kernel_digest": ["csrc", "recipe/build_kernels.sh", "recipe/build_kernels.bat"],
    "operator_digest": [
        *("csrc/torch", "csrc/cmake/sbom.cmake", "sageattention"),
        *("recipe/build_package.sh", "recipe/build_package.bat"),
    ],
    "sageattn3_kernel_digest": [
        *("csrc/common", "csrc/quant/rows.cuh", "csrc/cmake", "sageattention3_blackwell/csrc"),
        *("recipe/build_kernels.sh", "recipe/build_kernels.bat"),
    ],
    "sageattn3_operator_digest": [
        *("csrc/torch/shared", "csrc/torch/cmake", "csrc/cmake/sbom.cmake", "sageattention3_blackwell/csrc/torch"),
        *("sageattention3_blackwell/sageattn3", "recipe/build_package.sh", "recipe/build_package.bat"),
    ],
    "recipe_digest": ["recipe", "LICENSE"],
}
LEFT_OUT = {"kernel_digest": "csrc/torch", "sageattn3_kernel_digest": "sageattention3_blackwell/csrc/torch"}


def source_digests(repository: Path = REPOSITORY) -> dict:
    return {key: digest(repository, roots, LEFT_OUT.get(key)) for key, roots in COVERAGE.items()}


def of_wheels(distribution: str, repository: Path = REPOSITORY) -> str:
    """All that is compiled and packed into the wheels of a distribution."""
    prefix = "" if distribution == "sageattention" else f"{distribution}_"
    keys = [f"{prefix}kernel_digest", f"{prefix}operator_digest"]
    return hashlib.sha256("".join(source_digests(repository)[key] for key in keys).encode()).hexdigest()[:16]


def digest(repository: Path, roots: list, left_out: str | None = None) -> str:
    """Names and contents of the files below the roots; modes and times do not count."""
    value = hashlib.sha256()
    for file in sorted(file for root in roots for file in files_below(repository / root)):
        name = file.relative_to(repository).as_posix()
        if left_out is None or not name.startswith(left_out + "/"):
            value.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return value.hexdigest()[:16]


def files_below(root: Path) -> list:
    if root.is_file():
        return [root]
    return [file for file in root.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
