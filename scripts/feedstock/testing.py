"""Runs the project's tests on what the build ships, and the recipe tests inside a finished package."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from feedstock import variants
from feedstock.build import build, run_tests
from feedstock.channel import LocalChannel
from feedstock.errors import FeedstockError
from feedstock.index import exact_pin
from feedstock.install import environment, install
from feedstock.paths import OUTPUT, REPOSITORY, STATE, exclusive

PREFIX = STATE / "testing"
TESTS = REPOSITORY / "tests"

# Suites of the command line itself, in its own environment. Every other folder of tests/ runs on the built packages.
OWN = ("feedstock", "packages")

# What runs without `-m`: everything that needs neither a GPU nor minutes of building.
QUICK = "not gpu and not package"


@dataclass
class Suite:
    """Tests that share an environment."""

    name: str
    folders: tuple
    python: Path
    variables: dict


def test_project(source, reporter, arguments: list) -> dict:
    """All suites; `arguments` go to pytest, and paths among them choose the suites that hold them."""
    results = {}
    if wanted(arguments, OWN):
        own = Suite("feedstock", OWN, Path(sys.executable), dict(os.environ))
        results[own.name] = run_suite(own, arguments, reporter)
    if wanted(arguments, others()):
        prefix = prepare(source, reporter)
        suite = Suite("library", others(), prefix / "bin" / "python", environment(prefix))
        results[suite.name] = run_suite(suite, arguments, reporter)
    if not results:
        raise FeedstockError(f"no test suite holds {' '.join(arguments)}; tests are below {TESTS}")
    failed = [name for name, code in results.items() if code != 0]
    if failed:
        raise FeedstockError(f"tests failed: {', '.join(failed)}")
    return {"suites": results}


def others() -> tuple:
    folders = {file.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    return tuple(sorted(folders - set(OWN)))


def wanted(arguments: list, folders: tuple) -> bool:
    paths = chosen_paths(arguments)
    return not paths or bool(below(paths, folders))


def chosen_paths(arguments: list) -> list:
    return [word for word in arguments if Path(word.split("::")[0]).exists()]


def below(paths: list, folders: tuple) -> list:
    """The paths that lie in these folders; a path above them stands for all of them."""
    found = []
    for path in paths:
        place = Path(path.split("::")[0]).resolve()
        for root in (TESTS / folder for folder in folders):
            if place.is_relative_to(root):
                found.append(path)
            elif root.is_relative_to(place):
                found.append(str(root))
    return found


def prepare(source, reporter) -> Path:
    """A prefix with the packages built from the present sources, and the test tools."""
    variant = variants.default("local" if isinstance(source, LocalChannel) else source.url)
    with exclusive():
        source.prepare(variant, testing=True)
        files = build(variant, source, reporter)
        with reporter.step("environment of the tests"):
            specs = [exact_pin(file) for file in files] + variants.local_releases()["testing"]
            install(PREFIX, [OUTPUT.as_uri(), source.url], specs)
    return PREFIX


def run_suite(suite: Suite, arguments: list, reporter) -> int:
    """pytest's own output goes to the terminal: it is the progress report."""
    paths = chosen_paths(arguments)
    options = [word for word in arguments if word not in paths]
    where = below(paths, suite.folders) or [str(TESTS / folder) for folder in suite.folders]
    markers = [] if "-m" in options else ["-m", QUICK]
    command = [str(suite.python), "-m", "pytest", "-p", "no:cacheprovider", *markers, *options, *where]
    reporter.log(" ".join(command))
    with reporter.timed(f"tests: {suite.name}"):
        return subprocess.run(
            command, cwd=REPOSITORY, env=suite.variables, stdout=sys.stderr if reporter.as_json else None
        ).returncode


def test_package(file: Path, source, reporter) -> dict:
    """The tests that a package carries, with its dependencies from the output channel and the source."""
    if not file.is_file():
        raise FeedstockError(f"{file} is not a file; finished packages are in {OUTPUT}")
    variant = variant_of(file)
    channels = [file.resolve().parents[1].as_uri(), OUTPUT.as_uri(), source.url]
    with exclusive():
        source.prepare(variant)
        with reporter.step(f"test {file.name}"):
            results = run_tests(file, list(dict.fromkeys(channels)), reporter)
    return {"package": str(file), "tests": len(results)}


def variant_of(file: Path):
    """The variant that a file name tells; a library without PyTorch belongs to every variant of its CUDA version."""
    found = re.search(r"-cuda(\d+)(?:_torch(\d+))?_h", file.name)
    for variant in variants.native() if found else ():
        cuda, torch = variant.cuda.replace(".", ""), variant.pytorch.replace(".", "")
        if cuda == found[1] and found[2] in (None, torch):
            return variant
    raise FeedstockError(f"{file.name} does not belong to a variant of this machine; see `feedstock variants`")
