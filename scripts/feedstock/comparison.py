"""Compares two builds of the same wheel or package: identical, or which of the files inside differ."""

import hashlib
import tempfile
from pathlib import Path

from feedstock import verify
from feedstock.errors import FeedstockError


def differences(first: Path, second: Path) -> list:
    """A sentence for every file that differs; none if the archives are the same, byte by byte."""
    for file in (first, second):
        verify.require_product(file)
    if first.suffix != second.suffix:
        raise FeedstockError(f"{first.name} and {second.name} are not of the same kind")
    if first.read_bytes() == second.read_bytes():
        return []
    old, new = contents(second), contents(first)
    found = [f"{name} is only in {first.name} as built" for name in sorted(new.keys() - old.keys())]
    found += [f"{name} is only in {second.name} as published" for name in sorted(old.keys() - new.keys())]
    found += [f"{name} differs" for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    return found or ["the files inside are the same; the archives differ in order, times or compression"]


def contents(file: Path) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        verify.unpack(file, folder)
        return {
            inner.relative_to(folder).as_posix(): hashlib.sha256(inner.read_bytes()).hexdigest()
            for inner in folder.rglob("*")
            if inner.is_file()
        }
