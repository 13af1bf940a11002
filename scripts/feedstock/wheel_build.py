"""Builds wheels from libraries that wheel_libraries.py compiles: one file per Python and naming style.

A wheel is kept only after it was installed into an empty environment and attention ran there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from feedstock import assemble, verify
from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY, SCRIPTS
from feedstock.tables import minor
from feedstock.variants import current_platform
from feedstock.wheel_lane import SOURCES, STYLES
from feedstock.wheel_libraries import Libraries

OUTPUT = REPOSITORY / "wheels"


class WheelBuilder:
    """Builds cells of the wheel lane on this machine.

    `styles`: of the file names; none means each distribution's own. `manylinux`: whether they get the oldest manylinux
    tag that their libraries are compatible with, instead of linux_<machine>.
    """

    def __init__(self, libraries: Libraries, styles: tuple = (), manylinux: bool = False):
        self.libraries = libraries
        self.reporter = libraries.reporter
        self.styles = styles
        self.manylinux = manylinux

    def build(self, cells: list) -> list:
        refuse_blocked(cells)
        return [file for cell in cells for file in self.wheels(cell)]

    def wheels(self, cell) -> list:
        """The wheels of a cell, one for each style."""
        made = []
        compiled = self.libraries.kernels(cell), self.libraries.operators(cell)
        with assemble.staging() as folder:
            for style in self.styles or (cell.style,):
                with self.reporter.step(f"wheel {cell.file(style)}"):
                    made.append(self.pack(cell, compiled, style, folder / style))
                    verify.require(made[-1], cell)
            with self.reporter.step(f"PyTorch {cell.pytorch} for Python {cell.python}"):
                environment = self.empty_environment(cell, folder / "environment")
            for file in made:
                with self.reporter.step(f"install and run {file.name}"):
                    self.prove(cell.distribution, file, environment)
            return [assemble.publish(file, OUTPUT) for file in made]

    def pack(self, cell, compiled: tuple, style: str, folder: Path) -> Path:
        """A wheel for any Python first, then the same under the tags of the cell."""
        folder.mkdir()
        variables = {"SAGEATTENTION_TORCH_REQUIREMENT": f"torch=={minor(cell.pytorch)}.*"}
        variables["SAGEATTENTION_LOCAL_VERSION"] = cell.local_version if style == "local-version" else ""
        names = ("SAGEATTENTION_KERNELS", "SAGEATTENTION_OPERATORS")
        settings = {f"cmake.define.{name}": str(prefix) for name, prefix in zip(names, compiled, strict=True)}
        settings["build-dir"] = str(folder / "build")
        hook = f"from scikit_build_core.build import build_wheel; build_wheel({str(folder)!r}, {settings!r})"
        environment = self.libraries.environment(**variables)
        self.run([sys.executable, "-c", hook], cwd=REPOSITORY / SOURCES[cell.distribution], env=environment)
        [base] = folder.glob("*.whl")
        platform = cell.platform
        if self.manylinux and platform.startswith("linux"):
            base = self.repair(base)
            platform = next(tag for tag in base.stem.rpartition("-")[2].split(".") if tag.startswith("manylinux_"))
        tags = ["--python-tag", cell.tag, "--abi-tag", cell.tag, "--platform-tag", platform]
        if style == "build-tag":
            tags += ["--build", cell.build_tag]
        self.run([sys.executable, "-m", "wheel", "tags", "--remove", *tags, base], env=environment)
        [made] = folder.glob("*.whl")
        expected = cell.file(style, platform)
        if made.name != expected:
            raise FeedstockError(f"the wheel came out as {made.name}, expected {expected}")
        return made

    def repair(self, wheel: Path) -> Path:
        """auditwheel finds the oldest glibc that the libraries run with. torch's own libraries come with torch."""
        command = [
            sys.executable,
            "-m",
            "auditwheel",
            "repair",
            "--only-plat",
            "--wheel-dir",
            wheel.parent / "repaired",
        ]
        for library in ("libtorch_cpu.so", "libc10.so"):
            command += ["--exclude", library]
        self.run([*command, wheel], env=self.libraries.environment())
        [repaired] = (wheel.parent / "repaired").glob("*.whl")
        wheel.unlink()
        return repaired.rename(wheel.parent / repaired.name)

    def empty_environment(self, cell, folder: Path) -> Path:
        """PyTorch, and nothing of ours."""
        self.run([find_python(cell.python), "-m", "venv", folder])
        # The release by name; the wheel's own requirement must be satisfied by it.
        self.run([*pip(folder), *self.libraries.torch_options(cell), f"torch=={cell.pytorch}", "numpy"])
        return folder

    def prove(self, distribution: str, wheel: Path, environment: Path) -> None:
        """In a copy, so that the next wheel finds the environment empty."""
        folder = wheel.parent
        copy = folder / "environment"
        shutil.copytree(environment, copy, symlinks=True, copy_function=os.link)
        self.run([*pip(copy), "--no-index", wheel])
        self.run([copy / SCRIPTS / "python", "-m", "pip", "check"])
        script = REPOSITORY / "recipe" / "tests" / "attention_on_cpu.py"
        self.run([copy / SCRIPTS / "python", "-I", script, distribution], cwd=folder)
        shutil.rmtree(copy)

    def run(self, command: list, **options) -> None:
        self.libraries.run(command, **options)


def pip(environment: Path) -> list:
    options = ["--disable-pip-version-check", "install", "--only-binary", ":all:"]
    return [environment / SCRIPTS / "python", "-m", "pip", *options]


def styles_of(name: str | None) -> tuple:
    """`both`, or one of them; without a name each distribution has its own."""
    if name is None:
        return ()
    return STYLES if name == "both" else (name,)


def refuse_blocked(cells: list) -> None:
    here = {"linux-64": "linux_x86_64", "linux-aarch64": "linux_aarch64", "win-64": "win_amd64"}[current_platform()]
    for cell in cells:
        reason = cell.blocked or ("" if cell.platform == here else f"this machine makes wheels for {here} only")
        if reason:
            raise FeedstockError(f"{cell.name} cannot be built: {reason}")


def find_python(version: str) -> str:
    """An interpreter of this minor version: on PATH, or made by pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"{version}.*/bin/python"), sys.executable]
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    broken = ""
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, "-c", program], capture_output=True, text=True)
        if answer.stdout.strip() == version:
            return str(candidate)
        if answer.returncode != 0:
            broken = f" ({candidate} does not run: {' '.join(answer.stderr.split()[-20:])})"
    raise FeedstockError(
        f"no python{version} here to try the wheel with{broken}: put one on PATH; untried wheels are not kept"
    )
