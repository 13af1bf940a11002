"""Installs packages into a prefix as `conda install -c` would, and runs programs there."""

import asyncio
import os
import subprocess
from pathlib import Path

import rattler
from rattler import Channel, ChannelPriority, Gateway, VirtualPackage, VirtualPackageOverrides
from rattler.repo_data.gateway import SourceConfig

from feedstock.errors import CACHE_ADVICE, FeedstockError
from feedstock.paths import WINDOWS
from feedstock.sources import innermost
from feedstock.variants import current_platform


def install(prefix: Path, channels: list, specs: list) -> list:
    """Solves and links; returns the records that are now in the prefix."""
    return asyncio.run(solve_and_link(prefix, channels, specs))


async def solve_and_link(prefix: Path, channels: list, specs: list) -> list:
    try:
        records = await rattler.solve(
            [Channel(url) for url in channels],
            specs,
            gateway=Gateway(default_config=SourceConfig(sharded_enabled=False)),
            platforms=[current_platform(), "noarch"],
            # from_env: CONDA_OVERRIDE_CUDA and its like count, as they do for conda.
            virtual_packages=VirtualPackage.detect(overrides=VirtualPackageOverrides.from_env()),
            channel_priority=ChannelPriority.Strict,
        )
    except Exception as error:
        listed = "\n  ".join(channels)
        raise FeedstockError(f"no set of packages satisfies {', '.join(specs)} from\n  {listed}\n{error}") from error
    try:
        await rattler.install(records, target_prefix=prefix, show_progress=False)
    except Exception as error:
        reason = f"packages could not be installed into {prefix}: {innermost(error)}"
        raise FeedstockError(f"{reason}\n{CACHE_ADVICE}") from error
    return records


def run_in(prefix: Path, command: list, reporter, **options) -> int:
    """Runs a program with the prefix in front of PATH; what it prints goes to the log."""
    with reporter.log_path.open("ab") as log:
        return subprocess.run(
            [str(part) for part in command], env=environment(prefix), stdout=log, stderr=log, **options
        ).returncode


def python_of(prefix: Path) -> Path:
    return prefix / "python.exe" if WINDOWS else prefix / "bin" / "python"


def environment(prefix: Path) -> dict:
    """No PYTHON* variable of the caller may leak into a prefix that is being judged."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FEEDSTOCK"))}
    folders = [prefix, prefix / "Library" / "bin", prefix / "Scripts"] if WINDOWS else [prefix / "bin"]
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    return dict(kept, PATH=path, CONDA_PREFIX=str(prefix), PYTHONNOUSERSITE="1")
