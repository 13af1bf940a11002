"""Finished files: a good one passes, and every way in which one can be wrong is found. Libraries are made by hand."""

import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
import zstandard
from feedstock import assemble, profiles, variants, verify, verify_contents
from feedstock.errors import FeedstockError
from wheel.wheelfile import WheelFile

from .test_cubins import cubin
from .test_machine_code import MACHINE_CODE, fat_binary

CELL = next(
    cell for cell in profiles.select(variants.table(), "wheel", "current", "linux_x86_64") if cell.pytorch == "2.13.0"
)
LICENCE = "Apache License\nVersion 2.0\n"


@cache
def compiled(source, *options):
    """A shared library, as bytes; what is appended to it is data to every reader of ELF files."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "library.so"
        command = ["g++", "-shared", "-fPIC", "-nostdlib", "-x", "c++", "-", "-o", file, *options]
        subprocess.run(command, input=source, check=True, text=True)
        return file.read_bytes()


KERNELS = 'extern "C" int sageattention_version() { return 1; }'
OPERATORS = "int registered;"
NEEDS_PYTHON = 'extern "C" long PyLong_AsLong(void*); long read() { return PyLong_AsLong(0); }'
# Of glibc 2.17.
CALLS_LIBC = 'extern "C" int clock_gettime(int, void*); static int time = clock_gettime(0, 0);'


def kernels(capabilities=CELL.architectures, cuda=CELL.cuda, more=b"", library=None):
    numbers = [int(capability.replace(".", "")) for capability in capabilities]
    code = cubin(cuda)
    return (library or compiled(KERNELS)) + more + fat_binary(*((MACHINE_CODE, number, code) for number in numbers))


def operators(pytorch=CELL.pytorch, abi=1, library=None):
    return (library or compiled(OPERATORS)) + f"sageattention_torch_built_for={pytorch} cxx11_abi={abi}\0".encode()


def bill(library, **versions):
    """An SBOM as csrc/cmake/sbom.cmake writes it."""
    parts = [{"name": name.replace("_", " "), "version": version} for name, version in versions.items()]
    component = {"name": library, "version": CELL.version}
    tools = {"components": [{"name": "nvcc", "version": f"{CELL.cuda}.88"}]}
    metadata = {"tools": tools, "component": component}
    return json.dumps({"bomFormat": "CycloneDX", "metadata": metadata, "components": parts})


def metadata(more):
    head = f"Metadata-Version: 2.4\nName: sageattention\nVersion: {CELL.version}\nRequires-Python: >=3.9\n"
    return head + more


def contents(**changes):
    """Files of a good wheel; a change replaces one by its short name."""
    info = f"sageattention-{CELL.version}.dist-info"
    python = "cp" + CELL.python.replace(".", "")
    files = {
        "sageattention/__init__.py": "",
        "sageattention/_version.py": f'__version__ = "{CELL.version}"\n',
        "sageattention/lib/libsageattention.so": kernels(),
        "sageattention/lib/libsageattention_torch.so": operators(),
        f"{info}/METADATA": metadata("Requires-Dist: torch==2.13.*\n"),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nBuild: 2130.132\nTag: {python}-{python}-{CELL.platform}\n",
        f"{info}/licenses/LICENSE": LICENCE,
        f"{info}/sboms/libsageattention.cdx.json": bill("libsageattention", CUDA_runtime=CELL.cuda),
        f"{info}/sboms/libsageattention_torch.cdx.json": bill("libsageattention_torch", torch=CELL.pytorch),
    }
    for short, content in changes.items():
        [name] = [name for name in files if PurePosixPath(name).stem == short]
        files[name] = content
    return files


@pytest.fixture
def make(tmp_path):
    def make(files=None, name=CELL.name):
        path = tmp_path / CELL.name
        with WheelFile(path, "w") as archive:
            for file, content in (files or contents()).items():
                archive.writestr(file, content)
        return path.rename(tmp_path / name)

    return make


def bad(file):
    return {check.what: check.found for check in verify.verify(file) if not check.good}


def test_a_good_wheel_passes(make):
    assert bad(make()) == {}


@pytest.mark.parametrize(
    ("changes", "what", "found"),
    [
        ({"libsageattention": kernels(["8.0"])}, "machine code", "machine code for 8.0, expected"),
        ({"libsageattention": kernels(cuda="12.9")}, "compiler", "CUDA 12.9"),
        ({"libsageattention": kernels(more=fat_binary((MACHINE_CODE, 90, cubin("12.9"))))}, "compiler", "CUDA 12.9, 1"),
        ({"libsageattention": kernels(more=fat_binary((MACHINE_CODE, 90)))}, "compiler", "damaged"),
        ({"libsageattention": b"nothing"}, "compiler", "no kernels inside"),
        ({"libsageattention": b"nothing"}, "machine code", "no GPU machine code"),
        ({"libsageattention": kernels(more=b"/home/someone/src/kernel.cu")}, "absolute paths", "/home/someone/src"),
        ({"libsageattention": kernels(more=b"D:\\a\\repo\\src\\kernel.cu")}, "absolute paths", "D:\\a\\repo"),
        (
            {"libsageattention": kernels(more=b"_ZN4sage48_GLOBAL__N__c5e05d12_15_some_cu_a90")},
            "names",
            "folder of some_cu",
        ),
        ({"libsageattention_torch": operators("2.12.1")}, "operator library", "PyTorch 2.12.1, expected 2.13"),
        ({"libsageattention_torch": b"nothing"}, "operator library", "built for PyTorch unknown"),
        ({"libsageattention_torch": operators(abi=0)}, "string ABI", "_GLIBCXX_USE_CXX11_ABI=0"),
        ({"libsageattention_torch": b"nothing"}, "operator symbols", "is no ELF library"),
        (
            {"libsageattention_torch": operators(library=compiled(NEEDS_PYTHON))},
            "operator symbols",
            "needs the function",
        ),
        (
            {"libsageattention": kernels(library=compiled(KERNELS, "-Wl,-rpath,/opt/cuda/lib"))},
            "RPATH",
            "libsageattention.so: /opt/cuda/lib",
        ),
        (
            {"libsageattention": kernels(library=compiled(KERNELS + "int other;"))},
            "kernel symbols",
            "offers other",
        ),
        ({"METADATA": "Metadata-Version: 2.4\nName: sageattention\nVersion: 0.1\n"}, "metadata", "sageattention 0.1"),
        ({"METADATA": "Metadata-Version: 2.4\nName: other\nVersion: 0.1\n"}, "requirement", ""),
        ({"METADATA": "Metadata-Version: 2.4\nName: other\nVersion: 0.1\n"}, "Python", "any for"),
        (
            {"METADATA": f"Metadata-Version: 2.4\nName: other\nVersion: 0.1\nRequires-Python: <{CELL.python}\n"},
            "Python",
            f"<{CELL.python} for {CELL.python}",
        ),
        ({"WHEEL": "Wheel-Version: 1.0\nTag: cp39-cp39-linux_x86_64\n"}, "tags", "cp39-cp39-linux_x86_64"),
        ({"WHEEL": f"Build: 1.1\nTag: {CELL.tag}-{CELL.tag}-{CELL.platform}\n"}, "build", "1.1, expected 2130.132"),
        ({"_version": '__version__ = "9.9"\n'}, "_version.py", f'9.9", expected __version__ = "{CELL.version}"'),
        (
            {"METADATA": metadata("Requires-Dist: torch==2.13.*\nRequires-Dist: other\n")},
            "requirement",
            "torch==2.13.*, other, expected torch==2.13.*",
        ),
        ({"LICENSE": "All rights reserved"}, "licence", "no Apache licence text inside"),
    ],
)
def test_wrong_contents_are_found(make, changes, what, found):
    assert found in bad(make(contents(**changes)))[what]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("libsageattention.cdx", bill("libsageattention", CUDA_runtime="11.0"), "CUDA runtime 11.0, expected"),
        ("libsageattention.cdx", bill("libsageattention"), "CUDA runtime none, expected"),
        ("libsageattention.cdx", bill("other", CUDA_runtime=CELL.cuda), "is about other"),
        ("libsageattention_torch.cdx", bill("libsageattention_torch", torch="2.6.0"), "torch 2.6.0, expected 2.13"),
        ("libsageattention_torch.cdx", "{}", "is no CycloneDX document"),
    ],
)
def test_a_wrong_bill_of_materials_is_found(make, name, text, found):
    assert found in bad(make(contents(**{name: text})))["SBOM"]


def test_a_missing_bill_of_materials_is_found(make):
    files = {name: content for name, content in contents().items() if "_torch.cdx" not in name}
    assert bad(make(files))["SBOM"].startswith("there is libsageattention.cdx.json, expected")


def test_a_manylinux_wheel_passes_unless_it_needs_a_newer_glibc(make):
    info = f"sageattention-{CELL.version}.dist-info/WHEEL"
    for oldest, found in (("2_5", "2.5 promised"), ("2_99", None)):
        name = CELL.file("build-tag", f"manylinux_{oldest}_x86_64")
        tag = f"{CELL.tag}-{CELL.tag}-manylinux_{oldest}_x86_64"
        files = {**contents(), info: f"Wheel-Version: 1.0\nBuild: {CELL.build_tag}\nTag: {tag}\n"}
        files["sageattention/lib/libsageattention.so"] = kernels(library=compiled(KERNELS + CALLS_LIBC, "-lc"))
        wrong = bad(make(files, name))
        assert set(wrong) == ({"glibc"} if found else set())
        assert found is None or found in wrong["glibc"]


def test_a_renamed_wheel_is_found(make):
    other = next(
        cell for cell in variants.table().wheels if cell.platform == CELL.platform and cell.pytorch == "2.12.1"
    )
    assert {"operator library", "requirement"} <= set(bad(make(name=other.name)))


@pytest.mark.parametrize("name", ["sageattention-9.9-1-cp312-cp312-linux_x86_64.whl", "nonsense.whl"])
def test_a_name_that_no_row_has_is_found(make, name):
    assert "name" in bad(make(name=name))


def test_a_changed_file_is_found(make, tmp_path):
    good = make()
    tampered = tmp_path / "tampered" / good.name
    tampered.parent.mkdir()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(tampered, "w") as target:
        for entry in source.infolist():
            extra = b"import os" if entry.filename.endswith("__init__.py") else b""
            target.writestr(entry.filename, source.read(entry) + extra)
        target.writestr("sageattention/added.py", "")
    assert bad(tampered)["RECORD"] == "sageattention/__init__.py was changed; sageattention/added.py is not listed"


def rewritten(file, edit):
    """The wheel with each file as `edit` returns it, by name and contents."""
    with zipfile.ZipFile(file) as source:
        files = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(file, "w") as target:
        for name, content in files.items():
            target.writestr(name, edit(name, content))
    return file


@pytest.mark.parametrize(
    ("pattern", "row", "found"),
    [
        (r"sageattention/__init__\.py,.*", "sageattention/__init__.py,,", "has the hash ''"),
        (r"sageattention/__init__\.py,.*", "sageattention/__init__.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0", "hash 'md5="),
        (r"(sageattention/__init__\.py,.*)", r"\1\n\1", "sageattention/__init__.py is listed 2 times"),
        (r".*__init__.*\n", "", "sageattention/__init__.py is not listed"),
    ],
)
def test_a_record_vouches_for_every_file(make, pattern, row, found):
    def edit(name, content):
        return re.sub(pattern, row, content.decode()) if name.endswith("/RECORD") else content

    assert found in bad(rewritten(make(), edit))["RECORD"]


@pytest.mark.parametrize(
    "name", ["torch/evil.py", "evil.pth", "{info}/entry_points.txt", "{head}.data/scripts/evil", "Sageattention/x.py"]
)
def test_foreign_files_are_found(make, name):
    """A record may list them."""
    head = f"sageattention-{CELL.version}"
    name = name.format(head=head, info=f"{head}.dist-info")
    assert bad(make({**contents(), name: "x"})) == {"foreign files": name}


@pytest.mark.parametrize("part", ["METADATA", "WHEEL"])
def test_missing_metadata_is_named(make, part):
    files = {name: content for name, content in contents().items() if not name.endswith(f"/{part}")}
    assert bad(make(files))["metadata"] == f"sageattention-{CELL.version}.dist-info has no {part}"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["sageattention/__init__.py", "sageattention//__init__.py"])
def test_a_path_that_is_there_twice_is_found(make, name):
    file = make()
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "import os")
    assert f"the path '{name}' is there twice" in bad(file)["contents"]


@pytest.mark.parametrize(
    ("name", "file", "is_foreign"),
    [
        ("libdemo", "lib/libdemo.so", False),
        ("libdemo", "Library/bin/demo.dll", False),
        ("libdemo", "lib/libother.so", True),
        ("demo", "site-packages/demo-1.0.dist-info/METADATA", False),
        ("demo", "site-packages/demo-1.0.dist-info/entry_points.txt", True),
        ("demo", "site-packages/torch/evil.py", True),
        ("demo", "bin/.demo-post-link.sh", True),
    ],
)
def test_foreign_files_of_a_conda_package_are_found(tmp_path, name, file, is_foreign):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    assert verify_contents.foreign_to_package(tmp_path, name, "1.0").good != is_foreign


def test_scripts_of_a_conda_package_are_found(tmp_path):
    (tmp_path / "info").mkdir()
    (tmp_path / "info/link.json").write_text('{"noarch": {"type": "python", "entry_points": ["evil = demo:evil"]}}')
    assert verify_contents.foreign_to_package(tmp_path, "demo", "1.0").found == "evil = demo:evil"


def test_a_signed_wheel_passes(make):
    file = make()
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(f"sageattention-{CELL.version}.dist-info/RECORD.jws", "{}")
    assert bad(file) == {}


def test_a_truncated_wheel_is_found(make):
    file = make()
    file.write_bytes(file.read_bytes()[:-200])
    assert "cannot be read" in bad(file)["contents"]


@pytest.mark.parametrize("name", ["../escaped.py", "/escaped.py", "a\\..\\..\\escaped.py"])
def test_paths_do_not_escape(make, tmp_path, name):
    file = make()
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "x")
    assert "leaves the archive" in bad(file)["contents"]
    assert not list(tmp_path.rglob("escaped.py"))


def test_names_of_files_reach_no_shell(make, tmp_path):
    verify.verify(make(name="$(touch escaped);x.whl"))
    assert not list(tmp_path.rglob("escaped"))


def test_a_required_file_fails_with_its_reasons(make):
    with pytest.raises(FeedstockError, match="❌ machine code"):
        verify.require(make(contents(libsageattention=b"nothing")))


@pytest.mark.parametrize("name", ["missing.whl", "text.txt"])
def test_what_is_no_product_is_refused(tmp_path, name):
    if name == "text.txt":
        (tmp_path / name).write_text("text")
    with pytest.raises(FeedstockError, match=name):
        verify.verify(tmp_path / name)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(FeedstockError, match="is a folder: name the files in it"):
        verify.verify(tmp_path)


@pytest.fixture
def conda(state, tmp_path):
    """A conda package with the kernel library, as far as it can be made without the engine's build."""

    def conda(build="cuda130_h1234567_0"):
        stage = tmp_path / "stage"
        (stage / "lib").mkdir(parents=True)
        (stage / "lib/libsageattention.so").write_bytes(kernels())
        made = assemble.Contents("libsageattention", "1.0", stage, build)
        subdir = tmp_path / "linux-64"
        file = subdir / assemble.write(made, "linux-64", subdir)
        return file

    return conda


