"""Names for parts of the support matrix (`variants/profiles.yaml`), and the forms in which a part is printed."""

import json
import re
from pathlib import Path

from feedstock import tables
from feedstock.errors import FeedstockError

LANES = ("conda", "wheel")
FORMATS = ("table", "json", "github-matrix")

# conda's and the wheels' names for the same machines.
SAME = {"linux-64": "linux_x86_64", "linux-aarch64": "linux_aarch64", "win-64": "win_amd64"}

# Several at once.
SYSTEMS = {"linux": ("linux-64", "linux-aarch64"), "windows": ("win-64",), "all": tuple(SAME)}

# What must be equal for two cells to compete when a profile keeps the newest value of a key.
GROUPS = {
    "cuda": ("platform",),
    "pytorch": ("platform", "cuda"),
    "python": ("platform", "distribution", "pytorch", "cuda"),
}
FILTERS = ("set", *GROUPS)

# What one job of a workflow takes on: the cells that are equal in these.
JOBS = {
    "cell": None,
    "cuda": ("distribution", "cuda", "platform"),
    "pytorch": ("distribution", "pytorch", "cuda", "platform"),
}


def definitions(table, lane: str) -> dict:
    """Every profile of a lane: those that are written down, and those that follow from the table."""
    derived = {"all": {}}
    if lane == "conda":
        derived |= {f"cuda{cell.cuda.replace('.', '')}": {"cuda": cell.cuda} for cell in table.conda}
    for name in derived.keys() & table.profiles[lane].keys():
        where = f"{table.folder / 'profiles.yaml'}: {lane} {name}"
        raise FeedstockError(f"{where}: this profile follows from the table; expected another name")
    return {**table.profiles[lane], **derived}


def read(file: Path) -> dict:
    written = tables.mapping(tables.read(file), str(file), LANES, optional=())
    for lane in LANES:
        for name, narrowed in tables.mapping(written[lane], f"{file}: {lane}").items():
            where = f"{file}: {lane} {name}"
            if name in SYSTEMS or not re.fullmatch(r"[a-z][a-z0-9-]*", str(name)):
                raise FeedstockError(
                    f"{where}: expected a name of small letters, digits and dashes, and none of {', '.join(SYSTEMS)}"
                )
            tables.mapping(narrowed, where, optional=FILTERS)
            tables.texts({key: narrowed[key] for key in narrowed.keys() - GROUPS.keys()}, where)
            for key in narrowed.keys() & GROUPS.keys():
                if narrowed[key] != "newest":
                    tables.version(narrowed[key], f"{where} {key}")
    return written


def select(table, lane: str, profile: str = "all", platform: str | None = None) -> list:
    """The cells of a profile, in the order of the table."""
    known = definitions(table, lane)
    if profile not in known:
        elsewhere = [other for other in LANES if profile in definitions(table, other)]
        hint = f"; it is one of --lane {elsewhere[0]}" if elsewhere else ""
        raise FeedstockError(f"unknown {lane} profile '{profile}'{hint}; known: {', '.join(known)}")
    wanted = platforms_of(lane, platform or "all")
    cells = [cell for cell in table.lane(lane) if cell.platform in wanted]
    for key, value in known[profile].items():
        cells = newest(cells, key) if value == "newest" else [cell for cell in cells if matches(cell, key, value)]
    return cells


def matches(cell, key: str, value: str) -> bool:
    """Versions match by their first numbers: 2.8 is any 2.8.x."""
    present = getattr(cell, key)
    return present == value or present.startswith(value + ".")


def narrowed(cells: list, key: str, wanted: list) -> list:
    """The cells with one of these values; None stands for any."""
    found = [cell for cell in cells if any(value is None or matches(cell, key, value) for value in wanted)]
    if not found:
        there = dict.fromkeys(getattr(cell, key) for cell in cells)
        asked = ", ".join(value for value in wanted if value)
        raise FeedstockError(
            f"the table has no such wheel for this machine with {key} {asked}; it has {', '.join(there)}"
        )
    return found


def newest(cells: list, key: str) -> list:
    best = {}
    for cell in cells:
        group = group_of(cell, key)
        best[group] = max(best.get(group, "0"), getattr(cell, key), key=tables.order)
    return [cell for cell in cells if getattr(cell, key) == best[group_of(cell, key)]]


def group_of(cell, key: str) -> tuple:
    return tuple(getattr(cell, name, None) for name in GROUPS[key])


def platforms_of(lane: str, name: str) -> tuple:
    """The platforms that a name stands for: one, by either lane's name, or those of a system."""
    return tuple(platform_of(lane, platform) for platform in SYSTEMS.get(name, (name,)))


def platform_of(lane: str, name: str) -> str:
    """Accepts either lane's name of a platform."""
    for conda, wheel in SAME.items():
        if name in (conda, wheel):
            return conda if lane == "conda" else wheel
    raise FeedstockError(f"unknown platform '{name}'; known: {', '.join([*SYSTEMS, *SAME, *SAME.values()])}")


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


def github_matrix(table, lane: str, cells: list, jobs: str = "cell") -> str:
    """One line for a job's `strategy.matrix`: what can be built, each entry with the machine and compilers for it."""
    cells = [cell for cell in cells if not cell.blocked]
    include = [flat(lane, cell) for cell in cells] if jobs == "cell" else grouped(cells, JOBS[jobs])
    for entry in include:
        entry["runner"] = table.workflows["runners"][platform_of("conda", entry["platform"])]
        entry["environment"] = environment(entry["cuda"])
    return json.dumps({"include": include}, separators=(",", ":"))


def flat(lane: str, cell) -> dict:
    lowered = {key.lower(): value for key, value in row(lane, cell).items() if key != "blocked"}
    return {**lowered, **({"distribution": cell.distribution} if lane == "wheel" else {})}


def grouped(cells: list, keys: tuple) -> list:
    """An entry per group, with the Pythons of its wheels."""
    groups = {}
    for cell in cells:
        group = tuple((key, getattr(cell, key)) for key in keys if hasattr(cell, key))
        groups.setdefault(group, set()).add(getattr(cell, "python", None))
    return [{**dict(group), **pythons(found)} for group, found in groups.items()]


def pythons(found: set) -> dict:
    return {} if found == {None} else {"pythons": " ".join(sorted(found, key=tables.order))}


def environment(cuda: str) -> str:
    """The environment of pixi.toml with the compilers for a CUDA version."""
    return f"cuda{cuda.replace('.', '')}"
