"""Runs the command line for the tests of real packages."""

import json
import os
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
