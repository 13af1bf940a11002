"""The compiled half of wheels: kernels once per CUDA version, the operator library once per PyTorch.

What is finished is kept below `.feedstock/wheels` under a digest of what it was made from.
"""

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

from feedstock import assemble, index, machine, wheels
from feedstock.channel import CHANNEL, LocalChannel
from feedstock.digests import source_digests
from feedstock.errors import FeedstockError
from feedstock.install import install
from feedstock.paths import REPOSITORY, STATE, WINDOWS
from feedstock.programs import run
from feedstock.reproducible import commit_time
from feedstock.tables import digits
from feedstock.variants import current_platform, published
from feedstock.wheel_lane import SOURCES

KEPT = STATE / "wheels"

# ptxas takes up to this much memory for one attention kernel.
GIB_PER_JOB = 2

FLAGS = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")

# Of PyTorch's wheel only what a C++ library is compiled and linked with.
NOT_FOR_LINKING = r"(?!include/|lib/libc10\.so|lib/libtorch_cpu\.so|lib/libgomp|lib/.*\.lib$|version\.py$)"


class Libraries:
    """Compiles for cells of the wheel lane on this machine.

    `handed`: a folder with kernels that `kernels_for` left there, on this machine or another one of its kind.
    `torch_from`: "pip" takes PyTorch from where pip is configured to look, "pytorch.org" from its project's index.
    """

    def __init__(self, reporter, handed: Path | None = None, torch_from: str = "pip"):
        self.reporter = reporter
        self.handed = handed
        self.torch_from = torch_from
        self.compiler = machine.MicrosoftCompiler() if WINDOWS else machine.Compiler()
        self.digests = source_digests()

    def kernels_for(self, cells: list, folder: Path) -> list:
        """The kernels of these cells, one prefix for each CUDA version, to be handed to other jobs."""
        handed = []
        for cell in cells:
            target = folder / self.handed_name(cell)
            if not target.exists():
                compiled = self.kernels(cell)
                with assemble.staging() as staged:
                    shutil.copytree(compiled, staged / "prefix")
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.move(staged / "prefix", target)
            handed.append(target)
        return list(dict.fromkeys(handed))

    def handed_name(self, cell) -> str:
        """Says what the kernels are, whichever machine compiled them."""
        key = assemble.digest(self.kernel_digest(cell), *cell.architectures, cell.version)
        return f"{cell.distribution}-cuda{cell.cuda}-{cell.platform}-{key}"

    def kernel_digest(self, cell) -> str:
        prefix = "" if cell.distribution == "sageattention" else f"{cell.distribution}_"
        return self.digests[f"{prefix}kernel_digest"]

    def kernels_from(self, cell) -> Path:
        prefix = self.handed / self.handed_name(cell)
        if not prefix.is_dir():
            raise FeedstockError(
                f"{self.handed} holds no {prefix.name}: make it from the same sources with "
                f"`feedstock wheel --cuda {cell.cuda} --kernels-only --kernels {self.handed}`"
            )
        return prefix

    def kernels(self, cell) -> Path:
        """The prefix with the kernel library of a CUDA version."""
        if self.handed:
            return self.kernels_from(cell)
        home, prefix = self.cuda_home(cell.cuda), cell.distribution.upper()
        architectures = [digits(capability) for capability in cell.architectures]
        key = assemble.digest(self.kernel_digest(cell), self.compiler.version, *architectures, cell.version)
        options = {
            "CMAKE_CUDA_COMPILER": nvcc_of(home),
            f"{prefix}_ARCHITECTURES": ";".join(architectures),
            f"{prefix}_VERSION": cell.version,
        }
        # On Windows nvcc takes the compiler that is on PATH, and finds its own files.
        flags = "" if WINDOWS else f"-ccbin={self.compiler.cxx} -I{home}/include -L{home}/lib"
        title = f"kernels of {cell.distribution} for CUDA {cell.cuda}"
        name = f"{cell.distribution}-kernels-{cell.cuda}-{key}"
        return self.compiled(title, name, f"{SOURCES[cell.distribution]}/csrc", options, NVCC_PREPEND_FLAGS=flags)

    def operators(self, cell) -> Path:
        """The prefix with the operator library of a PyTorch. It needs some kernel library to link with; they are all
        alike from the outside."""
        kernels, torch = self.kernels(cell), self.torch(cell)
        key = assemble.digest(*self.digests.values(), self.compiler.version, cell.version, torch.name)
        options = {"CMAKE_PREFIX_PATH": kernels, "SAGEATTENTION_TORCH_DIR": torch}
        title = f"operators of {cell.distribution} for PyTorch {cell.pytorch}"
        name = f"{cell.distribution}-operators-{cell.pytorch}-{key}"
        return self.compiled(title, name, f"{SOURCES[cell.distribution]}/csrc/torch", options)

    def compiled(self, title: str, name: str, source: str, options: dict, **variables) -> Path:
        """A CMake project, installed into a prefix that is kept. An unfinished one is made again."""
        prefix = KEPT / name
        if prefix.exists():
            return prefix
        tools = self.tools()
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

    def torch(self, cell) -> Path:
        """Headers and libraries of a PyTorch release, out of its wheel. Any build of it will do that has the string ABI
        of the wheels: on Linux, libstdc++'s current one."""
        build = published().build_to_link(cell) if self.torch_from == "pytorch.org" else ""
        kept = KEPT / f"torch-{cell.pytorch}{'-' if build else ''}{build}"
        if not kept.exists():
            with self.reporter.step(f"PyTorch {cell.pytorch}"), assemble.staging() as folder:
                wanted, options = [f"torch=={cell.pytorch}"], self.torch_options(cell)
                options += ["--python-version", cell.python]
                [file] = wheels.download(wanted, {}, folder, self.reporter, closure=False, options=options)
                wheels.tree(wheels.Wheel(file), "torch/", folder / "torch", exclude=NOT_FOR_LINKING)
                require_string_abi(cell, folder / "torch")
                KEPT.mkdir(parents=True, exist_ok=True)
                os.replace(folder / "torch", kept)
        return kept

    def torch_options(self, cell) -> list:
        """Where pip looks for PyTorch."""
        if self.torch_from == "pip":
            return []
        return ["--extra-index-url", f"{published().pytorch_index}/{published().build_to_link(cell)}"]

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
        specs = [f"cuda-nvcc_{current_platform()} {cuda}.*", "cuda-cudart-dev", f"cuda-version {cuda}.*"]
        return installed(f"toolkit-{cuda}", local, group, specs)

    def tools(self) -> Path:
        """The folder of CMake and Ninja: those of the local channel; on Windows those on PATH (pixi.toml has them)."""
        if WINDOWS:
            return Path(machine.find_program("cmake")).parent
        local = LocalChannel(self.reporter)
        group = local.tree_group("build tools", local.releases["tools"], local.make_tools)
        return installed("tools", local, group, ["cmake", "ninja"]) / "bin"

    def environment(self, **variables) -> dict:
        """Timestamps come from the commit, so that the same sources give the same file. Flags of the caller stay out:
        those of an activated conda environment put its own folder into the libraries."""
        left_out = ("CMAKE_", "SKBUILD_", *FLAGS)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
        path = f"{self.tools()}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "SOURCE_DATE_EPOCH": str(commit_time()), **variables}

    def run(self, command: list, **options) -> None:
        run(command, self.reporter, **options)


