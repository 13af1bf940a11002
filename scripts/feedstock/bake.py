"""`docker-bake.hcl`: a target for every wheel of the table, a test beside it, and groups that follow the profiles."""

from feedstock import profiles, tables
from feedstock.errors import FeedstockError

# Platforms as Docker names them, and what the names of our targets begin with.
PLATFORMS = {"linux_x86_64": "linux/amd64", "linux_aarch64": "linux/arm64", "win_amd64": "windows/amd64"}
PREFIXES = {"linux_x86_64": "linux", "linux_aarch64": "linux-aarch64", "win_amd64": "windows"}
# Both distributions are known by their generation, too.
GENERATIONS = {"sageattention": "sage2", "sageattn3": "sage3"}


def text(table, header: str, template) -> str:
    cells = [target(cell) for cell in table.wheels]
    default = targets(table, "default", "linux-64")
    if not default:
        raise FeedstockError("the wheel profile 'default' holds nothing for linux-64 (variants/profiles.yaml)")
    published = table.published
    return template("docker-bake.hcl").render(
        table.workflows,
        header=header,
        pytorch_index=published.pytorch_index,
        two_string_abis=[number for number, entry in published.pytorch.items() if entry.two_string_abis],
        cells=cells,
        standard=profiles.select(table, "wheel", "default", "linux-64")[0],
        example=default[0],
        groups={"default": default, **groups(table)},
        aliases=aliases(table),
    )


def target(cell) -> dict:
    system = "windows" if cell.platform.startswith("win") else "linux"
    chosen = {key: getattr(cell, key) for key in ("distribution", "pytorch", "cuda", "python")}
    return {**chosen, "name": name(cell), "system": system, "platform": PLATFORMS[cell.platform]}


def name(cell) -> str:
    """linux-pytorch28-cu129-python312. sageattn3 is built for the same PyTorch and CUDA: its targets are told apart."""
    return versions(cell) if cell.distribution == "sageattention" else alias(cell)


def alias(cell) -> str:
    """linux-sage2-pytorch28-cu129-python312"""
    prefix = PREFIXES[cell.platform]
    return versions(cell).replace(prefix, f"{prefix}-{GENERATIONS[cell.distribution]}", 1)


def aliases(table) -> dict:
    """Second names of targets and of their tests."""
    found = {alias(cell): name(cell) for cell in table.wheels if alias(cell) != name(cell)}
    return {**found, **{f"test-{second}": f"test-{first}" for second, first in found.items()}}


def versions(cell) -> str:
    pytorch, cuda, python = (number.replace(".", "") for number in (tables.minor(cell.pytorch), cell.cuda, cell.python))
    return f"{PREFIXES[cell.platform]}-pytorch{pytorch}-cu{cuda}-python{python}"


def targets(table, profile: str, platform: str) -> list:
    return [name(cell) for cell in profiles.select(table, "wheel", profile, platform)]


def groups(table) -> dict:
    """Every profile, whole and for each system; each system; the tests of them all. What `default` means on its own is
    one machine's: nobody builds for all systems at once."""
    found = {}
    for profile in profiles.definitions(table, "wheel"):
        for system in ("linux", "windows"):
            found[system if profile == "all" else f"{system}-{profile}"] = targets(table, profile, system)
        if profile != "default":
            found[profile] = targets(table, profile, "all")
    return {**found, "test-all": [f"test-{member}" for member in found["all"]]}
