"""Rendered files agree with variants/, and drift is reported as a difference."""

import time

import pytest
from feedstock import build, matrix_tables, rerender, variants, wheel_lane
from feedstock.errors import FeedstockError
from feedstock.paths import RECIPE, REPOSITORY
from rattler_build import RenderConfig, Stage0Recipe, VariantConfig

from .tables import copy_rendered


def test_nothing_has_drifted():
    assert rerender.drift() == {}


def test_rendered_files_say_so():
    assert all("do not edit" in text.splitlines()[0] for text in rerender.whole_files(variants.table()).values())


def test_both_distributions_have_one_licence():
    assert (REPOSITORY / "sageattention3_blackwell" / "LICENSE").read_text() == (REPOSITORY / "LICENSE").read_text()


def test_drift_is_shown_and_repaired(tmp_path):
    copy_rendered(tmp_path)
    version = tmp_path / "sageattention/_version.py"
    version.write_text(version.read_text().replace(variants.package_version(), "0.0.0"))
    difference = rerender.drift(tmp_path)["sageattention/_version.py"]
    assert '-__version__ = "0.0.0"' in difference
    assert rerender.write(tmp_path) == ["sageattention/_version.py"]
    assert rerender.drift(tmp_path) == {}


def test_only_the_block_of_the_readme_is_rendered():
    text = "before\n<!-- support: rendered -->\nold\n<!-- /support -->\nafter\n"
    assert rerender.with_block(text, "support", "new\n", "README.md") == text.replace("old", "new")


def test_a_readme_without_the_block_is_named():
    with pytest.raises(FeedstockError, match=r"README\.md has no block"):
        rerender.with_block("nothing", "support", "new\n", "README.md")


def test_the_tables_hold_every_version():
    conda, wheels = matrix_tables.conda_lane(variants.table()), matrix_tables.wheel_rows(variants.table())
    assert all(variant.cuda in conda and variant.pytorch in conda for variant in variants.matrix())
    assert all(f"| {cell.pytorch} | {cell.cuda} |" in wheels for cell in variants.table().wheels)


def test_the_costs_are_those_of_the_builds_that_share_nothing_twice(monkeypatch):
    """Kernels once per CUDA version, operators once per PyTorch (conda: and CUDA version); else for every file."""
    seconds = {"kernels": 60_000, "operators": 60, "wheel": 0}
    records = {name: {"cpu_seconds": seconds} for name in wheel_lane.SOURCES}
    monkeypatch.setattr(matrix_tables, "measured", lambda: records)
    table = variants.table()
    rows = [line.strip("| ").split(" | ") for line in matrix_tables.matrix_costs(table).splitlines()[2:]]
    costs = {(lane, platform): numbers for lane, platform, *numbers in rows}
    wheels = [cell for cell in table.wheels if cell.platform == "linux_x86_64"]
    kernels = len({(cell.distribution, cell.cuda) for cell in wheels})
    operators = len({(cell.distribution, cell.pytorch) for cell in wheels})
    expected = [str(len(wheels)), f"{1000 * kernels + operators:,}", f"{1001 * len(wheels):,}"]
    assert costs["wheels", "linux_x86_64"][:3] == expected
    conda = [cell for cell in table.conda if cell.platform == "linux-64"]
    cuda = len({cell.cuda for cell in conda})
    expected = [str(2 * len(conda)), f"{2 * (1000 * cuda + len(conda)):,}", f"{2 * 1001 * len(conda):,}"]
    assert costs["conda packages", "linux-64"][:3] == expected
    assert costs["both", "all"][0] == f"{len(table.wheels) + 2 * len(table.conda):,}"


def test_compiling_the_kernels_takes_no_longer_than_promised():
    """As recorded: on the machines of CI the same compilation takes up to twice as long on one day as on another."""
    # CPU minutes. sageattention: 12 for the families on mma.sync, 4 for those on wgmma.
    promised = {"sageattention": 12 + 4, "sageattn3": 4}
    taken = {name: record["cpu_seconds"]["kernels"] / 60 for name, record in matrix_tables.measured().items()}
    assert taken.keys() == promised.keys()
    assert all(0 < taken[name] < minutes for name, minutes in promised.items()), taken


def test_the_module_gives_the_version(tmp_path):
    names = {}
    exec(rerender.version_module("2.3.4"), names)
    assert names["__version__"] == "2.3.4"


@pytest.mark.parametrize(
    "name",
    [
        ".ci_support/linux_64_cuda_compiler_version1.0pytorch0.1.yaml",
        ".github/workflows/stray.yml",
        ".github/workflows/stray.yaml",
    ],
)
def test_what_the_table_does_not_ask_for_is_removed(tmp_path, name):
    copy_rendered(tmp_path)
    stale = tmp_path / name
    stale.write_text("pytorch:\n")
    assert "-pytorch:" in rerender.drift(tmp_path)[name]
    assert rerender.write(tmp_path) == [name]
    assert not stale.exists()
    assert rerender.drift(tmp_path) == {}


def test_rendering_takes_no_time_and_is_the_same_twice():
    """Everything, also the packages of every conda variant; in processor time: that is the same on a busy machine."""
    start = time.process_time()
    assert rerender.rendered(table=variants.Table()) == rerender.rendered(table=variants.Table())
    assert time.process_time() - start < 5


def test_pixi_runs_the_command_line_with_the_python_of_the_workflows():
    manifest = rerender.pixi_manifest(variants.table())
    assert f'\npython = "{variants.table().workflows["tools"]["python"]}.*"\n' in manifest


def test_there_is_a_configuration_per_variant():
    names = {file.name for file in (REPOSITORY / ".ci_support").iterdir()}
    assert names == {f"{variant.name}.yaml" for variant in variants.matrix()}


@pytest.mark.parametrize("variant", variants.matrix(), ids=lambda variant: variant.name)
def test_a_configuration_alone_renders_the_same_packages(variant):
    """As `rattler-build build -m .ci_support/....yaml` would."""
    config = VariantConfig.from_file(str(REPOSITORY / ".ci_support" / f"{variant.name}.yaml"))
    settings = RenderConfig(platform=variants.platform_config(variant.platform))
    alone = Stage0Recipe.from_file(RECIPE).render(config, settings)
    names = [f"{item.recipe.package.name}-{item.recipe.build.string}" for item in alone]
    assert names == [f"{item.name}-{item.rendered.recipe.build.string}" for item in build.render(variant, {})]
