"""Writes the files that follow from `variants/`. Deterministic and offline; `check` says which ones have drifted."""

import difflib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from feedstock import assemble, variants
from feedstock.paths import PROGRAM, REPOSITORY

HEADER = "Rendered from variants/ by `feedstock rerender`: do not edit."


def rendered() -> dict:
    """Every rendered file: path relative to the repository, and its text."""
    return {"sageattention/_version.py": version_module(), "pixi.toml": pixi_manifest()}


def version_module() -> str:
    return f'# {HEADER}\n__version__ = "{variants.package_version()}"\n'


def pixi_manifest() -> str:
    """The commands as pixi tasks, and a build task per variant. The command line itself runs on Linux."""
    platforms = [platform for platform in variants.PLATFORMS if platform.startswith("linux")]
    matrix = [variant for variant in variants.matrix() if variant.platform in platforms]
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


def drift(repository: Path = REPOSITORY) -> dict:
    """Files that differ from what would be rendered, with their differences."""
    changed = {}
    for name, text in rendered().items():
        path = repository / name
        present = path.read_text() if path.exists() else ""
        if present != text:
            changed[name] = difference(name, present, text)
    return changed


def difference(name: str, present: str, text: str) -> str:
    lines = difflib.unified_diff(
        present.splitlines(True), text.splitlines(True), f"{name} (present)", f"{name} (rendered)"
    )
    return "".join(lines)


def write(repository: Path = REPOSITORY) -> list:
    changed = drift(repository)
    for name in changed:
        assemble.replace_text(repository / name, rendered()[name])
    return sorted(changed)
