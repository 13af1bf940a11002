"""Real wheels: names of both styles for two Pythons from one compilation, the same file twice, builds from source."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packages.helpers import ROOT, feedstock

pytestmark = pytest.mark.package

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def row(built):
    """A row that this machine can build: CUDA and PyTorch of the default conda variant."""
    cuda, pytorch = re.search(r"version([\d.]+)pytorch([\d.]+)$", built["variants"][0]).groups()
    return ["--torch", pytorch, "--cuda", cuda]


@pytest.fixture(scope="session")
def pythons():
    """The running Python and another one, which PATH or pyenv must have."""
    from feedstock.errors import FeedstockError
    from feedstock.wheel_build import find_python

    for other in ("3.12", "3.13", "3.11", "3.10"):
        try:
            if other != RUNNING and find_python(other):
                return ["--python", RUNNING, "--python", other]
        except FeedstockError:
            continue
    pytest.fail("two Pythons are needed: put a second one on PATH (python3.12 and the like)")


@pytest.fixture(scope="session")
def both(row, pythons, tmp_path_factory):
    """Answer of `feedstock wheel` for both Pythons in both styles, compiled from nothing."""
    kernels = str(tmp_path_factory.mktemp("kernels"))
    compiled = feedstock("wheel", *row, "--kernels-only", "--kernels", kernels)
    made = feedstock("wheel", *row, *pythons, "--style", "both", "--kernels", kernels)
    return {"kernels": compiled["kernels"], "wheels": made["wheels"], "steps": [*compiled["steps"], *made["steps"]]}


def test_four_wheels_come_from_one_compilation(both):
    steps = [step["step"] for step in both["steps"]]
    assert len(set(both["wheels"])) == 4
    assert len(both["kernels"]) == 1
    assert sum(step.startswith("kernels of") for step in steps) <= 1
    assert sum(step.startswith("operators of") for step in steps) <= 1
    libraries = set()
    for wheel in both["wheels"]:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".so")]
            libraries.add(tuple(hashlib.sha256(archive.read(name)).hexdigest() for name in sorted(names)))
    assert len(libraries) == 1


def test_wheels_are_what_their_names_say(both):
    assert feedstock("verify", *both["wheels"])["ok"]


def test_building_twice_gives_the_same_file(row, both):
    [file] = [Path(name) for name in both["wheels"] if f"cp{RUNNING.replace('.', '')}-" in name and "+" not in name]
    before = file.read_bytes()
    [again] = feedstock("wheel", *row, "--python", RUNNING, "--style", "build-tag")["wheels"]
    assert Path(again) == file
    assert file.read_bytes() == before


def test_manylinux_wheels_say_which_glibc_they_need(row):
    [file] = feedstock("wheel", *row, "--python", RUNNING, "--platform-tag", "manylinux")["wheels"]
    assert re.search(r"-manylinux_2_\d+_\w+\.whl$", file)
    checks = feedstock("verify", file)["files"][file]
    assert any(check["what"] == "glibc" and check["good"] for check in checks)


def test_the_kernel_library_is_the_same_wherever_it_is_built(toolkit, tmp_path):
    """From sources in two folders, into two others."""
    shutil.copytree(ROOT / "csrc", tmp_path / "elsewhere/sources/csrc")
    libraries = []
    for source, build in ((ROOT / "csrc", "a"), (tmp_path / "elsewhere/sources/csrc", "much/deeper/b")):
        folder, prefix = tmp_path / build, tmp_path / build / "prefix"
        options = {"SAGEATTENTION_ARCHITECTURES": "80", "SAGEATTENTION_VERSION": "1.0.0"}
        toolkit.compile(source, folder, CMAKE_INSTALL_PREFIX=prefix, **options)
        toolkit.run("cmake", "--install", folder, "--strip")
        [library] = prefix.rglob("libsageattention.so")
        libraries.append(library.read_bytes())
    assert libraries[0] == libraries[1]


@pytest.fixture
def configure(toolkit, tmp_path):
    """What `pip install .` configures, where something is missing."""

    def configure(python=sys.executable, **variables):
        source = ["-S", ROOT / "scripts/wheel", "-B", tmp_path / "build", "-GNinja"]
        source.append(f"-DCMAKE_MAKE_PROGRAM={toolkit.prefix}/bin/ninja")
        project = ["-DSKBUILD_PROJECT_NAME=sageattention", "-DSKBUILD_PROJECT_VERSION=2.2.0"]
        command = [toolkit.prefix / "bin/cmake", *source, *project, f"-DPython_EXECUTABLE={python}"]
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
        assert done.returncode != 0
        return " ".join((done.stdout + done.stderr).split())

    return configure


@pytest.mark.skipif(Path("/usr/local/cuda/bin/nvcc").exists(), reason="nvcc is found there without being named")
def test_a_source_build_without_nvcc_says_so(configure, tmp_path):
    output = configure(CUDA_HOME=str(tmp_path), PATH="/nowhere")
    assert "compiling the kernels takes a CUDA toolkit" in output
    assert str(tmp_path) in output


def test_a_source_build_without_torch_says_so(configure, toolkit):
    assert "has no torch" in configure(CUDA_HOME=str(toolkit.prefix))


def test_a_source_build_refuses_what_are_no_architectures(configure, toolkit, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho /somewhere/torch\n")
    python.chmod(0o755)
    output = configure(python, CUDA_HOME=str(toolkit.prefix), TORCH_CUDA_ARCH_LIST="all")
    assert "TORCH_CUDA_ARCH_LIST is 'all', expected compute capabilities" in output
