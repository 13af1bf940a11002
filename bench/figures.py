"""Makes the README's table and picture of the speed from a recorded result: nothing in them is typed by hand.

python3 bench/figures.py            # writes README.md (between its markers) and docs/images/speed.svg
python3 bench/figures.py --check    # exits 1 if they differ from what the results say
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README, PICTURE = ROOT / "README.md", ROOT / "docs" / "images" / "speed.svg"
BEGIN, END = "<!-- speed: made by bench/figures.py -->\n", "<!-- /speed -->\n"

SERIES = {  # name in the results: label, colour
    "sageattn": ("sageattn", "#d1495b"),
    "sageattn_fp16": ("16-bit values", "#edae49"),
    "sdpa_cudnn": ("SDPA cuDNN", "#30638e"),
    "sdpa_flash": ("SDPA flash", "#8d99ae"),
}
PANEL, GAP, TOP, LEFT = (210, 150), 40, 46, 44


def newest_result() -> Path:
    """The latest file with throughput figures; files are named by date."""
    files = [file for file in sorted((ROOT / "bench" / "results").glob("*.json")) if "throughput" in load(file)]
    if not files:
        raise SystemExit("bench/results holds no file with throughput figures; run bench/gpu.py --output there")
    return files[-1]


def load(file: Path) -> dict:
    return json.loads(file.read_text())


def panels(result: dict) -> dict:
    """{(head_dim, causal): rows in order of length}"""
    found = {}
    for row in result["throughput"]:
        found.setdefault((row["head_dim"], row["causal"]), []).append(row)
    return found


def title(key: tuple) -> str:
    return f"head dim {key[0]}, {'causal' if key[1] else 'full'}"


def table(result: dict, file: Path) -> str:
    machine = result["machine"]
    lines = [
        f"TOPS of whole calls (smoothing and quantization included) on bf16 tensors, {machine['device']}, "
        f"driver {machine['driver']}, torch {machine['torch']}; from "
        f"[{file.name}]({file.relative_to(ROOT).as_posix()}).",
        "",
        "| | tokens | " + " | ".join(label for label, _ in SERIES.values()) + " |",
        "|---|---|" + "---|" * len(SERIES),
    ]
    for key, rows in panels(result).items():
        for index, row in enumerate(rows):
            figures = " | ".join(f"{row[name]['tops']:.0f}" if row[name] else "" for name in SERIES)
            lines.append(f"| {title(key) if index == 0 else ''} | {row['length']:,} | {figures} |")
    return "\n".join(lines) + "\n" + few_queries(result)


def few_queries(result: dict) -> str:
    """Calls that memory, not arithmetic, decides: times instead of TOPS."""
    rows = [row for row in result.get("other_shapes", ()) if row["shape"].startswith("decode")]
    lines = ["", "Few queries over many keys (`[batch, heads, tokens, head_dim]`), in µs:", ""]
    lines += ["| q | k | sageattn | SDPA, cuDNN preferred |", "|---|---|---|---|"]
    for row in rows:
        shapes = " | ".join("×".join(f"{size:,}" for size in row[name]) for name in "qk")  # noqa: RUF001
        times = " | ".join(f"{1000 * row[name]['ms']:,.0f}" for name in ("sageattn", "sdpa"))
        lines.append(f"| {shapes} | {times} |")
    return "\n".join(lines) + "\n" if rows else ""


def picture(result: dict) -> str:
    groups = panels(result)
    highest = max(row[name]["tops"] for rows in groups.values() for row in rows for name in SERIES if row[name])
    ceiling = (int(highest) // 100 + 1) * 100
    width, height = LEFT + len(groups) * (PANEL[0] + GAP), TOP + PANEL[1] + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11" role="img" aria-label="TOPS against sequence length on {result["machine"]["device"]}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    x = LEFT
    for label, colour in SERIES.values():
        parts.append(
            f'<rect x="{x}" y="10" width="12" height="4" fill="{colour}"/><text x="{x + 17}" y="16">{label}</text>'
        )
        x += 110
    for index, (key, rows) in enumerate(groups.items()):
        parts += panel(key, rows, LEFT + index * (PANEL[0] + GAP), ceiling, index == 0)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(key: tuple, rows: list, left: int, ceiling: int, labelled: bool) -> list:
    """One chart: TOPS over length, a line per contender."""

    def place(index: int, tops: float) -> tuple:
        x = left + 14 + index * (PANEL[0] - 28) / max(1, len(rows) - 1)
        return x, TOP + PANEL[1] * (1 - tops / ceiling)

    parts = [f'<text x="{left}" y="{TOP - 10}" font-weight="bold">{title(key)}</text>']
    for tops in range(0, ceiling + 1, 200):
        y = place(0, tops)[1]
        parts.append(f'<line x1="{left}" x2="{left + PANEL[0]}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e3e3"/>')
        if labelled:
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{tops}</text>')
    for index, row in enumerate(rows):
        x, _ = place(index, 0)
        y, label = TOP + PANEL[1] + 16, f"{row['length'] // 1024}k"
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{label}</text>')
    for name, (_, colour) in SERIES.items():
        points = [place(index, row[name]["tops"]) for index, row in enumerate(rows) if row[name]]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
    parts.append(f'<text x="{left + PANEL[0] / 2}" y="{TOP + PANEL[1] + 34}" text-anchor="middle">tokens</text>')
    return parts


def rendered() -> dict:
    """{file: content} of everything made here."""
    file = newest_result()
    result = load(file)
    text = README.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{README} has no lines {BEGIN.strip()!r} and {END.strip()!r} to put the table between")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return {README: before + BEGIN + table(result, file) + END + after, PICTURE: picture(result)}


def main() -> int:
    stale = [file for file, content in rendered().items() if not file.exists() or file.read_text() != content]
    if "--check" in sys.argv[1:]:
        for file in stale:
            print(f"{file.relative_to(ROOT)} differs from what bench/results says; run python3 bench/figures.py")
        return 1 if stale else 0
    for file, content in rendered().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
