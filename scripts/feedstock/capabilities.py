"""Compute capabilities that a distribution can have kernels for, as its own build says, and why a cell of either lane
cannot be compiled for those that it asks for."""

import re
from functools import cache
from pathlib import Path

from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from feedstock.published import Published
from feedstock.tables import order

# Where the build of each distribution lists the capabilities that it accepts.
LISTS = {
    "sageattention": "csrc/cmake/architectures.cmake",
    "sageattn3": "sageattention3_blackwell/csrc/cmake/architectures.cmake",
}

# What a distribution is released for begins here: sageattn3 is for Blackwell, older GPUs emulate FP4 in test builds.
OLDEST_RELEASED = {"sageattn3": "10.0"}


@cache
def compiled(distribution: str, repository: Path = REPOSITORY) -> tuple:
    file = repository / LISTS[distribution]
    found = re.search(r"^set\(\w+_CAPABILITIES ([\d ]+)\)", file.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise FeedstockError(f"{file} lists no compute capabilities: expected set(<prefix>_CAPABILITIES 80 ...)")
    return tuple(f"{item[:-1]}.{item[-1]}" for item in found[1].split())


def problems(distribution: str, cuda: str, capabilities: tuple, published: Published) -> list:
    """Why the distribution cannot be released like this."""
    oldest = OLDEST_RELEASED.get(distribution, "0.0")
    first = published.architectures.get(oldest, {}).get("since", "0.0")
    if order(cuda) < order(first):
        return [
            f"{distribution} needs CUDA {first} or newer, not {cuda}: no older nvcc compiles for {oldest} (Blackwell)"
        ]
    older = [item for item in capabilities if order(item) < order(oldest)]
    reasons = [
        f"{distribution} is released for compute capability {oldest} and newer, not for {item}" for item in older
    ]
    return reasons + impossible(distribution, cuda, [item for item in capabilities if item not in older], published)


def impossible(distribution: str, cuda: str, capabilities: tuple, published: Published) -> list:
    """Why neither a release nor a test build can be compiled like this."""
    known = compiled(distribution)
    reasons = published.without_architectures(cuda, capabilities)
    unknown = [item for item in capabilities if item not in known]
    if unknown:
        there = f"there is {', '.join(known)}: {LISTS[distribution]}"
        reasons.append(f"{distribution} has no kernels for compute capability {', '.join(unknown)} ({there})")
    return reasons
