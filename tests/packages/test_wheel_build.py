"""Real wheels: both naming styles from one compilation, the same file twice, and pip's own view of them."""

import hashlib
import re
import sys
from pathlib import Path

import pytest
from packages.helpers import ROOT, feedstock

pytestmark = pytest.mark.package


@pytest.fixture(scope="session")
def cell(built):
    """A wheel that this machine can build and try: its own Python, CUDA and PyTorch of the default conda variant."""
    cuda, pytorch = re.search(r"version([\d.]+)pytorch([\d.]+)$", built["variant"]).groups()
    return ["--torch", pytorch, "--cuda", cuda, "--python", f"{sys.version_info.major}.{sys.version_info.minor}"]


@pytest.fixture(scope="session")
def styles(cell):
    """Answers of `feedstock wheel` in both styles, in this order."""
    return [feedstock("wheel", *cell, "--style", style) for style in ("build-tag", "local-version")]


def compilations(answer):
    return [step["step"] for step in answer["steps"] if step["step"].startswith(("kernels", "operators"))]


def test_the_second_style_compiles_nothing(styles):
    assert len(compilations(styles[0])) <= 2
    assert compilations(styles[1]) == []


def test_wheels_are_what_their_names_say(styles):
    files = [file for answer in styles for file in answer["wheels"]]
    assert len(files) == 2
    assert feedstock("verify", *files)["ok"]


def test_building_twice_gives_the_same_file(cell, styles):
    [file] = map(Path, styles[0]["wheels"])
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    [again] = map(Path, feedstock("wheel", *cell, "--style", "build-tag")["wheels"])
    assert hashlib.sha256(again.read_bytes()).hexdigest() == before
    assert again.parent == ROOT / "wheels"
