"""Bumps: one command, one diff; comments stay; what cannot exist is refused and changes nothing."""

import re
import shutil

import pytest
from feedstock import bump, rerender, variants
from feedstock.bump import Edits
from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY, VARIANTS
from feedstock.tables import order
from feedstock.variants import Table

from .tables import copy_rendered

LISTED = variants.matrix()[0].pytorch


@pytest.fixture
def repository(state, tmp_path):
    """The variant files and what is rendered from them."""
    folder = tmp_path / "repository"
    shutil.copytree(VARIANTS, folder / "variants")
    copy_rendered(folder)
    return folder


@pytest.fixture
def run(repository):
    def run(kind, value=None, drop=False, dry_run=False, distribution=None):
        return bump.bump(kind, value, drop, dry_run, repository, distribution)

    run.table = lambda: Table(repository / "variants")
    run.folder = repository
    return run


def snapshot(folder):
    return {file: file.read_text() for file in folder.rglob("*") if file.is_file()}


def comments(folder):
    return [
        line for file in sorted((folder / "variants").glob("*.yaml")) for line in re.findall("#.*", file.read_text())
    ]


def coming():
    """A PyTorch that is published and not in the conda lane yet."""
    listed = {cell.pytorch for cell in variants.matrix()}
    newer = [number for number in variants.table().published.pytorch if order(number) > max(map(order, listed))]
    return min(newer, key=order)


def test_files_are_written_as_they_were_read(repository):
    before = snapshot(repository)
    edits = Edits(repository / "variants")
    for file in (repository / "variants").glob("*.yaml"):
        edits.write(file.name, edits.read(file.name))
    assert snapshot(repository) == before


def publish(folder, number):
    """Adds a PyTorch to what is published: as the newest one, by another number."""
    file = folder / "variants/published.yaml"
    newest = max(variants.table().published.pytorch, key=order)
    text = file.read_text()
    [entry] = re.findall(rf'^  "{re.escape(newest)}":\n(?:    .*\n)+', text, re.MULTILINE)
    file.write_text(text.replace(entry, entry.replace(f'"{newest}', f'"{number}') + entry))


def lines_of(difference):
    return [line for line in difference.splitlines() if re.match(r"[+-][^+-]", line)]


@pytest.mark.parametrize("number", ["2.99", coming()])
def test_a_new_pytorch_is_one_line_and_rendered_files(run, number):
    """One that neither lane has, and one that wheels are made for already."""
    if number == "2.99":
        with pytest.raises(FeedstockError, match=r'add what its project publishes there first, .* \{release: "'):
            run("pytorch", number)
        publish(run.folder, number)
    before = {cell.name for cell in run.table().wheels}
    change = run("pytorch", number)
    edited = {name: text for name, text in change.files.items() if name.startswith("variants/")}
    assert list(edited) == ["variants/package.yaml"]
    assert lines_of(edited["variants/package.yaml"]) == [f'+  - "{number}"']
    packages = [product for product in change.added if product.endswith(".conda")]
    # A package of each distribution.
    assert len(packages) == 2 * len({(cell.platform, cell.cuda) for cell in variants.matrix()})
    assert all(f"_torch{number.replace('.', '')}_" in product for product in packages)
    wheels = {cell.name for cell in run.table().wheels if cell.pytorch.startswith(f"{number}.")}
    assert wheels != set()
    assert {product for product in change.added if product.endswith(".whl")} == wheels - before
    assert change.removed == []
    assert rerender.drift(run.folder, run.table()) == {}
    assert run.table().conda[0].pytorch == number


def test_a_dry_run_changes_nothing_and_shows_the_same(run):
    before = snapshot(run.folder)
    shown = run("pytorch", coming(), dry_run=True)
    assert snapshot(run.folder) == before
    assert run("pytorch", coming()) == shown


@pytest.mark.parametrize(
    ("kind", "value"),
    [("pytorch", "2.11"), ("pytorch", "2.6"), ("python", "3.10"), ("cuda", "12.6"), ("cuda", "13.0"), ("cuda", "12.8")],
)
def test_dropping_keeps_every_other_comment(run, kind, value):
    before = comments(run.folder)
    change = run(kind, value, drop=True)
    lost = [line for line in before if line not in comments(run.folder)]
    assert all(value in line or "its nvcc knows" in line for line in lost), lost
    assert change.removed
    assert not [cell for cell in run.table().wheels if getattr(cell, kind) == value]
    assert rerender.drift(run.folder, run.table()) == {}


def test_a_new_cuda_is_like_its_nearest_neighbour(run):
    newest = max(variants.table().published.newest_gcc, key=order)
    model = variants.matrix()[0].cuda
    if newest == model:
        run("cuda", newest, drop=True)
        model = run.table().conda[0].cuda
    change = run("cuda", newest)
    made = [cell for cell in run.table().conda if cell.cuda == newest]
    assert {cell.platform for cell in made} == {cell.platform for cell in variants.matrix() if cell.cuda == model}
    assert model not in (run.folder / f"variants/cuda{newest}.yaml").read_text()
    packages = [product for product in change.added if product.endswith(".conda")]
    # A package of each distribution, and their kernel libraries once per platform.
    assert len(packages) == 2 * (len(made) + len({cell.platform for cell in made}))


