"""Measures what building wheels costs: one CUDA version, one PyTorch, two Pythons, from nothing.

    python3 bench/build_cost.py [--distribution sageattn3] --torch TORCH --cuda CUDA --python PYTHON

of a row of variants/wheels.yaml writes bench/results/<date>-build-cost-<distribution>.json. The cost table of
docs/build-matrix.md is rendered from the newest of each. Minutes are those of all processors together, so that neither
their number nor what waits for the network counts.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Steps of `feedstock wheel` by what they make.
STEPS = {"kernels": r"kernels of (\w+) for", "operators": r"operators of (\w+) for", "wheel": r"wheel (\w+?)-"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distribution", default="sageattention")
    parser.add_argument("--torch", required=True)
    parser.add_argument("--cuda", required=True)
    parser.add_argument("--python", action="append", required=True)
    parser.add_argument("--output", type=Path, default=ROOT / "bench" / "results", help="folder of the record")
    options = parser.parse_args()
    wanted = ["--distribution", options.distribution, "--torch", options.torch, "--cuda", options.cuda]
    wanted += [word for python in options.python for word in ("--python", python)]
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    record = {
        "date": date,
        "machine": machine(),
        "distribution": options.distribution,
        "torch": options.torch,
        "cuda": options.cuda,
        "cpu_seconds": measure(wanted),
    }
    file = options.output / f"{date}-build-cost-{options.distribution}.json"
    file.write_text(json.dumps(record, indent=1) + "\n")
    print(f"written: {file}")
    return 0


def measure(wanted: list[str]) -> dict:
    """Mean of each kind of step, in a state of its own, so that nothing was compiled before."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as state:
        command = [sys.executable, str(ROOT / "scripts" / "feedstock"), "wheel", *wanted, "--style", "both", "--json"]
        answer = subprocess.run(
            command, env={**os.environ, "FEEDSTOCK_STATE": state}, stdout=subprocess.PIPE, text=True
        )
    if answer.returncode:
        raise SystemExit(f"`feedstock wheel` failed: {answer.stdout}")
    steps = json.loads(answer.stdout)["steps"]
    return {kind: mean(steps, pattern) for kind, pattern in STEPS.items()}


def mean(steps: list[dict], pattern: str) -> float:
    found = [step["cpu_seconds"] for step in steps if re.match(pattern, step["step"])]
    return round(sum(found) / len(found), 1)


def machine() -> str:
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
