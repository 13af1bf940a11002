"""Linters and other programs that the tests run."""

import sys
from pathlib import Path


def tool(name: str) -> str:
    """A program of the private environment."""
    return str(Path(sys.executable).with_name(name))
