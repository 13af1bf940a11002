"""The local channel: conda packages made of this machine's CPython and compiler and of wheels from PyPI.

It holds groups of packages. A group is made again when its fingerprint changes (another Python, another release in
variants/local-channel.yaml, another version of this code) or when one of its files is gone; the rest is kept.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from feedstock import assemble, index, machine, unpacked, variants, wheels
from feedstock.assemble import Contents, staging
from feedstock.errors import FeedstockError
from feedstock.paths import STATE

CHANNEL = STATE / "channel"
RECORD = CHANNEL / "groups.json"


@dataclass
class Group:
    """Packages that are made together. `make(folder)` writes them and returns their file names."""

    title: str
    fingerprint: str
    make: object


class LocalChannel:
    """Makes what one variant needs, and says how the recipe must be rendered for it."""

    def __init__(self, reporter):
        self.reporter = reporter
        self.platform = variants.current_platform()
        self.subdir = CHANNEL / self.platform
        self.releases = variants.local_releases()
        self.compiler = machine.Compiler()
        self.record = read_record()

    @property
    def url(self) -> str:
        return CHANNEL.as_uri()

    def prepare(self, variant, testing: bool = False) -> None:
        for group in self.groups(variant, testing):
            self.ensure(group)
        self.remove_unused()
        # Damaged files of other variants: they are made again when their variant is.
        for aside in index.ensure(CHANNEL):
            aside.unlink()

    def ensure(self, group: Group) -> None:
        if not self.is_complete(group):
            with self.reporter.step(f"local channel: {group.title}"):
                self.add(group)

    def overrides(self, variant) -> dict:
        """Variant keys that differ from conda-forge's: the host toolchain, perhaps a CPU PyTorch."""
        files = self.record[f"PyTorch {self.torch_release(variant)}"]["files"]
        changes = machine.toolchain_overrides(self.compiler)
        if not any(wheels.is_cuda_torch(file) for file in files):
            changes["pytorch_build"] = "*"
        return changes

    def groups(self, variant, testing: bool) -> list:
        cuda, torch = self.cuda_release(variant), self.torch_release(variant)
        chosen = [
            Group(f"Python {machine.PYTHON_VERSION}", machine.fingerprint(), self.make_python),
            Group(f"compiler {self.compiler.version}", machine.fingerprint() + self.compiler.cxx, self.make_compiler),
            self.tree_group(f"CUDA compiler {variant.cuda}", cuda, partial(self.make_cuda, variant.cuda, cuda)),
            self.tree_group("build tools", self.releases["tools"], self.make_tools),
            self.wheel_group("pip and setuptools", self.releases["python"], self.closure(self.releases["python"])),
            # Without numpy, torch warns at its first import; conda-forge's pytorch depends on it, too.
            self.wheel_group(f"PyTorch {torch}", torch, self.closure({"torch": torch, "numpy": None})),
        ]
        if testing:
            wanted = self.releases["testing"]
            chosen.append(self.wheel_group("test tools", wanted, self.closure(dict.fromkeys(wanted))))
        return chosen

    def wheel_group(self, title: str, releases, make) -> Group:
        return Group(title, assemble.digest(wheels.fingerprint(), json.dumps(releases)), make)

    def tree_group(self, title: str, releases, make) -> Group:
        """How trees are cut out of wheels is written in this file."""
        return Group(title, assemble.digest(wheels.fingerprint(), Path(__file__), json.dumps(releases)), make)

    def cuda_release(self, variant) -> dict:
        known = self.releases["cuda"]
        if variant.cuda not in known:
            raise FeedstockError(
                f"variant {variant.name}: PyPI has no nvcc {variant.cuda} (there is {', '.join(known)}); "
                "build it with --channel conda-forge"
            )
        return known[variant.cuda]

    def torch_release(self, variant) -> str:
        known = self.releases["pytorch"]
        if variant.pytorch not in known:
            raise FeedstockError(
                f"variant {variant.name}: variants/published.yaml names no release of PyTorch {variant.pytorch} "
                f"(there is {', '.join(known)}); add one, or build with --channel conda-forge"
            )
        return known[variant.pytorch]

    def is_complete(self, group: Group) -> bool:
        entry = self.record.get(group.title)
        if entry is None or entry["fingerprint"] != group.fingerprint:
            return False
        return all(index.is_readable(self.subdir / file) for file in entry["files"])

    def add(self, group: Group) -> None:
        with staging() as folder:
            files = group.make(folder)
        self.record[group.title] = {"fingerprint": group.fingerprint, "files": files}
        write_record(self.record)

    def remove_unused(self) -> None:
        """Files of earlier fingerprints would compete with the current ones in a solve; unpacked copies take space."""
        used = {file for entry in self.record.values() for file in entry["files"]}
        for file in self.subdir.glob("*.conda"):
            if file.name not in used:
                file.unlink()
                unpacked.remove(unpacked.UNPACKED / file.stem)

    def write(self, contents: Contents) -> str:
        return assemble.write(contents, self.platform, self.subdir)

    def make_python(self, folder: Path) -> list:
        contents = machine.python_package(folder)
        contents.build = machine.fingerprint() + "_cpython"
        return [self.write(contents)]

    def make_compiler(self, folder: Path) -> list:
        stages = [folder / name for name in ("compiler", "libgcc", "libstdcxx", "sysroot")]
        for stage in stages:
            stage.mkdir()
        made = [
            machine.compiler_package(stages[0], self.compiler, self.platform),
            machine.runtime_package(stages[1], "libgcc", "libgcc_s.so.1", self.compiler),
            machine.runtime_package(stages[2], "libstdcxx", "libstdc++.so.6", self.compiler),
            machine.sysroot_package(stages[3], self.compiler, self.platform),
        ]
        build = assemble.digest(machine.fingerprint(), self.compiler.cxx)
        for contents in made:
            contents.build = build
        return [self.write(contents) for contents in made]

    def make_cuda(self, version: str, releases: dict, folder: Path) -> list:
        """nvcc with its parts, and the CUDA runtime, named as on conda-forge."""
        found = self.fetch(releases, folder)
        runtime = found.pop("nvidia-cuda-runtime")
        compiler_stage, runtime_stage, version_stage = (folder / name for name in ("nvcc", "runtime", "version"))
        inner = f"nvidia/cu{version.split('.')[0]}/"
        for wheel in found.values():
            wheels.tree(wheel, inner, compiler_stage)
        wheels.tree(runtime, inner, runtime_stage)
        for shared in (runtime_stage / "lib").glob("libcudart.so.*"):
            shared.with_name("libcudart.so").symlink_to(shared.name)
        write_nvcc_activation(compiler_stage)
        (version_stage / "share").mkdir(parents=True)
        (version_stage / "share" / "cuda-version").write_text(version + "\n")
        major = int(version.split(".")[0])
        pin = f"cuda-version >={version},<{major + 1}"
        build = assemble.digest(wheels.fingerprint(), Path(__file__), json.dumps(releases))
        nvcc = Contents(f"cuda-nvcc_{self.platform}", releases["nvidia-cuda-nvcc"], compiler_stage, build)
        nvcc.run_exports = {"strong": [pin]}
        cudart = Contents("cuda-cudart-dev", str(runtime.version), runtime_stage, build, depends=[pin])
        # A constraint: machines without a GPU may install and test.
        marker = Contents("cuda-version", version, version_stage, build, constrains=[f"__cuda >={major}"])
        return [self.write(contents) for contents in (nvcc, cudart, marker)]

    def make_tools(self, folder: Path) -> list:
        """cmake and ninja as programs, without the Python packages around them."""
        found = self.fetch(self.releases["tools"], folder)
        made = []
        for name, inner, prefix in (("cmake", "cmake/data/", ""), ("ninja", "ninja-{}.data/scripts/", "bin")):
            wheel = found[name]
            stage = folder / name
            wheels.tree(wheel, inner.format(wheel.version), stage / prefix, exclude="(doc|man)/")
            build = assemble.digest(wheels.fingerprint(), wheel.path.name)
            made.append(self.write(Contents(name, str(wheel.version), stage, build)))
        return made

    def fetch(self, releases: dict, folder: Path) -> dict:
        pinned = [f"{name}=={version}" for name, version in releases.items()]
        found = map(wheels.Wheel, wheels.download(pinned, {}, folder, self.reporter, closure=False))
        return {canonicalize_name(wheel.name): wheel for wheel in found}

    def closure(self, releases: dict):
        """Makes the named distributions and everything that they require on this machine."""
        wanted = [f"{name}=={version}" if version else name for name, version in releases.items()]

        def make(folder: Path) -> list:
            files = wheels.download(wanted, self.releases["python"], folder, self.reporter)
            found = {canonicalize_name(wheel.name): wheel for wheel in map(wheels.Wheel, files)}
            return [self.distribution(wheel, found) for wheel in found.values()]

        return make

    def distribution(self, wheel, closure: dict) -> str:
        with staging() as stage:
            contents = wheels.distribution(wheel, closure, stage)
            wheel.path.unlink()
            python = "py" + machine.PYTHON_MINOR.replace(".", "")
            flavor = "" if contents.build == "0" else contents.build + "_"
            contents.build = f"{flavor}{python}_{assemble.digest(wheels.fingerprint(), wheel.path.name)}_0"
            name = f"{contents.name}-{contents.version}-{contents.build}.conda"
            if not index.is_readable(self.subdir / name):
                self.write(contents)
            return name


NVCC_ACTIVATION = """# Host compiler from the activated toolchain, CUDA runtime from the host prefix.
export NVCC_PREPEND_FLAGS="-ccbin=$CXX -I${PREFIX:-$CONDA_PREFIX}/include -L${PREFIX:-$CONDA_PREFIX}/lib"
"""


def write_nvcc_activation(stage: Path) -> None:
    # The leading "x": scripts run in alphabetical order, and this one needs the compiler's.
    script = stage / "etc/conda/activate.d/x-nvcc.sh"
    script.parent.mkdir(parents=True)
    script.write_text(NVCC_ACTIVATION)


def read_record() -> dict:
    try:
        return json.loads(RECORD.read_bytes())
    except (OSError, ValueError):
        return {}


def write_record(record: dict) -> None:
    assemble.replace_text(RECORD, json.dumps(record, indent=1))
