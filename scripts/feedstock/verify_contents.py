"""Looks at the files that a wheel or conda package consists of: none was changed, none is missing, none is foreign."""

import re
from collections import Counter
from pathlib import Path

from installer.records import Hash, parse_record_file

from feedstock.verify_libraries import Check

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
