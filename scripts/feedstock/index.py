"""The index of a channel directory: repodata that lists exactly the files that are there."""

import asyncio
import json
import re
import zipfile
from pathlib import Path

from rattler.index import index_fs


def ensure(channel: Path) -> list:
    """Indexes a channel unless its repodata already matches its files (an interrupted run may have left it behind).
    Files that cannot be read are set aside under another name; returns the new names."""
    (channel / "noarch").mkdir(parents=True, exist_ok=True)
    for part in channel.glob("*/.*.part"):
        part.unlink()
    damaged = [file for file in channel.glob("*/*.conda") if not is_readable(file)]
    aside = [file.rename(file.with_name(file.name + ".damaged")) for file in damaged]
    if not all(is_current(subdir) for subdir in subdirs(channel)):
        rebuild(channel)
    return aside


def is_readable(package: Path) -> bool:
    """The directory of the archive is at its end, so a file that was cut short has none."""
    try:
        with zipfile.ZipFile(package) as archive:
            kinds = {name.partition("-")[0] for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return False
    return {"info", "pkg"} <= kinds


def retire(channel: Path, current: list) -> list:
    """Removes what the current packages supersede: same package and variant, other sources. A library stays as long as
    a package of another variant is pinned to it."""
    superseded = [file for made in current for file in made.parent.glob("*.conda") if supersedes(made, file)]
    remaining = [entry for file, entry in entries(channel).items() if file not in {old.name for old in superseded}]
    pins = {pin for entry in remaining for pin in entry["depends"]}
    removed = [file for file in superseded if exact_pin(file) not in pins]
    for file in removed:
        file.unlink()
    if removed:
        ensure(channel)
    return removed


def supersedes(made: Path, other: Path) -> bool:
    """Build strings read <variant>_h<hash>_<number>; only the hash may differ."""
    return made != other and re.sub(r"_h[0-9a-f]+_", "_", made.name) == re.sub(r"_h[0-9a-f]+_", "_", other.name)


def exact_pin(file: Path) -> str:
    name, version, build = file.stem.rsplit("-", 2)
    return f"{name} =={version} {build}"


def entries(channel: Path) -> dict:
    """File names and index entries of everything in a channel."""
    found = {}
    for repodata in channel.glob("*/repodata.json"):
        found.update(json.loads(repodata.read_bytes())["packages.conda"])
    return found


def rebuild(channel: Path) -> None:
    # Without force, a file that was made again under its old name keeps its old entry.
    asyncio.run(index_fs(channel, force=True, write_shards=False))
    for file in channel.glob("*/repodata*"):
        file.chmod(0o644)


def subdirs(channel: Path) -> list:
    return [folder for folder in channel.iterdir() if folder.is_dir() and not folder.name.startswith(".")]


def is_current(subdir: Path) -> bool:
    repodata = subdir / "repodata.json"
    files = {file.name for file in subdir.glob("*.conda")}
    try:
        listed = set(json.loads(repodata.read_bytes())["packages.conda"])
    except (OSError, ValueError, KeyError):
        return False
    newest = max((file.stat().st_mtime for file in subdir.glob("*.conda")), default=0)
    return listed == files and repodata.stat().st_mtime >= newest
