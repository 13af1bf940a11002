"""Mistakes in variant files that the engine passes over: names that mean nothing in conditions and in zip keys."""

import re
from pathlib import Path

from feedstock import tables
from feedstock.errors import FeedstockError

# What conditions may ask: the systems and processors of our platforms.
ASKED = ("linux", "win", "unix", "x86_64", "aarch64")
OPERATORS = ("and", "or", "not")


def check(file: Path, keys: set) -> None:
    """`keys`: those that a variant file may set."""
    content = tables.read(file)
    zips = content.get("zip_keys", [])
    if not isinstance(zips, list):
        raise FeedstockError(f"{file}: zip_keys: expected a list of lists of keys, found {zips!r}")
    for zipped in zips:
        tables.words(zipped, f"{file}: zip_keys")
        unknown = [key for key in zipped if key not in keys]
        if unknown:
            raise FeedstockError(
                f"{file}: zip_keys: unknown key {', '.join(unknown)}; known: {', '.join(sorted(keys))}"
            )
    for key, value in content.items():
        for condition in conditions(value):
            check_condition(condition, f"{file}: {key}")


def check_condition(condition: dict, where: str) -> None:
    tables.mapping(condition, where, ("if", "then"), optional=("else",))
    words = re.findall(r"\w+", str(condition["if"]))
    unknown = [word for word in words if word not in (*ASKED, *OPERATORS)]
    if unknown or not words:
        raise FeedstockError(
            f"{where}: 'if: {condition['if']}' asks for {', '.join(unknown) or 'nothing'}; expected {', '.join(ASKED)} "
            f"and {', '.join(OPERATORS)} between them"
        )


def conditions(value):
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from conditions(item)
