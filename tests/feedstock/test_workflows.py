"""Workflows: what GitHub's schema, zizmor and shellcheck say of them, and that they call commands that exist."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from feedstock import cli, profiles, variants, workflows
from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from ruamel.yaml import YAML

from .tables import Copy
from .tools import tool

FOLDER = REPOSITORY / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
BY_NAME = {file.stem: YAML(typ="safe", pure=True).load(file) for file in FILES}

# What the workflows of the earlier build systems were called, and what follows from the issue of a release.
EXPECTED = {
    *("ci", "build", "build-conda", "build-wheels-linux", "build-wheels-windows"),
    *("build-sageattn3-linux", "build-sageattn3-windows", "gpu", "weekly-rebuild", "weekly-scan"),
}


def jobs():
    return [(name, job, content) for name, whole in BY_NAME.items() for job, content in whole["jobs"].items()]


def steps():
    return [(name, job, step) for name, job, content in jobs() for step in content.get("steps", ())]


def scripts():
    return [
        (f"{name}-{job}-{number}", step["run"]) for number, (name, job, step) in enumerate(steps()) if "run" in step
    ]


def test_every_workflow_is_there():
    assert set(BY_NAME) == EXPECTED


def test_they_are_valid():
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, FILES)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_renovate_finds_every_pin():
    """A pin that its patterns miss would never be renewed."""
    file = REPOSITORY / "renovate.json"
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.renovate", str(file)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    patterns = [item["matchStrings"][0] for item in json.loads(file.read_text())["customManagers"]]
    actions, pixi, actionlint, tools = (re.compile(pattern.replace("(?<", "(?P<")) for pattern in patterns)
    table, pins = variants.table(), (REPOSITORY / "variants/workflows.yaml").read_text()
    found = {(match["currentDigest"], match["currentValue"]) for match in actions.finditer(pins)}
    assert found == {(pin["commit"], pin["version"]) for pin in table.workflows["actions"].values()}
    assert pixi.search(pins)["currentValue"] == table.workflows["tools"]["pixi"]
    assert actionlint.search(pins)["currentValue"] == table.workflows["tools"]["actionlint"]
    local = (REPOSITORY / "variants/local-channel.yaml").read_text()
    assert {match["depName"] for match in tools.finditer(local)} == {
        *table.local_releases["tools"],
        *table.local_releases["python"],
    }


def test_zizmor_finds_nothing():
    command = [tool("zizmor"), "--offline", "--no-progress", "--pedantic", str(REPOSITORY / ".github")]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.skipif(not Path(tool("shellcheck")).exists(), reason="PyPI has no shellcheck for this machine")
def test_shellcheck_finds_nothing(tmp_path):
    files = []
    for name, script in scripts():
        assert "${{" not in script, f"{name}: a value that is pasted into a script may be code; hand it over in env"
        files.append(tmp_path / f"{name}.sh")
        files[-1].write_text(f"#!/usr/bin/env bash\n{script}")
    files += [REPOSITORY / ".ci/run", *REPOSITORY.glob("recipe/*.sh"), *REPOSITORY.glob("docker/*.sh")]
    answer = subprocess.run([tool("shellcheck"), *map(str, files)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def feedstock_calls():
    """Every call of the command line, as words. Folded scalars are one line; arrays of bash stand for options."""
    for name, script in scripts():
        arrays = dict(re.findall(r"^\s*(\w+)=\((.*)\)$", script, re.MULTILINE))
        for line in script.replace("\\\n", " ").splitlines():
            for array, words in arrays.items():
                line = line.replace(f'"${{{array}[@]}}"', words)
            found = re.search(r"scripts/feedstock (.*)", re.sub(r"\s[|>]+\s.*|\)$", "", line))
            if found:
                yield name, shlex.split(found[1].replace("$(", ""))


def test_every_command_that_they_run_exists():
    commands = typer.main.get_command(cli.app).commands
    calls = list(feedstock_calls())
    assert len(calls) > 20
    for name, (command, *words) in calls:
        assert command in commands, f"{name} runs `feedstock {command}`"
        known = {option for parameter in commands[command].params for option in parameter.opts}
        options = [word for word in words if word.startswith("--")]
        assert set(options) <= known, f"{name}: feedstock {command} {' '.join(words)}"


def test_every_action_is_pinned_as_the_table_says_and_every_pin_is_used():
    used = {step["uses"] for _, _, step in steps() if "uses" in step}
    pins = {f"{name}@{pin['commit']}" for name, pin in variants.table().workflows["actions"].items()}
    assert used == pins


def test_every_job_has_a_limit_and_every_workflow_its_permissions_and_group():
    for name, whole in BY_NAME.items():
        assert "permissions" in whole, name
        assert whole["concurrency"]["group"], name
    for name, job, content in jobs():
        assert "uses" in content or 0 < content["timeout-minutes"] < 360, f"{name}: {job}"


def test_no_secret_is_near_a_pull_request():
    """Jobs that see a secret or may write run for tags alone, or in workflows that no pull request starts."""
    for name, job, content in jobs():
        rights = content.get("permissions", BY_NAME[name]["permissions"])
        powerful = "secrets." in str(content) or "write" in rights.values()
        starts = BY_NAME[name].get("on", BY_NAME[name].get(True))
        if powerful and ("pull_request" in starts or "workflow_call" in starts):
            needed = content.get("needs")
            assert "github.ref_type == 'tag'" in content.get("if", "") or needed == "release", f"{name}: {job}"


def test_artifacts_of_pull_requests_stay_for_a_week():
    assert variants.table().workflows["events"]["pull_request"]["days"] == 7
    for name, job, step in steps():
        if step.get("uses", "").startswith("actions/upload-artifact"):
            assert step["with"]["retention-days"] == "${{ inputs.retention-days }}", f"{name}: {job}"


def test_events_build_what_they_should():
    """Runs the step that chooses, as the runner would."""
    [script] = [step["run"] for name, _, step in steps() if name == "ci" and step.get("id") == "profiles"]
    for event, chosen in variants.table().workflows["events"].items():
        assert choose(script, EVENT=event) == {key: str(value) for key, value in chosen.items()}
    by_hand = choose(script, EVENT="workflow_dispatch", WHEEL="current", CONDA="")
    assert (by_hand["wheel"], by_hand["sage3"], by_hand["conda"]) == ("current", "current", "")


def choose(script, **variables):
    runs = [shutil.which("bash"), "-euo", "pipefail", "-c", f"GITHUB_OUTPUT=/dev/stdout; {script}"]
    answer = subprocess.run(runs, capture_output=True, text=True, env={"WHEEL": "", "CONDA": "", **variables})
    assert answer.returncode == 0, answer.stderr
    return dict(line.split("=", 1) for line in answer.stdout.splitlines())


@pytest.mark.parametrize(
    ("event", "commit"), [("push", "abc"), ("workflow_dispatch", "abc"), ("pull_request", ""), ("schedule", "")]
)
def test_a_machine_of_our_own_runs_what_was_merged(tmp_path, event, commit):
    """The step that looks up a run, with a stand-in for `gh`; only its commit is checked out."""
    [script] = [step["run"] for name, job, step in steps() if (name, job) == ("gpu", "run")]
    (tmp_path / "gh").write_text(f'#!/bin/sh\ncase "$*" in *headSha*) echo commit=abc ;; *) echo {event} ;; esac\n')
    (tmp_path / "gh").chmod(0o755)
    runs = [shutil.which("bash"), "-euo", "pipefail", "-c", script]
    variables = {"PATH": str(tmp_path), "RUN": "1", "GITHUB_OUTPUT": str(tmp_path / "output")}
    answer = subprocess.run(runs, capture_output=True, text=True, env=variables)
    assert (answer.returncode == 0) == bool(commit), answer.stderr
    written = (tmp_path / "output").read_text() if commit else ""
    assert written == (f"commit={commit}\n" if commit else "")
    [checkout] = [
        step for name, job, step in steps() if (name, job) == ("gpu", "test") and "ref" in step.get("with", {})
    ]
    assert checkout["with"]["ref"] == "${{ needs.run.outputs.commit }}"


def test_every_environment_of_a_matrix_is_in_the_pixi_manifest():
    manifest = (REPOSITORY / "pixi.toml").read_text()
    for cell in variants.table().wheels:
        assert f"\n{profiles.environment(cell.cuda)} = {{ features" in manifest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("commit: 0f67", "commit: zz67", "expected a commit of 40 digits"),
        ("wheel: stable", "wheel: nonsense", "push builds the wheel profile 'nonsense'"),
        ("  actions/checkout:", "  actions/elsewhere:", "which variants/workflows.yaml does not pin"),
        ("gpu_labels:", "labels:", "gpu_labels is missing"),
        ("days: 7", "days: seven", "pull_request days: 'seven' is not a whole number"),
        ("linux-64: ubuntu-24.04", "linux-64: 24.04", "runners: linux-64 is 24.04; expected text"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(tmp_path, old, new, message):
    from feedstock import rerender

    table = Copy(tmp_path).edit("workflows.yaml", old, new).table
    with pytest.raises(FeedstockError, match=re.escape(message)):
        workflows.files(table, "header", rerender.template)
