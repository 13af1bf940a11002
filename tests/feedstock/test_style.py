"""What linters say of Python, C++ and CUDA. Those of workflows and shell scripts are in test_workflows.py."""

import subprocess

import pytest
from feedstock.paths import REPOSITORY

from .tools import tool


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
        ["clang-format", "--dry-run", "--Werror"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_linters_find_nothing(command):
    files = []
    if command[0] == "clang-format":
        folders = [REPOSITORY / "csrc", REPOSITORY / "sageattention3_blackwell" / "csrc"]
        files = [
            file for folder in folders for file in folder.rglob("*") if file.suffix in {".cpp", ".cu", ".cuh", ".h"}
        ]
        assert files
    answer = subprocess.run([tool(command[0]), *command[1:], *files], cwd=REPOSITORY, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
