"""Channels: what is indexed is what is there, and superseded packages leave."""

import json

import pytest
from feedstock import assemble, index
from feedstock.assemble import Contents


@pytest.fixture
def add(state, tmp_path):
    """Puts a small package into a channel and returns its file."""
    channel = tmp_path / "channel"
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "file").write_text("contents")

    def add(name, build, depends=()):
        contents = Contents(name, "1.0", stage, build, depends=list(depends))
        return channel / "linux-64" / assemble.write(contents, "linux-64", channel / "linux-64")

    add.channel = channel
    return add


def listed(channel):
    return set(json.loads((channel / "linux-64/repodata.json").read_text())["packages.conda"])


def test_new_files_are_listed_and_readable(add):
    file = add("demo", "0")
    index.ensure(add.channel)
    assert listed(add.channel) == {file.name}
    for path in [file, *add.channel.glob("*/repodata.json")]:
        assert path.stat().st_mode & 0o777 == 0o644


def test_an_index_that_was_left_behind_is_repaired(add):
    first = add("demo", "0")
    index.ensure(add.channel)
    second = add("other", "0")
    (add.channel / "linux-64/repodata.json").write_text('{"packages.conda": {"half')
    index.ensure(add.channel)
    assert listed(add.channel) == {first.name, second.name}
    first.unlink()
    index.ensure(add.channel)
    assert listed(add.channel) == {second.name}


def test_half_written_files_are_removed(add):
    add("demo", "0")
    part = add.channel / "linux-64" / ".other-1.0-0.conda.part"
    part.write_text("half")
    index.ensure(add.channel)
    assert not part.exists()


def test_a_failed_write_leaves_nothing(add, monkeypatch):
    def full(source, target):
        target.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assemble.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space"):
        add("demo", "0")
    assert not list(add.channel.glob("*/*.conda"))


def test_superseded_packages_leave(add):
    old = add("libdemo", "cuda130_haaaaaaa_0")
    new = add("libdemo", "cuda130_hbbbbbbb_0")
    other = add("libdemo", "cuda129_hccccccc_0")
    index.ensure(add.channel)
    assert index.retire(add.channel, [new]) == [old]
    assert listed(add.channel) == {new.name, other.name}


def test_a_library_stays_while_another_variant_needs_it(add):
    old = add("libdemo", "cuda130_haaaaaaa_0")
    user = add("demo", "cuda130_torch212_haaaaaaa_0", [index.exact_pin(old)])
    new = add("libdemo", "cuda130_hbbbbbbb_0")
    index.ensure(add.channel)
    assert index.retire(add.channel, [new]) == []
    newer_user = add("demo", "cuda130_torch212_hbbbbbbb_0", [index.exact_pin(new)])
    index.ensure(add.channel)
    assert set(index.retire(add.channel, [new, newer_user])) == {old, user}
    assert listed(add.channel) == {new.name, newer_user.name}


def test_a_package_that_was_cut_short_is_set_aside(add):
    whole, cut = add("demo", "0"), add("other", "0")
    index.ensure(add.channel)
    cut.write_bytes(cut.read_bytes()[:300])
    [aside] = index.ensure(add.channel)
    assert aside.name == cut.name + ".damaged"
    assert listed(add.channel) == {whole.name}
    assert index.ensure(add.channel) == []
