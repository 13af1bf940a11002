"""Turns the JSON that commands print into the Markdown of a job summary."""

import json
from pathlib import Path


def page(files: list) -> str:
    return "\n".join(section(file) for file in files)


def section(file: Path) -> str:
    """One command: how it ended, what it made or found, and how long its steps took."""
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return f"## ⏹️ {file.stem}\n\nIt did not get as far as a result.\n"
    parts = [f"## {'✅' if result['ok'] else '❌'} {file.stem}\n"]
    if not result["ok"]:
        parts.append(f"```\n{result['error']}\n```\n")
    for key, value in result.items():
        if key == "steps":
            parts.append(table(["step", "seconds"], [[step["step"], step["seconds"]] for step in value]))
        elif key == "files":
            parts.append(table(["file", "checks", "what is wrong"], [verdict(*item) for item in value.items()]))
        elif isinstance(value, list):
            parts.append(table([key, "MB"], [[Path(item).name, megabytes(Path(item))] for item in value]))
        elif isinstance(value, dict):
            parts.append(table([key, ""], list(value.items())))
    return "\n".join(part for part in parts if part)


def verdict(file: str, checks: list) -> list:
    wrong = [f"❌ {check['what']}: {check['found']}" for check in checks if not check["good"]]
    return [Path(file).name, f"{len(checks) - len(wrong)} of {len(checks)} ✅", "<br>".join(wrong)]


def megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.2f}" if file.is_file() else ""


def table(heads: list, rows: list) -> str:
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def cell(value) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
