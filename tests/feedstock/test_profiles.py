"""Parts of the table by name, and the forms in which they are printed."""

import json

import pytest
from feedstock import profiles, variants
from feedstock.errors import FeedstockError

from .tables import Copy


def select(lane, profile, platform=None):
    return profiles.select(variants.table(), lane, profile, platform)


def test_conda_profiles():
    platforms = [cell.platform for cell in select("conda", "default")]
    assert sorted(platforms) == sorted(variants.PLATFORMS)
    for cell in variants.matrix():
        assert cell in select("conda", f"cuda{cell.cuda.replace('.', '')}")
        assert cell in select("conda", "all")
    newest = max((cell.pytorch for cell in variants.matrix()), key=lambda text: tuple(map(int, text.split("."))))
    assert {cell.pytorch for cell in select("conda", "stable")} == {newest}


@pytest.mark.parametrize("lane", profiles.LANES)
def test_either_name_of_a_platform_will_do(lane):
    assert select(lane, "all", "linux-64") == select(lane, "all", "linux_x86_64") != []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wheel", "nonsense"), "known: default, stable"),
        (("conda", "sage3"), "it is one of --lane wheel"),
        (("conda", "all", "osx-64"), "known: linux, windows, all, linux-64"),
    ],
)
def test_unknown_names_list_the_known_ones(arguments, message):
    with pytest.raises(FeedstockError, match=message):
        select(*arguments)


def test_an_unknown_filter_is_named(tmp_path):
    table = Copy(tmp_path).edit("profiles.yaml", "sage3: {set: sage3}", "sage3: {sets: sage3}").table
    with pytest.raises(FeedstockError, match="unknown key sets"):
        profiles.select(table, "wheel", "default")


def test_an_unquoted_version_is_named(tmp_path):
    table = Copy(tmp_path).edit("profiles.yaml", 'pytorch: "2.8"', "pytorch: 2.8").table
    with pytest.raises(FeedstockError, match=r"wheel default pytorch: 2\.8 is not a version"):
        profiles.select(table, "wheel", "default")


def test_a_profile_that_means_nothing_is_a_problem(tmp_path):
    table = Copy(tmp_path).edit("profiles.yaml", "sage3: {set: sage3}", "sage3: {set: sage33}").table
    assert "sage3: this profile of the wheel lane holds nothing" in table.problems()


def test_a_github_matrix_holds_what_can_be_built():
    cells = select("wheel", "current")
    matrix = json.loads(profiles.github_matrix(variants.table(), "wheel", cells))
    assert [entry["wheel"] for entry in matrix["include"]] == [cell.name for cell in cells if not cell.blocked]
    assert all(entry["runner"] for entry in matrix["include"])
    assert "\n" not in profiles.github_matrix(variants.table(), "wheel", cells)


@pytest.mark.parametrize("lane", profiles.LANES)
def test_a_system_is_both_of_its_platforms(lane):
    both = [*select(lane, "all", "linux-64"), *select(lane, "all", "linux-aarch64")]
    assert set(select(lane, "all", "linux")) == set(both)
    assert select(lane, "all", "windows") == select(lane, "all", "win-64")


def test_kernels_are_one_job_per_cuda_and_platform():
    cells = [cell for cell in select("wheel", "all") if not cell.blocked]
    for jobs, keys in profiles.JOBS.items():
        include = json.loads(profiles.github_matrix(variants.table(), "wheel", cells, jobs))["include"]
        if keys:
            assert len(include) == len({tuple(getattr(cell, key) for key in keys) for cell in cells}) <= 256
            assert sum(len(entry["pythons"].split()) for entry in include if jobs == "pytorch") in (0, len(cells))
    conda = json.loads(profiles.github_matrix(variants.table(), "conda", select("conda", "all"), "cuda"))["include"]
    assert [(entry["cuda"], entry["platform"]) for entry in conda] == list(
        dict.fromkeys((cell.cuda, cell.platform) for cell in variants.matrix())
    )
