"""Rendered files agree with variants/, and drift is reported as a difference."""

import pytest
from feedstock import rerender, variants
from feedstock.errors import FeedstockError


def test_nothing_has_drifted():
    assert rerender.drift() == {}


def test_rendered_files_say_so():
    assert all("do not edit" in text.splitlines()[0] for text in rerender.whole_files().values())


def test_drift_is_shown_and_repaired(tmp_path):
    for name, text in rerender.rendered().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    version = tmp_path / "sageattention/_version.py"
    version.write_text(version.read_text().replace(variants.package_version(), "0.0.0"))
    difference = rerender.drift(tmp_path)["sageattention/_version.py"]
    assert '-__version__ = "0.0.0"' in difference
    assert rerender.write(tmp_path) == ["sageattention/_version.py"]
    assert rerender.drift(tmp_path) == {}


def test_only_the_block_of_the_readme_is_rendered():
    text = "before\n<!-- support: rendered -->\nold\n<!-- /support -->\nafter\n"
    assert rerender.with_block(text, "support", "new\n") == text.replace("old", "new")


def test_a_readme_without_the_block_is_named():
    with pytest.raises(FeedstockError, match=r"README\.md has no block"):
        rerender.with_block("nothing", "support", "new\n")


def test_the_table_holds_every_version():
    table = rerender.support_table()
    assert all(variant.cuda in table and variant.pytorch in table for variant in variants.matrix())


def test_the_module_gives_the_version(tmp_path):
    names = {}
    exec(rerender.version_module(), names)
    assert names["__version__"] == variants.package_version()
