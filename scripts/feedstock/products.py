"""What a finished file says about itself."""

import hashlib
from pathlib import Path

from rattler.package import IndexJson


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def subdir(package: Path) -> str:
    """The folder of a channel that a package belongs into."""
    return IndexJson.from_package_archive(package).subdir


class CondaChannel:
    """What all channels that packages are published to have in common."""

    kind = ".conda"

    def has_same_sources(self, package: Path) -> bool:
        """Whether what the channel holds under this name is of the present sources: their digest is in the name."""
        return True

    def refuse_changed_sources(self) -> None:
        """Changed sources give other names."""
