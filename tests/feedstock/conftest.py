"""The command line's modules are importable as `feedstock`, as its own entry point makes them."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

# Set before feedstock.paths is imported: tests never touch the state of the checkout.
os.environ.pop("FEEDSTOCK_LOG", None)
os.environ.pop("FEEDSTOCK_RUN", None)


@pytest.fixture
def reporter(tmp_path, monkeypatch):
    """A reporter whose log is in the test's own folder."""
    from feedstock.console import Reporter

    monkeypatch.setenv("FEEDSTOCK_LOG", str(tmp_path / "run.log"))
    return Reporter()


@pytest.fixture
def state(tmp_path, monkeypatch):
    """An empty state folder for the modules that keep something."""
    from feedstock import assemble, build, channel, unpacked

    folder = tmp_path / "state"
    monkeypatch.setattr(assemble, "STATE", folder)
    monkeypatch.setattr(build, "STATE", folder)
    monkeypatch.setattr(build, "WORK", folder / "build")
    monkeypatch.setattr(channel, "CHANNEL", folder / "channel")
    monkeypatch.setattr(channel, "RECORD", folder / "channel" / "groups.json")
    monkeypatch.setattr(unpacked, "UNPACKED", folder / "cache" / "pkgs")
    return folder
