"""Version and requirements of a wheel, for scikit-build-core. What depends on the build comes in through the
environment (`feedstock wheel` sets it); without it, `pip install .` compiles for the torch that it installs beside."""

import os
import re
import subprocess
import sys
from pathlib import Path

# pip hides the environment that it installs into through PYTHONPATH, which -I ignores.
TORCH_VERSION = [sys.executable, "-I", "-c", "from importlib.metadata import version; print(version('torch'))"]


def dynamic_metadata(field, settings=None, project=None):
    if field == "version":
        local = os.environ.get("SAGEATTENTION_LOCAL_VERSION", "")
        return package_version() + (f"+{local}" if local else "")
    if field == "dependencies":
        return [os.environ.get("SAGEATTENTION_TORCH_REQUIREMENT") or torch_requirement()]
    raise ValueError(f"no dynamic metadata called {field!r}: version and dependencies are")


def package_version():
    """Of the distribution whose pyproject.toml is built: its package is the only one with that module."""
    [file] = Path().glob("*/_version.py")
    found = re.search(r'__version__ = "([^"]+)"', file.read_text(encoding="utf-8"))
    if not found:
        raise RuntimeError(f"{file} gives no version: run `feedstock rerender`")
    return found[1]


def torch_requirement():
    answer = subprocess.run(TORCH_VERSION, capture_output=True, text=True)
    found = re.match(r"\d+\.\d+", answer.stdout)
    return f"torch=={found[0]}.*" if found else "torch"


def dynamic_metadata_needs(field, settings=None):
    return []
