"""The one exception whose text is meant for the person at the terminal."""

import errno


class FeedstockError(Exception):
    """Says what went wrong, what was expected, and what to do next."""


# What the engine, pip and the compilers print when the disk is full.
DISK_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")
DISK_FULL_ADVICE = "the disk is full: free some space (a first build needs about 3 GB), then run the same command again"


def is_disk_full(error: BaseException, log: str) -> bool:
    """Compilers and tests that ran out of space say so in the log alone."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return any(phrase in text for phrase in DISK_FULL for text in (str(error), log))


def explain(error: BaseException, log: str = "") -> str:
    """One readable message for any failure; the details are in the log of the run."""
    if is_disk_full(error, log):
        return DISK_FULL_ADVICE
    if isinstance(error, FeedstockError):
        return str(error)
    return f"{type(error).__name__}: {error}"