def test_a_damaged_conda_package_is_found(conda):
    file = conda()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "cannot be read" in bad(file)["contents"]


def test_a_renamed_conda_package_is_found(conda):
    file = conda()
    renamed = file.rename(file.with_name("libsageattention-1.0-cuda129_h1234567_0.conda"))
    found, expected = (f"libsageattention 1.0 cuda{cuda}_h1234567_0" for cuda in ("130", "129"))
    assert bad(renamed)["name"] == f"{found}, expected {expected}"


@pytest.mark.parametrize(
    ("named", "found"), [("130", "13.0"), ("129", "13.0, expected 129 as in the name"), (None, "13.0, expected none")]
)
def test_versions_are_those_of_the_name(named, found):
    check = verify.built_for("CUDA", "13.0", named)
    assert check.good == (named == "130")
    assert check.found.startswith(found)


def test_a_conda_package_without_a_proper_name_is_found(conda):
    file = conda()
    assert "foo.conda is no name of a conda package" in bad(file.rename(file.with_name("foo.conda")))["name"]


def test_changed_contents_of_a_conda_package_are_found(conda, tmp_path):
    folder = tmp_path / "unpacked"
    verify.unpack(conda(), folder)
    assert verify.paths_json(folder)[0].good
    library = folder / "lib/libsageattention.so"
    library.write_bytes(b"other")
    (folder / "lib/added.so").touch()
    found = "lib/libsageattention.so was changed; lib/added.so is not listed"
    assert verify.paths_json(folder)[0].found == found
    (folder / "lib/added.so").unlink()
    library.unlink()
    library.symlink_to("/etc/hostname")
    assert verify.paths_json(folder)[0].found == "lib/libsageattention.so leaves the package"
    shutil.rmtree(folder / "lib")
    assert verify.paths_json(folder)[0].found == "lib/libsageattention.so is missing"
    assert json.loads((folder / "info/index.json").read_text())["name"] == "libsageattention"