def test_a_toolchain_for_wheels_comes_with_it(run):
    run("cuda", "13.1", drop=True)
    run("cuda", "13.1")
    lines = (run.folder / "variants/wheels.yaml").read_text().splitlines()
    listed = [line.split('"')[1] for line in lines if re.match(r'  "\d+\.\d+": {gcc', line)]
    assert listed == sorted(listed, key=order, reverse=True)
    assert "13.1" in listed


def test_a_new_version_starts_at_build_0(run):
    run("build")
    number = run.table().package("sageattention_build_number")
    assert number == variants.table().package("sageattention_build_number") + 1
    change = run("version", "99.0.1")
    assert change.build_number.startswith(f"build number of sageattention {number} -> 0:")
    assert (run.table().package_version, run.table().package("sageattention_build_number")) == ("99.0.1", 0)
    # The other distribution is not a new version: its number rose once, and stays.
    assert run.table().package("sageattn3_build_number") == variants.table().package("sageattn3_build_number") + 1
    assert '"99.0.1"' in (run.folder / "sageattention/_version.py").read_text()
    assert len(change.added) == len(change.removed) > len(variants.matrix())


def test_each_distribution_has_a_version_of_its_own(run):
    run("build")
    change = run("version", "99.0.1", distribution="sageattn3")
    assert change.build_number.startswith("build number of sageattn3 1 -> 0:")
    table, before = run.table(), variants.table()
    assert (table.version("sageattn3"), table.package("sageattn3_build_number")) == ("99.0.1", 0)
    assert (table.package_version, table.package("sageattention_build_number")) == (before.package_version, 1)
    assert '"99.0.1"' in (run.folder / "sageattention3_blackwell/sageattn3/_version.py").read_text()
    assert change.added
    assert not [product for product in (*change.added, *change.removed) if "sageattn3" not in product]


def test_a_profile_without_wheels_goes_with_them(run):
    run("pytorch", "2.6", drop=True)
    assert "pytorch26" in variants.table().profiles["wheel"]
    assert "pytorch26" not in run.table().profiles["wheel"]
    assert "pytorch26" not in (run.folder / "docker-bake.hcl").read_text()
    assert "pytorch26" not in (run.folder / ".github/workflows/ci.yml").read_text()


def test_the_number_rises_when_published_packages_would_change(run):
    """Dropping the oldest Python changes what every package depends on; a further variant changes no other."""
    oldest = variants.table().package("python_min")
    assert run("pytorch", coming(), dry_run=True).build_number == ""
    change = run("python", oldest, drop=True)
    number = run.table().package("sageattention_build_number")
    assert f"sageattention {number - 1} -> {number}" in change.build_number
    assert f"sageattn3 {number - 1} -> {number}" in change.build_number
    assert any(product.endswith(f"_{number}.conda") for product in change.added)
    assert order(run.table().package("python_min")) > order(oldest)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("pytorch", "2.7"), "conda-forge has PyTorch for these CUDA versions from 2.8 on"),
        (("pytorch", "9.9"), "variants/published.yaml knows no PyTorch 9.9"),
        (("pytorch", LISTED), f"nothing changes: pytorch {LISTED} is already in the table"),
        (("pytorch", "9.9", True), "nothing changes: pytorch 9.9 is not in the table"),
        (("pytorch", "2.14.1"), "'2.14.1' is not a pytorch version like"),
        (("pytorch", None), "which version?"),
        (("cuda", "13.9"), "does not say which gcc nvcc 13.9 accepts"),
        (("cuda", "11.8"), "conda-forge has no PyTorch for CUDA 11.8"),
        (("python", "3.99"), "no current PyTorch is published for Python 3.99"),
        (("python", "3.9"), "no current PyTorch is published for Python 3.9, only for 3.10 to"),
        (("pytorch", "2.8", True), "the wheel profile 'default' would hold nothing"),
        (("cuda", "12.9", True), "the wheel profile 'default' would hold nothing"),
        (("version", "99.0", False, False, "other"), "unknown distribution 'other'; known: sageattention, sageattn3"),
        (("build", "5"), "expected `bump build` alone, found '5'"),
        (("version", "3"), "sageattention_version cannot be '3'; expected something like 2.2.1"),
        (("build", None, False, False, "sageattn3"), "--distribution says whose version it is"),
        (("version", "0.1"), "0.1 is not newer than"),
        (("version", "new"), "'new' is not a version"),
        (("version", "99.0", True), "--drop removes"),
        (("rust", "1.0"), "expected one of pytorch, cuda"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(run, arguments, reason):
    before = snapshot(run.folder)
    with pytest.raises(FeedstockError, match=re.escape(reason)) as caught:
        run(*arguments)
    assert str(run.folder.parent) not in str(caught.value)
    assert snapshot(run.folder) == before


def test_the_last_pytorch_stays(run):
    *others, last = dict.fromkeys(cell.pytorch for cell in variants.matrix())
    file = run.folder / "variants/package.yaml"
    file.write_text(re.sub("|".join(rf'  - "{re.escape(number)}"\n' for number in others), "", file.read_text()))
    with pytest.raises(FeedstockError, match=f"{last} is the last one"):
        run("pytorch", last, drop=True)


def test_the_repository_itself_is_not_touched(run):
    before = {file: file.read_text() for file in VARIANTS.glob("*.yaml")}
    run("version", "99.0.1")
    assert {file: file.read_text() for file in VARIANTS.glob("*.yaml")} == before
    assert run.folder != REPOSITORY
