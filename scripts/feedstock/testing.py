"""Runs the project's tests on what the build ships, and the recipe tests inside a finished package."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from feedstock import assemble, index, output, variants, verify
from feedstock.build import build, run_tests
from feedstock.channel import LocalChannel
from feedstock.errors import FeedstockError
from feedstock.install import environment, install, python_of
from feedstock.paths import OUTPUT, REPOSITORY, SCRIPTS, STATE, exclusive
from feedstock.programs import run
from feedstock.sources import working
from feedstock.wheel_build import find_python

PREFIX = STATE / "testing"
TESTS = REPOSITORY / "tests"

# Suites of the command line itself, in its own environment. Every other folder of tests/ runs on the built packages.
OWN = ("feedstock", "packages")

# Options of pytest whose value is the next word. Every other word without a dash is a path.
WITH_VALUE = (
    *("-k", "-m", "-p", "-o", "-c", "-r", "-W", "-n", "--maxfail", "--durations", "--tb", "--deselect", "--ignore"),
    *("--basetemp", "--junitxml", "--junit-xml", "--rootdir", "--confcutdir", "--color", "--capture", "--verbosity"),
)

# Suite of each distribution.
SUITES = {"sageattention": "attention", "sageattn3": "fp4"}

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
    arguments = resolve(arguments)
    results = {}
    if wanted(arguments, OWN):
        own = Suite("feedstock", OWN, Path(sys.executable), dict(os.environ))
        results[own.name] = run_suite(own, arguments, reporter)
    if wanted(arguments, others()):
        prefix = prepare(source, reporter)
        suite = library_suite("library", prefix)
        results[suite.name] = run_suite(suite, arguments, reporter)
    return verdict(results)


def test_shipped(source, reporter, arguments: list) -> dict:
    """The suites of the library on the packages that output/ holds, one variant after the other. Nothing is built: what
    is tested are these files."""
    arguments = resolve(arguments)
    index.ensure(OUTPUT)
    held = output.held()
    if not held:
        raise FeedstockError(f"{OUTPUT} holds no package for this machine")
    results = {}
    for variant in held:
        with working(source, reporter):
            source.prepare(variant, testing=True)
            files = [file for name in output.DISTRIBUTIONS for file in output.packages(variant, name)]
            prefix = test_prefix(files, source, reporter)
        suite = library_suite(variant.name, prefix)
        results[suite.name] = run_suite(suite, arguments, reporter)
    return verdict(results)


def library_suite(name: str, prefix: Path) -> Suite:
    return Suite(name, others(), python_of(prefix), environment(prefix))


def verdict(results: dict) -> dict:
    """The answer of a command that ran these suites: exit codes of pytest by name."""
    failed = [name for name, code in results.items() if code != 0]
    if failed:
        raise FeedstockError(f"tests failed: {', '.join(failed)}")
    return {"suites": results}


def test_wheel(file: Path, reporter, arguments: list) -> dict:
    """The suite of its distribution on a wheel, beside the PyTorch that it is for, in an environment of its Python."""
    verify.require(file)
    cell = verify.cell_of(file.name)
    arguments = resolve(arguments)
    with exclusive(), assemble.staging() as folder:
        with reporter.step(f"environment with PyTorch {cell.pytorch} for CUDA {cell.pytorch_cuda}"):
            python = wheel_environment(file, cell, folder, reporter)
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        suite = Suite(cell.distribution, (SUITES[cell.distribution],), python, variables)
        if run_suite(suite, arguments, reporter) != 0:
            raise FeedstockError(f"tests failed on {file.name}")
    return {"wheel": str(file)}


def wheel_environment(file: Path, cell, folder: Path, reporter) -> Path:
    """PyTorch comes from its own index for the CUDA version, where that can be reached."""
    run([find_python(cell.python), "-m", "venv", folder / "environment"], reporter)
    python = folder / "environment" / SCRIPTS / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--only-binary", ":all:"]
    pip += ["--extra-index-url", f"{variants.published().pytorch_index}/cu{cell.pytorch_cuda.replace('.', '')}"]
    run([*pip, f"torch=={cell.pytorch}", *variants.local_releases()["testing"], file], reporter)
    return python


def resolve(arguments: list) -> list:
    """Paths as the caller's folder means them, made absolute: pytest runs in the repository."""
    resolved = []
    for position, word in enumerate(arguments):
        if not is_path(arguments, position):
            resolved.append(word)
            continue
        file, *names = word.split("::")
        place = Path(file).resolve()
        if not place.exists():
            raise FeedstockError(f"{place} does not exist; tests are below {TESTS}. Write options as --option=value")
        path = "::".join([str(place), *names])
        if not below([path], (*OWN, *others())):
            raise FeedstockError(f"no test suite holds {place}; tests are below {TESTS}")
        resolved.append(path)
    return resolved


def is_path(arguments: list, position: int) -> bool:
    return not arguments[position].startswith("-") and (position == 0 or arguments[position - 1] not in WITH_VALUE)


def others() -> tuple:
    folders = {file.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    return tuple(sorted(folders - set(OWN)))


def wanted(arguments: list, folders: tuple) -> bool:
    paths = chosen_paths(arguments)
    return not paths or bool(below(paths, folders))


def chosen_paths(arguments: list) -> list:
    return [word for position, word in enumerate(arguments) if is_path(arguments, position)]


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
    with working(source, reporter):
        source.prepare(variant, testing=True)
        return test_prefix(build(variant, source, reporter), source, reporter)


def test_prefix(files: list, source, reporter) -> Path:
    """Exactly these packages, and the test tools."""
    with reporter.step("environment of the tests"):
        specs = [index.exact_pin(file) for file in files] + variants.local_releases()["testing"]
        install(PREFIX, [OUTPUT.as_uri(), source.url], specs)
    return PREFIX


def run_suite(suite: Suite, arguments: list, reporter) -> int:
    """pytest's own output goes to the terminal: it is the progress report."""
    paths = chosen_paths(arguments)
    options = [word for word in arguments if word not in paths]
    where = below(paths, suite.folders) or [str(TESTS / folder) for folder in suite.folders]
    markers = [] if "-m" in options else ["-m", QUICK]
    # -I: with the repository on the path, its own sageattention would be tested instead of the installed one.
    command = [str(suite.python), "-I", "-m", "pytest", "-p", "no:cacheprovider", *markers, *options, *where]
    reporter.log(" ".join(command))
    terminal = sys.stderr if reporter.as_json else None
    try:
        with reporter.timed(f"tests: {suite.name}"):
            subprocess.run(command, cwd=REPOSITORY, env=suite.variables, stdout=terminal, check=True)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def test_package(file: Path, source, reporter) -> dict:
    """The tests that a package carries, with its dependencies from the output channel and the source."""
    if not file.is_file():
        raise FeedstockError(f"{file} is not a file; finished packages are in {OUTPUT}")
    variant = output.variant_of(file)
    channels = [file.resolve().parents[1].as_uri(), OUTPUT.as_uri(), source.url]
    with working(source, reporter):
        source.prepare(variant)
        with reporter.step(f"test {file.name}"):
            results = run_tests(file, list(dict.fromkeys(channels)), reporter)
    return {"package": str(file), "tests": len(results)}
