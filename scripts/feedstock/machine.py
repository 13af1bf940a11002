"""What the local channel takes from the machine itself: CPython, the C++ compiler and the libraries behind it."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from feedstock import assemble
from feedstock.assemble import Contents
from feedstock.errors import FeedstockError

PYTHON_VERSION = platform.python_version()
PYTHON_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE_PACKAGES = f"lib/python{PYTHON_MINOR}/site-packages"

# Parts of the standard library that no build and no test here needs.
NEEDLESS = ("site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "*.a", "config-*")

# Debian's Python looks for packages in dist-packages; a conda prefix keeps them in site-packages.
SITE_CUSTOMIZE = f'''"""Makes site-packages of this prefix visible."""
import os, site, sys
site.addsitedir(os.path.join(sys.prefix, "{SITE_PACKAGES}"))
'''


def python_package(stage: Path) -> Contents:
    """The running CPython, copied so that it finds its library in any prefix."""
    interpreter = Path(os.path.realpath(sys._base_executable))
    library = stage / "lib" / f"python{PYTHON_MINOR}"
    needless = shutil.ignore_patterns(*NEEDLESS)
    shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=needless, ignore_dangling_symlinks=True)
    (stage / SITE_PACKAGES).mkdir(exist_ok=True)
    (stage / SITE_PACKAGES / "README.txt").write_text("Python packages of this prefix.\n")
    if "deb_system" in sysconfig.get_scheme_names():
        customize = library / "sitecustomize.py"
        customize.unlink(missing_ok=True)
        customize.write_text(SITE_CUSTOMIZE)
    copy_interpreter(interpreter, stage)
    headers = Path(sysconfig.get_path("include"))
    if headers.is_dir():  # a distribution may keep them in a package of its own; only torch.compile wants them
        shutil.copytree(headers, stage / "include" / headers.name)
    return Contents("python", PYTHON_VERSION, stage, license="PSF-2.0")


def copy_interpreter(interpreter: Path, stage: Path) -> None:
    (stage / "bin").mkdir()
    shutil.copy2(interpreter, stage / "bin" / f"python{PYTHON_MINOR}")
    for alias in ("python", "python3"):
        (stage / "bin" / alias).symlink_to(f"python{PYTHON_MINOR}")
    shared = sysconfig.get_config_var("INSTSONAME")
    if sysconfig.get_config_var("Py_ENABLE_SHARED") and shared:
        source = Path(sysconfig.get_config_var("LIBDIR")) / shared
        if source.exists():
            shutil.copy2(source, stage / "lib" / shared)


class Compiler:
    """The C++ compiler of the machine: $CXX, or g++."""

    def __init__(self):
        self.cxx = find_program(os.environ.get("CXX", "g++"))
        self.cc = find_program(os.environ.get("CC", "gcc"))
        self.version = self.ask("-dumpfullversion", "-dumpversion")
        self.major = self.version.split(".")[0]

    def ask(self, *options: str) -> str:
        return subprocess.run([self.cxx, *options], check=True, capture_output=True, text=True).stdout.strip()

    def file(self, name: str) -> Path:
        """A library as the linker of this compiler finds it."""
        path = Path(self.ask(f"-print-file-name={name}"))
        if not path.is_absolute():
            raise FeedstockError(f"{self.cxx} finds no {name}: its libraries are missing (Debian: apt install g++)")
        return Path(os.path.realpath(path))


class MicrosoftCompiler:
    """Visual C++ of an activated environment (pixi.toml has one, Visual Studio's own prompt is another)."""

    def __init__(self):
        self.cxx = find_program("cl")
        # Without a file to compile, it prints its version and ends with an error.
        banner = subprocess.run([self.cxx], capture_output=True, text=True).stderr
        found = re.search(r"\d+\.\d+\.\d+", banner)
        if not found:
            raise FeedstockError(f"{self.cxx} does not say its version: {banner.strip()}")
        self.version = found[0]


def find_program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FeedstockError(
            f"no C++ compiler: '{name}' is not on PATH. Install one (Debian: apt install g++), or name it in CC and CXX"
        )
    return path


def glibc_version() -> str:
    name, version = platform.libc_ver()
    if name != "glibc":
        raise FeedstockError(f"this machine's C library is {name or 'unknown'}; packages are built against glibc")
    return version


def toolchain_overrides(compiler: Compiler) -> dict:
    """Variant keys that make the recipe ask for this machine's toolchain instead of a channel's."""
    return {
        "cxx_compiler": "host-gxx",
        "cxx_compiler_version": compiler.major,
        "c_stdlib": "sysroot",
        "c_stdlib_version": glibc_version(),
    }


ACTIVATE = """# Points the build at the C and C++ compiler of this machine.
export CC="{cc}" CXX="{cxx}"
export CXXFLAGS="-O2 -fPIC -I$PREFIX/include" CFLAGS="-O2 -fPIC -I$PREFIX/include"
export LDFLAGS="-L$PREFIX/lib -Wl,-rpath-link,$PREFIX/lib"
"""


def compiler_package(stage: Path, compiler: Compiler, target: str) -> Contents:
    script = stage / "etc/conda/activate.d/host-gxx.sh"
    script.parent.mkdir(parents=True)
    script.write_text(ACTIVATE.format(cc=compiler.cc, cxx=compiler.cxx))
    exports = {"strong": [f"libgcc >={compiler.major}", f"libstdcxx >={compiler.major}"]}
    return Contents(f"host-gxx_{target}", compiler.version, stage, run_exports=exports)


def runtime_package(stage: Path, name: str, soname: str, compiler: Compiler) -> Contents:
    """libgcc or libstdcxx: the shared library that compiled code needs at run time."""
    (stage / "lib").mkdir()
    shutil.copy2(compiler.file(soname), stage / "lib" / soname)
    return Contents(name, compiler.version, stage, license="GPL-3.0-only WITH GCC-exception-3.1")


# Libraries that belong to the C library; the engine takes them for the system's when a sysroot package holds them.
GLIBC_LIBRARIES = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1")


def sysroot_package(stage: Path, compiler: Compiler, target: str) -> Contents:
    folder = stage / f"{re.sub('-.*', '', compiler.ask('-dumpmachine'))}-conda-linux-gnu/sysroot/lib64"
    folder.mkdir(parents=True)
    for soname in GLIBC_LIBRARIES:
        shutil.copy2(compiler.file(soname), folder / soname)
    loader = "ld-linux-aarch64.so.1" if target == "linux-aarch64" else "ld-linux-x86-64.so.2"
    shutil.copy2(compiler.file(loader), folder / loader)
    exports = {"strong": [f"__glibc >={glibc_version()},<3"]}
    return Contents(f"sysroot_{target}", glibc_version(), stage, run_exports=exports)


def fingerprint() -> str:
    """Changes when the packages made here would change."""
    return assemble.digest(sys.version, os.path.realpath(sys._base_executable), Path(__file__))
