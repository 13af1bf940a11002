"""The support matrix: reads `variants/` and names what it finds. The conda lane goes through rattler-build, which owns
the format of its files; the wheel lane is in wheel_lane.py, the facts that both are checked against in published.py."""

import platform as machine
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from rattler_build import JinjaConfig, PlatformConfig, VariantConfig

from feedstock import capabilities, profiles, tables, variant_files, wheel_lane, workflows
from feedstock.errors import FeedstockError
from feedstock.paths import VARIANTS
from feedstock.published import Published, without_operators

PLATFORMS = ("linux-64", "linux-aarch64", "win-64")

LOCAL_KEYS = ("cuda", "tools", "python", "testing")

# Keys that only conda-smithy's configurations hold.
SMITHY_KEYS = ("channel_sources", "channel_targets", "docker_image")

# Keys that a variant file may set; a misspelt one would be ignored by the engine.
KEYS = {
    *("c_compiler", "cxx_compiler", "cuda_compiler", "c_stdlib"),
    *("c_compiler_version", "cxx_compiler_version", "cuda_compiler_version", "c_stdlib_version"),
    *("pytorch", "pytorch_build", "python_min"),
    *("sageattention_version", "sageattention_build_number", "sageattention_architectures"),
    *("sageattn3_version", "sageattn3_build_number", "sageattn3_architectures"),
    *("kernel_digest", "operator_digest", "sageattn3_kernel_digest", "sageattn3_operator_digest", "recipe_digest"),
    *SMITHY_KEYS,
}


# What values look like that others are computed from, with an example of each.
FORMS = {
    r"\d+\.\d+": ("2.10", ("cuda_compiler_version", "pytorch", "python_min")),
    r"\d+(\.\d+){2,}((a|b|rc|\.post|\.dev)\d+)?": ("2.2.1", ("sageattention_version", "sageattn3_version")),
    r"\d+\.\d+( \d+\.\d+)*": ("8.0 9.0", ("sageattention_architectures", "sageattn3_architectures")),
    r"\d+": ("1", ("sageattention_build_number", "sageattn3_build_number")),
}

# Keys without which there is no package.
NEEDED = {"c_compiler", "cxx_compiler", "cuda_compiler", "c_stdlib"}
NEEDED |= {key for _, keys in FORMS.values() for key in keys} - {"cuda_compiler_version"}


@dataclass(frozen=True)
class Variant:
    """One cell of the conda lane: a platform, a CUDA version, a PyTorch version."""

    platform: str
    cuda: str
    pytorch: str
    file: Path

    @property
    def name(self) -> str:
        """As conda-smithy names it: platform and architecture, then the sorted loop keys with their values."""
        return f"{self.platform.replace('-', '_')}_cuda_compiler_version{self.cuda}pytorch{self.pytorch}"

    @property
    def blocked(self) -> str:
        """Why it cannot be built from the sources as they are: never, such a cell is not in the table."""
        return ""

    def config(self, overrides: dict) -> VariantConfig:
        """The rattler-build configuration of exactly this cell."""
        chosen = {"cuda_compiler_version": self.cuda, "pytorch": self.pytorch, **overrides}
        config = load(self.file, self.platform)
        return config.merge(VariantConfig({key: [value] for key, value in chosen.items()}))


class Table:
    """Both lanes and the facts behind them, as one folder holds them."""

    def __init__(self, folder: Path = VARIANTS):
        self.folder = folder

    def cuda_files(self) -> list:
        return sorted(self.folder.glob("cuda*.yaml"))

    @cached_property
    def conda(self) -> tuple:
        """Every variant: newest CUDA first, then newest PyTorch, then platform."""
        cells = []
        variant_files.check(self.folder / "package.yaml", KEYS)
        for file in self.cuda_files():
            variant_files.check(file, KEYS)
            before = len(cells)
            for platform in PLATFORMS:
                config = load(file, platform)
                # A file that is for some platforms gives its CUDA version to those only.
                if "cuda_compiler_version" in set(config.keys()):
                    check_forms(config, file)
                    cells += [
                        Variant(platform, cell["cuda_compiler_version"], cell["pytorch"], file)
                        for cell in combinations(config, file)
                    ]
            if len(cells) == before:
                raise FeedstockError(f"{file} gives no platform a cuda_compiler_version")
        names = [cell.name for cell in cells]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FeedstockError(f"{self.folder}: two variant files, or two rows of one, make {', '.join(twice)}")
        return tuple(sorted(cells, key=newest_first))

    @cached_property
    def published(self) -> Published:
        return Published(self.folder / "published.yaml")

    @cached_property
    def wheels(self) -> tuple:
        newest = self.conda[0].config({})
        shared = {name: newest[f"{name}_architectures"][0] for name in wheel_lane.SOURCES}
        versions = {name: self.version(name) for name in wheel_lane.SOURCES}
        pytorch = tuple(dict.fromkeys(cell.pytorch for cell in self.conda))
        return wheel_lane.load(self.folder / "wheels.yaml", self.published, versions, shared, pytorch)

    @cached_property
    def profiles(self) -> dict:
        return profiles.read(self.folder / "profiles.yaml")

    @cached_property
    def workflows(self) -> dict:
        return workflows.read(self.folder / "workflows.yaml")

    @property
    def package_version(self) -> str:
        return self.version("sageattention")

    def version(self, distribution: str) -> str:
        return str(self.package(f"{distribution}_version"))

    def package(self, key: str):
        """A value that every variant shares."""
        config = load(self.cuda_files()[0], PLATFORMS[0])
        if key not in set(config.keys()):
            raise FeedstockError(f"{self.folder}/package.yaml: {key} is missing")
        return config[key][0]

    @property
    def local_releases(self) -> dict:
        """Which PyPI releases stand for what in the local channel."""
        file = self.folder / "local-channel.yaml"
        content = tables.mapping(tables.read(file), str(file), LOCAL_KEYS, optional=())
        for cuda, releases in tables.mapping(content["cuda"], f"{file}: cuda").items():
            tables.version(cuda, f"{file}: cuda", numbers=2)
            tables.releases(releases, f"{file}: cuda {cuda}", ("nvidia-cuda-nvcc", "nvidia-cuda-runtime"))
        tables.releases(content["tools"], f"{file}: tools", ("cmake", "ninja"))
        tables.releases(content["python"], f"{file}: python", ("pip", "setuptools"))
        tables.words(content["testing"], f"{file}: testing")
        return {**content, "pytorch": self.published.releases()}

    def lane(self, name: str) -> tuple:
        return self.conda if name == "conda" else self.wheels

    def problems(self) -> list:
        """A sentence for every cell that cannot exist, and for every profile that means none. Files that are wrong in
        themselves are errors."""
        workflows.refuse_unknown(self)
        len(self.local_releases)
        found = [f"{cell.name}: {reason}" for cell in self.conda for reason in conda_problems(cell, self.published)]
        for cell in self.wheels:
            found += [f"{cell.name}: {reason}" for reason in wheel_lane.problems(cell, self.published)]
        for lane in profiles.LANES:
            empty = (name for name in self.profiles[lane] if not profiles.select(self, lane, name))
            found += [f"{name}: this profile of the {lane} lane holds nothing" for name in empty]
        return found


