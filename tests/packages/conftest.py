"""One build of the default variant for all tests of real packages."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from packages.helpers import feedstock


@pytest.fixture(scope="session")
def built():
    """Answer of `feedstock build`; finished packages are reused."""
    return feedstock("build")


@pytest.fixture(scope="session")
def packages(built):
    """The finished packages by name."""
    files = [Path(file) for file in built["packages"]]
    return {file.name.rsplit("-", 2)[0]: file for file in files}
