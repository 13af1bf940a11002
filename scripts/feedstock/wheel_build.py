"""Builds wheels: kernels once per CUDA version, the operator library once per PyTorch, then one file per Python.

Everything compiled is kept below `.feedstock/wheels` under a digest of what it was made from. A wheel is kept only
after it was installed into an empty environment and attention ran there.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from feedstock import assemble, index, machine, verify, wheels
from feedstock.channel import CHANNEL, LocalChannel
from feedstock.digests import source_digests
from feedstock.errors import FeedstockError
from feedstock.install import install
from feedstock.paths import REPOSITORY, STATE
from feedstock.tables import minor
from feedstock.variants import current_platform, default

KEPT = STATE / "wheels"
OUTPUT = REPOSITORY / "wheels"
STYLES = ("build-tag", "local-version")

# ptxas takes up to this much memory for one attention kernel.
GIB_PER_JOB = 2


class WheelBuilder:
    """Builds cells of the wheel lane on this machine."""

    def __init__(self, reporter, style: str | None):
        self.reporter = reporter
        self.style = style
        self.compiler = machine.Compiler()
        self.digests = source_digests()

    def build(self, cells: list) -> list:
        refuse_blocked(cells)
        return [self.wheel(cell) for cell in cells]

    def wheel(self, cell) -> Path:
        name = cell.file(self.style) if self.style else cell.name
        with assemble.staging() as folder:
            with self.reporter.step(f"wheel {name}"):
                made = self.pack(cell, name, folder)
                verify.require(made, cell)
            with self.reporter.step(f"install and run it with Python {cell.python}"):
                self.prove(cell, made, folder)
            return assemble.publish(made, OUTPUT)

    def pack(self, cell, name: str, folder: Path) -> Path:
        """A wheel for any Python first, then the same under the tags of the cell."""
        kernels, operators = self.kernels(cell), self.operators(cell)
        variables = {"SAGEATTENTION_TORCH_REQUIREMENT": f"torch=={minor(cell.pytorch)}.*"}
        if "+" in name:
            variables["SAGEATTENTION_LOCAL_VERSION"] = name.split("-")[1].partition("+")[2]
        settings = {"cmake.define.SAGEATTENTION_KERNELS": str(kernels)}
        settings["cmake.define.SAGEATTENTION_OPERATORS"] = str(operators)
        settings["build-dir"] = str(folder / "build")
        hook = f"from scikit_build_core.build import build_wheel; build_wheel({str(folder)!r}, {settings!r})"
        self.run([sys.executable, "-c", hook], cwd=REPOSITORY, env=self.environment(**variables))
        [base] = folder.glob("*.whl")
        python = "cp" + cell.python.replace(".", "")
        tags = ["--python-tag", python, "--abi-tag", python, "--platform-tag", cell.platform]
        if "+" not in name:
            tags += ["--build", name.split("-")[2]]
        self.run([sys.executable, "-m", "wheel", "tags", "--remove", *tags, base], env=self.environment())
        [made] = folder.glob("*.whl")
        if made.name != name:
            raise FeedstockError(f"the wheel came out as {made.name}, expected {name}")
        return made

    def kernels(self, cell) -> Path:
        """The prefix with the kernel library of a CUDA version."""
        home = self.cuda_home(cell.cuda)
        architectures = [capability.replace(".", "") for capability in cell.architectures]
        key = assemble.digest(self.digests["kernel_digest"], self.compiler.version, *architectures, cell.version)
        options = {
            "CMAKE_CUDA_COMPILER": home / "bin" / "nvcc",
            "SAGEATTENTION_ARCHITECTURES": ";".join(architectures),
            "SAGEATTENTION_VERSION": cell.version,
        }
        flags = f"-ccbin={self.compiler.cxx} -I{home}/include -L{home}/lib"
        title = f"kernels for CUDA {cell.cuda}"
        return self.compiled(title, f"kernels-{cell.cuda}-{key}", "csrc", options, NVCC_PREPEND_FLAGS=flags)

    def operators(self, cell) -> Path:
        """The prefix with the operator library of a PyTorch. It needs some kernel library to link with; they are all
        alike from the outside."""
        kernels = self.kernels(cell)
        key = assemble.digest(*self.digests.values(), self.compiler.version, cell.version)
        options = {"CMAKE_PREFIX_PATH": kernels, "SAGEATTENTION_TORCH_DIR": self.torch(cell.pytorch)}
        return self.compiled(
            f"operators for PyTorch {cell.pytorch}", f"operators-{cell.pytorch}-{key}", "csrc/torch", options
        )

    def compiled(self, title: str, name: str, source: str, options: dict, **variables) -> Path:
        """A CMake project, installed into a prefix that is kept. An unfinished one is made again."""
        prefix = KEPT / name
        if prefix.exists():
            return prefix
        tools = self.tools() / "bin"
        defines = [f"-D{key}={value}" for key, value in options.items()]
        defines += [
            f"-DCMAKE_CXX_COMPILER={self.compiler.cxx}",
            "-DCMAKE_BUILD_TYPE=Release",
            "-DCMAKE_INSTALL_LIBDIR=lib",
        ]
        with self.reporter.step(title), assemble.staging() as folder:
            build, made = folder / "build", folder / "prefix"
            command = [tools / "cmake", "-S", REPOSITORY / source, "-B", build, "-G", "Ninja", *defines]
            environment = self.environment(**variables)
            self.run([*command, f"-DCMAKE_INSTALL_PREFIX={made}"], env=environment)
            self.run([tools / "cmake", "--build", build, "--parallel", str(jobs())], env=environment)
            self.run([tools / "cmake", "--install", build, "--strip"], env=environment)
            KEPT.mkdir(parents=True, exist_ok=True)
            os.replace(made, prefix)
        return prefix

    def torch(self, release: str) -> Path:
        """Headers and libraries of a PyTorch release, out of its wheel. Any build of it will do."""
        kept = KEPT / f"torch-{release}"
        if not kept.exists():
            with self.reporter.step(f"PyTorch {release}"), assemble.staging() as folder:
                [file] = wheels.download([f"torch=={release}"], {}, folder, self.reporter, closure=False)
                wheels.tree(wheels.Wheel(file), "torch/", folder / "torch", exclude=NOT_FOR_LINKING)
                KEPT.mkdir(parents=True, exist_ok=True)
                os.replace(folder / "torch", kept)
        return kept

    def cuda_home(self, cuda: str) -> Path:
        """The toolkit: $CUDA_HOME, or the one that the local channel makes from PyPI."""
        chosen = os.environ.get("CUDA_HOME")
        if chosen:
            found = nvcc_version(Path(chosen))
            if found != cuda:
                raise FeedstockError(f"CUDA_HOME={chosen} holds CUDA {found}; this wheel needs {cuda}")
            return Path(chosen)
        return self.toolkit_of_pypi(cuda)

    def toolkit_of_pypi(self, cuda: str) -> Path:
        """The local channel's CUDA compiler and runtime, whether or not a conda variant uses that version."""
        local = LocalChannel(self.reporter)
        if cuda not in local.releases["cuda"]:
            known = ", ".join(local.releases["cuda"])
            raise FeedstockError(f"no CUDA {cuda} toolkit here: name one in CUDA_HOME (from PyPI there is {known})")
        releases = local.releases["cuda"][cuda]
        group = local.tree_group(f"CUDA compiler {cuda}", releases, partial(local.make_cuda, cuda, releases))

        def prepare():
            if not local.is_complete(group):
                with self.reporter.step(f"local channel: {group.title}"):
                    local.add(group)
                index.ensure(CHANNEL)

        specs = [f"cuda-nvcc_{current_platform()} {cuda}.*", "cuda-cudart-dev", f"cuda-version {cuda}.*"]
        return installed(f"toolkit-{cuda}-{group.fingerprint}", local, specs, prepare)

    def tools(self) -> Path:
        local = LocalChannel(self.reporter)
        name = f"tools-{assemble.digest(*local.releases['tools'].values())}"
        return installed(name, local, ["cmake", "ninja"], lambda: local.prepare(default()))

    def prove(self, cell, wheel: Path, folder: Path) -> None:
        """Into an environment that holds PyTorch and nothing of ours."""
        interpreter = find_python(cell.python)
        environment = folder / "environment"
        self.run([interpreter, "-m", "venv", environment])
        python = environment / "bin" / "python"
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--only-binary", ":all:"]
        # The release by name, then the wheel with its own requirement, which must be satisfied by it.
        self.run([*pip, f"torch=={cell.pytorch}", "numpy"])
        self.run([*pip, "--no-index", wheel])
        self.run([python, "-m", "pip", "check"])
        script = REPOSITORY / "recipe" / "tests" / "attention_on_cpu.py"
        self.run([python, "-I", script], cwd=folder)

    def environment(self, **variables) -> dict:
        """Timestamps come from the commit, so that the same sources give the same file."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CMAKE_", "SKBUILD_"))}
        path = f"{self.tools() / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "SOURCE_DATE_EPOCH": commit_time(), **variables}

    def run(self, command: list, **options) -> None:
        """What the program says goes to the log; its last words into the error."""
        command = [str(part) for part in command]
        self.reporter.log(" ".join(command))
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self.reporter.log(answer.stdout)
        if answer.returncode != 0:
            tail = "\n  ".join(answer.stdout.strip().splitlines()[-4:])
            raise FeedstockError(f"{Path(command[0]).name} failed:\n  {tail}")


# Of PyTorch's wheel only what a C++ library is compiled and linked with.
NOT_FOR_LINKING = r"(?!include/|lib/libc10\.so|lib/libtorch_cpu\.so|lib/libgomp|lib/.*\.lib$|version\.py$)"


def installed(name: str, local: LocalChannel, specs: list, prepare) -> Path:
    """Packages of the local channel in a prefix that is kept: complete or not there at all."""
    kept = KEPT / name
    if not kept.exists():
        prepare()
        with assemble.staging() as folder:
            install(folder / "prefix", [local.url], specs)
            KEPT.mkdir(parents=True, exist_ok=True)
            os.replace(folder / "prefix", kept)
    return kept


def refuse_blocked(cells: list) -> None:
    here = {"linux-64": "linux_x86_64", "linux-aarch64": "linux_aarch64", "win-64": "win_amd64"}[current_platform()]
    for cell in cells:
        reason = cell.blocked or ("" if cell.platform == here else f"this machine makes wheels for {here} only")
        if reason:
            raise FeedstockError(f"{cell.name} cannot be built: {reason}")


def jobs() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") // 2**30
    return max(1, min(os.cpu_count() or 1, memory // GIB_PER_JOB))


def nvcc_version(home: Path) -> str:
    answer = subprocess.run([home / "bin" / "nvcc", "--version"], capture_output=True, text=True)
    found = re.search(r"release (\d+\.\d+)", answer.stdout)
    if not found:
        raise FeedstockError(f"{home}/bin/nvcc does not say its version: {answer.stdout or answer.stderr}")
    return found[1]


def find_python(version: str) -> str:
    """An interpreter of this minor version: on PATH, or made by pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"{version}.*/bin/python"), sys.executable]
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, "-c", program], capture_output=True, text=True)
        if answer.stdout.strip() == version:
            return str(candidate)
    raise FeedstockError(f"no python{version} here to try the wheel with: put one on PATH; untried wheels are not kept")


def commit_time() -> str:
    answer = subprocess.run(["git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return answer.stdout.strip() or "315532800"
