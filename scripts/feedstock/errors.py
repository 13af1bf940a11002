"""The one exception whose text is meant for the person at the terminal."""

import errno
import os
import shutil

from feedstock.paths import STATE


class FeedstockError(Exception):
    """Says what went wrong, what was expected, and what to do next."""


# What the engine, pip and the compilers print when the disk is full.
DISK_FULL = ("No space left on device", "os error 28", "Disk quota exceeded")
DISK_FULL_ADVICE = (
    "the disk is full: free some space (a first build needs about 3 GB, 8 GB where PyPI's torch is a CUDA build), "
    "then run the same command again"
)
# A full disk may take even the messages that say so.
LITTLE_SPACE = 32_000_000


# Damage that leaves the size of a file as it was is not seen beforehand.
CACHE_ADVICE = f"If this repeats, remove what is unpacked, then run the same command again: rm -rf {STATE / 'cache'}"


def is_disk_full(error: BaseException, log: str) -> bool:
    """Compilers and tests that ran out of space say so in the log alone."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return any(phrase in text for phrase in DISK_FULL for text in (str(error), log)) or not has_space()


def has_space() -> bool:
    try:
        return shutil.disk_usage(STATE).free > LITTLE_SPACE
    except OSError:
        return True


def explain(error: BaseException, log: str = "") -> str:
    """One readable message for any failure; the details are in the log of the run."""
    if is_disk_full(error, log):
        return DISK_FULL_ADVICE
    if isinstance(error, OSError) and error.filename is not None:
        return explain_file(error, error.filename)
    if isinstance(error, FeedstockError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def explain_file(error: OSError, name) -> str:
    """What is wrong with a file or folder, and what to do about it."""
    name = os.fspath(name)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{name} cannot be written ({error.strerror}): make it writable for you, then run the same command again"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"a file is where a folder is needed, at or above {name}: move it away, then run the same command again"
    return f"{name}: {error.strerror}"
