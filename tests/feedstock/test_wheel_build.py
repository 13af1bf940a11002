"""What `feedstock wheel` refuses before it compiles anything. Real wheels are in tests/packages."""

import platform
import sys

import pytest
from feedstock import channel, profiles, variants, wheel_build
from feedstock.errors import FeedstockError


class FakeCompiler:
    cxx, cc, version, major = "/usr/bin/g++", "/usr/bin/gcc", "12.0.0", "12"


@pytest.fixture
def builder(state, reporter, monkeypatch):
    monkeypatch.setattr(wheel_build.machine, "Compiler", FakeCompiler)
    monkeypatch.setattr(channel.machine, "Compiler", FakeCompiler)
    monkeypatch.setattr(wheel_build, "KEPT", state / "wheels")
    monkeypatch.delenv("CUDA_HOME", raising=False)
    return wheel_build.WheelBuilder(reporter, None)


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
    blocked = next(cell for cell in variants.table().wheels if cell.blocked)
    with pytest.raises(FeedstockError, match="cannot be built: "):
        builder.build([blocked])


def test_a_wheel_for_another_machine_is_refused(builder):
    here = profiles.platform_of("wheel", variants.current_platform())
    other = next(cell for cell in variants.table().wheels if cell.platform != here and not cell.blocked)
    with pytest.raises(FeedstockError, match=f"this machine makes wheels for {here} only"):
        builder.build([other])


@pytest.mark.skipif(platform.system() == "Windows", reason="the compiler is a shell script")
def test_another_toolkit_than_the_wheel_needs_is_refused(builder, toolkit):
    home = toolkit("Cuda compilation tools, release 12.4, V12.4.131")
    assert builder.cuda_home("12.4") == home
    with pytest.raises(FeedstockError, match=r"holds CUDA 12\.4; this wheel needs 13\.0"):
        builder.cuda_home("13.0")


@pytest.mark.skipif(platform.system() == "Windows", reason="the compiler is a shell script")
def test_a_toolkit_that_does_not_say_what_it_is_is_refused(builder, toolkit):
    toolkit("hello")
    with pytest.raises(FeedstockError, match="does not say its version"):
        builder.cuda_home("13.0")


def test_a_toolkit_that_pypi_lacks_must_be_named(builder):
    with pytest.raises(FeedstockError, match=r"no CUDA 11\.0 toolkit here: name one in CUDA_HOME"):
        builder.cuda_home("11.0")


def test_every_wheel_that_builds_finds_its_interpreter_or_says_so():
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert wheel_build.find_python(running)
    with pytest.raises(FeedstockError, match=r"no python9\.9 here"):
        wheel_build.find_python("9.9")


def test_an_interrupted_installation_is_made_again(builder, monkeypatch):
    class Local:
        url = "file:///nowhere"

    def interrupted(prefix, channels, specs):
        prefix.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(wheel_build, "install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wheel_build.installed("tools", Local, [], lambda: None)
    assert not (wheel_build.KEPT / "tools").exists()
