"""The command line as a person meets it: help, JSON, and one clear message for what goes wrong."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from feedstock import variants

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "feedstock"
COMMANDS = ["build", "install", "test", "variants", "channel", "rerender", "bump", "wheel", "verify"]
COMMANDS += ["publish", "index", "summary", "compare"]


@pytest.fixture
def feedstock(tmp_path):
    """Runs the command line inside the environment of the tests, with a state of its own."""

    def run(*arguments, **variables):
        inside = dict(
            os.environ, FEEDSTOCK_ENVIRONMENT=sys.prefix, FEEDSTOCK_STATE=str(tmp_path / "state"), COLUMNS="120"
        )
        inside["FEEDSTOCK_LOG"] = str(tmp_path / "run.log")
        command = [sys.executable, str(PROGRAM), *arguments]
        return subprocess.run(command, env={**inside, **variables}, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(feedstock, command):
    answer = feedstock(command, "--help")
    assert answer.returncode == 0
    assert f"Usage: feedstock {command}" in answer.stdout
    assert "--json" in answer.stdout


@pytest.mark.parametrize(
    ("seconds", "arguments"),
    [(1, ["variants"]), (1, ["variants", "--lane", "wheel", "--format", "json"]), (5, ["rerender", "--check"])],
)
def test_answers_come_at_once(feedstock, seconds, arguments):
    """Measured in processor time, which a busy machine does not lengthen."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert feedstock(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < seconds


def test_variants_as_json(feedstock):
    answer = json.loads(feedstock("variants", "--json").stdout)
    assert [row["variant"] for row in answer["variants"]] == [variant.name for variant in variants.matrix()]


def test_wheels_of_a_profile(feedstock):
    answer = feedstock("variants", "--lane", "wheel", "--profile", "sage2-all", "--platform", "win_amd64", "--json")
    assert len(json.loads(answer.stdout)["variants"]) == 10
    table = feedstock("variants", "--lane", "wheel", "--profile", "default", COLUMNS="80")
    assert "cp312-cp312-linux_x86_64.whl" in table.stdout


def test_a_matrix_for_github_is_one_line(feedstock):
    answer = feedstock("variants", "--profile", "default", "--format", "github-matrix")
    assert len(json.loads(answer.stdout)["include"]) == len(variants.PLATFORMS)
    assert answer.stdout.count("\n") == 1


def test_no_cell_at_all_is_an_answer_in_every_form(feedstock):
    """CUDA 12.8 is Windows' alone."""
    nothing = ("variants", "--profile", "cuda128", "--platform", "linux-64")
    table = feedstock(*nothing)
    assert (table.returncode, table.stdout) == (0, "the table holds no such variants\n")
    assert json.loads(feedstock(*nothing, "--json").stdout)["variants"] == []
    assert json.loads(feedstock(*nothing, "--format", "github-matrix").stdout) == {"include": []}


def test_a_conda_variant_is_of_both_distributions(feedstock):
    answer = feedstock("variants", "--distribution", "sageattn3", "--json")
    assert len(json.loads(answer.stdout)["variants"]) == len(variants.matrix())


def test_the_table_is_checked(feedstock):
    assert feedstock("variants", "check").returncode == 0


def test_an_unreachable_channel_cannot_be_compared(feedstock, tmp_path):
    answer = feedstock("variants", "check", "--online", "--channel", f"file://{tmp_path}/nowhere")
    assert answer.returncode == 1
    assert "nowhere" in answer.stderr
    assert "cannot be read" in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["chekc"],
        ["--lane", "whl"],
        ["--format", "xml"],
        ["--profile", "nonsense"],
        ["--lane", "wheel", "--distribution", "bogus"],
    ],
)
def test_wrong_words_name_the_right_ones(feedstock, arguments):
    answer = feedstock("variants", *arguments)
    assert answer.returncode == 1
    assert "expected" in answer.stderr or "known:" in answer.stderr


def test_variants_as_a_table_that_can_be_copied_from(feedstock):
    answer = feedstock("variants", COLUMNS="80")
    assert all(variant.name in answer.stdout for variant in variants.matrix())


