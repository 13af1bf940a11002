"""Looks into the libraries of a wheel or conda package: versions, machine code, symbols, paths. Nothing is loaded."""

import re
from dataclasses import dataclass
from pathlib import Path

from feedstock import elf
from feedstock.cubins import cubins_of, cuda_of, machine_code
from feedstock.errors import FeedstockError
from feedstock.tables import minor

# Folders of build machines that must not be inside a product.
FOREIGN_PATHS = re.compile(
    rb"/(?:home|root|work|tmp|Users|builddir)/[\w.+-]+/[\w./+-]+|_h_env_placehold"
    rb"|[A-Za-z]:[\\/](?:a|bld|Users|work)[\\/][\w.+-]+[\\/][\w.\\/+-]+"
)

TORCH_LIBRARIES = {"libtorch_cpu.so", "libc10.so"}


@dataclass
class Check:
    """One line of the report."""

    what: str
    found: str
    good: bool

    def __str__(self) -> str:
        return f"{'✅' if self.good else '❌'} {self.what}: {self.found}"


def agree(what: str, found: str, expected: str) -> Check:
    """What is found is what is expected, or both are named."""
    found, expected = found or "none", expected or "none"
    return Check(what, found if found == expected else f"{found}, expected {expected}", found == expected)


def kernel_library(folder: Path, distribution: str) -> Path | None:
    return find(folder, f"lib{distribution}.so", f"{distribution}.dll")


def operator_library(folder: Path, distribution: str) -> Path | None:
    return find(folder, f"lib{distribution}_torch.so", f"{distribution}_torch.dll")


def find(folder: Path, *names: str) -> Path | None:
    found = [file for file in folder.rglob("*") if file.name in names]
    return found[0] if len(found) == 1 else None


def operators(folder: Path, distribution: str, pytorch: str) -> list:
    """Built for the right PyTorch, and for libstdc++'s current string ABI, which all of its builds have that are in
    the table."""
    file = operator_library(folder, distribution)
    if file is None:
        return [Check("operator library", "missing", False)]
    pattern = rb"%s_torch_built_for=([\d.]+)(?: cxx11_abi=(\d))?" % distribution.encode()
    marker = re.search(pattern, file.read_bytes())
    built, abi = (part.decode() if part else "" for part in marker.groups()) if marker else ("unknown", "")
    good = minor(built) == pytorch
    said = f"built for PyTorch {built}" if good else f"built for PyTorch {built}, expected {pytorch}"
    checks = [Check("operator library", said, good)]
    if file.suffix == ".so":
        checks.append(agree("string ABI", f"_GLIBCXX_USE_CXX11_ABI={abi or 'unknown'}", "_GLIBCXX_USE_CXX11_ABI=1"))
        allowed = TORCH_LIBRARIES | {f"lib{distribution}.so"}
        checks.append(symbols("operator symbols", file, None, allowed))
    return checks


def kernels(folder: Path, distribution: str, capabilities, cuda: str) -> list:
    file = kernel_library(folder, distribution)
    if file is None:
        return [Check("kernel library", "missing", False)]
    problem = machine_code.check(file, list(capabilities)).replace(str(file), file.name)
    checks = [Check("machine code", problem or " ".join(capabilities), not problem), names(file), compiler(file, cuda)]
    if file.suffix == ".so":
        checks.append(symbols("kernel symbols", file, rf"{distribution}_\w+", set()))
    return checks


def names(file: Path) -> Check:
    """nvcc puts a hash of the source's path into names inside unnamed namespaces: kernels are in named ones."""
    found = set(re.findall(rb"_GLOBAL__N__[0-9a-f]{8}_\d+_(\w+?_cu)_", file.read_bytes()))
    sources = ", ".join(sorted(name.decode() for name in found))
    return Check("names", f"depend on the folder of {sources}" if found else "depend on no folder", not found)


def compiler(file: Path, wanted: str) -> Check:
    """Every kernel was compiled by the CUDA toolkit that the name says."""
    try:
        found = {cuda_of(cubin) for _, cubin in cubins_of(file.read_bytes())}
    except FeedstockError as error:
        return Check("compiler", str(error), False)
    return agree("compiler", f"CUDA {', '.join(sorted(found))}" if found else "no kernels inside", f"CUDA {wanted}")


def symbols(what: str, file: Path, exports: str | None, libraries: set) -> Check:
    """Offers what it should (None: whatever it does), and needs neither Python nor CUDA nor an unknown library."""
    if not elf.is_library(file):
        return Check(what, f"{file.name} is no ELF library", False)
    library = elf.read(file)
    own = [name for name in library.exported if exports and not re.fullmatch(exports, name)]
    foreign = [name for name in library.undefined if re.match(r"_?Py[A-Z_]|cuda[A-Z]|cu[A-Z]", name)]
    needed = [name for name in library.needed if name not in libraries and not elf.SYSTEM.fullmatch(name)]
    problems = [
        *(f"offers {name}" for name in own[:3]),
        *(f"needs the function {name}" for name in foreign[:3]),
        *(f"needs the library {name}" for name in needed),
    ]
    if exports and not library.exported:
        problems.append("offers nothing")
    return Check(what, "; ".join(problems) or f"needs {', '.join(library.needed)}", not problems)


def platform(folder: Path, tags) -> list:
    """A manylinux tag promises a glibc; the libraries must not need a newer one."""
    promised = [match for tag in tags if (match := re.fullmatch(r"manylinux_(\d+)_(\d+)_\w+", tag.platform))]
    if not promised:
        return []
    oldest = min((int(match[1]), int(match[2])) for match in promised)
    needs = max((elf.read(file).glibc for file in libraries_of(folder)), default=(0, 0))
    return [Check("glibc", f"{needs[0]}.{needs[1]} needed, {oldest[0]}.{oldest[1]} promised", needs <= oldest)]


def libraries_of(folder: Path) -> list:
    return [file for file in folder.rglob("*") if file.is_file() and elf.is_library(file)]


def hygiene(folder: Path) -> list:
    """No path of the build machine; no search path for libraries but the package's own folder."""
    foreign = []
    for file in folder.rglob("*"):
        if file.is_file() and "info" not in file.relative_to(folder).parts[:1]:
            hits = FOREIGN_PATHS.findall(file.read_bytes())[:1]
            foreign += [f"{file.name} holds {hit.decode(errors='replace')}" for hit in hits]
    run_paths = [
        f"{file.name}: {path}"
        for file in libraries_of(folder)
        for path in elf.read(file).run_paths
        if not path.startswith("$ORIGIN")
    ]
    return [
        Check("absolute paths", "; ".join(foreign) or "none", not foreign),
        Check("RPATH", "; ".join(run_paths) or "inside the package", not run_paths),
    ]
