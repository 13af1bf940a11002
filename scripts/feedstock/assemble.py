"""Makes single conda packages from staged folders, and puts finished files into a channel in one step."""

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rattler_build import assemble_package, collect_files

from feedstock.paths import STATE, temporary

# Big libraries are compressed once and unpacked many times on the same machine.
COMPRESSION_LEVEL = 1


@dataclass
class Contents:
    """A package before it is a file. `stage` holds its files as they will lie in a prefix."""

    name: str
    version: str
    stage: Path
    build: str = "0"
    depends: list = field(default_factory=list)
    constrains: list = field(default_factory=list)
    run_exports: dict = field(default_factory=dict)
    license: str | None = None


@contextmanager
def staging():
    """An empty folder beside the channel (same disk), removed whatever happens."""
    temporary(STATE).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=temporary(STATE)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(contents: Contents, platform: str, subdir: Path) -> str:
    """Writes the package into a channel's subdir and returns its file name."""
    with staging() as work:
        exports = work / "run_exports.json"
        exports.write_text(json.dumps(contents.run_exports))
        package = assemble_package(
            contents.name,
            contents.version,
            platform,
            contents.build,
            work,
            files=collect_files(contents.stage, include_hidden=True),
            depends=sorted(contents.depends),
            constrains=contents.constrains,
            license=contents.license,
            # assemble_package has no argument for run_exports; its "test files" land beside index.json.
            test_files=[exports] if contents.run_exports else None,
            compression_level=COMPRESSION_LEVEL,
            detect_prefix=False,
        )
        return publish(package.path, subdir).name


def publish(package: Path, subdir: Path) -> Path:
    """Moves a finished file into a channel: complete or not there at all, and readable by everyone."""
    subdir.mkdir(parents=True, exist_ok=True)
    part = subdir / f".{package.name}.part"
    shutil.copyfile(package, part)
    part.chmod(0o644)
    target = subdir / package.name
    os.replace(part, target)
    return target


def replace_text(target: Path, text: str) -> None:
    """Writes a text file so that it is never seen half-written."""
    part = target.with_name(f".{target.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    os.replace(part, target)


def digest(*parts) -> str:
    """Short content hash for build strings: text as it is, files by content."""
    value = hashlib.sha256()
    for part in parts:
        value.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        value.update(b"\0")
    return "h" + value.hexdigest()[:10]
