"""Looks at the files that a wheel or conda package consists of: none was changed, none is missing, none is foreign."""

import json
import re
from collections import Counter
from pathlib import Path

from installer.records import Hash, parse_record_file

from feedstock.verify_libraries import Check, agree

# A record cannot hold its own hash, and signatures are made of it (PEP 427): these need not be listed either.
WITHOUT_HASH = ("RECORD", "RECORD.jws", "RECORD.p7s")
# No weaker hash may be in a record.
HASH = re.compile(r"sha(256|384|512)=\S+")


def records(folder: Path, info: Path) -> Check:
    """Every file is listed in RECORD, once, with its hash."""
    rows = list(parse_record_file((info / "RECORD").read_text(encoding="utf-8").splitlines()))
    listed = Counter(path for path, _, _ in rows)
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    without_hash = {f"{info.name}/{name}" for name in WITHOUT_HASH}
    problems = [f"{path} is listed {count} times" for path, count in listed.items() if count > 1]
    problems += [f"{path} is missing" for path in listed if path not in there]
    problems += [
        f"{path} {reason}"
        for path, hashed, _ in rows
        if path in there and (hashed or path not in without_hash) and (reason := changed(folder / path, hashed))
    ]
    problems += [f"{path} is not listed" for path in sorted(there - set(listed) - without_hash)]
    return Check("RECORD", "; ".join(problems) or f"{len(listed)} files agree", not problems)


def changed(file: Path, hashed: str) -> str:
    if not HASH.fullmatch(hashed):
        return f"has the hash '{hashed}', expected sha256=…"
    return "" if Hash.parse(hashed).validate(file.read_bytes()) else "was changed"


def version_module(package: Path, version: str) -> Check:
    """What Python says the version is."""
    file = package / "_version.py"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return agree("_version.py", "; ".join(re.findall(r"__version__\b.*", text)), f'__version__ = "{version}"')


def foreign_to_wheel(folder: Path, file_name: str) -> Check:
    """Only the package and its metadata: nothing that would land elsewhere, and no scripts."""
    distribution, version = map(re.escape, file_name.split("-")[:2])
    notes = "|".join(map(re.escape, ("METADATA", "WHEEL", *WITHOUT_HASH)))
    return foreign(folder, rf"{distribution}/.+|{distribution}-{version}\.dist-info/({notes}|(licenses|sboms)/.+)")


def foreign_to_package(folder: Path, name: str, version: str) -> Check:
    """Only what the recipe installs; a package for any Python has its scripts in link.json."""
    library, version = re.escape(name.removeprefix("lib")), re.escape(version)
    if name.startswith("lib"):
        own = rf"(Library/)?(include|lib/cmake)/{library}/.+|Library/lib/{library}\.lib"
        own += rf"|lib/lib{library}\.so|Library/bin/{library}\.dll"
    else:
        notes = r"INSTALLER|METADATA|RECORD|REQUESTED|WHEEL|top_level\.txt|licenses/.+"
        own = rf"site-packages/({library}/.+|{library}-{version}\.dist-info/({notes}))"
        own += rf"|lib/lib{library}_torch\.so|Library/bin/{library}_torch\.dll"
    shared = rf"info/.+|etc/conda/test-files/{re.escape(name)}/.+|(Library/)?share/sbom/.+"
    link = folder / "info/link.json"
    scripts = json.loads(link.read_text())["noarch"].get("entry_points", []) if link.exists() else []
    return foreign(folder, f"{own}|{shared}", scripts)


def foreign(folder: Path, own: str, scripts: list = ()) -> Check:
    files = (
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()
    )
    found = [*sorted(name for name in files if not re.fullmatch(own, name)), *scripts]
    return Check("foreign files", ", ".join(found) or "none", not found)
