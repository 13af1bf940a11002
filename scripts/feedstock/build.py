"""Builds the packages of one variant with the rattler-build engine, tests them, and adds them to the output channel."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rattler_build import Package, RattlerBuildError, RenderConfig, Stage0Recipe, ToolConfiguration

from feedstock import assemble, index, reproducible, variants, verify
from feedstock.console import EngineLog
from feedstock.digests import source_digests
from feedstock.errors import CACHE_ADVICE, FeedstockError
from feedstock.install import install, python_of, run_in
from feedstock.output import DISTRIBUTIONS
from feedstock.paths import OUTPUT, RECIPE, STATE

WORK = STATE / "build"


@dataclass
class Output:
    """One package of the recipe, rendered."""

    rendered: object
    platform: str

    @property
    def name(self) -> str:
        return self.rendered.recipe.package.name

    @property
    def file(self) -> Path:
        recipe = self.rendered.recipe
        return OUTPUT / self.platform / f"{self.name}-{recipe.package.version}-{recipe.build.string}.conda"


def render(variant, overrides: dict) -> list:
    """The packages of a variant, in the order in which they need each other."""
    settings = RenderConfig(platform=variants.platform_config(variant.platform))
    try:
        rendered = Stage0Recipe.from_file(RECIPE).render(variant.config(overrides), settings)
    except RattlerBuildError as error:
        raise FeedstockError(f"{RECIPE} cannot be rendered for {variant.name}: {error}") from error
    return [Output(item, variant.platform) for item in rendered]


def build(variant, source, reporter) -> list:
    """Files of the variant's packages in the output channel, building those that are missing."""
    # PyTorch of some channels depends on a driver, and build machines have none: promise the one of the variant.
    os.environ.setdefault("CONDA_OVERRIDE_CUDA", variant.cuda)
    outputs = render(variant, {**source.overrides(variant), **source_digests()})
    for aside in index.ensure(OUTPUT):
        reporter.note(f"{aside.stem} was damaged: it is built again; the damaged file is now {aside}")
    for output in outputs:
        if output.file.exists():
            reporter.note(f"{output.file.name} is up to date")
        else:
            build_one(output, source, reporter)
    files = [output.file for output in outputs]
    for file in index.retire(OUTPUT, files):
        reporter.note(f"{file.name} is superseded and was removed")
    return files


def build_one(output: Output, source, reporter) -> None:
    channels = [OUTPUT.as_uri(), source.url]
    clean(WORK)
    with reporter.step(f"build {output.name}"):
        package = run_engine(output, channels, reporter)
        reproducible.settle(package, reproducible.commit_time())
    with reporter.step(f"test {output.name}"):
        verify.require(package)
        run_tests(package, [WORK.as_uri(), *channels], reporter)
    assemble.publish(package, output.file.parent)
    index.ensure(OUTPUT)
    clean(WORK)


def run_engine(output: Output, channels: list, reporter) -> Path:
    try:
        result = output.rendered.run_build(
            tool_config=ToolConfiguration(test_strategy="skip", use_sharded=False),
            output_dir=WORK,
            channels=channels,
            progress_callback=EngineLog(reporter),
            # Staging is found again only below a folder whose name does not change.
            no_build_id=True,
        )
    except Exception as error:
        reasons = "".join(f"\n  {line}" for line in compiler_errors(reporter.log_path))
        raise FeedstockError(f"{output.name} could not be built: {summary(error)}{reasons}") from error
    return Path(result.packages[0])


def summary(error: BaseException) -> str:
    """The engine's sentence, without the folders and commands that follow it: those are in the log."""
    return str(error).split("\n\n")[0].replace("PyRattlerBuildError: ", "").replace("\n", " ")


def compiler_errors(log: Path) -> list:
    """The first lines in which a compiler, the linker or CMake said what is wrong during the last step."""
    lines = log.read_text(encoding="utf-8", errors="replace").rpartition("\n### ")[2].splitlines()
    return [line.strip() for line in lines if re.search(r"\berror\b ?[:#]|^CMake Error|undefined reference", line)][:3]


def run_tests(package: Path, channels: list, reporter) -> list:
    """The tests inside a package, each in a fresh environment."""
    results = Package.from_file(package).run_tests(
        channel=channels, use_sharded=False, progress_callback=EngineLog(reporter)
    )
    failed = [result.test_index for result in results if not result.success]
    if failed:
        numbers = ", ".join(map(str, failed))
        raise FeedstockError(f"{package.name}: recipe test {numbers} of {len(results)} failed\n{CACHE_ADVICE}")
    return results


def clean(folder: Path) -> None:
    """Nothing that an earlier run left here, prefix or package, may be taken for what is being built. The staging
    cache stays: its key covers the sources."""
    shutil.rmtree(folder / "bld", ignore_errors=True)
    for file in [*folder.glob("*/*.conda"), *folder.glob("*/repodata*")]:
        file.unlink()


def prove(files: list, source, reporter) -> None:
    """Installs the finished packages into an empty prefix and runs the attention of each there."""
    with assemble.staging() as folder:
        prefix = folder / "prefix"
        with reporter.step("install into an empty prefix"):
            records = install(prefix, [OUTPUT.as_uri(), source.url], [index.exact_pin(file) for file in files])
        reporter.log("\n".join(record.file_name for record in records))
        script = RECIPE.parent / "tests" / "attention_on_cpu.py"
        for name in DISTRIBUTIONS:
            with reporter.step(f"run {name} there"):
                if run_in(prefix, [python_of(prefix), script, name], reporter, cwd=folder) != 0:
                    raise FeedstockError(f"{name} failed in the empty prefix\n{CACHE_ADVICE}")
