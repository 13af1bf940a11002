"""What a finished file says about itself."""

import hashlib
from pathlib import Path

from rattler.package import IndexJson


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def subdir(package: Path) -> str:
    """The folder of a channel that a package belongs into."""
    return IndexJson.from_package_archive(package).subdir
