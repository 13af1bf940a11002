"""The tables of README and `docs/build-matrix.md` that follow from `variants/`."""

import json

from feedstock import profiles, wheel_lane
from feedstock.paths import REPOSITORY
from feedstock.tables import order

# Records of bench programs; what bench/build_cost.py measures, as a table says it.
RESULTS = REPOSITORY / "bench" / "results"
COSTS = {"kernels": "kernels", "operators": "operators", "wheel": "one wheel"}


def table_of(heads: list, rows: list) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return (
        "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("| --- |", "|---|").replace(" --- |", "---|")
    )


def joined(values) -> str:
    return ", ".join(dict.fromkeys(values))


def conda_lane(table) -> str:
    """One row per CUDA version: what it is built with, and for which PyTorch, platforms and GPUs."""
    rows = []
    for cuda in dict.fromkeys(cell.cuda for cell in table.conda):
        cells = [cell for cell in table.conda if cell.cuda == cuda]
        capabilities = cells[0].config({})["sageattention_architectures"][0].split()
        toolchain = "; ".join(dict.fromkeys(map(toolchain_of, cells)))
        pytorch, platforms = joined(cell.pytorch for cell in cells), joined(cell.platform for cell in cells)
        rows.append([cuda, pytorch, platforms, joined(capabilities), toolchain])
    return table_of(["CUDA", "PyTorch", "platforms", "compute capabilities", "compilers"], rows)


def toolchain_of(variant) -> str:
    config = {key: values[0] for key, values in variant.config({}).to_dict().items()}
    if variant.platform.startswith("linux"):
        return f"gcc {config['cxx_compiler_version']} with glibc {config['c_stdlib_version']}"
    return config["cxx_compiler"]


def conda_cost(table) -> str:
    """How many compilations the conda lane takes."""
    rows, distributions = [], len(wheel_lane.SOURCES)
    for platform in dict.fromkeys(cell.platform for cell in table.conda):
        cells = [cell for cell in table.conda if cell.platform == platform]
        kernels, operators = distributions * len({cell.cuda for cell in cells}), distributions * len(cells)
        rows.append([platform, str(kernels), str(operators), str(kernels + operators)])
    heads = ["platform", "kernel builds (both libraries)", "operator builds (both distributions)", "packages"]
    return table_of(heads, rows)


def wheel_rows(table) -> str:
    """One row per PyTorch release and CUDA version of each set; reasons why one cannot be built yet stand below."""
    grouped = {}
    for cell in table.wheels:
        grouped.setdefault((cell.set, cell.distribution, cell.pytorch, cell.cuda), []).append(cell)
    reasons = list(dict.fromkeys(cell.blocked for cell in table.wheels if cell.blocked))
    rows = []
    for (name, distribution, pytorch, cuda), cells in grouped.items():
        pythons = sorted({cell.python for cell in cells}, key=order)
        builds = f"no ({reasons.index(cells[0].blocked) + 1})" if cells[0].blocked else "yes"
        platforms, capabilities = joined(cell.platform for cell in cells), joined(cells[0].architectures)
        rows.append([name, distribution, pytorch, cuda, joined(pythons), platforms, capabilities, builds])
    heads = ["set", "distribution", "PyTorch", "CUDA", "Python", "platforms", "compute capabilities", "builds now"]
    notes = "".join(f"\n({number}) {reason}\n" for number, reason in enumerate(reasons, 1))
    return table_of(heads, rows) + notes


def wheel_profiles(table) -> str:
    """What each profile holds on each platform."""
    rows = []
    for name in profiles.definitions(table, "wheel"):
        counts = [str(len(profiles.select(table, "wheel", name, platform))) for platform in wheel_lane.PLATFORMS]
        rows.append([f"`{name}`", *counts])
    return table_of(["profile", *wheel_lane.PLATFORMS], rows)


def conda_profiles(table) -> str:
    platforms = list(profiles.SAME)
    rows = []
    for name in profiles.definitions(table, "conda"):
        counts = [str(len(profiles.select(table, "conda", name, platform))) for platform in platforms]
        rows.append([f"`{name}`", *counts])
    return table_of(["profile", *platforms], rows)


