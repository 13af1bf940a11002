"""The local channel is made in groups that survive interruptions and follow their inputs."""

import zipfile

import pytest
from feedstock import channel, unpacked, variants
from feedstock.channel import Group, LocalChannel
from feedstock.errors import FeedstockError


@pytest.fixture
def local(state, reporter, monkeypatch):
    monkeypatch.setattr(channel.machine, "Compiler", FakeCompiler)
    made = LocalChannel(reporter)
    made.subdir.mkdir(parents=True)
    return made


class FakeCompiler:
    cxx, cc, version, major = "/usr/bin/g++", "/usr/bin/gcc", "12.0.0", "12"


def maker(local, counter, name="demo-1.0-0.conda"):
    def make(folder):
        counter.append(name)
        with zipfile.ZipFile(local.subdir / name, "w") as package:
            package.writestr("info-demo.tar.zst", "")
            package.writestr("pkg-demo.tar.zst", "")
        return [name]

    return make


def test_a_finished_group_is_kept(local):
    made = []
    group = Group("demo", "fingerprint", maker(local, made))
    local.add(group)
    assert local.is_complete(group)
    assert channel.read_record()["demo"]["files"] == ["demo-1.0-0.conda"]


@pytest.mark.parametrize("change", ["fingerprint", "file", "cut"])
def test_a_changed_or_damaged_group_is_made_again(local, change):
    group = Group("demo", "fingerprint", maker(local, []))
    local.add(group)
    file = local.subdir / "demo-1.0-0.conda"
    if change == "file":
        file.unlink()
    elif change == "cut":
        file.write_bytes(file.read_bytes()[:40])
    else:
        group.fingerprint = "another"
    assert not local.is_complete(group)


def test_an_interrupted_group_is_not_recorded(local):
    def interrupted(folder):
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.add(Group("demo", "fingerprint", interrupted))
    assert channel.read_record() == {}
    assert not list((local.subdir.parents[1] / "tmp").iterdir())


def test_a_damaged_record_means_starting_over(local):
    channel.RECORD.write_text("{half")
    assert channel.read_record() == {}


def test_files_of_no_group_leave(local):
    local.add(Group("demo", "fingerprint", maker(local, [])))
    stale = local.subdir / "demo-0.9-0.conda"
    stale.write_text("old")
    copy = unpacked.UNPACKED / stale.stem
    copy.mkdir(parents=True)
    local.remove_unused()
    assert not copy.exists()
    assert [file.name for file in local.subdir.glob("*.conda")] == ["demo-1.0-0.conda"]


def test_a_cpu_pytorch_relaxes_the_recipe_and_a_cuda_one_does_not(local):
    variant = variants.default()
    title = f"PyTorch {local.torch_release(variant)}"
    local.record[title] = {"fingerprint": "", "files": ["pytorch-2.13.0-cpu_py311_h0_0.conda"]}
    assert local.overrides(variant)["pytorch_build"] == "*"
    local.record[title] = {"fingerprint": "", "files": ["pytorch-2.13.0-cuda130_py311_h0_0.conda"]}
    assert "pytorch_build" not in local.overrides(variant)


def test_a_cuda_without_nvcc_wheels_is_refused_with_the_way_out(local):
    missing = [cell for cell in variants.native() if cell.cuda not in local.releases["cuda"]]
    for variant in missing:
        with pytest.raises(FeedstockError, match="--channel conda-forge"):
            local.cuda_release(variant)
