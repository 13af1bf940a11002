"""The outer process: makes the environment, repairs it, and ends everything on Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from feedstock import environment, launcher

PROGRAM = Path(launcher.__file__).parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "STATE", tmp_path)
    monkeypatch.setattr(environment, "LOGS", tmp_path / "logs")
    monkeypatch.setattr("feedstock.paths.STATE", tmp_path)
    return tmp_path


def fake_create(calls):
    def create(path, python, log):
        calls.append(path)
        python.parent.mkdir(parents=True)
        python.touch()

    return create


def test_a_complete_environment_is_kept_and_an_interrupted_one_repaired(folder, monkeypatch):
    calls = []
    monkeypatch.setattr(environment, "create", fake_create(calls))
    python = environment.ensure(folder / "log")
    environment.ensure(folder / "log")
    assert len(calls) == 1

    complete = python.parents[1] / ".complete"
    complete.unlink()
    (python.parents[1] / "half").touch()
    environment.ensure(folder / "log")
    assert len(calls) == 2
    assert not (python.parents[1] / "half").exists()


def test_other_requirements_make_another_environment(folder, monkeypatch):
    before = environment.location()
    changed = folder / "requirements.txt"
    changed.write_text("other")
    monkeypatch.setattr(environment, "REQUIREMENTS", changed)
    assert environment.location() != before


def test_a_failed_setup_says_what_pip_said(folder):
    command = [sys.executable, "-c", "print('ERROR: no network'); raise SystemExit(1)"]
    with pytest.raises(environment.SetupError, match="no network") as caught:
        environment.run(command, folder / "log", "check the connection")
    assert "check the connection" in str(caught.value)


def test_a_full_disk_is_called_so(folder):
    command = [sys.executable, "-c", "print('[Errno 28] No space left on device'); raise SystemExit(1)"]
    with pytest.raises(environment.SetupError, match="the disk is full"):
        environment.run(command, folder / "log", "")


def test_a_full_disk_takes_its_own_message(folder, monkeypatch):
    monkeypatch.setattr(environment, "has_space", lambda: False)
    with pytest.raises(environment.SetupError, match="the disk is full"):
        environment.run([sys.executable, "-c", "raise SystemExit(1)"], folder / "log", "install the venv module")


def test_a_silent_failure_is_not_blank(folder):
    with pytest.raises(environment.SetupError, match="ended with code 3 and said nothing"):
        environment.run([sys.executable, "-c", "raise SystemExit(3)"], folder / "log", "")


def test_environments_that_nothing_uses_go(folder, monkeypatch):
    monkeypatch.setattr(environment, "create", fake_create([]))
    for name, age in (("old", 8), ("recent", 6)):
        complete = folder / "env" / name / ".complete"
        complete.parent.mkdir(parents=True)
        complete.touch()
        then = time.time() - age * 24 * 3600
        os.utime(complete, (then, then))
    environment.ensure(folder / "log")
    assert not (folder / "env" / "old").exists()
    assert (folder / "env" / "recent").exists()


@pytest.mark.parametrize("repaired", [True, False])
def test_a_damaged_environment_is_made_again_once(folder, monkeypatch, capsys, repaired):
    """The inner process ends with its own code when it cannot import something."""
    made = []

    def create(path, python, log):
        made.append(path)
        python.parent.mkdir(parents=True)
        whole = repaired and len(made) > 1
        python.write_text(
            "#!/bin/sh\necho no module >> $FEEDSTOCK_LOG; exit " + ("0" if whole else str(launcher.DAMAGED))
        )
        python.chmod(0o755)

    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(launcher, "LOGS", folder / "logs")
    (folder / "logs").mkdir()
    assert launcher.main(["build", "--json"]) == (0 if repaired else 1)
    assert len(made) == 2
    captured = capsys.readouterr()
    assert "is damaged; it is made again" in captured.err
    if not repaired:
        assert json.loads(captured.out)["error"].endswith("did not help: no module")


def test_a_missing_module_ends_the_inner_process_with_its_own_code(tmp_path):
    variables = dict(os.environ, FEEDSTOCK_ENVIRONMENT=sys.prefix, FEEDSTOCK_LOG=str(tmp_path / "logs" / "log"))
    (tmp_path / "typer.py").write_text("raise ImportError('typer is broken')")
    variables["PYTHONPATH"] = str(tmp_path)
    answer = subprocess.run([sys.executable, str(PROGRAM), "variants"], env=variables, capture_output=True, text=True)
    assert answer.returncode == launcher.DAMAGED
    assert answer.stderr == ""
    assert "typer is broken" in (tmp_path / "logs" / "log").read_text()


HOLDER = """
import sys
sys.path.insert(0, {scripts!r})
sys.argv = ["feedstock", "build"]
from feedstock.paths import exclusive
with exclusive():
    print("locked", flush=True)
    sys.stdin.readline()
"""


def test_who_holds_the_lock_is_said(tmp_path):
    variables = dict(os.environ, FEEDSTOCK_STATE=str(tmp_path))
    command = [sys.executable, "-c", HOLDER.format(scripts=str(PROGRAM.parent))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=variables, **pipes) as holder:
        assert holder.stdout.readline() == "locked\n"
        with subprocess.Popen(command, env=variables, **pipes) as waiting:
            line = waiting.stderr.readline()
            holder.stdin.write("\n")
            holder.stdin.flush()
            assert waiting.stdout.readline() == "locked\n"
            waiting.communicate("\n")
    assert line.startswith(f"Waiting for `feedstock build` (process {holder.pid})")
    assert waiting.returncode == 0


def test_requirements_are_pinned_and_hashed_without_naming_a_host():
    lines = environment.REQUIREMENTS.read_text().splitlines()
    pins = [line for line in lines if "==" in line and not line.startswith((" ", "#"))]
    assert pins
    assert all(line.rstrip().endswith("\\") for line in pins)
    assert not any("http" in line or "--index" in line for line in lines)


SLOW_PROGRAM = """
import os, subprocess, sys, pathlib
folder = pathlib.Path(os.environ["FEEDSTOCK_STATE"], "tmp", os.environ["FEEDSTOCK_RUN"], "half")
folder.mkdir(parents=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[0]).with_name("child").write_text(str(child.pid))
child.wait()
"""

OUTER = """
import sys, pathlib, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background jobs with the interrupt key ignored
sys.path.insert(0, {scripts!r})
from feedstock import environment, launcher
environment.ensure = lambda log: pathlib.Path({python!r})
launcher.PROGRAM = pathlib.Path({program!r})
sys.exit(launcher.main(["build", "--json"]))
"""


def test_interrupt_ends_everything_that_was_started(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(SLOW_PROGRAM)
    outer = OUTER.format(scripts=str(PROGRAM.parent), python=sys.executable, program=str(program))
    variables = dict(os.environ, FEEDSTOCK_STATE=str(tmp_path / "state"))
    process = subprocess.Popen([sys.executable, "-c", outer], env=variables, stdout=subprocess.PIPE, text=True)
    child = tmp_path / "child"
    deadline = time.monotonic() + 20
    while not (child.exists() and child.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(output)["ok"] is False
    assert not is_running(int(child.read_text()))
    assert not list((tmp_path / "state" / "tmp").iterdir())


def is_running(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
