"""Which suite runs which tests."""

import contextlib
import os
import sys
from pathlib import Path

import pytest
from feedstock import output, testing, variants
from feedstock.errors import FeedstockError
from feedstock.paths import OUTPUT


def test_every_folder_of_tests_belongs_to_a_suite():
    folders = {file.parent.name for file in testing.TESTS.glob("*/test_*.py")}
    assert folders == set(testing.OWN) | set(testing.others())


def test_without_paths_every_suite_runs():
    assert testing.wanted(["-x", "-k", "anything"], testing.OWN)
    assert testing.wanted(["-x"], testing.others())


def test_a_path_chooses_its_suite():
    path = str(testing.TESTS / "feedstock" / "test_testing.py") + "::test_a_path_chooses_its_suite"
    assert testing.wanted([path], testing.OWN)
    assert not testing.wanted([path], testing.others())


def test_a_folder_above_stands_for_all_suites():
    everything = [str(testing.TESTS)]
    assert testing.below(everything, testing.OWN) == [str(testing.TESTS / folder) for folder in testing.OWN]


def test_paths_are_those_of_the_callers_folder(monkeypatch):
    monkeypatch.chdir(testing.TESTS / "feedstock")
    file = str(testing.TESTS / "feedstock" / "test_testing.py")
    assert testing.resolve(["-k", "word", "test_testing.py::name", "-x"]) == ["-k", "word", f"{file}::name", "-x"]


@pytest.mark.parametrize(("path", "message"), [("missing.py", "does not exist"), ("/etc", "no test suite")])
def test_other_paths_are_refused(path, message):
    with pytest.raises(FeedstockError, match=message):
        testing.resolve(["-x", path])


def test_a_suite_that_fails_is_not_ticked_off(tmp_path, reporter, capsys):
    (tmp_path / "test_it.py").write_text("def test_it(): assert False")
    suite = testing.Suite("demo", (tmp_path,), Path(sys.executable), dict(os.environ))
    assert testing.run_suite(suite, [], reporter) == 1
    assert reporter.steps == []
    assert "✔" not in capsys.readouterr().err


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Puts packages of variants into an empty output folder; tells what was installed for which suite."""
    installed, suites = [], {}

    class Source:
        url = "file:///nowhere"

        def prepare(self, variant, testing):
            assert testing

    def run_suite(suite, arguments, reporter):
        suites[suite.name] = [spec for spec in installed[-1] if "==" in spec]
        return 0

    for module in (testing, output):
        monkeypatch.setattr(module, "OUTPUT", tmp_path)
    monkeypatch.setattr(testing.index, "ensure", lambda channel: [])
    monkeypatch.setattr(testing, "working", lambda source, reporter: contextlib.nullcontext())
    monkeypatch.setattr(testing, "install", lambda prefix, channels, specs: installed.append(specs))
    monkeypatch.setattr(testing, "environment", lambda prefix: {})
    monkeypatch.setattr(testing, "build", None)
    monkeypatch.setattr(testing, "run_suite", run_suite)

    def shipped(*held):
        for variant in held:
            folder = tmp_path / variant.platform
            folder.mkdir(exist_ok=True)
            for name in output.DISTRIBUTIONS:
                (folder / f"{name}-1.0-{output.build_prefix(variant)}h0123456_0.conda").touch()
        return Source(), suites

    return shipped


def test_shipped_packages_are_tested_as_they_are(shipped, reporter):
    """Each variant that is there, by its exact packages; none is built, whatever the sources say."""
    held = variants.native()[:2]
    source, suites = shipped(*held)
    testing.test_shipped(source, reporter, [])
    assert suites == {
        variant.name: [f"{name} ==1.0 {output.build_prefix(variant)}h0123456_0" for name in output.DISTRIBUTIONS]
        for variant in held
    }


def test_without_a_package_there_is_nothing_to_test(shipped, reporter):
    source, _ = shipped()
    with pytest.raises(FeedstockError, match="holds no package for this machine"):
        testing.test_shipped(source, reporter, [])


def test_a_package_tells_its_variant():
    newest = variants.default()
    cuda, torch = newest.cuda.replace(".", ""), newest.pytorch.replace(".", "")
    assert output.variant_of(OUTPUT / f"sageattention-1.0-cuda{cuda}_torch{torch}_h0123456_0.conda") == newest
    assert output.variant_of(OUTPUT / f"libsageattention-1.0-cuda{cuda}_h0123456_0.conda") == newest


def test_a_foreign_package_is_refused():
    with pytest.raises(FeedstockError, match=r"other-1\.0-0\.conda does not belong to a variant"):
        output.variant_of(OUTPUT / "other-1.0-0.conda")
