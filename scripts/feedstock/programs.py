"""Runs other programs for a command."""

import re
import subprocess
from pathlib import Path

from feedstock.errors import FeedstockError

# How compilers, CMake and pip begin the sentence that says what is wrong.
SAYS_WHY = re.compile(r"\berror\b ?[:#]|^\s*CMake Error|undefined reference|^ERROR", re.IGNORECASE)
SHOWN_LINES = 6


def run(command: list, reporter, **options) -> None:
    """What the program says goes to the log; what it says about its failure into the error."""
    command = [str(part) for part in command]
    reporter.log(" ".join(command))
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    reporter.log(answer.stdout)
    if answer.returncode != 0:
        raise FeedstockError(f"{Path(command[0]).name} failed:\n  " + "\n  ".join(reasons(answer.stdout)))


def reasons(output: str) -> list:
    """From the first line that says what is wrong; without one, the last words."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if SAYS_WHY.search(line)), len(lines) - SHOWN_LINES)
    return lines[max(first, 0) :][:SHOWN_LINES]
