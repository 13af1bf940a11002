"""Runs the command line for the tests of real packages."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def feedstock(*arguments, root=ROOT, **variables):
    """Runs the command line of a checkout and returns its JSON answer. Everything downloaded is shared."""
    state = os.environ.get("FEEDSTOCK_STATE", str(ROOT / ".feedstock"))
    command = [sys.executable, str(root / "scripts" / "feedstock"), *arguments, "--json"]
    answer = subprocess.run(
        command, env=dict(os.environ, FEEDSTOCK_STATE=state, **variables), capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def copy_of_sources(folder):
    """Sources that may be edited, for one compute capability, so that compiling takes a fraction of the time."""
    for name in ("csrc", "sageattention", "sageattention3_blackwell", "recipe", "variants", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "LICENSE", folder)
    for file in (folder / "variants").glob("cuda*.yaml"):
        text, count = re.subn(r'(\w+_architectures:\n  - ").*"', r'\g<1>9.0"', file.read_text())
        assert count == 2, file
        file.write_text(text)
    return folder


def cpu_seconds_of_children() -> float:
    """Unlike the clock, the same on a machine that is busy with other things."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass
class Toolkit:
    """A prefix with nvcc, CMake and ninja."""

    prefix: Path

    @property
    def nvcc(self) -> Path:
        return self.prefix / "bin/nvcc"

    def run(self, program, *arguments) -> str:
        """What a program says; its failure fails the test."""
        variables = dict(os.environ, NVCC_PREPEND_FLAGS=f"-I{self.prefix}/include -L{self.prefix}/lib")
        done = subprocess.run(
            [self.prefix / "bin" / program, *arguments],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def compile(self, source: Path, folder: Path, **options) -> None:
        """Compiles a CMake project."""
        options.update(CMAKE_CUDA_COMPILER=self.nvcc, CUDAToolkit_ROOT=self.prefix, CMAKE_BUILD_TYPE="Release")
        options["CMAKE_MAKE_PROGRAM"] = self.prefix / "bin/ninja"
        settings = [f"-D{name}={value}" for name, value in options.items()]
        self.run("cmake", "-S", source, "-B", folder, "-G", "Ninja", *settings)
        self.run("cmake", "--build", folder)
