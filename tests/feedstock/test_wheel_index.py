"""The index of wheels: what it says of each, from which lists it comes, and that pip installs from it."""

import json
import subprocess
import sys

import pytest
from feedstock import products, wheel_index
from feedstock.errors import FeedstockError
from wheel.wheelfile import WheelFile

from .test_verify import CELL

FOLDER = f"cu{CELL.cuda.replace('.', '')}"
PROJECT = "sageattention"


REQUIRE = wheel_index.verify.require


@pytest.fixture(autouse=True)
def _verified(monkeypatch):
    """What `verify` says of a file has tests of its own; those here are made of text."""
    monkeypatch.setattr(wheel_index.verify, "require", lambda file: None)


@pytest.fixture
def wheel(tmp_path):
    """A wheel by the name of a cell, which any Python may install: made of text alone, and without requirements."""

    def wheel(content="", name=CELL.name):
        info = f"{PROJECT}-{CELL.version}.dist-info"
        path = tmp_path / "built" / name
        path.parent.mkdir(exist_ok=True)
        with WheelFile(path, "w") as archive:
            archive.writestr(f"{PROJECT}/__init__.py", content)
            metadata = f"Metadata-Version: 2.4\nName: {PROJECT}\nVersion: {CELL.version}\nRequires-Python: >=3.9\n"
            archive.writestr(f"{info}/METADATA", metadata)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        return path

    return wheel


@pytest.mark.parametrize("folder", [FOLDER, f"{FOLDER}/torch2.13"])
def test_pip_installs_from_it(wheel, serve, tmp_path, monkeypatch, folder):
    """pip checks the hash, reads the metadata beside the file, and takes the file."""
    # Any Python may install what the name of this wheel allows.
    anywhere = f"{PROJECT}-{CELL.version}-2130.132-py3-none-any.whl"
    monkeypatch.setattr(wheel_index.verify, "cell_of", lambda name: CELL)
    wheel_index.make([wheel("installed = True", anywhere)], tmp_path / "site")
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-cache-dir"]
    target = tmp_path / "target"
    command = [*pip, "--index-url", f"{serve(tmp_path / 'site')}/{folder}", "--target", str(target), "-v", PROJECT]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert f"{anywhere}.metadata" in answer.stdout
    assert (target / PROJECT / "__init__.py").read_text() == "installed = True"


def test_both_forms_say_the_same(wheel, tmp_path):
    [entry] = wheel_index.make([wheel()], tmp_path / "site")
    page = (tmp_path / "site" / FOLDER / PROJECT / "index.html").read_text()
    [file] = json.loads((tmp_path / "site" / FOLDER / PROJECT / "index.json").read_text())["files"]
    assert (file["filename"], file["hashes"]["sha256"], file["requires-python"]) == (entry.file, entry.sha256, ">=3.9")
    assert f'href="{file["url"]}#sha256={entry.sha256}" data-requires-python="&gt;=3.9"' in page
    assert (tmp_path / "site" / FOLDER / PROJECT / file["url"]).resolve().read_bytes() == wheel().read_bytes()


def test_an_index_of_releases_needs_their_lists_alone(wheel, tmp_path):
    address = f"https://example.org/v1/{CELL.name}"
    lists = tmp_path / "v1.json"
    lists.write_text(wheel_index.listing([wheel_index.describe(wheel(), address)]))
    wheel_index.make([lists], tmp_path / "site")
    page = (tmp_path / "site" / FOLDER / PROJECT / "index.html").read_text()
    assert f'href="{address}#sha256=' in page
    assert "core-metadata" not in page
    assert not (tmp_path / "site/files").exists()
    again = wheel_index.make([tmp_path / "site/wheels.json"], tmp_path / "again")
    assert again == wheel_index.read(lists)


def test_a_published_file_never_changes(wheel, tmp_path):
    site = tmp_path / "site"
    [first] = wheel_index.make([wheel("first")], site)
    lists = tmp_path / "other.json"
    lists.write_text(wheel_index.listing([wheel_index.describe(wheel("third"), "https://example.org/x.whl")]))
    for source in (wheel("second"), lists):
        with pytest.raises(FeedstockError, match="listed with two contents"):
            wheel_index.make([source], site)
    (site / "wheels.json").unlink()
    with pytest.raises(FeedstockError, match="already with another content"):
        wheel_index.make([wheel("second")], site)
    assert products.sha256(site / "files" / CELL.name) == first.sha256


def test_a_site_keeps_what_it_lists(wheel, tmp_path):
    site, other = tmp_path / "site", CELL.file("local-version")
    wheel_index.make([wheel()], site)
    found = wheel_index.make([wheel(name=other)], site)
    assert {entry.file for entry in found} == {CELL.name, other}
    page = (site / FOLDER / PROJECT / "index.html").read_text()
    assert CELL.name in page
    assert other in page
    (site / "files" / CELL.name).unlink()
    with pytest.raises(FeedstockError, match=f"{CELL.name} is listed as a file of the site, but is not in"):
        wheel_index.make([wheel(name=other)], site)


def test_a_wheel_that_is_not_what_its_name_says_is_refused(wheel, tmp_path, monkeypatch):
    monkeypatch.setattr(wheel_index.verify, "require", REQUIRE)
    cut = wheel()
    for content in (cut.read_bytes(), cut.read_bytes()[:-50]):
        cut.write_bytes(content)
        with pytest.raises(FeedstockError, match=f"{CELL.name} is not what its name says"):
            wheel_index.make([cut], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_what_is_neither_a_wheel_nor_a_list_is_named(tmp_path):
    with pytest.raises(FeedstockError, match=r"file\.py is neither a wheel"):
        wheel_index.make([tmp_path / "file.py"], tmp_path / "site")


def test_names_are_escaped(wheel, tmp_path):
    name = CELL.file("local-version")
    [entry] = wheel_index.make([wheel(name=name)], tmp_path / "site")
    assert "+" in name
    assert entry.url == f"/files/{name.replace('+', '%2B')}"


@pytest.mark.parametrize("text", ["", "{}", '{"wheels": [{"file": "x.whl"}]}', "[]"])
def test_what_is_no_list_is_named(tmp_path, text):
    lists = tmp_path / "broken.json"
    lists.write_text(text)
    with pytest.raises(FeedstockError, match=r"broken\.json"):
        wheel_index.make([lists], tmp_path / "site")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("project", "../escaped"),
        ("cuda", "13.0/.."),
        ("cuda", 13.0),
        ("file", "../x.whl"),
        ("url", "javascript:x"),
        ("url", "/files/../x.whl"),
        ("sha256", "none"),
        ("size", "1"),
    ],
)
def test_what_a_list_says_is_checked_before_it_names_a_folder(wheel, tmp_path, key, value):
    lists = tmp_path / "list.json"
    entry = {**vars(wheel_index.describe(wheel(), "https://example.org/x.whl")), key: value}
    lists.write_text(json.dumps({"wheels": [entry]}))
    with pytest.raises(FeedstockError, match=rf"list\.json: {key} cannot be"):
        wheel_index.make([lists], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_what_is_no_wheel_of_the_table_is_refused(wheel, tmp_path):
    with pytest.raises(FeedstockError, match="no wheel of the table"):
        wheel_index.make([wheel(name="sageattention-9.9-1-cp312-cp312-linux_x86_64.whl")], tmp_path / "site")
