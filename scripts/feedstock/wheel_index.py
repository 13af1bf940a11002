"""A simple index of wheels (PEP 503 and 691, with the metadata of PEP 658), as files for any web server.

    <site>/cu130/                 every wheel for CUDA 13.0
    <site>/cu130/torch2.13/       those for PyTorch 2.13: what `pip install --index-url` should be given, since
                                  pip takes the newest build of a version, whatever PyTorch it is for
    <site>/index.html             links to all of them
    <site>/wheels.json            what the index was made from

A wheel is described once, in a list (`wheels.json`) that is released beside it; an index is made from such lists, so it
needs no file of older releases. A site keeps what it lists already: wheels and lists are added to it.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from packaging.utils import canonicalize_name

from feedstock import assemble, digests, verify
from feedstock.errors import FeedstockError
from feedstock.products import sha256
from feedstock.tables import minor
from feedstock.wheels import Wheel

LIST = "wheels.json"

# What a list may say: it comes from elsewhere, and names of folders are made from it.
FORMS = {
    "file": r"[\w.+-]+\.whl",
    "project": r"[a-z0-9]+(-[a-z0-9]+)*",
    "version": r"[\w.+!]+",
    "cuda": r"\d+\.\d+",
    "pytorch": r"\d+\.\d+",
    "sha256": r"[0-9a-f]{64}",
    "size": r"\d+",
    "requires_python": r"[\w.,<>=!~* ]*",
    "url": r"https://[\w./:%+-]+|/files/[\w.%+-]+",
    "sources": r"[0-9a-f]{16}",
    "metadata_sha256": r"([0-9a-f]{64})?",
}


@dataclass(frozen=True)
class Entry:
    """One wheel. `url`: as links name it; `sources`: their digest; `metadata_sha256`: of the file `<url>.metadata`,
    empty if there is none."""

    file: str
    project: str
    version: str
    cuda: str
    pytorch: str
    sha256: str
    size: int
    requires_python: str
    url: str
    sources: str
    metadata_sha256: str = ""


def make(sources: list, site: Path) -> list:
    """Adds wheels (copied into the site) and lists to a site; returns all of its entries. Everything is checked before
    the first file is written."""
    before = read(site / LIST) if (site / LIST).exists() else []
    wheels = {file: metadata_of(file) for file in sources if file.suffix != ".json"}
    added = [describe(file, f"/files/{quote(file.name)}", sha256_of(text)) for file, text in wheels.items()]
    added += [entry for source in sources if source.suffix == ".json" for entry in read(source)]
    entries = {}
    for entry in [*before, *added]:
        other = entries.setdefault(entry.file, entry)
        if other.sha256 != entry.sha256:
            raise FeedstockError(
                f"{entry.file} is listed with two contents, {other.sha256} and {entry.sha256}: published files never "
                "change, so give the new one another build number or version"
            )
    chosen = sorted(entries.values(), key=lambda entry: entry.file)
    refuse_missing(chosen, {file.name for file in wheels}, site / "files")
    for file in wheels:
        place = site / "files" / file.name
        if place.exists() and sha256(place) != sha256(file):
            raise FeedstockError(f"{place} is there already with another content: published files never change")
    for file, text in wheels.items():
        write(site / "files" / f"{file.name}.metadata", text)
        assemble.publish(file, site / "files")
    members = folders(chosen)
    for folder, inside in members.items():
        write_folder(site / folder, inside, "../" * (folder.count("/") + 2))
    write(site / "index.html", page("Wheels by CUDA and PyTorch version", [link(f"{name}/", name) for name in members]))
    write(site / LIST, listing(chosen))
    return chosen


def metadata_of(wheel: Path) -> str:
    """Of a wheel that is what its name says: lists were made of such wheels, files are checked here."""
    if wheel.suffix != ".whl":
        raise FeedstockError(f"{wheel} is neither a wheel (*.whl) nor a list of wheels ({LIST} of a release)")
    verify.require(wheel)
    return Wheel(wheel).read(r"[^/]+\.dist-info/METADATA").decode()


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def refuse_missing(entries: list, copied: set, place: Path) -> None:
    """A list of another site may name files that only lie there."""
    for entry in entries:
        if entry.url.startswith("/") and entry.file not in copied and not (place / entry.file).is_file():
            raise FeedstockError(
                f"{entry.file} is listed as a file of the site, but is not in {place}: give the wheel itself, too, or "
                "make the site in an empty folder if it is to go"
            )


def describe(wheel: Path, url: str, metadata_sha256: str = "") -> Entry:
    verify.require_product(wheel)
    cell = verify.cell_of(wheel.name)
    if cell is None:
        raise FeedstockError(f"{wheel.name} is no wheel of the table: see `feedstock variants --lane wheel`")
    opened = Wheel(wheel)
    return Entry(
        file=wheel.name,
        project=canonicalize_name(cell.distribution),
        version=str(opened.version),
        cuda=cell.cuda,
        pytorch=minor(cell.pytorch),
        sha256=sha256(wheel),
        size=wheel.stat().st_size,
        requires_python=str(opened.metadata.requires_python or ""),
        url=url,
        sources=digests.of_wheel(cell),
        metadata_sha256=metadata_sha256,
    )


def read(file: Path) -> list:
    try:
        items = json.loads(file.read_text(encoding="utf-8"))["wheels"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FeedstockError(f"{file} is not a list of wheels ({LIST} of a release): {error}") from error
    for item in items:
        if not isinstance(item, dict) or set(item) != set(FORMS):
            raise FeedstockError(f"{file}: expected entries with {', '.join(sorted(FORMS))}, found {item!r}")
        for key, form in FORMS.items():
            kind = int if key == "size" else str
            if type(item[key]) is not kind or not re.fullmatch(form, str(item[key])):
                wanted = "a number" if kind is int else f"text in quotes that matches {form}"
                raise FeedstockError(
                    f"{file}: {key} cannot be {item[key]!r}, expected {wanted}; take the list as `feedstock` wrote it"
                )
    return [Entry(**item) for item in items]


def listing(entries: list) -> str:
    return json.dumps({"wheels": [asdict(entry) for entry in entries]}, indent=1) + "\n"


def folders(entries: list) -> dict:
    """Each index of the site with its wheels."""
    found = {}
    for entry in entries:
        cuda = f"cu{entry.cuda.replace('.', '')}"
        for folder in (cuda, f"{cuda}/torch{entry.pytorch}"):
            found.setdefault(folder, []).append(entry)
    return found


def write_folder(folder: Path, entries: list, up: str) -> None:
    """One index; `up` leads from the page of a project to the site."""
    projects = {}
    for entry in entries:
        projects.setdefault(entry.project, []).append(entry)
    meta = {"api-version": "1.1"}
    write(folder / "index.html", page("Simple index", [link(f"{name}/", name) for name in projects]))
    write_json(folder / "index.json", {"meta": meta, "projects": [{"name": name} for name in projects]})
    for name, members in projects.items():
        place = folder / name
        write(place / "index.html", page(f"Links for {name}", [file_link(entry, up) for entry in members]))
        files = [file_entry(entry, up) for entry in members]
        versions = sorted({entry.version for entry in members})
        write_json(place / "index.json", {"meta": meta, "name": name, "versions": versions, "files": files})


def address(entry: Entry, up: str) -> str:
    """Files of the site itself are linked relatively, so that the site may lie anywhere."""
    return f"{up}{entry.url[1:]}" if entry.url.startswith("/") else entry.url


def file_link(entry: Entry, up: str) -> str:
    attributes = {"data-requires-python": entry.requires_python}
    if entry.metadata_sha256:
        attributes["data-core-metadata"] = f"sha256={entry.metadata_sha256}"
    return link(f"{address(entry, up)}#sha256={entry.sha256}", entry.file, attributes)


def file_entry(entry: Entry, up: str) -> dict:
    item = {
        "filename": entry.file,
        "url": address(entry, up),
        "hashes": {"sha256": entry.sha256},
        "size": entry.size,
        "requires-python": entry.requires_python,
    }
    return {**item, **({"core-metadata": {"sha256": entry.metadata_sha256}} if entry.metadata_sha256 else {})}


def page(title: str, links: list) -> str:
    head = '<meta charset="utf-8"><meta name="pypi:repository-version" content="1.1">'
    body = "".join(f"{item}<br>\n" for item in links)
    return f"<!DOCTYPE html>\n<html><head>{head}<title>{escape(title)}</title></head>\n<body>\n{body}</body></html>\n"


def link(target: str, text: str, attributes: dict | None = None) -> str:
    more = "".join(f' {key}="{escape(value)}"' for key, value in (attributes or {}).items() if value)
    return f'<a href="{escape(target)}"{more}>{escape(text)}</a>'


def write_json(file: Path, content: dict) -> None:
    write(file, json.dumps(content, indent=1) + "\n")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assemble.replace_text(file, text)
