"""Checks the software bills of materials inside a product: csrc/cmake/sbom.cmake writes one for each library."""

import json
from pathlib import Path

from feedstock.tables import minor


def of_wheel(folder: Path, cell) -> list:
    """What is wrong with those of an unpacked wheel, in the folder of PEP 770, where other tools may add theirs."""
    if cell is None:
        return ["of an unknown wheel"]
    files = sorted(folder.glob("*.dist-info/sboms/lib*"))
    libraries = [f"lib{cell.distribution}", f"lib{cell.distribution}_torch"]
    return problems(files, libraries, cell.version, cell.cuda, minor(cell.pytorch))


def of_package(folder: Path) -> list:
    """What is wrong with those of an unpacked conda package."""
    about = json.loads((folder / "info/index.json").read_text(encoding="utf-8"))
    inputs = folder / "info/hash_input.json"
    variant = json.loads(inputs.read_text(encoding="utf-8")) if inputs.exists() else {}
    kernels = about["name"].startswith("lib")
    files = sorted([*folder.glob("share/sbom/*"), *folder.glob("Library/share/sbom/*")])
    library = about["name"] if kernels else f"lib{about['name']}_torch"
    return problems(
        files, [library], about["version"], variant.get("cuda_compiler_version", ""), variant.get("pytorch", "")
    )


def problems(files: list, libraries: list, version: str, cuda: str, pytorch: str) -> list:
    """One for each of the libraries, about this version, with its CUDA and PyTorch versions."""
    expected = {f"{library}.cdx.json" for library in libraries}
    found = {file.name for file in files}
    if found != expected:
        return [f"there is {', '.join(sorted(found)) or 'none'}, expected {', '.join(sorted(expected))}"]
    return [problem for file in files for problem in problems_of(file, version, cuda, pytorch)]


def problems_of(file: Path, version: str, cuda: str, pytorch: str) -> list:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        component = content["metadata"]["component"]
        parts = {part["name"]: part["version"] for part in content["components"]}
        tools = {tool["name"]: tool["version"] for tool in content["metadata"]["tools"]["components"]}
        said = (content["bomFormat"], component["name"], component["version"])
    except (ValueError, KeyError, TypeError) as error:
        return [f"{file.name} is no CycloneDX document: {type(error).__name__}: {error}"]
    library = file.name.removesuffix(".cdx.json")
    wrong = [] if said == ("CycloneDX", library, version) else [f"{file.name} is about {' '.join(said[1:])}"]
    if library.endswith("_torch"):
        return wrong + differs(file, "torch", parts.get("torch", "none"), pytorch)
    return [
        *wrong,
        *differs(file, "CUDA runtime", parts.get("CUDA runtime", "none"), cuda),
        *differs(file, "nvcc", tools.get("nvcc", "none"), cuda),
    ]


def differs(file: Path, what: str, found: str, wanted: str) -> list:
    return [] if minor(found) == wanted else [f"{file.name}: {what} {found}, expected {wanted}"]
