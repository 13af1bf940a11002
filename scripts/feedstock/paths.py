"""Where things are in the repository, and where the command line keeps its own state."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "scripts" / "feedstock"
VARIANTS = REPOSITORY / "variants"
RECIPE = REPOSITORY / "recipe" / "recipe.yaml"

# Finished, tested packages: a conda channel that can be published as it is.
OUTPUT = REPOSITORY / "output"

# Private environment, downloads, local channel, build folders and logs. All of it can be deleted at any time.
STATE = Path(os.environ.get("FEEDSTOCK_STATE", REPOSITORY / ".feedstock")).resolve()
LOGS = STATE / "logs"

# Names the run of the command line that a process belongs to.
RUN = "FEEDSTOCK_RUN"

WINDOWS = os.name == "nt"
# Programs of a Python environment made by venv.
SCRIPTS = "Scripts" if WINDOWS else "bin"


@contextmanager
def exclusive(name: str = "work"):
    """One process at a time may change the state; a second one says whom it waits for."""
    STATE.mkdir(parents=True, exist_ok=True)
    # Opened for appending: the text in it is the holder's.
    with (STATE / f"{name}.lock").open("a+") as handle:
        if not lock(handle):
            handle.seek(0)
            holder = handle.read() or "another command"
            print(f"Waiting for {holder}, which works in {STATE} ...", file=sys.stderr, flush=True)
            wait_for(handle)
        handle.truncate(0)
        handle.write(f"`feedstock {' '.join(sys.argv[1:])}` (process {os.getpid()})")
        handle.flush()
        yield


if WINDOWS:
    import msvcrt
    import time

    # Locked bytes cannot be read by others: one far behind the text.
    BEHIND = 1 << 30

    def lock(handle) -> bool:
        """Whether this process holds the file now; it is let go with the handle."""
        handle.seek(BEHIND)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def wait_for(handle) -> None:
        while not lock(handle):
            time.sleep(0.5)

else:
    import fcntl

    def lock(handle) -> bool:
        """Whether this process holds the file now; it is let go with the handle."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait_for(handle) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


def temporary(state: Path) -> Path:
    """Where a run keeps what nobody needs after it. The outer process removes it, however the run ends."""
    return state / "tmp" / os.environ.get(RUN, "")


def isolate_cache() -> None:
    """Unpacked packages and test environments stay inside the repository's state: one disk, so files are linked."""
    folder = temporary(STATE)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(RATTLER_CACHE_DIR=str(STATE / "cache"))
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)))
