"""Changes the table: edits a copy of `variants/`, refuses what cannot exist, then writes the copy and what follows."""

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from feedstock import assemble, profiles, rerender
from feedstock.build import render
from feedstock.errors import FeedstockError
from feedstock.paths import REPOSITORY
from feedstock.published import same_major
from feedstock.tables import minor, order
from feedstock.variants import Table
from feedstock.wheel_lane import SOURCES

# What can be bumped, with an example of each.
EXAMPLES = {"pytorch": "2.14", "cuda": "13.2", "python": "3.15", "version": "2.2.1"}
KINDS = (*EXAMPLES, "build")


@dataclass
class Change:
    """What a bump did, or would do."""

    files: dict  # path relative to the repository: difference
    added: list = field(default_factory=list)
    removed: list = field(default_factory=list)
    build_number: str = ""  # a sentence, when it changed


def bump(
    kind: str,
    value: str | None,
    drop: bool,
    dry_run: bool,
    repository: Path = REPOSITORY,
    distribution: str | None = None,
) -> Change:
    """`distribution`: whose version it is, that of sageattention if none is named."""
    refuse_distribution(kind, distribution)
    present = Table(repository / "variants")
    with assemble.staging() as staged:
        folder = staged / "variants"
        shutil.copytree(present.folder, folder)
        try:
            edits = Edits(folder, distribution or next(iter(SOURCES)))
            edits.apply(kind, value, drop)
            sentence = edits.number_packages(kind, present)
            edits.drop_empty_profiles(present, Table(folder))
            wanted = Table(folder)
            refuse(wanted.problems())
        except FeedstockError as error:
            raise FeedstockError(str(error).replace(str(folder), "variants")) from None
        texts = rerender.rendered(repository, wanted)
        change = compare(present, wanted, rerender.differences(repository, texts))
        change.build_number = sentence
        if not change.files:
            raise FeedstockError(f"nothing changes: {kind} {value} is {'not in' if drop else 'already in'} the table")
        if not dry_run:
            replace_folder(folder, present.folder)
            rerender.write_texts(repository, {name: texts[name] for name in change.files if name in texts})
    return change


def refuse_distribution(kind: str, distribution: str | None) -> None:
    if distribution is not None and kind != "version":
        raise FeedstockError(f"--distribution says whose version it is; a {kind} is for all of them")
    if distribution not in (None, *SOURCES):
        raise FeedstockError(f"unknown distribution '{distribution}'; known: {', '.join(SOURCES)}")


def refuse(problems: list) -> None:
    if problems:
        counted = Counter(problem.partition(": ")[2] for problem in problems)
        lines = "\n  ".join(f"{reason} ({count} cells)" for reason, count in counted.items())
        raise FeedstockError(f"this would make cells that cannot exist; nothing was changed:\n  {lines}")


def compare(present: Table, wanted: Table, rendered: dict) -> Change:
    """`rendered`: differences of the rendered files."""
    files = {}
    names = {file.name for table in (present, wanted) for file in table.folder.glob("*.yaml")}
    for name in sorted(names):
        old, new = (text_of(table.folder / name) for table in (present, wanted))
        if old != new:
            files[f"variants/{name}"] = rerender.difference(f"variants/{name}", old, new)
    files.update(rendered)
    before, after = products(present), products(wanted)
    added = [product for product in after if product not in before]
    removed = [product for product in before if product not in after]
    return Change(files, added, removed)


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def products(table: Table) -> dict:
    """Every package and wheel by name. The hash inside a build string depends on the sources and is left out."""
    packages = [
        f"{variant.platform}/{without_hash(output.file.name)}"
        for variant in table.conda
        for output in render(variant, {})
    ]
    return dict.fromkeys([*packages, *(cell.name for cell in table.wheels)])


def without_hash(name: str) -> str:
    return re.sub(r"_h[0-9a-f]+_", "_", name)


def replace_folder(source: Path, target: Path) -> None:
    """File by file, each in one step."""
    wanted = {file.name: file.read_text(encoding="utf-8") for file in source.glob("*.yaml")}
    for name, text in wanted.items():
        if text_of(target / name) != text:
            assemble.replace_text(target / name, text)
    for file in target.glob("*.yaml"):
        if file.name not in wanted:
            file.unlink()


