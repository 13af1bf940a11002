"""Makes the private Python environment of the command line. Standard library only: it runs before anything exists."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from feedstock.errors import DISK_FULL, DISK_FULL_ADVICE, has_space
from feedstock.paths import LOGS, PROGRAM, SCRIPTS, STATE, WINDOWS, exclusive

REQUIREMENTS = PROGRAM / "requirements.txt"


# Environments of other interpreters and requirements go when nothing has used them for so long.
UNUSED_SECONDS = 7 * 24 * 3600


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def location() -> Path:
    """A folder per interpreter and set of requirements, so that a change of either makes a new environment."""
    interpreter = f"{sys.version}\n{os.path.realpath(sys.executable)}\n"
    key = hashlib.sha256(interpreter.encode() + REQUIREMENTS.read_bytes()).hexdigest()[:12]
    return STATE / "env" / key


def ensure(log: Path) -> Path:
    """Python of a complete environment. What an interrupted run left behind is removed and made again."""
    environment = location()
    python = environment / SCRIPTS / ("python.exe" if WINDOWS else "python")
    complete = environment / ".complete"
    with exclusive("environment"):
        if not (complete.exists() and python.exists()):
            print("Making the private environment (first run only) ...", file=sys.stderr, flush=True)
            shutil.rmtree(environment, ignore_errors=True)
            create(environment, python, log)
            remove_unused(environment)
        complete.touch()
    return python


def distrust() -> None:
    """The next `ensure` makes the environment again."""
    (location() / ".complete").unlink(missing_ok=True)


def remove_unused(current: Path) -> None:
    for complete in current.parent.glob("*/.complete"):
        if complete.parent != current and time.time() - complete.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(complete.parent, ignore_errors=True)


def create(environment: Path, python: Path, log: Path) -> None:
    run([sys.executable, "-m", "venv", environment], log, "install the venv module (Debian: apt install python3-venv)")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes", "--only-binary", ":all:"]
    advice = "check the connection to the package index, then run the command again"
    run([*pip, "--no-deps", "--no-compile", "-r", REQUIREMENTS], log, advice)


def run(command: list, log: Path, advice: str) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        code = subprocess.run([str(part) for part in command], stdout=out, stderr=out).returncode
    if code != 0:
        lines = log.read_text(errors="replace").strip().splitlines()
        # A full disk may take the log, too: then nothing in it says so.
        if not has_space() or any(phrase in line for line in lines for phrase in DISK_FULL):
            raise SetupError(DISK_FULL_ADVICE)
        reasons = lines[-3:] or [f"`{command[0]}` ended with code {code} and said nothing"]
        raise SetupError("the private environment could not be made:\n  " + "\n  ".join(reasons) + f"\n{advice}")
