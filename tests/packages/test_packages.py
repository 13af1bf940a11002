"""The real packages: what is in them, that they install and run, and that an edited source ships."""

import ctypes
import hashlib
import json
import stat
import subprocess
from pathlib import Path

import pytest
from packages.helpers import ROOT, copy_of_sources, cpu_seconds_of_children, feedstock
from rattler.package_streaming import extract
from rattler_build import Package

pytestmark = pytest.mark.package

MEGABYTE = 1_000_000

# Python packages, their function, and how many bytes their kernel package may have.
DISTRIBUTIONS = ("sageattention", "sageattn3")
FUNCTIONS = {"sageattention": "sageattn", "sageattn3": "sageattn3_blackwell"}
LARGEST = {"sageattention": 12 * MEGABYTE, "sageattn3": 6 * MEGABYTE}

each_distribution = pytest.mark.parametrize("name", DISTRIBUTIONS)


@pytest.fixture(scope="session")
def prefix(built, tmp_path_factory):
    """An empty prefix after `feedstock install`."""
    folder = tmp_path_factory.mktemp("install") / "prefix"
    feedstock("install", "--prefix", str(folder), *DISTRIBUTIONS)
    return folder


@each_distribution
def test_the_kernel_library_is_small(packages, name):
    assert packages[f"lib{name}"].stat().st_size < LARGEST[name]


def test_the_channel_is_indexed_and_readable(built, packages):
    for file in packages.values():
        repodata = file.parent / "repodata.json"
        assert file.name in json.loads(repodata.read_text())["packages.conda"]
        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(repodata.stat().st_mode) == 0o644


@each_distribution
def test_the_package_serves_every_python(packages, name):
    package = Package.from_file(packages[name])
    assert package.noarch == "python"
    assert package.subdir == packages[name].parent.name
    assert not [spec for spec in package.depends if spec.startswith("python_abi")]


@each_distribution
def test_the_library_is_pinned_exactly(packages, name):
    library, version, build = packages[f"lib{name}"].stem.rsplit("-", 2)
    assert f"{library} =={version} {build}" in Package.from_file(packages[name]).depends


def test_neither_distribution_needs_the_other(packages):
    for file in packages.values():
        other = "sageattn3" if "sageattention" in file.name else "sageattention"
        assert not [spec for spec in Package.from_file(file).depends if other in spec]


def test_licences_are_inside(unpacked):
    for folder in unpacked.values():
        assert (folder / "info/licenses/LICENSE").read_text().lstrip().startswith("Apache License")
        assert json.loads((folder / "info/index.json").read_text())["license"] == "Apache-2.0"


def test_no_path_of_the_build_machine_is_inside(unpacked):
    hidden = [str(ROOT).encode(), b"_placehold", b"/rattler-build_"]
    for folder in unpacked.values():
        for file in folder.rglob("*"):
            if file.is_file() and "info" not in file.relative_to(folder).parts[:1]:
                contents = file.read_bytes()
                assert not [path for path in hidden if path in contents], file


@each_distribution
def test_the_kernel_library_loads_without_a_driver_and_says_what_it_is(unpacked, name):
    folder = unpacked[f"lib{name}"]
    library = ctypes.CDLL(str(folder / f"lib/lib{name}.so"))
    about = json.loads((folder / "info/hash_input.json").read_text())
    for what in ("architectures", "version"):
        function = getattr(library, f"{name}_{what}")
        function.restype = ctypes.c_char_p
        assert function().decode() == about[f"{name}_{what}"]


def test_the_recipe_tests_pass_again(packages):
    for file in packages.values():
        assert feedstock("test", "--package", str(file))["tests"] >= 1


@each_distribution
def test_installed_package_runs_without_activation(prefix, name):
    program = f"import {name}, torch; q = torch.randn(1, 2, 64, 64, dtype=torch.float16); "
    program += f"print({name}.{FUNCTIONS[name]}(q, q, q).shape)"
    command = [prefix / "bin/python", "-I", "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert answer.returncode == 0, answer.stderr
    assert "[1, 2, 64, 64]" in answer.stdout


def test_a_second_build_takes_seconds(built):
    before = cpu_seconds_of_children()
    assert feedstock("build")["packages"] == built["packages"]
    assert cpu_seconds_of_children() - before < 30


@pytest.fixture
def copy(tmp_path):
    return copy_of_sources(tmp_path / "copy")


def digest(file) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def library_of(files: list, folder: Path) -> bytes:
    library = next(file for file in map(Path, files) if file.name.startswith("libsageattention-"))
    target = folder / library.stem
    extract(library, target)
    return (target / "lib/libsageattention.so").read_bytes()


def test_an_edited_kernel_ships(copy, tmp_path):
    """A stale library must be impossible: edit a kernel source, build again, read the shipped file. Before that, the
    same sources in another folder give the same packages, byte by byte."""
    marker = b"edited-by-the-test-of-stale-libraries"
    before = feedstock("build", root=copy, SOURCE_DATE_EPOCH="1700000000")["packages"]
    twin = copy_of_sources(tmp_path / "another" / "folder")
    again = feedstock("build", root=twin, SOURCE_DATE_EPOCH="1700000000")["packages"]
    assert {Path(file).name: digest(file) for file in again} == {Path(file).name: digest(file) for file in before}
    assert marker not in library_of(before, copy / "before")

    source = next((copy / "csrc" / "quant").glob("*.cu"))
    symbol = f'extern "C" __attribute__((visibility("hidden"), used)) const char sage_edit[] = "{marker.decode()}";\n'
    source.write_text(source.read_text() + symbol)
    after = feedstock("build", root=copy)["packages"]
    # What does not hold that kernel stays.
    assert {Path(file).name.split("-")[0] for file in set(after) - set(before)} == {"libsageattention", "sageattention"}
    assert marker in library_of(after, copy / "after")
    assert sorted(map(str, (copy / "output").glob("*/*.conda"))) == sorted(after)
