"""The wheel lane of the support matrix: the rows of `variants/wheels.yaml`, one cell per wheel."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from feedstock import capabilities
from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from feedstock.published import Published, without_operators
from feedstock.tables import digits, mapping, order, read, version, versions, whole

PLATFORMS = ("linux_x86_64", "linux_aarch64", "win_amd64")

# Of file names. Each distribution has its own, see WheelCell.style.
STYLES = ("build-tag", "local-version")

# The folder of each distribution, relative to the repository: its pyproject.toml, csrc/ and csrc/torch/.
SOURCES = {"sageattention": ".", "sageattn3": "sageattention3_blackwell"}


@dataclass(frozen=True)
class WheelCell:
    """One wheel: a distribution for a PyTorch release, a CUDA version, a Python and a platform."""

    set: str
    distribution: str
    version: str
    pytorch: str
    cuda: str
    pytorch_cuda: str
    python: str
    platform: str
    gcc: str
    architectures: tuple

    @property
    def key(self) -> tuple:
        return (self.distribution, self.pytorch, self.cuda, self.python, self.platform)

    @property
    def style(self) -> str:
        return "local-version" if self.distribution == "sageattn3" else "build-tag"

    @property
    def name(self) -> str:
        return self.file(self.style)

    @property
    def tag(self) -> str:
        return "cp" + digits(self.python)

    @property
    def build_tag(self) -> str:
        return f"{digits(self.pytorch)}.{digits(self.cuda)}"

    @property
    def local_version(self) -> str:
        """Of PyTorch with dots for sageattn3."""
        pytorch = self.pytorch if self.distribution == "sageattn3" else digits(self.pytorch)
        return f"cu{digits(self.cuda)}torch{pytorch}"

    def file(self, style: str, platform: str | None = None) -> str:
        """Its file name. `build-tag`: sageattention-2.2.0-280.129-cp312-cp312-linux_x86_64.whl; `local-version`:
        sageattention-2.2.0+cu129torch280-cp312-…. `platform`: another tag for the same machine, a manylinux one."""
        head = f"{self.version}-{self.build_tag}" if style == "build-tag" else f"{self.version}+{self.local_version}"
        return f"{self.distribution}-{head}-{self.tag}-{self.tag}-{platform or self.platform}.whl"

    @property
    def blocked(self) -> str:
        """Why it cannot be built from the sources as they are; empty if it can."""
        for name in ("csrc/CMakeLists.txt", "csrc/torch/CMakeLists.txt", "pyproject.toml"):
            if not (REPOSITORY / SOURCES[self.distribution] / name).is_file():
                return f"{SOURCES[self.distribution]}/{name} does not exist yet"
        return without_operators(self.pytorch)


def load(file: Path, published: Published, distributions: dict, architectures: dict, conda: tuple) -> tuple:
    """Every wheel, in the order of the file; PyTorch and Python newest first within a row as they are listed there.
    `distributions`: the version of each; `architectures`: what each is for where the file says nothing else; `conda`:
    the PyTorch versions of the conda lane."""
    where = str(file)
    content = mapping(read(file), where, ("cuda", "sets", "current"), optional=())
    toolchains = {key: read_toolchain(value, f"{where}: cuda {key}") for key, value in content["cuda"].items()}
    shared = {name: read_capabilities(value, name) for name, value in architectures.items()}
    reader = Reader(published, toolchains, distributions, shared, conda)
    cells = []
    for name, rows in mapping(content["sets"], f"{where}: sets").items():
        if not isinstance(rows, list):
            raise FeedstockError(f"{where}: {name} holds {rows!r}; expected a list of rows")
        for number, row in enumerate(rows, 1):
            cells += reader.row(name, row, f"{where}: {name}, row {number}")
    cells += reader.current(content["current"], f"{where}: current")
    return unique(cells, where)


def read_toolchain(value, where: str) -> dict:
    """`architectures` is about sageattention."""
    mapping(value, where, ("gcc",), optional=("architectures",))
    own = {"sageattention": read_capabilities(value["architectures"], where)} if "architectures" in value else {}
    return {"gcc": whole(value["gcc"], f"{where} gcc"), "architectures": own}


def read_capabilities(value, where: str) -> tuple:
    return versions(value.split() if isinstance(value, str) else [value], f"{where} architectures")


@dataclass
class Reader:
    """Turns rows into cells."""

    published: Published
    toolchains: dict
    distributions: dict
    architectures: dict
    conda: tuple

    def row(self, name: str, row, where: str) -> list:
        mapping(row, where, ("pytorch", "cuda", "python"), optional=("distribution", "pytorch_cuda", "architectures"))
        distribution = row.get("distribution", "sageattention")
        if distribution not in self.distributions:
            raise FeedstockError(
                f"{where}: unknown distribution {distribution}; known: {', '.join(self.distributions)}"
            )
        pytorch = version(row["pytorch"], f"{where} pytorch", numbers=3)
        pythons = versions(row["python"], f"{where} python", numbers=2)
        own = read_capabilities(row["architectures"], where) if "architectures" in row else None
        cells = []
        for cuda in versions(row["cuda"], f"{where} cuda", numbers=2):
            beside = version(row.get("pytorch_cuda", cuda), f"{where} pytorch_cuda", numbers=2)
            for platform in self.platforms(pytorch, beside, where):
                cells += [self.cell(name, distribution, pytorch, cuda, beside, python, platform) for python in pythons]
        return [replace(cell, architectures=own) for cell in cells] if own else cells

    def current(self, row, where: str) -> list:
        """Every published combination of these versions and the CUDA versions that there is a toolchain for."""
        mapping(row, where, ("oldest", "ahead", "python"), optional=())
        oldest = order(version(row["oldest"], f"{where} oldest", numbers=2))
        ahead = versions(row["ahead"], f"{where} ahead", numbers=2) if row["ahead"] else ()
        # An unknown one of the conda lane is a problem there.
        following = {number for number in self.conda if order(number) >= oldest and self.published.of(number)}
        pythons = versions(row["python"], f"{where} python", numbers=2)
        cells = []
        for number in sorted(following.union(ahead), key=order, reverse=True):
            entry = self.published.of(number)
            if entry is None:
                raise FeedstockError(f"{where}: {self.published.without_pytorch(number)}")
            for cuda in (cuda for cuda in entry.cuda if cuda in self.toolchains):
                for platform in self.platforms(number, cuda, where):
                    supported = [python for python in reversed(pythons) if python in entry.python]
                    cells += [
                        self.cell("current", "sageattention", entry.release, cuda, cuda, python, platform)
                        for python in supported
                    ]
        return cells

    def platforms(self, pytorch: str, cuda: str, where: str) -> list:
        entry = self.published.of(pytorch)
        if entry is None:
            raise FeedstockError(f"{where}: {self.published.without_pytorch(pytorch)}")
        # Only ARM may be absent: a missing build for the other two is a mistake in the row, which `problems` names.
        return [platform for platform in PLATFORMS if not platform.endswith("aarch64") or cuda in entry.cuda_aarch64]

    def cell(self, name, distribution, pytorch, cuda, beside, python, platform) -> WheelCell:
        toolchain = self.toolchains.get(cuda, {"gcc": "", "architectures": {}})
        return WheelCell(
            set=name,
            distribution=distribution,
            version=self.distributions[distribution],
            pytorch=pytorch,
            cuda=cuda,
            pytorch_cuda=beside,
            python=python,
            platform=platform,
            gcc=toolchain["gcc"],
            architectures=toolchain["architectures"].get(distribution, self.architectures[distribution]),
        )


def unique(cells: list, where: str) -> tuple:
    seen = {}
    for cell in cells:
        other = seen.setdefault(cell.key, cell)
        if other is not cell:
            raise FeedstockError(f"{where}: {cell.name} is asked for twice, in '{other.set}' and in '{cell.set}'")
    return tuple(cells)


def problems(cell: WheelCell, published: Published) -> list:
    """Why a wheel cannot exist."""
    reasons = [
        published.without_release(cell.pytorch),
        published.without_wheel_cuda(cell.pytorch, cell.pytorch_cuda, cell.platform),
        published.without_python(cell.pytorch, cell.python),
    ]
    if cell.cuda.split(".")[0] != cell.pytorch_cuda.split(".")[0] or order(cell.cuda) < order(cell.pytorch_cuda):
        reasons.append(f"kernels for CUDA {cell.cuda} do not run beside a PyTorch for CUDA {cell.pytorch_cuda}")
    if not cell.gcc:
        return [*filter(None, reasons), f"variants/wheels.yaml does not say how to compile for CUDA {cell.cuda} (cuda)"]
    reasons += capabilities.problems(cell.distribution, cell.cuda, cell.architectures, published)
    if cell.platform.startswith("linux"):
        reasons.append(published.without_gcc(cell.cuda, cell.gcc))
    return [reason for reason in reasons if reason]


def with_architectures(cells: list, text: str, published: Published) -> list:
    """The cells with compute capabilities of one's own, written as torch's extensions take them: 8.9;12.0"""
    wanted = tuple(word for word in re.split(r"[;,\s]+", text) if word)
    for word in wanted:
        if word.endswith("+PTX"):
            raise FeedstockError(f"{word}: these kernels are machine code, there is no PTX to keep; write {word[:-4]}")
    for cell in cells:
        reasons = capabilities.impossible(cell.distribution, cell.cuda, wanted, published)
        if reasons:
            raise FeedstockError(f"{cell.name} cannot be built for {', '.join(wanted)}: {'; '.join(reasons)}")
    return [replace(cell, architectures=wanted) for cell in cells]
