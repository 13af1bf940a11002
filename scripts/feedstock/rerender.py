"""Writes the files that follow from `variants/`. Deterministic and offline; `check` says which ones have drifted."""

import difflib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from feedstock import assemble, ci_support, matrix_tables, variants
from feedstock.errors import FeedstockError
from feedstock.paths import PROGRAM, REPOSITORY

HEADER = "Rendered from variants/ by `feedstock rerender`: do not edit."


# Folders in which every file of a kind is rendered: what the table no longer asks for is removed.
OWNED = (".ci_support/*.yaml",)


def rendered(repository: Path = REPOSITORY, table=None) -> dict:
    """Every rendered file: path relative to the repository, and its text (None: it has to go). Of some pages only
    marked blocks are rendered."""
    table = table or variants.table()
    texts = {**whole_files(table), **pages(repository, table)}
    present = [file.relative_to(repository).as_posix() for kind in OWNED for file in repository.glob(kind)]
    return {**texts, **{name: None for name in sorted(present) if name not in texts}}


def whole_files(table) -> dict:
    return {
        "sageattention/_version.py": version_module(table),
        "pixi.toml": pixi_manifest(table),
        **ci_support.files(table, HEADER),
    }


def pages(repository: Path, table) -> dict:
    texts = {}
    for name, blocks in matrix_tables.PAGES.items():
        text = (repository / name).read_text(encoding="utf-8")
        for block, make in blocks.items():
            text = with_block(text, block, make(table), name)
        texts[name] = text
    return texts


def with_block(text: str, name: str, block: str, page: str) -> str:
    """The text with what lies between `<!-- name: ... -->` and `<!-- /name -->` replaced."""
    pattern = re.compile(rf"(<!-- {name}:[^\n]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise FeedstockError(f"{page} has no block '<!-- {name}: ... -->' ... '<!-- /{name} -->' to render into")
    return pattern.sub(lambda match: match[1] + block + match[2], text)


def version_module(table) -> str:
    return f'# {HEADER}\n__version__ = "{table.package_version}"\n'


def pixi_manifest(table) -> str:
    """The commands as pixi tasks, and a build task per variant. The command line itself runs on Linux."""
    platforms = [platform for platform in variants.PLATFORMS if platform.startswith("linux")]
    matrix = [variant for variant in table.conda if variant.platform in platforms]
    return template("pixi.toml").render(
        header=HEADER,
        platforms=platforms,
        python_min=matrix[0].config({})["python_min"][0],
        variants=matrix,
    )


def template(name: str) -> Template:
    folder = FileSystemLoader(PROGRAM / "templates")
    environment = Environment(loader=folder, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.get_template(f"{name}.jinja")


def drift(repository: Path = REPOSITORY, table=None) -> dict:
    """Files that differ from what would be rendered, with their differences."""
    changed = {}
    for name, text in rendered(repository, table).items():
        path = repository / name
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present != (text or ""):
            changed[name] = difference(name, present, text or "")
    return changed


def difference(name: str, present: str, text: str) -> str:
    lines = difflib.unified_diff(
        present.splitlines(True), text.splitlines(True), f"{name} (present)", f"{name} (rendered)"
    )
    return "".join(lines)


def write(repository: Path = REPOSITORY, table=None) -> list:
    changed = drift(repository, table)
    texts = rendered(repository, table)
    write_texts(repository, {name: texts[name] for name in changed})
    return sorted(changed)


def write_texts(repository: Path, texts: dict) -> None:
    for name, text in texts.items():
        target = repository / name
        if text is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            assemble.replace_text(target, text)