def installed(title: str, local: LocalChannel, group, specs: list) -> Path:
    """A group of the local channel in a prefix that is kept: complete or not there at all."""
    kept = KEPT / f"{title}-{group.fingerprint}"
    if not kept.exists():
        local.ensure(group)
        index.ensure(CHANNEL)
        with assemble.staging() as folder:
            install(folder / "prefix", [local.url], specs)
            KEPT.mkdir(parents=True, exist_ok=True)
            os.replace(folder / "prefix", kept)
    return kept


def require_string_abi(cell, torch: Path) -> None:
    """PyTorch 2.6 exists with both of libstdc++'s string ABIs. FindLibTorch.cmake in csrc/torch looks at the same."""
    library = torch / "lib" / "libc10.so"
    if library.exists() and not re.search(rb"torchCheckFail\w*NSt7__cxx1112basic_string", library.read_bytes()):
        raise FeedstockError(
            f"the PyTorch {cell.pytorch} that pip finds has the string ABI of before C++11, but {cell.name} is for the "
            f"build for CUDA {cell.pytorch_cuda}, which has the current one: get it with --torch-from pytorch.org"
        )


def jobs() -> int:
    if WINDOWS:  # says nothing about memory without a library of its own; its runners have 4 GiB for each core
        return os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") // 2**30
    return max(1, min(os.cpu_count() or 1, memory // GIB_PER_JOB))


def nvcc_of(home: Path) -> Path:
    return home / "bin" / ("nvcc.exe" if WINDOWS else "nvcc")


def nvcc_version(home: Path) -> str:
    try:
        answer = subprocess.run([nvcc_of(home), "--version"], capture_output=True, text=True)
    except OSError as error:
        raise FeedstockError(f"CUDA_HOME={home} holds no nvcc that runs: {error}") from error
    found = re.search(r"release (\d+\.\d+)", answer.stdout)
    if not found:
        raise FeedstockError(f"{nvcc_of(home)} does not say its version: {answer.stdout or answer.stderr}")
    return found[1]
