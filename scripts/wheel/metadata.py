"""Version and requirements of a wheel, for scikit-build-core. What depends on the build comes in through the
environment (`feedstock wheel` sets it); without it the metadata are those of the sources."""

import os
import re
from pathlib import Path

VERSION_FILE = Path("sageattention") / "_version.py"


def dynamic_metadata(field, settings=None, project=None):
    if field == "version":
        local = os.environ.get("SAGEATTENTION_LOCAL_VERSION", "")
        return package_version() + (f"+{local}" if local else "")
    if field == "dependencies":
        return [os.environ.get("SAGEATTENTION_TORCH_REQUIREMENT", "torch")]
    raise ValueError(f"no dynamic metadata called {field!r}: version and dependencies are")


def package_version():
    found = re.search(r'__version__ = "([^"]+)"', VERSION_FILE.read_text(encoding="utf-8"))
    if not found:
        raise RuntimeError(f"{VERSION_FILE} gives no version: run `feedstock rerender`")
    return found[1]


def dynamic_metadata_needs(field, settings=None):
    return []
