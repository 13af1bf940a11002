"""The wheel lane: counts of every profile, names, and refusal of rows that are wrong or could not exist."""

import re

import pytest
from feedstock import profiles, published, variants, wheel_lane
from feedstock.errors import FeedstockError
from feedstock.tables import minor, order
from packaging.utils import parse_wheel_filename

from .tables import Copy

COUNTS = {
    "default": 1,
    "stable": 3,
    "pytorch26": 4,
    "pytorch27": 3,
    "pytorch28": 3,
    "python310": 3,
    "python311": 3,
    "python312": 3,
    "sage2-all": 10,
    "sage3": 4,
}


def chosen(profile, platform="linux_x86_64", table=None):
    return profiles.select(table or variants.table(), "wheel", profile, platform)


@pytest.mark.parametrize("platform", ["linux_x86_64", "win_amd64"])
@pytest.mark.parametrize(("profile", "count"), COUNTS.items())
def test_profiles_have_their_counts(profile, count, platform):
    assert len(chosen(profile, platform)) == count


def test_the_default_wheel():
    [cell] = chosen("default")
    assert (cell.pytorch, cell.cuda, cell.python) == ("2.8.0", "12.9", "3.12")


def test_stable_is_the_newest_python_of_each_classic_pytorch():
    assert {(cell.pytorch, cell.python) for cell in chosen("stable")} == {
        ("2.6.0", "3.12"),
        ("2.7.0", "3.12"),
        ("2.8.0", "3.12"),
    }


def test_every_further_cuda_of_the_old_build_systems_is_there():
    cells = {(cell.pytorch, cell.cuda, cell.python) for cell in chosen("all") if cell.distribution == "sageattention"}
    wanted = {("2.7.0", "12.8"), ("2.8.0", "12.8"), ("2.9.0", "12.8"), ("2.9.0", "13.0")}
    assert {(*pair, "3.12") for pair in wanted} <= cells


def test_current_reaches_the_newest_pytorch_and_all_of_its_pythons():
    facts = variants.table().published
    newest = max(facts.pytorch, key=order)
    pythons = {cell.python for cell in chosen("current") if minor(cell.pytorch) == newest}
    assert pythons == set(facts.pytorch[newest].python)


def test_arm_wheels_exist_where_pytorch_has_them():
    facts = variants.table().published
    for cell in variants.table().wheels:
        if cell.platform == "linux_aarch64":
            assert cell.pytorch_cuda in facts.of(cell.pytorch).cuda_aarch64


def test_names_are_valid_in_both_styles():
    for cell in variants.table().wheels:
        for style in ("build-tag", "local-version"):
            name, version, build, tags = parse_wheel_filename(cell.file(style))
            assert (str(name), version.public) == (cell.distribution, cell.version)
            assert bool(build) == (style == "build-tag")
            assert {tag.interpreter for tag in tags} == {"cp" + cell.python.replace(".", "")}


def test_names_are_those_that_users_know():
    [cell] = chosen("default")
    version = variants.package_version()
    assert cell.file("build-tag") == f"sageattention-{version}-280.129-cp312-cp312-linux_x86_64.whl"
    assert cell.file("local-version") == f"sageattention-{version}+cu129torch280-cp312-cp312-linux_x86_64.whl"
    names = {cell.name for cell in chosen("sage3")}
    assert "sageattn3-1.0.0+cu128torch2.9.0-cp312-cp312-linux_x86_64.whl" in names


def test_no_name_is_used_twice():
    for style in ("build-tag", "local-version"):
        names = [cell.file(style) for cell in variants.table().wheels]
        assert len(set(names)) == len(names)


def test_what_the_operator_library_cannot_do_is_said_by_its_own_build():
    oldest = published.oldest_operator_pytorch()
    for cell in chosen("all"):
        if cell.distribution == "sageattention":
            assert bool(cell.blocked) == (order(minor(cell.pytorch)) < order(oldest))


