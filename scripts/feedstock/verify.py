"""Looks into finished wheels and conda packages: is what is inside what the name says?"""

import hashlib
import json
import re
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from packaging.metadata import Metadata
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from rattler.package_streaming import extract

from feedstock import sbom, variants
from feedstock.errors import FeedstockError
from feedstock.tables import digits, minor
from feedstock.verify_contents import foreign_to_package, foreign_to_wheel, records, version_module
from feedstock.verify_libraries import Check, agree, hygiene, kernels, operators, platform
from feedstock.wheel_lane import STYLES


def require(file: Path, cell=None) -> None:
    bad = [str(check) for check in verify(file, cell) if not check.good]
    if bad:
        raise FeedstockError(f"{file.name} is not what its name says:\n  " + "\n  ".join(bad))


def verify(file: Path, cell=None) -> list:
    """Every check of a file. Nothing is run from it."""
    require_product(file)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checks = []
        try:
            unpack(file, folder)
            checks.append(Check("archive", "can be read", True))
            checks += wheel(file, folder, cell) if file.suffix == ".whl" else package(file, folder)
            checks.append(bill_of_materials(file, folder, cell))
        except Exception as error:
            # Whatever a damaged file leads to is a finding about the file.
            reason = str(error) if isinstance(error, FeedstockError) else f"{type(error).__name__}: {error}"
            checks.append(Check("contents", f"cannot be read: {reason}", False))
        return checks


def require_product(file: Path) -> None:
    if file.is_dir():
        raise FeedstockError(f"{file} is a folder: name the files in it, as in {file}/*.whl or {file}/*.conda")
    if not file.is_file():
        raise FeedstockError(f"{file} does not exist")
    if file.suffix not in (".whl", ".conda"):
        raise FeedstockError(f"{file.name} is neither a wheel (.whl) nor a conda package (.conda)")


