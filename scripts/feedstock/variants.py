"""The support matrix: reads `variants/` through rattler-build and names what it finds."""

import platform as machine
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rattler_build import JinjaConfig, PlatformConfig, VariantConfig
from ruamel.yaml import YAML

from feedstock.errors import FeedstockError
from feedstock.paths import VARIANTS

PLATFORMS = ("linux-64", "linux-aarch64", "win-64")
PACKAGE = VARIANTS / "package.yaml"


@dataclass(frozen=True)
class Variant:
    """One cell of the matrix: a platform, a CUDA version, a PyTorch version."""

    platform: str
    cuda: str
    pytorch: str
    file: Path

    @property
    def name(self) -> str:
        """As conda-smithy names it: platform and architecture, then the sorted loop keys with their values."""
        return f"{self.platform.replace('-', '_')}_cuda_compiler_version{self.cuda}pytorch{self.pytorch}"

    def config(self, overrides: dict) -> VariantConfig:
        """The rattler-build configuration of exactly this cell."""
        chosen = {"cuda_compiler_version": self.cuda, "pytorch": self.pytorch, **overrides}
        config = load(self.file, self.platform)
        return config.merge(VariantConfig({key: [value] for key, value in chosen.items()}))


def platform_config(platform: str) -> PlatformConfig:
    """Staging outputs are an experimental feature of the recipe format."""
    return PlatformConfig(target_platform=platform, build_platform=platform, host_platform=platform, experimental=True)


def load(file: Path, platform: str) -> VariantConfig:
    context = JinjaConfig(platform=platform_config(platform))
    try:
        return VariantConfig.from_files_with_context([PACKAGE, file], context)
    except Exception as error:
        raise FeedstockError(f"{file} is not a valid variant file: {error}") from error


def cuda_files() -> list:
    return sorted(VARIANTS.glob("cuda*.yaml"))


@cache
def matrix() -> tuple:
    """Every variant: newest CUDA first, then newest PyTorch, then platform."""
    cells = []
    for file in cuda_files():
        for platform in PLATFORMS:
            for cell in load(file, platform).combinations():
                cells.append(Variant(platform, cell["cuda_compiler_version"], cell["pytorch"], file))
    return tuple(sorted(cells, key=newest_first))


def newest_first(variant: Variant) -> tuple:
    numbers = [-int(part) for part in f"{variant.cuda}.{variant.pytorch}".split(".")]
    return (*numbers, PLATFORMS.index(variant.platform))


def select(name: str) -> Variant:
    for variant in matrix():
        if variant.name == name:
            return variant
    known = "\n  ".join(variant.name for variant in matrix())
    raise FeedstockError(f"unknown variant '{name}'; known variants:\n  {known}")


def native() -> list:
    """The variants that this machine can build without cross compilation."""
    here = current_platform()
    return [variant for variant in matrix() if variant.platform == here]


def current_platform() -> str:
    system, processor = machine.system(), machine.machine().lower()
    known = {("Linux", "x86_64"): "linux-64", ("Linux", "aarch64"): "linux-aarch64", ("Windows", "amd64"): "win-64"}
    if (system, processor) not in known:
        raise FeedstockError(f"no variant is built on {system} {processor}; supported: {', '.join(PLATFORMS)}")
    return known[system, processor]


def package_version() -> str:
    return str(load(cuda_files()[0], PLATFORMS[0])["sageattention_version"][0])


def local_releases() -> dict:
    """Which PyPI releases stand for what in the local channel."""
    return YAML(typ="safe").load(VARIANTS / "local-channel.yaml")