class Edits:
    """Edits of a folder of variant files. Comments, quotes and the order of keys stay: entries on lines of their own
    come and go as lines, because a comment that follows an entry would otherwise leave with it."""

    def __init__(self, folder: Path, distribution: str = "sageattention"):
        self.folder = folder
        self.distribution = distribution
        self.yaml = YAML()
        self.yaml.preserve_quotes = True
        self.yaml.width = 4096
        self.yaml.indent(mapping=2, sequence=4, offset=2)

    def read(self, name: str):
        return self.yaml.load(self.folder / name)

    def write(self, name: str, content) -> None:
        self.yaml.dump(content, self.folder / name)

    def delete_lines(self, name: str, start: int) -> None:
        """Removes the entry that starts on a line, with the deeper lines below it."""
        lines = text_of(self.folder / name).splitlines(keepends=True)
        last = start
        for number in range(start + 1, len(lines)):
            text = lines[number].strip()
            if text and not text.startswith("#"):
                if depth(lines[number]) <= depth(lines[start]):
                    break
                last = number
        (self.folder / name).write_text("".join(lines[:start] + lines[last + 1 :]), encoding="utf-8")

    def insert_line(self, name: str, model: int, below: bool, change) -> None:
        """Adds a line made from the one at `model`, above or below it."""
        lines = text_of(self.folder / name).splitlines(keepends=True)
        lines.insert(model + below, change(lines[model]))
        (self.folder / name).write_text("".join(lines), encoding="utf-8")

    def apply(self, kind: str, value: str | None, drop: bool) -> None:
        if kind not in KINDS:
            raise FeedstockError(f"cannot bump '{kind}'; expected one of {', '.join(KINDS)}")
        if drop and kind in ("version", "build"):
            raise FeedstockError(f"--drop removes a pytorch, cuda or python version, not a {kind}")
        if kind == "build":
            if value is not None:
                raise FeedstockError(f"a build number only rises, by one: expected `bump build` alone, found '{value}'")
            return
        if value is None:
            raise FeedstockError(f"which version? For example: feedstock bump {kind} {EXAMPLES[kind]}")
        if kind != "version" and not re.fullmatch(r"\d+\.\d+", value):
            raise FeedstockError(f"'{value}' is not a {kind} version like {EXAMPLES[kind]}")
        getattr(self, f"{'drop' if drop else 'add'}_{kind}")(value)

    def add_version(self, value: str) -> None:
        package, key = self.read("package.yaml"), f"{self.distribution}_version"
        present = package[key][0]
        try:
            newer = Version(value) > Version(present)
        except InvalidVersion:
            raise FeedstockError(f"'{value}' is not a version like 2.2.1") from None
        if not newer:
            raise FeedstockError(f"{value} is not newer than {present}, the version of {self.distribution}")
        package[key][0] = quoted(value)
        self.write("package.yaml", package)

    def add_pytorch(self, value: str) -> None:
        """The wheel lane follows the conda lane."""
        self.insert("package.yaml", ("pytorch",), value, newest_first=True)

    def drop_pytorch(self, value: str) -> None:
        self.remove("package.yaml", ("pytorch",), value)
        self.remove("wheels.yaml", ("current", "ahead"), value, may_be_empty=True)
        self.drop_rows("pytorch", value)

    def add_python(self, value: str) -> None:
        """Conda packages serve every Python: this is about wheels."""
        self.insert("wheels.yaml", ("current", "python"), value, newest_first=False)
        table = Table(self.folder)
        if not any(cell.python == value for cell in table.wheels if cell.set == "current"):
            listed = {table.published.of(cell.pytorch) for cell in table.wheels if cell.set == "current"}
            known = sorted({item for entry in listed for item in entry.python}, key=order)
            raise FeedstockError(
                f"no current PyTorch is published for Python {value}, only for {known[0]} to {known[-1]} "
                "(variants/published.yaml)"
            )

    def drop_python(self, value: str) -> None:
        self.remove("wheels.yaml", ("current", "python"), value)
        self.drop_rows("python", value)
        package = self.read("package.yaml")
        if package["python_min"][0] == value:
            package["python_min"][0] = quoted(self.read("wheels.yaml")["current"]["python"][0])
            self.write("package.yaml", package)

    def add_cuda(self, value: str) -> None:
        """A variant file and a toolchain for wheels, like those of the nearest version."""
        target = self.folder / f"cuda{value}.yaml"
        if not target.exists():
            known = {file.stem.removeprefix("cuda"): file for file in self.folder.glob("cuda*.yaml")}
            model = nearest(value, known)
            target.write_text(re.sub(rf"(?<![\d.]){re.escape(model)}(?![\d.])", value, text_of(known[model])))
        toolchains = self.read("wheels.yaml")["cuda"]
        if value not in toolchains:
            model = nearest(value, toolchains)
            older = order(value) < order(model)
            line = toolchains.lc.key(model)[0]
            self.insert_line(
                "wheels.yaml", line, older, lambda text: text.partition("#")[0].rstrip().replace(model, value) + "\n"
            )

    def drop_cuda(self, value: str) -> None:
        (self.folder / f"cuda{value}.yaml").unlink(missing_ok=True)
        if not list(self.folder.glob("cuda*.yaml")):
            raise FeedstockError(f"CUDA {value} is the last one of the conda packages")
        self.drop_rows("cuda", value)
        for name in ("wheels.yaml", "local-channel.yaml"):
            toolchains = self.read(name)["cuda"]
            if value in toolchains:
                self.delete_lines(name, toolchains.lc.key(value)[0])

    def insert(self, name: str, keys: tuple, value: str, newest_first: bool) -> None:
        content = self.read(name)
        values = inner(content, keys)
        if value in values:
            return
        place = sum((order(item) > order(value)) == newest_first for item in values)
        if values.fa.flow_style():
            values.insert(place, quoted(value))
            self.write(name, content)
        else:
            model = min(place, len(values) - 1)
            below = place == len(values)
            self.insert_line(name, values.lc.item(model)[0], below, lambda text: text.replace(values[model], value))

    def remove(self, name: str, keys: tuple, value: str, may_be_empty: bool = False) -> None:
        content = self.read(name)
        values = inner(content, keys)
        if value not in values:
            return
        if len(values) == 1 and not may_be_empty:
            raise FeedstockError(f"{value} is the last one of {' '.join(keys)} in variants/{name}")
        if values.fa.flow_style():
            values.remove(value)
            self.write(name, content)
        else:
            self.delete_lines(name, values.lc.item(values.index(value))[0])

    def drop_rows(self, key: str, value: str) -> None:
        """Takes a version out of the rows of the wheel lane, and out go the rows and the sets that it leaves empty."""
        wheels = self.read("wheels.yaml")
        sets = wheels["sets"]
        empty, changed = [], False
        for name, rows in sets.items():
            gone = [number for number, row in enumerate(rows) if only(row, key, value)]
            whole = len(gone) == len(rows)
            empty += [sets.lc.key(name)[0]] if whole else [rows.lc.item(number)[0] for number in gone]
            for row in rows:
                if value in row[key] and key != "pytorch" and not only(row, key, value):
                    row[key].remove(value)
                    changed = True
        if changed:
            self.write("wheels.yaml", wheels)
        # From the end, so that the numbers of earlier lines stay right.
        for line in sorted(empty, reverse=True):
            self.delete_lines("wheels.yaml", line)

    def drop_empty_profiles(self, present: Table, wanted: Table) -> None:
        """A profile that a drop leaves without a wheel goes with them; not the one that a build means by default, nor
        those that workflows build."""
        events = wanted.workflows["events"].values()
        needed = {"default", *(event[key] for event in events for key in ("wheel", "sage3"))}
        for name in reversed(wanted.profiles["wheel"]):
            if profiles.select(wanted, "wheel", name) or not profiles.select(present, "wheel", name):
                continue
            if name in needed:
                raise FeedstockError(
                    f"the wheel profile '{name}' would hold nothing: change it first (variants/profiles.yaml)"
                )
            self.delete_lines("profiles.yaml", self.read("profiles.yaml")["wheel"].lc.key(name)[0])

    def number_packages(self, kind: str, present: Table) -> str:
        """A new version of a distribution starts at 0. The numbers rise when packages that are published already would
        change: a channel keeps the first file of a name. New and dropped variants leave the others as they are."""
        package = self.read("package.yaml")
        old = {name: int(package[f"{name}_build_number"][0]) for name in SOURCES}
        changed = [] if kind in ("version", "build") else changed_packages(present, Table(self.folder))
        if kind == "version":
            new, why = {self.distribution: 0}, "a new version"
        elif kind == "build" or changed:
            new = {name: number + 1 for name, number in old.items()}
            why = f"{len(changed)} packages change" if changed else "as asked for"
        else:
            return ""
        moves = [f"{name} {old[name]} -> {number}" for name, number in new.items() if number != old[name]]
        if not moves:
            return ""
        for name, number in new.items():
            package[f"{name}_build_number"][0] = number
        self.write("package.yaml", package)
        return f"build number of {', '.join(moves)}: {why}"


def inner(content, keys: tuple):
    for key in keys:
        content = content[key]
    return content


def nearest(value: str, known) -> str:
    """The version to start from: the newest of the same major version, else the newest."""
    same = [item for item in known if same_major(item, value)]
    return max(same or known, key=order)


def only(row: dict, key: str, value: str) -> bool:
    """Whether a row is about nothing but this version."""
    return minor(row["pytorch"]) == value if key == "pytorch" else list(row[key]) == [value]


def depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def changed_packages(present: Table, wanted: Table) -> list:
    """Packages of variants in both tables whose build string differs."""
    old = {variant.name: [output.file.name for output in render(variant, {})] for variant in present.conda}
    new = {variant.name: [output.file.name for output in render(variant, {})] for variant in wanted.conda}
    return [file for name in old.keys() & new.keys() for file in set(new[name]) - set(old[name])]


def quoted(value: str) -> DoubleQuotedScalarString:
    return DoubleQuotedScalarString(value)
