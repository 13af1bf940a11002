"""The engine's cache of unpacked packages: prefixes hold links to its files."""

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from feedstock.paths import STATE

UNPACKED = STATE / "cache" / "pkgs"

# Unpacked packages above this size (PyTorch, CUDA libraries, nvcc) do not stay when a command ends.
BIG = 100_000_000


@contextmanager
def packages(reporter, release: bool):
    """What is unpacked is whole before a command works with it. With `release`, for sources that lie on this disk, the
    big ones go afterwards: they are unpacked again in seconds, and take more space than everything else."""
    for folder in folders():
        if not is_whole(folder):
            reporter.note(f"{folder} is damaged and was removed")
            remove(folder)
    try:
        yield
    finally:
        for folder in folders() if release else ():
            if may_go(folder):
                remove(folder)


def folders() -> list:
    return [folder for folder in UNPACKED.glob("*") if folder.is_dir() and not folder.name.startswith(".")]


def paths(folder: Path) -> list:
    return json.loads((folder / "info" / "paths.json").read_bytes())["paths"]


def is_whole(folder: Path) -> bool:
    """Every file is there and has its size."""
    try:
        for entry in paths(folder):
            found = os.lstat(os.path.join(folder, entry["_path"]))
            size = entry.get("size_in_bytes")
            if entry.get("path_type") == "hardlink" and size is not None and found.st_size != size:
                return False
    except (OSError, ValueError, KeyError):
        return False
    return True


def may_go(folder: Path) -> bool:
    """Big, and not linked to by a prefix on this disk: removing that would free nothing. A failing command may leave
    half a folder."""
    try:
        sizes = {entry["_path"]: entry.get("size_in_bytes") or 0 for entry in paths(folder)}
        return sum(sizes.values()) > BIG and (folder / max(sizes, key=sizes.get)).stat().st_nlink == 1
    except (OSError, ValueError, KeyError):
        return True


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(folder.name + ".lock").unlink(missing_ok=True)
