"""Reads the plain YAML files of `variants/`, strictly: a wrong key or an unquoted version is named, never ignored."""

import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from feedstock.errors import FeedstockError

VERSION = re.compile(r"\d+(\.\d+)+")


def read(file: Path) -> dict:
    try:
        content = YAML(typ="safe").load(file)
    except (YAMLError, OSError) as error:
        raise FeedstockError(f"{file} cannot be read: {error}") from error
    return mapping(content, str(file))


def mapping(value, where: str, required: tuple = (), optional: tuple | None = None) -> dict:
    """The value, if it is a mapping with the required keys and no others than the optional ones (None: any)."""
    if not isinstance(value, dict):
        raise FeedstockError(f"{where}: expected a mapping, found {value!r}")
    missing = [key for key in required if key not in value]
    if missing:
        raise FeedstockError(f"{where}: {', '.join(missing)} is missing")
    unknown = [] if optional is None else [str(key) for key in value if key not in (*required, *optional)]
    if unknown:
        raise FeedstockError(f"{where}: unknown key {', '.join(unknown)}; known: {', '.join((*required, *optional))}")
    return value


def version(value, where: str, numbers: int | None = None) -> str:
    """YAML reads an unquoted 2.10 as the number 2.1. `numbers`: how many there have to be."""
    if not isinstance(value, str) or not VERSION.fullmatch(value):
        raise FeedstockError(f'{where}: {value!r} is not a version; write it in quotes, like "2.10"')
    if numbers not in (None, len(order(value))):
        example = ".".join("2800"[:numbers])
        raise FeedstockError(f'{where}: expected a version of {numbers} numbers, like "{example}", found {value!r}')
    return value


def versions(value, where: str, numbers: int | None = None) -> tuple:
    if not isinstance(value, list) or not value:
        raise FeedstockError(f"{where}: expected a list of versions, found {value!r}")
    found = tuple(version(item, where, numbers) for item in value)
    if len(set(found)) != len(found):
        raise FeedstockError(f"{where}: {', '.join(sorted(set(found), key=found.index))}: a version is listed twice")
    return found


def whole(value, where: str) -> str:
    """A whole number, with or without quotes."""
    if not re.fullmatch(r"\d+", str(value)):
        raise FeedstockError(f"{where}: {value!r} is not a whole number")
    return str(value)


def texts(value, where: str, required: tuple = ()) -> dict:
    """A mapping whose values are texts."""
    for key, item in mapping(value, where, required).items():
        if not isinstance(item, str):
            raise FeedstockError(f"{where}: {key} is {item!r}; expected text, numbers in quotes")
    return value


def releases(value, where: str, required: tuple = ()) -> dict:
    """A mapping whose values are versions."""
    for key, item in mapping(value, where, required).items():
        version(item, f"{where} {key}")
    return value


def words(value, where: str) -> list:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise FeedstockError(f"{where}: expected a list of words, found {value!r}")
    return value


def order(text: str) -> tuple:
    """Sorts versions by their numbers."""
    return tuple(int(part) for part in text.split("."))


def digits(text: str) -> str:
    """As names of files and of builds spell it: 129."""
    return text.replace(".", "")


def minor(text: str) -> str:
    """2.8.0 belongs to 2.8."""
    return ".".join(text.split(".")[:2])
