"""The wheel lane of the support matrix: the rows of `variants/wheels.yaml`, one cell per wheel."""

from dataclasses import dataclass, replace
from pathlib import Path

from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from feedstock.published import Published, without_operators
from feedstock.tables import mapping, order, read, version, versions

PLATFORMS = ("linux_x86_64", "linux_aarch64", "win_amd64")

# Where the sources of each distribution are, relative to the repository.
SOURCES = {"sageattention": "sageattention", "sageattn3": "sageattention3_blackwell"}


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
    def name(self) -> str:
        return self.file(default_style(self.distribution))

    def file(self, style: str) -> str:
        """Its file name. `build-tag`: sageattention-2.2.0-280.129-cp312-cp312-linux_x86_64.whl; `local-version`:
        sageattention-2.2.0+cu129torch280-…, with dots in the PyTorch version for sageattn3."""
        torch, cuda = self.pytorch.replace(".", ""), self.cuda.replace(".", "")
        python = f"cp{self.python.replace('.', '')}"
        if style == "build-tag":
            head = f"{self.version}-{torch}.{cuda}"
        else:
            head = f"{self.version}+cu{cuda}torch{self.pytorch if self.distribution == 'sageattn3' else torch}"
        return f"{self.distribution}-{head}-{python}-{python}-{self.platform}.whl"

    @property
    def blocked(self) -> str:
        """Why it cannot be built from the sources as they are; empty if it can."""
        if not (REPOSITORY / SOURCES[self.distribution]).is_dir():
            return f"the sources of {self.distribution} are not in this repository ({SOURCES[self.distribution]})"
        return without_operators(self.pytorch)


def default_style(distribution: str) -> str:
    return "local-version" if distribution == "sageattn3" else "build-tag"


def load(file: Path, published: Published, package_version: str, architectures: str) -> tuple:
    """Every wheel, in the order of the file; PyTorch and Python newest first within a row as they are listed there."""
    where = str(file)
    content = mapping(read(file), where, ("cuda", "sageattn3_version", "sets", "current"), optional=())
    toolchains = {
        key: read_toolchain(value, architectures, f"{where}: cuda {key}") for key, value in content["cuda"].items()
    }
    sageattn3 = version(content["sageattn3_version"], f"{where}: sageattn3_version")
    reader = Reader(published, toolchains, {"sageattention": package_version, "sageattn3": sageattn3})
    cells = []
    for name, rows in content["sets"].items():
        for number, row in enumerate(rows, 1):
            cells += reader.row(name, row, f"{where}: {name}, row {number}")
    cells += reader.current(content["current"], f"{where}: current")
    return unique(cells, where)


def read_toolchain(value, architectures: str, where: str) -> dict:
    mapping(value, where, ("gcc",), optional=("architectures",))
    return {
        "gcc": str(value["gcc"]),
        "architectures": read_capabilities(value.get("architectures", architectures), where),
    }


def read_capabilities(value, where: str) -> tuple:
    return versions(value.split() if isinstance(value, str) else [value], f"{where} architectures")


@dataclass
class Reader:
    """Turns rows into cells."""

    published: Published
    toolchains: dict
    distributions: dict

    def row(self, name: str, row, where: str) -> list:
        mapping(row, where, ("pytorch", "cuda", "python"), optional=("distribution", "pytorch_cuda", "architectures"))
        distribution = row.get("distribution", "sageattention")
        if distribution not in self.distributions:
            raise FeedstockError(
                f"{where}: unknown distribution {distribution}; known: {', '.join(self.distributions)}"
            )
        pytorch = version(row["pytorch"], where)
        pythons = versions(row["python"], f"{where} python")
        own = read_capabilities(row["architectures"], where) if "architectures" in row else None
        cells = []
        for cuda in versions(row["cuda"], f"{where} cuda"):
            beside = version(row.get("pytorch_cuda", cuda), where)
            for platform in self.platforms(pytorch, beside, where):
                cells += [self.cell(name, distribution, pytorch, cuda, beside, python, platform) for python in pythons]
        return [replace(cell, architectures=own) for cell in cells] if own else cells

    def current(self, row, where: str) -> list:
        """Every published combination of the listed versions and the CUDA versions that there is a toolchain for."""
        mapping(row, where, ("pytorch", "python"), optional=())
        pythons = versions(row["python"], f"{where} python")
        cells = []
        for number in versions(row["pytorch"], f"{where} pytorch"):
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
        toolchain = self.toolchains.get(cuda, {"gcc": "", "architectures": ()})
        return WheelCell(
            set=name,
            distribution=distribution,
            version=self.distributions[distribution],
            pytorch=pytorch,
            cuda=cuda,
            pytorch_cuda=beside,
            python=python,
            platform=platform,
            **toolchain,
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
        published.without_wheel_cuda(cell.pytorch, cell.pytorch_cuda, cell.platform),
        published.without_python(cell.pytorch, cell.python),
    ]
    if cell.cuda.split(".")[0] != cell.pytorch_cuda.split(".")[0] or order(cell.cuda) < order(cell.pytorch_cuda):
        reasons.append(f"kernels for CUDA {cell.cuda} do not run beside a PyTorch for CUDA {cell.pytorch_cuda}")
    if not cell.gcc:
        return [*filter(None, reasons), f"variants/wheels.yaml does not say how to compile for CUDA {cell.cuda} (cuda)"]
    reasons += published.without_architectures(cell.cuda, cell.architectures)
    if cell.platform.startswith("linux"):
        reasons.append(published.without_gcc(cell.cuda, cell.gcc))
    return [reason for reason in reasons if reason]
