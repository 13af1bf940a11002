"""What output/ holds, and which variants its packages belong to."""

import re
from pathlib import Path

from feedstock import index, variants
from feedstock.errors import FeedstockError
from feedstock.paths import OUTPUT

# Python packages of the recipe; each has a kernel library beside it. The first one stands for a variant.
DISTRIBUTIONS = ("sageattention", "sageattn3")


def require_writable() -> None:
    """Asked before minutes of building, not after."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    probe = OUTPUT / ".writable"
    probe.touch()
    probe.unlink()


def channels(reporter) -> list:
    """The output channel, if anything has been built yet."""
    if not (OUTPUT / "noarch" / "repodata.json").exists():
        return []
    for aside in index.ensure(OUTPUT):
        reporter.note(f"{aside.stem} was damaged: build it again; the damaged file is now {aside}")
    return [OUTPUT.as_uri()]


def newest(channel: str):
    """The newest variant whose package is here; without any, the newest of this machine."""
    found = held()
    return found[0] if found else variants.default(channel)


def held() -> list:
    """The variants of this machine whose packages are here, newest first."""
    return [variant for variant in variants.native() if holds(variant)]


def holds(variant, name: str = DISTRIBUTIONS[0]) -> bool:
    return bool(packages(variant, name))


def packages(variant, name: str) -> list:
    """Files of a distribution's package for a variant."""
    return sorted(OUTPUT.glob(f"{variant.platform}/{name}-[0-9]*-{build_prefix(variant)}*.conda"))


def specs(variant, words: list, channel: str) -> list:
    """The plain name of a package stands for the build of the variant. The local channel has none of them."""
    words = words or [DISTRIBUTIONS[0]]
    for name in DISTRIBUTIONS:
        if name in words and channel == "local" and not holds(variant, name):
            raise FeedstockError(
                f"{OUTPUT} holds no {name} of {variant.name}: run `feedstock build` for this variant first"
            )
    return [f"{word} * {build_prefix(variant)}*" if word in DISTRIBUTIONS else word for word in words]


def build_prefix(variant) -> str:
    return f"cuda{variant.cuda}_torch{variant.pytorch}_".replace(".", "")


def variant_of(file: Path):
    """The variant that a file name tells; a library without PyTorch belongs to every variant of its CUDA version."""
    found = re.search(r"-cuda(\d+)(?:_torch(\d+))?_h", file.name)
    for variant in variants.native() if found else ():
        cuda, torch = variant.cuda.replace(".", ""), variant.pytorch.replace(".", "")
        if cuda == found[1] and found[2] in (None, torch):
            return variant
    raise FeedstockError(f"{file.name} does not belong to a variant of this machine; see `feedstock variants`")