def test_the_table_is_possible():
    assert variants.table().problems() == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"2.8.0", cuda: ["12.9"]', '"2.8.0", cuda: ["13.0"]', "PyTorch 2.8.0 is not published for CUDA 13.0"),
        ('"2.8.0", cuda: ["12.9"]', '"2.8.7", cuda: ["12.9"]', "there is no PyTorch 2.8.7: 2.8.0 is the newest 2.8"),
        ('python: ["3.9", ', 'python: ["3.14", ', "Python 3.14 is too new for PyTorch 2.6.0 (3.9 to 3.13)"),
        ('cuda: ["13.0", "12.8"], python: ["3.12"]', 'cuda: ["13.0"], python: ["3.9"]', "Python 3.9 is too old"),
        ('architectures: "8.0 8.9 9.0"}', 'architectures: "8.0 12.0"}', "nvcc 12.6 does not compile for 12.0: 12.8"),
        ('"13.0": {gcc: "14"', '"13.0": {gcc: "14", architectures: "10.1"', "12.9 was the last"),
        ('"12.6": {gcc: "13"', '"12.6": {gcc: "14"', "gcc 14 is too new for nvcc 12.6: it accepts up to 13"),
        ('pytorch_cuda: "13.0"', 'pytorch_cuda: "12.8"', "do not run beside a PyTorch for CUDA 12.8"),
        ('  "12.9": {gcc', '  "12.5": {gcc', "does not say how to compile for CUDA 12.9"),
        (
            'sageattn3, pytorch: "2.9.0", cuda: ["13.0"',
            'sageattn3, pytorch: "2.9.0", cuda: ["12.6"',
            "sageattn3 needs CUDA 12.8 or newer, not 12.6",
        ),
        ("{distribution: sageattn3,", '{distribution: sageattn3, architectures: "8.9",', "not for 8.9"),
        ('"13.0": {gcc: "14"', '"13.0": {gcc: "14", architectures: "8.7"', "sageattention has no kernels for compute"),
    ],
)
def test_impossible_wheels_are_refused_with_the_reason(tmp_path, old, new, reason):
    problems = Copy(tmp_path).edit("wheels.yaml", old, new).table.problems()
    assert any(reason in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("wheels.yaml", 'pytorch: "2.8.0"', 'pytroch: "2.8.0"', "pytorch is missing"),
        ("wheels.yaml", 'pytorch: "2.8.0",', 'pytorch: "2.8.0", platform: all,', "unknown key platform"),
        ("wheels.yaml", 'pytorch: "2.6.0"', "pytorch: 2.6", "write it in quotes"),
        ("wheels.yaml", '"3.9", "3.10"', '"3.10", "3.10"', "listed twice"),
        ("wheels.yaml", '{pytorch: "2.8.0", cuda: ["12.8"]', '{pytorch: "2.8.0", cuda: ["12.9"]', "asked for twice"),
        ("wheels.yaml", 'pytorch: "2.6.0"', 'pytorch: "9.9.0"', "knows no PyTorch 9.9"),
        ("wheels.yaml", 'pytorch: "2.8.0"', 'pytorch: "2.8"', "a version of 3 numbers, like \"2.8.0\", found '2.8'"),
        ("wheels.yaml", 'ahead: ["2.15"', 'ahead: ["2.15.0"', "a version of 2 numbers"),
        ("wheels.yaml", 'cuda: ["12.9"]', 'cuda: ["12.9.1"]', "a version of 2 numbers"),
        ("published.yaml", 'release: "2.15.0"', 'release: "2.14.1"', "expected a release of 2.15, found '2.14.1'"),
        ("wheels.yaml", "distribution: sageattn3", "distribution: sageattn4", "unknown distribution sageattn4"),
        ("wheels.yaml", "sets:", "sets: [", "cannot be read"),
        ("wheels.yaml", "  more:", "  empty:\n  more:", "empty holds None; expected a list of rows"),
        ("published.yaml", 'release: "2.15.0"', "", "release is missing"),
        ("published.yaml", '{since: "12.8"}', "{since: 12.8}", "write it in quotes"),
        ("published.yaml", '"13.2": "15"', '"13.2": newest', "'newest' is not a whole number"),
        ("wheels.yaml", '"13.2": {gcc: "14"}', '"13.2": {gcc: "14.1"}', "'14.1' is not a whole number"),
    ],
)
def test_malformed_tables_are_named(tmp_path, name, old, new, message):
    copy = Copy(tmp_path).edit(name, old, new)
    with pytest.raises(FeedstockError, match=re.escape(message)) as caught:
        len(copy.table.wheels)
    assert name in str(caught.value)


def test_a_wheel_for_a_cuda_that_only_arm_lacks_is_left_out_there():
    beside = {cell.platform for cell in variants.table().wheels if (cell.pytorch, cell.cuda) == ("2.11.0", "12.9")}
    assert beside == set(wheel_lane.PLATFORMS) - {"linux_aarch64"}


def test_both_lanes_compile_a_distribution_for_the_same():
    for cell in variants.table().wheels:
        shared = variants.matrix()[0].config({})[f"{cell.distribution}_architectures"][0].split()
        assert cell.architectures == tuple(shared) or cell.cuda == "12.6"


def test_architectures_of_ones_own_are_those_of_the_compiler():
    """As TORCH_CUDA_ARCH_LIST writes them; nothing is dropped without a word."""
    table = variants.table()
    cells = [cell for cell in table.wheels if cell.cuda == "13.0"][:2]
    chosen = wheel_lane.with_architectures(cells, "8.9; 12.0", table.published)
    assert [cell.architectures for cell in chosen] == [("8.9", "12.0")] * 2
    sage3 = [cell for cell in table.wheels if cell.distribution == "sageattn3"][:1]
    assert wheel_lane.with_architectures(sage3, "9.0", table.published)[0].architectures == ("9.0",)
    for text, message in {
        "8.9+PTX": r"write 8\.9",
        "7.0": "knows no compute",
        "10.1": "was the last that did",
        "8.7": "has no kernels",
    }.items():
        with pytest.raises(FeedstockError, match=message):
            wheel_lane.with_architectures(cells, text, table.published)
