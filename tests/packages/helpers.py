"""Runs the command line for the tests of real packages."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def feedstock(*arguments, root=ROOT, **variables):
    """Runs the command line of a checkout and returns its JSON answer. Everything downloaded is shared."""
    state = os.environ.get("FEEDSTOCK_STATE", str(ROOT / ".feedstock"))
    command = [sys.executable, str(root / "scripts" / "feedstock"), *arguments, "--json"]
    answer = subprocess.run(
        command, env=dict(os.environ, FEEDSTOCK_STATE=state, **variables), capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def copy_of_sources(folder):
    """Sources that may be edited, for one compute capability, so that compiling takes a fraction of the time."""
    for name in ("csrc", "sageattention", "sageattention3_blackwell", "recipe", "variants", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "LICENSE", folder)
    for file in (folder / "variants").glob("cuda*.yaml"):
        text, count = re.subn(r'(\w+_architectures:\n  - ").*"', r'\g<1>9.0"', file.read_text())
        assert count == 2, file
        file.write_text(text)
    return folder
