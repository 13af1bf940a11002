"""Comparing a rebuild with what is published."""

import zipfile

import pytest
from feedstock import comparison
from feedstock.errors import FeedstockError


@pytest.fixture
def wheel(tmp_path):
    def wheel(place, **files):
        path = tmp_path / place / "demo-1.0-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(zipfile.ZipInfo(name), text)
        return path

    return wheel


def test_the_same_bytes_are_identical(wheel):
    assert comparison.differences(wheel("built", a="1"), wheel("published", a="1")) == []


def test_every_difference_is_named(wheel):
    found = comparison.differences(wheel("built", a="1", b="2"), wheel("published", a="0", c="3"))
    assert [line.split(" ")[0] for line in found] == ["b", "c", "a"]
    [order] = comparison.differences(wheel("built", a="1", b="2"), wheel("published", b="2", a="1"))
    assert "order" in order


def test_what_cannot_be_compared_is_named(wheel, tmp_path):
    with pytest.raises(FeedstockError, match="does not exist"):
        comparison.differences(wheel("built", a="1"), tmp_path / "missing.whl")
