"""What a person sees: steps with their duration on standard error, everything else in the log of the run."""

import json
import os
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from feedstock.errors import explain
from feedstock.paths import LOGS

# Columns of a table that goes to a file or a pipe.
FILE_WIDTH = 200


def cpu_seconds() -> float:
    """Of this process and of the programs that it has waited for."""
    return sum(os.times()[:4])


class Reporter:
    """Progress, log and result of one command."""

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        self.terminal = Console(stderr=True, highlight=False)
        self.log_path = Path(os.environ.get("FEEDSTOCK_LOG", LOGS / "feedstock.log"))
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.steps = []
        # What a failing command has found nevertheless; part of its JSON.
        self.details = {}

    def log(self, text: str) -> None:
        with self.log_path.open("a", encoding="utf-8", errors="replace") as handle:
            handle.write(text.rstrip("\n") + "\n")

    @contextmanager
    def step(self, title: str):
        """Times a step. Its line appears when it ends; a spinner shows that it runs."""
        with self.terminal.status(title), self.timed(title):
            yield

    @contextmanager
    def timed(self, title: str):
        """A step that prints for itself while it runs."""
        self.log(f"### {title}")
        start, cpu = time.monotonic(), cpu_seconds()
        yield
        seconds, cpu = round(time.monotonic() - start, 1), round(cpu_seconds() - cpu, 1)
        self.steps.append({"step": title, "seconds": seconds, "cpu_seconds": cpu})
        self.log(f"### {title}: {seconds} s")
        self.terminal.print(f"[green]✔[/] {title} [dim]{seconds:.1f} s[/]")

    def note(self, text: str) -> None:
        self.log(text)
        self.terminal.print(f"[dim]•[/] {text}", soft_wrap=True)

    def table(self, title: str, rows: list) -> None:
        """A table on standard output. Its first column, the name to copy, is never cut."""
        table = Table(title=title, title_justify="left")
        first, *others = rows[0]
        table.add_column(first, no_wrap=True)
        for column in others:
            table.add_column(column)
        for row in rows:
            table.add_row(*row.values())
        # Nothing is cut where the output is not a screen.
        Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH).print(table)

    def succeed(self, result: dict, summary: str = "") -> None:
        if self.as_json:
            print(json.dumps({"ok": True, **result, "steps": self.steps, "log": self.log_name()}, indent=1))
        elif summary:
            self.terminal.print(summary, markup=False, soft_wrap=True)

    def fail(self, error: BaseException) -> None:
        """One message. The traceback goes to the log, whose path ends the message."""
        self.log("".join(traceback.format_exception(error)))
        message = explain(error, self.log_path.read_text(encoding="utf-8", errors="replace"))
        if self.as_json:
            print(
                json.dumps(
                    {"ok": False, "error": message, **self.details, "steps": self.steps, "log": self.log_name()},
                    indent=1,
                )
            )
        self.terminal.print("[bold red]error:[/]", end=" ")
        self.terminal.print(message, markup=False, soft_wrap=True)
        self.terminal.print(f"log: {self.log_path}", markup=False, soft_wrap=True)

    def log_name(self):
        return str(self.log_path) if self.log_path.exists() else None


class EngineLog:
    """Callback of rattler-build: keeps what the engine and the build scripts say in the log of the run."""

    def __init__(self, reporter: Reporter):
        self.reporter = reporter

    def on_log(self, event) -> None:
        self.reporter.log(event.message)

    def on_build_step(self, event) -> None:
        self.reporter.log(f"{event.step_name}: {event.message}")

    def on_download_start(self, event) -> None:
        self.reporter.log(f"download {event.url}")

    def on_download_progress(self, event) -> None:
        pass

    def on_download_complete(self, event) -> None:
        pass
