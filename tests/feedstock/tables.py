"""Copies of variants/ that a test may edit."""

import shutil

from feedstock.paths import VARIANTS
from feedstock.variants import Table


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
