"""Where things are in the repository, and where the command line keeps its own state."""

import fcntl
import os
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


@contextmanager
def exclusive(name: str = "work"):
    """One process at a time may change the state; a second one waits."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def isolate_cache() -> None:
    """Unpacked packages and test environments stay inside the repository's state: one disk, so files are linked."""
    (STATE / "tmp").mkdir(parents=True, exist_ok=True)
    os.environ.update(RATTLER_CACHE_DIR=str(STATE / "cache"), TMPDIR=str(STATE / "tmp"))
