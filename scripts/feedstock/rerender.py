"""Writes the files that follow from `variants/`. Deterministic and offline; `check` says which ones have drifted."""

import difflib
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from feedstock import assemble, bake, ci_support, matrix_tables, profiles, variants, workflows
from feedstock.errors import FeedstockError
from feedstock.paths import PROGRAM, REPOSITORY
from feedstock.tables import order

HEADER = "Rendered from variants/ by `feedstock rerender`: do not edit."

SAGEATTN3 = "sageattention3_blackwell/sageattn3"
SHARED_MODULES = ("_checks.py", "_library.py", "_parts.py", "_spellings.py")

DELIMITERS = {
    "variable": {"start": "<{", "end": "}>"},
    "block": {"start": "<%", "end": "%>"},
    "comment": {"start": "<#", "end": "#>"},
}

# Folders in which every file of a kind is rendered: what the table no longer asks for is removed.
OWNED = (".ci_support/*.yaml", ".github/workflows/*.yml", ".github/workflows/*.yaml")


def rendered(repository: Path = REPOSITORY, table=None) -> dict:
    """Every rendered file: path relative to the repository, and its text (None: it has to go). Of some pages only
    marked blocks are rendered."""
    table = table or variants.table()
    texts = {**whole_files(table), **pages(repository, table)}
    present = [file.relative_to(repository).as_posix() for kind in OWNED for file in repository.glob(kind)]
    return {**texts, **{name: None for name in sorted(present) if name not in texts}}


def whole_files(table) -> dict:
    return {
        "sageattention/_version.py": version_module(table.version("sageattention")),
        f"{SAGEATTN3}/_version.py": version_module(table.version("sageattn3")),
        **shared_modules(),
        "scripts/wheel/architectures.cmake": architectures(table),
        "pixi.toml": pixi_manifest(table),
        **ci_support.files(table, HEADER),
        **workflows.files(table, HEADER, template),
        "docker-bake.hcl": bake.text(table, HEADER, template),
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


def version_module(version: str) -> str:
    return f'# {HEADER}\n__version__ = "{version}"\n'


def architectures(table) -> str:
    """For builds from source: the compute capabilities that each distribution is released for."""
    lines = [f"# {HEADER}\n"]
    for distribution in dict.fromkeys(cell.distribution for cell in table.wheels):
        every = {item for cell in table.wheels if cell.distribution == distribution for item in cell.architectures}
        listed = " ".join(item.replace(".", "") for item in sorted(every, key=order))
        lines.append(f"set(released_{distribution} {listed})\n")
    return "".join(lines)


def shared_modules() -> dict:
    """Modules that both distributions hold: neither needs the other to be installed."""
    texts = {name: (REPOSITORY / "sageattention" / name).read_text(encoding="utf-8") for name in SHARED_MODULES}
    header = "# Rendered from sageattention/{} by `feedstock rerender`: do not edit.\n"
    return {f"{SAGEATTN3}/{name}": header.format(name) + text for name, text in texts.items()}


def pixi_manifest(table) -> str:
    """The commands as pixi tasks, a build task per variant, and compilers per CUDA version."""
    return template("pixi.toml").render(
        header=HEADER,
        platforms=variants.PLATFORMS,
        variants=table.conda,
        toolchains=toolchains(table),
        tools=table.workflows["tools"],
    )


def toolchains(table) -> list:
    """What compiles the wheels of each CUDA version. Visual Studio: the one of the conda packages."""
    [msvc] = {cell.config({})["cxx_compiler"][0] for cell in table.conda if cell.platform == "win-64"}
    compilers = {cell.cuda: cell.gcc for cell in table.wheels}
    return [
        {"cuda": cuda, "gcc": gcc, "msvc": msvc, "environment": profiles.environment(cuda)}
        for cuda, gcc in sorted(compilers.items(), key=lambda item: order(item[0]), reverse=True)
    ]


def template(name: str) -> Template:
    return templates().get_template(f"{name}.jinja")


@cache
def templates() -> Environment:
    """Values stand in <{ }>: workflows and bake files have a meaning of their own for ${{ }} and ${ }."""
    return Environment(
        loader=FileSystemLoader(PROGRAM / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        **{f"{kind}_{end}_string": mark for kind, marks in DELIMITERS.items() for end, mark in marks.items()},
    )


def drift(repository: Path = REPOSITORY, table=None) -> dict:
    """Files that differ from what would be rendered, with their differences."""
    return differences(repository, rendered(repository, table))


def differences(repository: Path, texts: dict) -> dict:
    changed = {}
    for name, text in texts.items():
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
    texts = rendered(repository, table)
    changed = differences(repository, texts)
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
