"""One build of the default variant for all tests of real packages."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from packages.helpers import Toolkit, feedstock
from rattler.package_streaming import extract


@pytest.fixture(scope="session")
def built():
    """Answer of `feedstock build`; finished packages are reused."""
    return feedstock("build")


@pytest.fixture(scope="session")
def packages(built):
    """The finished packages by name."""
    files = [Path(file) for file in built["packages"]]
    return {file.name.rsplit("-", 2)[0]: file for file in files}


@pytest.fixture(scope="session")
def unpacked(packages, tmp_path_factory):
    """Contents of the packages by name."""
    folders = {}
    for name, file in packages.items():
        folders[name] = tmp_path_factory.mktemp(name)
        extract(file, folders[name])
    return folders


@pytest.fixture(scope="session")
def toolkit(packages, tmp_path_factory):
    """nvcc, CMake and ninja of the local channel."""
    prefix = tmp_path_factory.mktemp("toolkit") / "prefix"
    platform = packages["libsageattention"].parent.name
    feedstock("install", "--prefix", str(prefix), f"cuda-nvcc_{platform}", "cuda-cudart-dev", "cmake", "ninja")
    return Toolkit(prefix)