def test_an_unknown_variant_lists_the_known_ones(feedstock):
    answer = feedstock("build", "--variant", "nonsense")
    assert answer.returncode == 1
    assert "unknown variant 'nonsense'" in answer.stderr
    assert all(variant.name in answer.stderr for variant in variants.matrix())
    assert answer.stdout == ""


def test_failures_are_json_too(feedstock):
    answer = feedstock("build", "--variant", "nonsense", "--json")
    assert answer.returncode == 1
    failure = json.loads(answer.stdout)
    assert failure["ok"] is False
    assert "nonsense" in failure["error"]
    assert Path(failure["log"]).exists()


def test_a_variant_of_another_platform_is_refused(feedstock):
    other = next(cell for cell in variants.matrix() if cell.platform != variants.current_platform())
    answer = feedstock("build", "--variant", other.name)
    assert answer.returncode == 1
    assert f"is for {other.platform}" in answer.stderr


def test_what_cannot_be_built_here_names_what_can(feedstock):
    here = variants.current_platform()
    known = {cell.cuda: cell.platform for cell in variants.matrix()}
    elsewhere = next(cuda for cuda in known if cuda not in {cell.cuda for cell in variants.native()})
    answer = feedstock("build", "--profile", f"cuda{elsewhere.replace('.', '')}")
    assert answer.returncode == 1
    listed = ", ".join(dict.fromkeys(cell.cuda for cell in variants.native()))
    assert f"holds {known[elsewhere]}, and this machine builds {here}: CUDA {listed}" in answer.stderr
    assert "profile all with CUDA 1.0 holds nothing" in feedstock("build", "--profile", "all", "--cuda", "1.0").stderr


def test_a_missing_compiler_is_named(feedstock):
    answer = feedstock("build", CXX="no-such-compiler")
    assert answer.returncode == 1
    assert "'no-such-compiler' is not on PATH" in answer.stderr
    assert "log:" in answer.stderr


def test_an_unreachable_channel_is_named(feedstock, tmp_path):
    answer = feedstock("build", "--channel", f"file://{tmp_path}/nowhere")
    assert answer.returncode == 1
    assert "nowhere" in answer.stderr
    assert "cannot be read" in answer.stderr


def test_a_package_that_is_no_file_is_named(feedstock):
    answer = feedstock("test", "--package", "missing.conda")
    assert answer.returncode == 1
    assert "missing.conda" in answer.stderr


def test_rerender_check_is_clean(feedstock):
    answer = feedstock("rerender", "--check", "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["changed"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no wheel of the table is meant"),
        (["--python", "3.12"], "no wheel of the table is meant"),
        (["--torch", "2.13", "--cuda", "11.0"], "no such wheel for this machine with cuda 11.0; it has 13.2, 13.0"),
        (["--torch", "2.13", "--python", "3.9"], "with python 3.9; it has 3.14"),
        (["--profile", "nonsense"], "unknown wheel profile"),
        (["--torch", "2.13", "--style", "nonsense"], "expected build-tag or local-version"),
    ],
)
def test_a_wheel_that_is_not_in_the_table_is_refused(feedstock, arguments, message):
    answer = feedstock("wheel", *arguments)
    assert answer.returncode == 1
    assert message in answer.stderr


def test_a_bad_file_is_reported_in_json_too(feedstock, tmp_path):
    (tmp_path / "nonsense.whl").write_bytes(b"no archive")
    answer = feedstock("verify", str(tmp_path / "nonsense.whl"), "--json")
    assert answer.returncode == 1
    [checks] = json.loads(answer.stdout)["files"].values()
    assert not checks[-1]["good"]
    assert "❌" in feedstock("verify", str(tmp_path / "nonsense.whl")).stdout


def test_a_bump_is_shown_before_it_is_made(feedstock):
    answer = feedstock("bump", "build", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "rendered: .ci_support/" in answer.stdout
    number = variants.table().package("sageattention_build_number")
    assert f"build number of sageattention {number} -> {number + 1}" in answer.stderr
    refused = feedstock("bump", "pytorch", "0.1", "--dry-run", "--json")
    assert refused.returncode == 1
    assert "knows no PyTorch 0.1" in json.loads(refused.stdout)["error"]


def test_misuse_exits_with_2(feedstock):
    assert feedstock("build", "--no-such-option").returncode == 2
