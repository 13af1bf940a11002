"""Turns wheels from PyPI into conda packages: a Python distribution with its requirements, or a tree of tools."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from feedstock import assemble
from feedstock.assemble import Contents
from feedstock.errors import FeedstockError
from feedstock.machine import PYTHON_MINOR, SITE_PACKAGES

# conda-forge's names where the recipe says them and they differ from PyPI's.
CONDA_NAMES = {"torch": "pytorch"}

# Scripts find the Python beside them, wherever the prefix is.
RELOCATABLE = '#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"\n\' \'\'\'\n'
PLACEHOLDER = "/prefix/bin/python"


def conda_name(name: str) -> str:
    name = canonicalize_name(name)
    return CONDA_NAMES.get(name, name)


def download(
    requirements: list, constraints: dict, folder: Path, reporter, closure: bool = True, options: tuple = ()
) -> list:
    """Wheels of the requirements and, with `closure`, of everything that they require on this machine."""
    pins = folder / "constraints.txt"
    pins.write_text("".join(f"{name}=={version}\n" for name, version in constraints.items()))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--only-binary", ":all:"]
    # What is packaged is kept in the channel; pip's own cache would hold everything twice.
    command += ["--no-cache-dir", "--progress-bar", "off", "--dest", str(folder), "-c", str(pins)]
    command += [*([] if closure else ["--no-deps"]), *options, *requirements]
    reporter.log(" ".join(command))
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    reporter.log(result.stdout)
    if result.returncode != 0:
        raise FeedstockError(download_message(requirements, result.stdout))
    return sorted(folder.glob("*.whl"))


def download_message(requirements: list, output: str) -> str:
    reasons = [line for line in output.splitlines() if line.startswith("ERROR")] or output.strip().splitlines()[-1:]
    wanted = ", ".join(requirements)
    return (
        f"pip could not download {wanted} for Python {PYTHON_MINOR}:\n  "
        + "\n  ".join(reasons[-2:])
        + "\nCheck the connection to the package index and run the same command again"
    )


class Wheel:
    """A wheel file: its name, version and metadata."""

    def __init__(self, path: Path):
        self.path = path
        name, self.version, _, _ = parse_wheel_filename(path.name)
        self.name = str(name)
        # Read now: the file goes as soon as it is packaged, and others of its closure may still ask.
        self.metadata = Metadata.from_email(self.read(r"[^/]+\.dist-info/METADATA"), validate=False)

    def read(self, suffix: str) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            name = next(entry for entry in archive.namelist() if re.fullmatch(suffix, entry))
            return archive.read(name)

    def requirements(self, extra: str = "") -> list:
        """Requirements that hold on this machine, of the wheel itself or of one of its extras."""
        every = self.metadata.requires_dist or []
        if not extra:
            return [item for item in every if item.marker is None or item.marker.evaluate({"extra": ""})]
        return [
            item
            for item in every
            if item.marker and item.marker.evaluate({"extra": extra}) and not item.marker.evaluate({"extra": ""})
        ]


def distribution(wheel: Wheel, closure: dict, stage: Path) -> Contents:
    """The wheel as `pip install` would lay it out, with its requirements as conda dependencies."""
    scheme = {key: str(stage / SITE_PACKAGES) for key in ("purelib", "platlib")}
    scheme.update(scripts=str(stage / "bin"), data=str(stage), headers=str(stage / "include"))
    destination = SchemeDictionaryDestination(scheme, interpreter=PLACEHOLDER, script_kind="posix")
    with WheelFile.open(wheel.path) as source:
        install(source, destination, additional_metadata={"INSTALLER": b"conda\n"})
    relocate_scripts(stage / "bin")
    agree_on_tags(stage / SITE_PACKAGES, wheel.path.name)
    depends = [f"python {PYTHON_MINOR}.*", *depends_of(wheel.requirements(), closure)]
    contents = Contents(conda_name(wheel.name), wheel.version.public, stage, depends=sorted(set(depends)))
    if wheel.name == "torch":
        describe_torch(contents, wheel)
    return contents


def agree_on_tags(site_packages: Path, file_name: str) -> None:
    """pip chooses a wheel by the tags of its name, `pip check` reads those inside: some wheels for ARM have there a
    platform that does not exist."""
    [notes] = site_packages.glob("*.dist-info/WHEEL")
    tags = sorted(map(str, parse_wheel_filename(file_name)[3]))
    text = notes.read_text()
    if set(re.findall(r"^Tag: (\S+)", text, re.MULTILINE)) == set(tags):
        return
    others = [line for line in text.splitlines() if line and not line.startswith("Tag:")]
    notes.write_text("\n".join([*others, *(f"Tag: {tag}" for tag in tags), ""]))
    record = notes.with_name("RECORD")
    # Without a hash, as the record lists itself.
    record.write_text(re.sub(r"(?m)^(.*\.dist-info/WHEEL),.*$", r"\1,,", record.read_text()))


def relocate_scripts(folder: Path) -> None:
    first_line = f"#!{PLACEHOLDER}\n".encode()
    for script in folder.glob("*") if folder.is_dir() else ():
        text = script.read_bytes()
        if text.startswith(first_line):
            script.write_bytes(RELOCATABLE.encode() + text[len(first_line) :])


def depends_of(requirements: list, closure: dict) -> list:
    """Conda match specs. Conda has no extras, so the requirements of an extra join those of who asks for it."""
    specs = []
    for item in requirements:
        specs.append(match_spec(item))
        for extra in sorted(item.extras):
            wheel = closure.get(canonicalize_name(item.name))
            if wheel is not None:
                specs += depends_of(wheel.requirements(extra), closure)
    return specs


def match_spec(item: Requirement) -> str:
    bounds = sorted(f"{bound.operator}{bound.version}".replace("===", "==") for bound in item.specifier)
    bounds = [bound[2:] if bound.startswith("==") and bound.endswith(".*") else bound for bound in bounds]
    return f"{conda_name(item.name)} {','.join(bounds)}".strip()


def describe_torch(contents: Contents, wheel: Wheel) -> None:
    """Build string and run_exports as conda-forge's pytorch has them, from what the wheel says about itself."""
    found = re.search(rb"cuda[^=\n]*= '([\d.]+)'", wheel.read("torch/version.py"))
    contents.build = f"cuda{found[1].decode().replace('.', '')}" if found else "cpu"
    major, minor = wheel.version.release[:2]
    link_libraries(contents.stage)
    contents.depends.append("numpy")
    contents.run_exports = {"weak": [f"pytorch >={contents.version},<{major}.{minor + 1}"]}


def link_libraries(stage: Path) -> None:
    """conda-forge has libtorch in <prefix>/lib; the linking check finds it there only."""
    for library in (stage / SITE_PACKAGES / "torch" / "lib").glob("*.so*"):
        (stage / "lib" / library.name).symlink_to(os.path.relpath(library, stage / "lib"))


def is_cuda_torch(file_name: str) -> bool:
    return bool(re.match(r"pytorch-[^-]+-cuda", file_name))


def tree(wheel: Wheel, inner: str, stage: Path, exclude: str = "(?!)") -> None:
    """Unpacks one folder of a wheel to the root of a prefix, with the modes that the archive gives its files."""
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            relative = entry.filename.removeprefix(inner)
            if relative == entry.filename or entry.is_dir() or re.match(exclude, relative):
                continue
            target = (stage / relative).resolve()
            if not target.is_relative_to(stage.resolve()):
                raise FeedstockError(f"{wheel.path.name} holds the path '{entry.filename}', which leaves the package")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            os.chmod(target, (entry.external_attr >> 16) & 0o777 or 0o644)


def fingerprint() -> str:
    """Changes when the packages made here would change."""
    return assemble.digest(sys.version, Path(__file__), Path(assemble.__file__))
