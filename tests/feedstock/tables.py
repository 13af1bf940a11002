"""Copies of variants/, and of what is rendered from it, that a test may edit."""

import shutil
from functools import cache

from feedstock import rerender
from feedstock.paths import VARIANTS
from feedstock.variants import Table

# What follows from the table as it is; rendering takes most of a second.
rendered = cache(rerender.rendered)


def copy_rendered(folder) -> None:
    for name, text in rendered().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


class Copy:
    """A folder of variant files with one text replaced at a time."""

    def __init__(self, folder):
        self.folder = folder / "variants"
        shutil.copytree(VARIANTS, self.folder)

    def edit(self, name: str, old: str, new: str) -> "Copy":
        file = self.folder / name
        text = file.read_text()
        assert old in text, f"{name} no longer holds {old!r}"
        file.write_text(text.replace(old, new, 1))
        return self

    @property
    def table(self) -> Table:
        return Table(self.folder)
