"""Writes the files that follow from `variants/`. Deterministic and offline; `check` says which ones have drifted."""

import difflib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from feedstock import assemble, variants
from feedstock.errors import FeedstockError
from feedstock.paths import PROGRAM, REPOSITORY

HEADER = "Rendered from variants/ by `feedstock rerender`: do not edit."


def rendered(repository: Path = REPOSITORY) -> dict:
    """Every rendered file: path relative to the repository, and its text. Of the README, one block is rendered."""
    readme = (repository / "README.md").read_text(encoding="utf-8")
    return {**whole_files(), "README.md": with_block(readme, "support", support_table())}


def whole_files() -> dict:
    return {"sageattention/_version.py": version_module(), "pixi.toml": pixi_manifest()}


def with_block(text: str, name: str, block: str) -> str:
    """The text with what lies between `<!-- name: ... -->` and `<!-- /name -->` replaced."""
    pattern = re.compile(rf"(<!-- {name}:[^\n]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise FeedstockError(f"README.md has no block '<!-- {name}: ... -->' ... '<!-- /{name} -->' to render into")
    return pattern.sub(lambda match: match[1] + block + match[2], text)


def support_table() -> str:
    """One row per CUDA version: what it is built with, and for which PyTorch, platforms and GPUs."""
    rows = ["| CUDA | PyTorch | platforms | compute capabilities | compilers |", "|---|---|---|---|---|"]
    matrix = variants.matrix()
    for cuda in dict.fromkeys(variant.cuda for variant in matrix):
        cells = [variant for variant in matrix if variant.cuda == cuda]
        pytorch = ", ".join(dict.fromkeys(cell.pytorch for cell in cells))
        platforms = ", ".join(dict.fromkeys(cell.platform for cell in cells))
        capabilities = cells[0].config({})["sageattention_architectures"][0].replace(" ", ", ")
        toolchain = "; ".join(dict.fromkeys(map(toolchain_of, cells)))
        rows.append(f"| {cuda} | {pytorch} | {platforms} | {capabilities} | {toolchain} |")
    return "\n".join(rows) + "\n"


def toolchain_of(variant) -> str:
    config = {key: values[0] for key, values in variant.config({}).to_dict().items()}
    if variant.platform.startswith("linux"):
        return f"gcc {config['cxx_compiler_version']} with glibc {config['c_stdlib_version']}"
    return config["cxx_compiler"]


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
    for name, text in rendered(repository).items():
        path = repository / name
        present = path.read_text(encoding="utf-8") if path.exists() else ""
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
    texts = rendered(repository)
    for name in changed:
        assemble.replace_text(repository / name, texts[name])
    return sorted(changed)