def wheel_cost(table) -> str:
    """How many compilations the wheel lane takes, against one per wheel."""
    rows = []
    for platform in wheel_lane.PLATFORMS:
        cells = [cell for cell in table.wheels if cell.platform == platform]
        kernels = len({(cell.distribution, cell.cuda) for cell in cells})
        operators = len({(cell.distribution, cell.pytorch) for cell in cells})
        rows.append([platform, str(kernels), str(operators), str(len(cells))])
    return table_of(["platform", "kernel builds", "operator builds", "wheels"], rows)


def measured() -> dict:
    """The newest record of bench/build_cost.py for each distribution."""
    files = sorted(RESULTS.glob("*-build-cost-*.json"))
    records = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return {record["distribution"]: record for record in records}


def unit_costs(table) -> str:
    """What one build of each kind takes, as measured."""
    rows = []
    for name, record in measured().items():
        seconds = [record["cpu_seconds"][kind] for kind in COSTS]
        rows.append([name, record["cuda"], record["torch"], *map(minutes, seconds), record["date"], record["machine"]])
    heads = ["distribution", "CUDA", "PyTorch", *(f"{title}, CPU minutes" for title in COSTS.values())]
    return table_of([*heads, "measured", "machine"], rows)


def matrix_costs(table) -> str:
    """All of both lanes, each library compiled once, beside a compilation of both for every wheel or package. Only
    what wheels take to pack was measured: conda packages are counted without it."""
    known = {name: record["cpu_seconds"] for name, record in measured().items()}
    lanes = [("wheels", platform, wheel_builds(table, platform)) for platform in wheel_lane.PLATFORMS]
    lanes += [("conda packages", platform, conda_builds(table, platform)) for platform in profiles.SAME]
    rows, total = [], [0, 0, 0]
    for lane, platform, builds in lanes:
        builds = [build for build in builds if build[0] in known]
        shared = sum(known[name]["kernels"] for name, _ in {(name, cuda) for name, cuda, _ in builds})
        shared += sum(known[name]["operators"] for name, *_ in {(name, pytorch) for name, _, pytorch in builds})
        separate = sum(known[name]["kernels"] + known[name]["operators"] for name, *_ in builds)
        packing = sum(known[name]["wheel"] for name, *_ in builds) if lane == "wheels" else 0
        numbers = [len(builds), shared + packing, separate + packing]
        total = [sum(pair) for pair in zip(total, numbers, strict=True)]
        if builds:
            rows.append([lane, platform, *cost_of(*numbers)])
    heads = ["lane", "platform", "wheels or packages", "CPU minutes", "each compiled by itself", "which is"]
    return table_of(heads, [*rows, ["both", "all", *cost_of(*total)]])


def wheel_builds(table, platform: str) -> list:
    """Distribution, CUDA version and PyTorch of every wheel."""
    return [(cell.distribution, cell.cuda, cell.pytorch) for cell in table.wheels if cell.platform == platform]


def conda_builds(table, platform: str) -> list:
    """The same of every package with an operator library. Those of one PyTorch differ by CUDA version: it is compiled
    against each, because the engine builds every package by itself."""
    cells = [cell for cell in table.conda if cell.platform == platform]
    return [(name, cell.cuda, f"{cell.pytorch} {cell.cuda}") for name in wheel_lane.SOURCES for cell in cells]


def cost_of(files: int, shared: float, separate: float) -> list:
    return [f"{files:,}", minutes(shared), minutes(separate), f"{separate / max(shared, 1):.0f} times"]


def minutes(seconds: float) -> str:
    value = seconds / 60
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


# Marked blocks of each page.
PAGES = {
    "README.md": {"support": conda_lane},
    "docs/build-matrix.md": {
        "conda": conda_lane,
        "conda-profiles": conda_profiles,
        "conda-builds": conda_cost,
        "wheels": wheel_rows,
        "wheel-profiles": wheel_profiles,
        "wheel-builds": wheel_cost,
        "unit-costs": unit_costs,
        "matrix-costs": matrix_costs,
    },
}
