"""What `feedstock wheel` refuses before it compiles anything. Real wheels are in tests/packages."""

import os
import platform
import sys
from dataclasses import replace

import pytest
from feedstock import channel, profiles, variants, wheel_build, wheel_libraries
from feedstock.errors import FeedstockError


class FakeCompiler:
    cxx, cc, version, major = "/usr/bin/g++", "/usr/bin/gcc", "12.0.0", "12"


@pytest.fixture
def libraries(state, reporter, monkeypatch):
    monkeypatch.setattr(wheel_libraries.machine, "Compiler", FakeCompiler)
    monkeypatch.setattr(channel.machine, "Compiler", FakeCompiler)
    monkeypatch.setattr(wheel_libraries, "KEPT", state / "wheels")
    monkeypatch.delenv("CUDA_HOME", raising=False)
    return wheel_libraries.Libraries(reporter)


@pytest.fixture
def builder(libraries):
    return wheel_build.WheelBuilder(libraries)


@pytest.fixture
def toolkit(tmp_path, monkeypatch):
    """A CUDA_HOME whose nvcc prints the given text."""

    def toolkit(text):
        nvcc = tmp_path / "cuda/bin/nvcc"
        nvcc.parent.mkdir(parents=True)
        nvcc.write_text(f"#!/bin/sh\necho '{text}'\n")
        nvcc.chmod(0o755)
        monkeypatch.setenv("CUDA_HOME", str(tmp_path / "cuda"))
        return tmp_path / "cuda"

    return toolkit


def test_a_wheel_that_our_sources_cannot_be_built_for_is_refused(builder):
    older = replace(variants.table().wheels[0], pytorch="2.5.1")
    with pytest.raises(FeedstockError, match="cannot be built: the operator library needs PyTorch"):
        builder.build([older])


def test_a_wheel_for_another_machine_is_refused(builder):
    here = profiles.platform_of("wheel", variants.current_platform())
    other = next(cell for cell in variants.table().wheels if cell.platform != here and not cell.blocked)
    with pytest.raises(FeedstockError, match=f"this machine makes wheels for {here} only"):
        builder.build([other])


@pytest.mark.skipif(platform.system() == "Windows", reason="the compiler is a shell script")
def test_another_toolkit_than_the_wheel_needs_is_refused(libraries, toolkit):
    home = toolkit("Cuda compilation tools, release 12.4, V12.4.131")
    assert libraries.cuda_home("12.4") == home
    with pytest.raises(FeedstockError, match=r"holds CUDA 12\.4; this wheel needs 13\.0"):
        libraries.cuda_home("13.0")


@pytest.mark.skipif(platform.system() == "Windows", reason="the compiler is a shell script")
def test_a_toolkit_that_does_not_say_what_it_is_is_refused(libraries, toolkit):
    toolkit("hello")
    with pytest.raises(FeedstockError, match="does not say its version"):
        libraries.cuda_home("13.0")


def test_a_toolkit_that_pypi_lacks_must_be_named(libraries):
    with pytest.raises(FeedstockError, match=r"no CUDA 11\.0 toolkit here: name one in CUDA_HOME"):
        libraries.cuda_home("11.0")


def test_every_wheel_that_builds_finds_its_interpreter_or_says_so(tmp_path, monkeypatch):
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert wheel_build.find_python(running)
    with pytest.raises(FeedstockError, match=r"no python9\.9 here"):
        wheel_build.find_python("9.9")
    (tmp_path / "python9.9").write_text("#!/bin/sh\necho no libpython9.9.so >&2\nexit 127\n")
    (tmp_path / "python9.9").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(FeedstockError, match=r"python9\.9 does not run: no libpython9\.9\.so"):
        wheel_build.find_python("9.9")


def test_an_interrupted_installation_is_made_again(libraries, monkeypatch):
    class Local:
        url = "file:///nowhere"

        def ensure(self, group):
            assert group.fingerprint == "h123"

    def interrupted(prefix, channels, specs):
        prefix.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(wheel_libraries.index, "ensure", lambda channel: None)
    monkeypatch.setattr(wheel_libraries, "install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wheel_libraries.installed("tools", Local(), channel.Group("tools", "h123", None), [])
    assert not list(wheel_libraries.KEPT.glob("*"))


def test_kernels_are_handed_to_other_jobs_once_per_cuda(libraries, tmp_path, reporter, monkeypatch):
    """One compilation for all wheels of a CUDA version; who is handed them never compiles."""
    here = profiles.platform_of("wheel", variants.current_platform())
    cells = [cell for cell in variants.table().wheels if cell.platform == here and not cell.blocked]
    wanted = sorted({(cell.distribution, cell.cuda) for cell in cells})
    compiled = []

    def compile_one(cell):
        compiled.append((cell.distribution, cell.cuda))
        prefix = tmp_path / f"compiled-{cell.distribution}-{cell.cuda}"
        prefix.mkdir()
        return prefix

    monkeypatch.setattr(libraries, "kernels", compile_one)
    folder = tmp_path / "kernels"
    handed = libraries.kernels_for(cells, folder)
    assert sorted(compiled) == wanted
    assert libraries.kernels_for(cells, folder) == handed
    taker = wheel_libraries.Libraries(reporter, folder)
    monkeypatch.setattr(taker, "cuda_home", lambda cuda: pytest.fail("compiles"))
    assert {taker.kernels(cell) for cell in cells} == set(handed)
    for prefix in handed:
        prefix.rmdir()
    with pytest.raises(FeedstockError, match="--kernels-only"):
        taker.kernels(cells[0])


def test_a_cuda_home_without_nvcc_is_refused(libraries, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    with pytest.raises(FeedstockError, match="holds no nvcc that runs"):
        libraries.cuda_home("13.0")


@pytest.mark.parametrize(("name", "good"), [("_RKNSt7__cxx1112basic_stringIcE", True), ("_RKSs", False)])
def test_a_torch_with_the_old_string_abi_is_refused(tmp_path, name, good):
    """PyPI's torch 2.6 has it; wheels are for the build for CUDA 12.6, which has not."""
    cell = next(cell for cell in variants.table().wheels if cell.pytorch == "2.6.0")
    library = tmp_path / "lib/libc10.so"
    library.parent.mkdir()
    library.write_bytes(b"\0_ZN3c106detail14torchCheckFailEPKcS2_j" + name.encode() + b"\0")
    if good:
        wheel_libraries.require_string_abi(cell, tmp_path)
    else:
        with pytest.raises(FeedstockError, match=r"--torch-from pytorch\.org"):
            wheel_libraries.require_string_abi(cell, tmp_path)


def test_pytorch_comes_from_its_own_index_where_asked_for(reporter, libraries):
    """The small CPU build, but for the one version whose builds differ."""
    libraries.torch_from = "pytorch.org"
    ends = {cell.pytorch: libraries.torch_options(cell)[1].rpartition("/")[2] for cell in variants.table().wheels}
    assert ends.pop("2.6.0") == "cu126"
    assert set(ends.values()) == {"cpu"}


def test_flags_of_the_caller_stay_out(libraries, tmp_path, monkeypatch):
    """An activated conda environment names its own folder in LDFLAGS: it would become a search path of the library."""
    monkeypatch.setattr(libraries, "tools", lambda: tmp_path)
    for name in ("LDFLAGS", "CFLAGS", "CXXFLAGS", "CMAKE_ARGS"):
        monkeypatch.setenv(name, "-Wl,-rpath,/somewhere/lib")
    assert "/somewhere" not in str(libraries.environment())
