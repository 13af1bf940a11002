"""Digests of the sources. They are variant keys, so an edit gives another build string: a stale package cannot be kept.

Several keys, so that an edit rebuilds no more than it must: kernels (minutes), operators and Python (seconds) of each
distribution, recipe.
"""

import hashlib
from functools import cache
from pathlib import Path

from feedstock.paths import REPOSITORY
from feedstock.wheel_lane import SOURCES

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


def of_wheel(cell) -> str:
    """All that is compiled and packed into a wheel, and for which compute capabilities."""
    return of_distribution(cell.distribution, cell.architectures)


@cache
def of_distribution(distribution: str, architectures: tuple) -> str:
    prefix = "" if distribution == "sageattention" else f"{distribution}_"
    project = f"{SOURCES[distribution]}/pyproject.toml"
    roots = {root for kind in ("kernel", "operator") for root in COVERAGE[f"{prefix}{kind}_digest"]}
    roots = {root for root in roots if not root.startswith("recipe/")} | {project, "LICENSE", "scripts/wheel"}
    content = f"{digest(REPOSITORY, sorted(roots))} {' '.join(architectures)}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


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
