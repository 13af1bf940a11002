"""Containers: every wheel of the table has a target and a test, groups are the profiles, Dockerfiles are clean."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from feedstock import bake, profiles, variants
from feedstock.paths import REPOSITORY

BAKE = REPOSITORY / "docker-bake.hcl"
CELLS = variants.table().wheels

# Groups and targets that the earlier build systems had.
KNOWN = ["default", "linux", "windows", "pytorch27", "pytorch28", "stable", "sage2-all", "sage3", "all", "test-all"]
KNOWN += ["wheel", "dev", "test", "linux-pytorch28-cu129-python312", "windows-pytorch28-cu129-python312"]
KNOWN += ["linux-sage2-pytorch29-cu130-python312", "linux-sage3-pytorch29-cu130-python312"]
KNOWN += ["test-linux-sage2-pytorch29-cu130-python312", "test-windows-sage3-pytorch29-cu128-python312"]


def buildx():
    """The plugin itself: it needs neither docker nor a daemon to print."""
    folders = [Path.home() / ".docker", *map(Path, ("/usr/libexec/docker", "/usr/lib/docker", "/usr/local/lib/docker"))]
    found = [shutil.which("docker-buildx"), *(folder / "cli-plugins/docker-buildx" for folder in folders)]
    return next((str(item) for item in found if item and Path(item).is_file()), None)


def outputs(target):
    """Older versions of the plugin print them as they are written, newer ones as objects."""
    written = (
        item if isinstance(item, dict) else dict(part.split("=") for part in item.split(","))
        for item in target["output"]
    )
    return list(written)


def test_every_target_has_a_test_beside_it_under_each_of_its_names():
    text = BAKE.read_text()
    for cell in CELLS:
        if bake.alias(cell) != bake.name(cell):
            for kind in ("", "test-"):
                line = f'group "{kind}{bake.alias(cell)}" {{ targets = ["{kind}{bake.name(cell)}"] }}'
                assert line in text


def test_names_are_unique_and_every_group_holds_targets():
    names = [bake.name(cell) for cell in CELLS]
    assert len(set(names)) == len(names) == len(CELLS)
    groups = bake.groups(variants.table())
    assert {member for members in groups.values() for member in members} <= {
        *names,
        *(f"test-{name}" for name in names),
    }
    assert len(groups["all"]) == len(groups["test-all"]) == len(CELLS)
    for name in profiles.definitions(variants.table(), "wheel"):
        if name not in ("default", "all"):
            assert len(groups[name]) == len(groups[f"linux-{name}"]) + len(groups[f"windows-{name}"])


@pytest.mark.skipif(buildx() is None, reason="docker's buildx plugin is not here (Debian: docker-buildx)")
def test_buildx_resolves_everything():
    command = [buildx(), "bake", "--file", str(BAKE), "--print"]
    answer = subprocess.run([*command, *KNOWN], capture_output=True, text=True, cwd=REPOSITORY)
    assert answer.returncode == 0, answer.stderr
    targets = json.loads(answer.stdout)["target"]
    assert len(targets) == 2 * len(CELLS) + 3
    for cell in CELLS:
        target = targets[bake.name(cell)]
        chosen = {
            key: target["args"][key] for key in ("TORCH_VERSION", "CUDA_VERSION", "PYTHON_VERSION", "DISTRIBUTION")
        }
        assert list(chosen.values()) == [cell.pytorch, cell.cuda, cell.python, cell.distribution]
        assert outputs(target) == [{"type": "local", "dest": "wheels"}]
        assert (REPOSITORY / target["dockerfile"]).is_file()
    own = {"CUDA_VERSION": "13.0", "TORCH_VERSION": "2.13.0", "TORCH_CUDA_ARCH_LIST": "8.9"}
    wheel = printed_wheel(command, **own, COMMIT="abc", GITHUB_SHA="def")
    assert {key: wheel["args"][key] for key in own} == own
    assert wheel["args"]["ENVIRONMENT"] == "cuda130"
    # The label: COMMIT, or the commit of a workflow; without either there is none.
    assert wheel["labels"]["org.opencontainers.image.revision"] == "abc"
    assert printed_wheel(command, GITHUB_SHA="def")["labels"]["org.opencontainers.image.revision"] == "def"
    assert "org.opencontainers.image.revision" not in printed_wheel(command)["labels"]


def printed_wheel(command, **variables):
    clean = {key: value for key, value in os.environ.items() if key not in ("COMMIT", "GITHUB_SHA")}
    answer = subprocess.run(
        [*command, "wheel"], capture_output=True, text=True, cwd=REPOSITORY, env={**clean, **variables}
    )
    return json.loads(answer.stdout)["target"]["wheel"]


def test_every_argument_that_is_handed_over_is_declared():
    """An argument without ARG would be dropped without a word."""
    handed = set(re.findall(r"^    ([A-Z_]+) +=", BAKE.read_text(), re.MULTILINE))
    declared = {}
    for system in ("linux", "windows"):
        text = (REPOSITORY / f"docker/Dockerfile.{system}").read_text()
        declared[system] = set(re.findall(r"^ARG (\w+)", text, re.MULTILINE))
        assert re.findall(r"^USER (?!ContainerAdministrator)\S+$", text, re.MULTILINE), system
        stages = set(re.findall(r" AS (\w+)$", text, re.MULTILINE))
        assert {"wheel", "test"} <= stages
    assert declared["linux"] | declared["windows"] == handed


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    files = sorted((REPOSITORY / "docker").glob("Dockerfile.*"))
    answer = subprocess.run([hadolint, *files], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout
    assert len(files) == 2
