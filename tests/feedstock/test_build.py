"""A build that fails leaves the output channel as it was."""

import errno
import json

import pytest
from feedstock import build, variants
from feedstock.errors import FeedstockError, explain

REQUIRE = build.verify.require
RECIPE = """
package: {name: demo, version: "1.0"}
build:
  string: cuda130_h${{ hash }}_0
  script: SCRIPT
tests:
  - script: TEST
"""


class EmptyChannel:
    """A source that offers nothing and overrides nothing."""

    def __init__(self, folder):
        (folder / "noarch").mkdir(parents=True)
        (folder / "noarch" / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
        self.url = folder.as_uri()

    def overrides(self, variant):
        return {}


@pytest.fixture
def run(state, tmp_path, monkeypatch, reporter):
    """Builds a one-line recipe into an output channel of the test. It is none of our packages for `verify`."""
    monkeypatch.setattr(build.verify, "require", lambda package: None)
    monkeypatch.setattr(build, "OUTPUT", tmp_path / "output")
    monkeypatch.setattr(build, "RECIPE", tmp_path / "recipe.yaml")
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    source = EmptyChannel(tmp_path / "empty")

    def run(script="mkdir -p $PREFIX && echo built > $PREFIX/file", test="test -f $PREFIX/file"):
        (tmp_path / "recipe.yaml").write_text(
            RECIPE.replace("SCRIPT", json.dumps(script)).replace("TEST", json.dumps(test))
        )
        return build.build(variants.native()[0], source, reporter)

    run.output = tmp_path / "output"
    return run


def packages(folder):
    return sorted(file.name for file in folder.glob("*/*.conda"))


@pytest.mark.skipif(variants.current_platform() == "win-64", reason="the recipe is a shell command")
def test_a_built_package_is_published_once(run, reporter):
    [first] = run()
    made = first.stat().st_mtime_ns
    assert packages(run.output) == [first.name]
    [second] = run()
    assert second.stat().st_mtime_ns == made
    assert "is up to date" in reporter.log_path.read_text()


def test_a_failing_script_publishes_nothing(run):
    with pytest.raises(FeedstockError, match="demo could not be built"):
        run(script="exit 1")
    assert packages(run.output) == []
    run()
    assert len(packages(run.output)) == 1


def test_what_the_compiler_said_is_shown(run):
    with pytest.raises(FeedstockError, match=r"kernel\.cu\(7\): error: identifier is undefined"):
        run(script="echo 'kernel.cu(7): error: identifier is undefined'; exit 1")


def test_a_full_disk_that_only_the_log_knows_is_called_so(run, reporter):
    with pytest.raises(FeedstockError) as caught:
        run(script="echo 'ptxas: No space left on device'; exit 1")
    assert explain(caught.value, reporter.log_path.read_text()).startswith("the disk is full")


def test_a_broken_recipe_is_named(run, tmp_path):
    with pytest.raises(FeedstockError, match=r"recipe\.yaml cannot be rendered"):
        run(script={"no-such-key": 1})


def test_a_failing_recipe_test_publishes_nothing(run):
    with pytest.raises(FeedstockError, match="recipe test 0 of 1 failed"):
        run(test="exit 1")
    assert packages(run.output) == []


def test_what_does_not_verify_is_not_published(run, monkeypatch):
    monkeypatch.setattr(build.verify, "require", REQUIRE)
    with pytest.raises(FeedstockError, match="is not what its name says"):
        run()
    assert packages(run.output) == []


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), RuntimeError("IO Error: No space left on device (os error 28)")]
)
def test_a_full_disk_is_called_so(error):
    assert explain(error).startswith("the disk is full")


def test_a_package_that_was_cut_short_is_built_again(run, reporter):
    [file] = run()
    file.write_bytes(file.read_bytes()[:100])
    assert run() == [file]
    assert f"{file.name} was damaged: it is built again" in reporter.log_path.read_text()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EROFS, "Read-only file system", "output"), "output cannot be written (Read-only file system)"),
        (PermissionError(errno.EACCES, "Permission denied", "output"), "output cannot be written"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "output/x"), "a file is where a folder is needed"),
        (FileExistsError(errno.EEXIST, "File exists", "output"), "a file is where a folder is needed"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "output"), "output: No such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(error, expected):
    assert explain(error).startswith(expected)


def test_an_output_that_is_a_file_is_named(run):
    run.output.write_text("")
    with pytest.raises(OSError, match="output") as caught:
        run()
    assert explain(caught.value).startswith("a file is where a folder is needed")