def conda_problems(variant: Variant, published: Published) -> list:
    """Why a conda package cannot exist."""
    unknown = published.without_pytorch(variant.pytorch)
    if unknown:
        return [unknown]
    config = variant.config({})
    reasons = [
        published.without_conda_pytorch(variant.pytorch, variant.cuda, variant.platform),
        without_operators(variant.pytorch),
    ]
    for distribution in wheel_lane.SOURCES:
        wanted = config[f"{distribution}_architectures"][0].split()
        reasons += capabilities.problems(distribution, variant.cuda, wanted, published)
    if variant.platform.startswith("linux"):
        gcc = (config.get("cxx_compiler_version") or [None])[0]
        reasons.append(published.without_gcc(variant.cuda, gcc) if gcc else f"{variant.file} names no gcc for Linux")
    return [reason for reason in reasons if reason]


@cache
def table() -> Table:
    return Table(VARIANTS)


def platform_config(platform: str) -> PlatformConfig:
    """Staging outputs are an experimental feature of the recipe format."""
    return PlatformConfig(target_platform=platform, build_platform=platform, host_platform=platform, experimental=True)


def load(file: Path, platform: str) -> VariantConfig:
    """What a variant file and the shared one beside it say for a platform."""
    context = JinjaConfig(platform=platform_config(platform))
    shared = file.parent / "package.yaml"
    try:
        config = VariantConfig.from_files_with_context([shared, file] if shared.exists() else [file], context)
    except Exception as error:
        raise FeedstockError(f"{file} is not a valid variant file: {error}") from error
    unknown = sorted(set(config.keys()) - KEYS)
    if unknown:
        raise FeedstockError(f"{file}: unknown key {', '.join(unknown)}; known: {', '.join(sorted(KEYS))}")
    return config


def combinations(config: VariantConfig, file: Path) -> list:
    try:
        return config.combinations()
    except Exception as error:
        counts = {key: len(config[key]) for zipped in config.zip_keys for key in zipped if key in set(config.keys())}
        listed = ", ".join(f"{key} {count}" for key, count in counts.items())
        raise FeedstockError(
            f"{file}: zip_keys: expected as many values of each key, found {listed}: {error}"
        ) from error


def check_forms(config: VariantConfig, file: Path) -> None:
    missing = sorted(NEEDED - set(config.keys()))
    if missing:
        raise FeedstockError(f"{file} and package.yaml beside it: {', '.join(missing)} is missing")
    for form, (example, keys) in FORMS.items():
        for key in keys:
            for value in config[key]:
                where = f"{file} and package.yaml beside it: {key}"
                if not re.fullmatch(form, str(value)):
                    raise FeedstockError(f"{where} cannot be '{value}'; expected something like {example}")
                if key.endswith("_architectures"):
                    wheel_lane.read_capabilities(value, where)


def published() -> Published:
    return table().published


def matrix() -> tuple:
    return table().conda


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


def default(channel: str = "local") -> Variant:
    """The newest variant of this machine; with the local channel, the newest whose CUDA compiler PyPI has."""
    with_compiler = [variant for variant in native() if variant.cuda in local_releases()["cuda"]]
    return with_compiler[0] if channel == "local" and with_compiler else native()[0]


def current_platform() -> str:
    system, processor = machine.system(), machine.machine().lower()
    known = {("Linux", "x86_64"): "linux-64", ("Linux", "aarch64"): "linux-aarch64", ("Windows", "amd64"): "win-64"}
    if (system, processor) not in known:
        raise FeedstockError(f"no variant is built on {system} {processor}; supported: {', '.join(PLATFORMS)}")
    return known[system, processor]


def package_version() -> str:
    return table().package_version


def local_releases() -> dict:
    return table().local_releases