def unpack(file: Path, folder: Path) -> None:
    """Paths that leave the folder are refused, whatever the extractor would do with them."""
    if file.suffix == ".conda":
        extract(file, folder)
        return
    with zipfile.ZipFile(file) as archive:
        seen = set()
        for name in archive.namelist():
            path = PurePosixPath(name.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise FeedstockError(f"the path '{name}' leaves the archive")
            if path in seen:
                raise FeedstockError(f"the path '{name}' is there twice: what unpacks it decides which one counts")
            seen.add(path)
        broken = archive.testzip()
        if broken:
            raise FeedstockError(f"{broken} is damaged")
        archive.extractall(folder)


def wheel(file: Path, folder: Path, cell) -> list:
    try:
        name, version, build, tags = parse_wheel_filename(file.name)
    except InvalidWheelFilename as error:
        return [Check("name", f"{error}; expected a name that `feedstock variants --lane wheel` prints", False)]
    cell = cell or cell_of(file.name)
    unknown = "no wheel of the table has this name: see `feedstock variants --lane wheel`"
    known = f"a wheel of the table ({cell.set})" if cell else unknown
    checks = [Check("name", known, cell is not None)]
    infos = list(folder.glob("*.dist-info"))
    if len(infos) != 1:
        return [*checks, Check("metadata", f"{len(infos)} folders with metadata (*.dist-info), expected 1", False)]
    [info] = infos
    lacking = [part for part in ("METADATA", "WHEEL", "RECORD") if not (info / part).is_file()]
    if lacking:
        return [*checks, Check("metadata", f"{info.name} has no {', '.join(lacking)}", False)]
    metadata = Metadata.from_email((info / "METADATA").read_bytes(), validate=False)
    checks.append(agree("metadata", f"{metadata.name} {metadata.version}", f"{name} {version}"))
    notes = (info / "WHEEL").read_text()
    checks.append(agree("tags", listed(notes, "Tag"), " ".join(sorted(map(str, tags)))))
    checks.append(agree("build", listed(notes, "Build"), "".join(map(str, build))))
    checks += [records(folder, info), licence(info / "licenses"), foreign_to_wheel(folder, file.name)]
    checks.append(version_module(folder / str(name), version.public))
    if cell:
        requires = ", ".join(map(str, metadata.requires_dist or []))
        checks.append(agree("requirement", requires, f"torch=={minor(cell.pytorch)}.*"))
        accepted = metadata.requires_python
        fits = accepted is not None and accepted.contains(cell.python)
        checks.append(Check("Python", f"{accepted or 'any'} for {cell.python}", fits))
        checks += operators(folder, cell.distribution, minor(cell.pytorch))
        checks += kernels(folder, cell.distribution, cell.architectures, cell.cuda)
    return checks + platform(folder, tags) + hygiene(folder)


def listed(notes: str, key: str) -> str:
    """What WHEEL says, as one text."""
    return " ".join(sorted(re.findall(rf"^{key}: *(.*)", notes, re.MULTILINE)))


def cell_of(name: str):
    """The cell of the table that a file name belongs to, in any style, with its platform or a manylinux tag."""
    head, _, tag = name.removesuffix(".whl").rpartition("-")
    platform = re.sub(r"^manylinux_\d+_\d+_", "linux_", tag)
    for cell in variants.table().wheels:
        if f"{head}-{platform}.whl" in (cell.file(style) for style in STYLES):
            return cell
    return None


def package(file: Path, folder: Path) -> list:
    parts = file.stem.rsplit("-", 2)
    if len(parts) != 3:
        return [Check("name", f"{file.name} is no name of a conda package, expected NAME-VERSION-BUILD.conda", False)]
    name, version, build = parts
    about = json.loads((folder / "info/index.json").read_text())
    checks = [agree("name", f"{about['name']} {about['version']} {about['build']}", f"{name} {version} {build}")]
    checks.append(agree("build number", str(about["build_number"]), build.rpartition("_")[2]))
    found = re.match(r"cuda(\d+)(?:_torch(\d+))?_h", build)
    checks.append(Check("build string", build if found else f"{build}, expected cuda<version>_…h<hash>_0", bool(found)))
    checks.append(licence(folder / "info/licenses"))
    inputs = folder / "info/hash_input.json"
    variant = json.loads(inputs.read_text()) if inputs.exists() else {}
    cuda = variant.get("cuda_compiler_version", "")
    checks.append(built_for("CUDA", cuda, found and found[1]))
    if found and found[2]:
        pytorch = variant.get("pytorch", "")
        checks.append(built_for("PyTorch", pytorch, found[2]))
        checks += operators(folder, name, pytorch)
        checks.append(version_module(folder / "site-packages" / name, about["version"]))
        library = rf"lib{re.escape(name)} =={re.escape(version)} cuda{found[1]}_h\w+"
        checks.append(requirement(about, rf"pytorch >={re.escape(pytorch)}\b.*", library))
    else:
        distribution = name.removeprefix("lib")
        checks.append(requirement(about, rf"cuda-version >={re.escape(cuda)}\b.*"))
        checks += kernels(folder, distribution, variant.get(f"{distribution}_architectures", "").split(), cuda)
    return checks + paths_json(folder) + [foreign_to_package(folder, about["name"], about["version"])] + hygiene(folder)


def built_for(what: str, version: str, named: str | None) -> Check:
    good = digits(version) == named
    return Check(what, version if good else f"{version or 'none'}, expected {named or 'none'} as in the name", good)


def requirement(about: dict, *patterns: str) -> Check:
    """What the package is installed beside is what it was built for."""
    fitting = {pattern: [item for item in about["depends"] if re.fullmatch(pattern, item)] for pattern in patterns}
    missing = " and ".join(pattern.split()[0] for pattern, items in fitting.items() if not items)
    if missing:
        return Check("requirement", f"no {missing} of this build in {', '.join(about['depends'])}", False)
    return Check("requirement", ", ".join(item for items in fitting.values() for item in items), True)


def bill_of_materials(file: Path, folder: Path, cell) -> Check:
    """An SBOM for each compiled library, which says what the name of the file says."""
    if file.suffix == ".whl":
        wrong = sbom.of_wheel(folder, cell or cell_of(file.name))
    else:
        wrong = sbom.of_package(folder)
    return Check("SBOM", "; ".join(wrong) or "CycloneDX, agrees", not wrong)


def paths_json(folder: Path) -> list:
    """Every file is listed, lies inside, and has the hash that the package says."""
    entries = {entry["_path"]: entry for entry in json.loads((folder / "info/paths.json").read_text())["paths"]}
    problems = [f"{path} {reason}" for path, entry in entries.items() if (reason := wrong(folder, entry))]
    there = (file.relative_to(folder) for file in folder.rglob("*") if file.is_symlink() or not file.is_dir())
    unlisted = [file.as_posix() for file in there if file.parts[0] != "info" and file.as_posix() not in entries]
    problems += [f"{name} is not listed" for name in unlisted]
    return [Check("paths.json", "; ".join(problems) or f"{len(entries)} files agree", not problems)]


def wrong(folder: Path, entry: dict) -> str:
    file = folder / entry["_path"]
    if not file.resolve().is_relative_to(folder.resolve()):
        return "leaves the package"
    if not file.is_file():
        return "is missing"
    if entry["path_type"] == "hardlink" and hashlib.sha256(file.read_bytes()).hexdigest() != entry["sha256"]:
        return "was changed"
    return ""


def licence(folder: Path) -> Check:
    texts = [file for file in folder.glob("LICENSE*") if "Apache License" in file.read_text(errors="replace")]
    return Check("licence", "Apache-2.0" if texts else "no Apache licence text inside", bool(texts))
