"""Names for parts of the support matrix (`variants/profiles.yaml`), and the forms in which a part is printed."""

import json
from pathlib import Path

from feedstock import tables
from feedstock.errors import FeedstockError

LANES = ("conda", "wheel")
FORMATS = ("table", "json", "github-matrix")

# conda's and the wheels' names for the same machines.
SAME = {"linux-64": "linux_x86_64", "linux-aarch64": "linux_aarch64", "win-64": "win_amd64"}

RUNNERS = {"linux-64": "ubuntu-24.04", "linux-aarch64": "ubuntu-24.04-arm", "win-64": "windows-2022"}

# What must be equal for two cells to compete when a profile keeps the newest value of a key.
GROUPS = {
    "cuda": ("platform",),
    "pytorch": ("platform", "cuda"),
    "python": ("platform", "distribution", "pytorch", "cuda"),
}
FILTERS = ("set", *GROUPS)


def definitions(table, lane: str) -> dict:
    """Every profile of a lane: those that are written down, and those that follow from the table."""
    derived = {"all": {}}
    if lane == "conda":
        derived |= {f"cuda{cell.cuda.replace('.', '')}": {"cuda": cell.cuda} for cell in table.conda}
    return {**table.profiles[lane], **derived}


def read(file: Path) -> dict:
    written = tables.mapping(tables.read(file), str(file), LANES, optional=())
    for lane in LANES:
        for name, narrowed in tables.mapping(written[lane], f"{file}: {lane}").items():
            tables.mapping(narrowed, f"{file}: {lane} {name}", optional=FILTERS)
    return written


def select(table, lane: str, profile: str = "all", platform: str | None = None) -> list:
    """The cells of a profile, in the order of the table."""
    known = definitions(table, lane)
    if profile not in known:
        raise FeedstockError(f"unknown {lane} profile '{profile}'; known: {', '.join(known)}")
    cells = [cell for cell in table.lane(lane) if platform is None or cell.platform == platform_of(lane, platform)]
    for key, value in known[profile].items():
        cells = newest(cells, key) if value == "newest" else [cell for cell in cells if matches(cell, key, value)]
    return cells


def matches(cell, key: str, value: str) -> bool:
    """Versions match by their first numbers: 2.8 is any 2.8.x."""
    present = getattr(cell, key)
    return present == value or present.startswith(value + ".")


def newest(cells: list, key: str) -> list:
    best = {}
    for cell in cells:
        group = group_of(cell, key)
        best[group] = max(best.get(group, "0"), getattr(cell, key), key=tables.order)
    return [cell for cell in cells if getattr(cell, key) == best[group_of(cell, key)]]


def group_of(cell, key: str) -> tuple:
    return tuple(getattr(cell, name, None) for name in GROUPS[key])


def platform_of(lane: str, name: str) -> str:
    """Accepts either lane's name of a platform."""
    for conda, wheel in SAME.items():
        if name in (conda, wheel):
            return conda if lane == "conda" else wheel
    raise FeedstockError(f"unknown platform '{name}'; known: {', '.join([*SAME, *SAME.values()])}")


def row(lane: str, cell) -> dict:
    """A cell as flat text."""
    if lane == "conda":
        return {"variant": cell.name, "platform": cell.platform, "CUDA": cell.cuda, "PyTorch": cell.pytorch}
    return {
        "wheel": cell.name,
        "platform": cell.platform,
        "CUDA": cell.cuda,
        "PyTorch": cell.pytorch,
        "Python": cell.python,
        "blocked": cell.blocked,
    }


def github_matrix(lane: str, cells: list) -> str:
    """One line for a job's `strategy.matrix`: the cells that can be built, each with its runner."""
    conda_names = {wheel: conda for conda, wheel in SAME.items()}
    include = []
    for cell in cells:
        if not cell.blocked:
            flat = {key.lower(): value for key, value in row(lane, cell).items() if key != "blocked"}
            if lane == "wheel":
                flat["distribution"] = cell.distribution
            include.append({**flat, "runner": RUNNERS[conda_names.get(cell.platform, cell.platform)]})
    return json.dumps({"include": include}, separators=(",", ":"))
