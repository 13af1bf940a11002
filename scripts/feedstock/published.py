"""What others publish and support, from `variants/published.yaml`, and why a cell of the table could not exist."""

import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from feedstock.tables import digits, mapping, minor, order, read, version, versions, whole

# What has to be known of a PyTorch.
FACTS = ("release", "python", "cuda", "cuda_aarch64")


@dataclass(frozen=True)
class PyTorch:
    """One minor version of PyTorch as its project publishes it."""

    release: str
    python: tuple
    cuda: tuple
    cuda_aarch64: tuple
    two_string_abis: bool = False

    def cuda_on(self, platform: str) -> tuple:
        return self.cuda_aarch64 if platform.endswith("aarch64") else self.cuda


class Published:
    """The facts, checked for form. Every method named `without_…` returns a reason, or an empty string."""

    def __init__(self, file: Path):
        content = mapping(
            read(file),
            str(file),
            ("pytorch", "pytorch_index", "conda_forge", "architectures", "nvcc_newest_gcc"),
            optional=(),
        )
        self.pytorch_index = content["pytorch_index"]
        self.pytorch = {
            version(number, f"{file}: pytorch", numbers=2): read_pytorch(number, entry, f"{file}: pytorch {number}")
            for number, entry in content["pytorch"].items()
        }
        where = f"{file}: conda_forge"
        conda = mapping(content["conda_forge"], where, ("oldest_pytorch", "cuda"), optional=())
        self.conda_oldest_pytorch = version(conda["oldest_pytorch"], where)
        self.conda_cuda = {key: versions(value, f"{where} {key}") for key, value in conda["cuda"].items()}
        self.architectures = {
            key: mapping(value, f"{file}: architectures {key}", ("since",), optional=("until",))
            for key, value in content["architectures"].items()
        }
        for key, value in self.architectures.items():
            for bound in value:
                version(value[bound], f"{file}: architectures {key} {bound}")
        gcc = mapping(content["nvcc_newest_gcc"], f"{file}: nvcc_newest_gcc")
        self.newest_gcc = {key: whole(value, f"{file}: nvcc_newest_gcc {key}") for key, value in gcc.items()}

    def releases(self) -> dict:
        """Newest release of every PyTorch."""
        return {number: entry.release for number, entry in self.pytorch.items()}

    def of(self, pytorch: str) -> PyTorch | None:
        return self.pytorch.get(minor(pytorch))

    def build_to_link(self, cell) -> str:
        """Which of the builds on PyTorch's index to compile a wheel against: the small one, if they are alike."""
        return f"cu{digits(cell.pytorch_cuda)}" if self.of(cell.pytorch).two_string_abis else "cpu"

    def without_pytorch(self, pytorch: str) -> str:
        if self.of(pytorch):
            return ""
        newest = max(self.pytorch, key=order)
        facts = asdict(self.pytorch[newest])
        example = ", ".join(f"{key}: {json.dumps(facts[key])}" for key in FACTS)
        known = ", ".join(self.pytorch)
        return (
            f"variants/published.yaml knows no PyTorch {minor(pytorch)} (there is {known}): add what its project "
            f'publishes there first, as it is for "{newest}": {{{example}}}'
        )

    def without_release(self, pytorch: str) -> str:
        newest = self.of(pytorch).release
        if order(pytorch) <= order(newest):
            return ""
        return f"there is no PyTorch {pytorch}: {newest} is the newest {minor(pytorch)} (variants/published.yaml)"

    def without_wheel_cuda(self, pytorch: str, cuda: str, platform: str) -> str:
        known = self.of(pytorch).cuda_on(platform)
        if cuda in known:
            return ""
        return f"PyTorch {pytorch} is not published for CUDA {cuda} on {platform} (there is {', '.join(known)})"

    def without_python(self, pytorch: str, python: str) -> str:
        known = self.of(pytorch).python
        if python in known:
            return ""
        side = "old" if order(python) < order(known[0]) else "new"
        return f"Python {python} is too {side} for PyTorch {pytorch} ({known[0]} to {known[-1]})"

    def without_conda_pytorch(self, pytorch: str, cuda: str, platform: str) -> str:
        if order(pytorch) < order(self.conda_oldest_pytorch):
            return f"conda-forge has PyTorch for these CUDA versions from {self.conda_oldest_pytorch} on, not {pytorch}"
        built = self.conda_cuda.get(platform, ())
        usable = [item for item in built if same_major(item, cuda) and order(item) <= order(cuda)]
        if usable:
            return ""
        there = ", ".join(built) or "none"
        return f"conda-forge has no PyTorch for CUDA {cuda} on {platform}, nor for an older {major(cuda)}.x ({there})"

    def without_architectures(self, cuda: str, capabilities: list) -> list:
        reasons = []
        for capability in capabilities:
            entry = self.architectures.get(capability)
            if entry is None:
                reasons.append(f"variants/published.yaml knows no compute capability {capability}")
            elif order(cuda) < order(entry["since"]):
                reasons.append(
                    f"nvcc {cuda} does not compile for {capability}: {entry['since']} is the first that does"
                )
            elif "until" in entry and order(cuda) > order(entry["until"]):
                reasons.append(f"nvcc {cuda} does not compile for {capability}: {entry['until']} was the last that did")
        return reasons

    def without_gcc(self, cuda: str, gcc: str) -> str:
        newest = self.newest_gcc.get(cuda)
        if newest is None:
            return f"variants/published.yaml does not say which gcc nvcc {cuda} accepts (nvcc_newest_gcc)"
        if int(gcc) > int(newest):
            return f"gcc {gcc} is too new for nvcc {cuda}: it accepts up to {newest}"
        return ""


def read_pytorch(number: str, entry, where: str) -> PyTorch:
    mapping(entry, where, FACTS, optional=("two_string_abis",))
    lists = {key: versions(entry[key], f"{where} {key}") for key in ("python", "cuda", "cuda_aarch64")}
    release = version(entry["release"], f"{where} release", numbers=3)
    if minor(release) != number:
        raise FeedstockError(f"{where}: expected a release of {number}, found {release!r}")
    return PyTorch(release, **lists, two_string_abis=bool(entry.get("two_string_abis")))


def major(text: str) -> str:
    return text.split(".")[0]


def same_major(first: str, second: str) -> bool:
    return major(first) == major(second)


@cache
def oldest_operator_pytorch(repository: Path = REPOSITORY) -> str:
    """The oldest PyTorch that the operator library can be compiled for, as its own build says."""
    file = repository / "csrc" / "torch" / "CMakeLists.txt"
    found = re.search(r"find_package\(LibTorch ([\d.]+)", file.read_text(encoding="utf-8"))
    if not found:
        raise FeedstockError(f"{file} does not say which PyTorch it needs: expected find_package(LibTorch <version> …)")
    return found[1]


def without_operators(pytorch: str) -> str:
    """Why our own sources do not build for a PyTorch that exists."""
    oldest = oldest_operator_pytorch()
    if order(minor(pytorch)) >= order(oldest):
        return ""
    return f"the operator library needs PyTorch {oldest} or newer (csrc/torch/CMakeLists.txt)"