@pytest.mark.parametrize(
    ("depends", "missing"),
    [
        (["pytorch >=2.13.0,<2.14", "libdemo ==1.0 cuda130_h0_0"], ""),
        (["pytorch >=2.12.1,<2.13", "libdemo ==1.0 cuda130_h0_0"], "pytorch"),
        (["pytorch >=2.13.0,<2.14", "libdemo ==1.0 cuda129_h0_0"], "libdemo"),
        (["pytorch >=2.130"], "pytorch"),
    ],
)
def test_a_conda_package_requires_what_it_was_built_for(depends, missing):
    check = verify.requirement({"depends": depends}, r"pytorch >=2\.13\b.*", r"libdemo ==1\.0 cuda130_h\w+")
    assert check.good == (not missing)
    assert missing in check.found


def archive_with(tmp_path, name, link=None):
    """A .conda whose package part holds one entry of this name."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        if link:
            entry = tarfile.TarInfo("lib/link")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
        entry = tarfile.TarInfo(name)
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    file = tmp_path / "in" / "libsageattention-1.0-cuda130_h1234567_0.conda"
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        for part in ("info", "pkg"):
            content = plain.getvalue() if part == "pkg" else b"\0" * 1024
            archive.writestr(f"{part}-{file.stem}.tar.zst", zstandard.ZstdCompressor().compress(content))
    return file


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("../escaped.py", None),
        ("lib/../../../escaped.py", None),
        ("/tmp/escaped.py", None),
        ("lib/link/escaped.py", ".."),
    ],
)
def test_paths_of_a_conda_package_do_not_escape(tmp_path, monkeypatch, name, link):
    (tmp_path / "unpacked/here").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "unpacked/here"))
    file = archive_with(tmp_path, name, link and str(tmp_path))
    assert bad(file)
    assert not Path("/tmp/escaped.py").exists()
    assert not list(tmp_path.rglob("escaped.py"))
