"""Unpacked packages: whole before they are used, and the big ones do not stay."""

import json
import os

import pytest
from feedstock import unpacked


@pytest.fixture
def package(state, monkeypatch):
    """An unpacked package that counts as big."""
    monkeypatch.setattr(unpacked, "BIG", 3)
    folder = unpacked.UNPACKED / "demo-1.0-0"
    (folder / "info").mkdir(parents=True)
    (folder / "file").write_text("four")
    entries = [{"_path": "file", "path_type": "hardlink", "size_in_bytes": 4}]
    (folder / "info" / "paths.json").write_text(json.dumps({"paths": entries}))
    (unpacked.UNPACKED / "demo-1.0-0.lock").touch()
    return folder


def damage_file(folder):
    (folder / "file").write_text("cut")


def lose_file(folder):
    (folder / "file").unlink()


def damage_list(folder):
    (folder / "info" / "paths.json").write_text("{")


@pytest.mark.parametrize("damage", [damage_file, lose_file, damage_list])
def test_a_damaged_package_is_unpacked_again(package, reporter, damage):
    damage(package)
    with unpacked.packages(reporter, release=False):
        assert list(unpacked.UNPACKED.iterdir()) == []
    assert "is damaged and was removed" in reporter.log_path.read_text()


def test_a_whole_package_stays_for_the_command(package, reporter):
    with unpacked.packages(reporter, release=True):
        assert package.exists()
    assert not package.exists()


def test_what_a_channel_would_have_to_send_again_stays(package, reporter):
    with unpacked.packages(reporter, release=False):
        pass
    assert package.exists()


def test_small_packages_stay(package, reporter, monkeypatch):
    monkeypatch.setattr(unpacked, "BIG", 4)
    with unpacked.packages(reporter, release=True):
        pass
    assert package.exists()


def test_what_a_prefix_links_to_stays(package, reporter, tmp_path):
    os.link(package / "file", tmp_path / "linked")
    with unpacked.packages(reporter, release=True):
        pass
    assert package.exists()


def test_half_a_package_does_not_hide_why_a_command_failed(package, reporter):
    def fail():
        with unpacked.packages(reporter, release=True):
            damage_list(package)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not package.exists()
