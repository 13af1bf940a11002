"""`.github/workflows/` and `.actrc`: templates with the pins, runners and events of `variants/workflows.yaml`."""

import re
from pathlib import Path

from feedstock import profiles, tables
from feedstock.errors import FeedstockError

KEYS = ("actions", "runners", "gpu_labels", "tools", "images", "events")
TEXTS = {
    "runners": (*profiles.SAME, "tools"),
    "tools": ("python", "pixi", "actionlint", "glibc"),
    "images": ("pixi", "python", "python_suffix", "act", "windows", "build_tools"),
}
EVENTS = ("pull_request", "push", "tag")
LANES_OF_EVENT = {"wheel": "wheel", "sage3": "wheel", "conda": "conda"}
EVENT_KEYS = (*LANES_OF_EVENT, "conda_platform", "days")

# The reusable workflow of each distribution and system: name, distribution, system, title.
WHEELS = (
    ("build-wheels-linux", "sageattention", "linux", "Wheels of sageattention, Linux"),
    ("build-wheels-windows", "sageattention", "windows", "Wheels of sageattention, Windows"),
    ("build-sageattn3-linux", "sageattn3", "linux", "Wheels of sageattn3, Linux"),
    ("build-sageattn3-windows", "sageattn3", "windows", "Wheels of sageattn3, Windows"),
)
OTHERS = ("build-conda", "build", "ci", "gpu", "weekly-rebuild", "weekly-scan")

# Jobs that call them: job, workflow, which profile of the event.
CALLS = (
    ("wheels-linux", "build-wheels-linux", "wheel"),
    ("wheels-windows", "build-wheels-windows", "wheel"),
    ("sageattn3-linux", "build-sageattn3-linux", "sage3"),
    ("sageattn3-windows", "build-sageattn3-windows", "sage3"),
    ("conda", "build-conda", "conda"),
)


def read(file: Path) -> dict:
    where = str(file)
    content = tables.mapping(tables.read(file), where, KEYS, optional=())
    for name, pin in tables.mapping(content["actions"], f"{where}: actions").items():
        tables.mapping(pin, f"{where}: {name}", ("commit", "version"), optional=())
        if not re.fullmatch(r"[0-9a-f]{40}", str(pin["commit"])):
            raise FeedstockError(f"{where}: {name} is pinned to {pin['commit']!r}; expected a commit of 40 digits")
        tables.texts(pin, f"{where}: {name}")
    for key, required in TEXTS.items():
        tables.mapping(content[key], f"{where}: {key}", required, optional=())
        tables.texts(content[key], f"{where}: {key}")
    tables.releases(content["tools"], f"{where}: tools")
    tables.words(content["gpu_labels"], f"{where}: gpu_labels")
    tables.mapping(content["events"], f"{where}: events", EVENTS, optional=())
    for event, chosen in content["events"].items():
        tables.mapping(chosen, f"{where}: {event}", EVENT_KEYS, optional=())
        tables.whole(chosen["days"], f"{where}: {event} days")
        tables.texts({key: chosen[key] for key in chosen if key != "days"}, f"{where}: {event}")
    return content


def files(table, header: str, template) -> dict:
    """Path and text of every workflow. `template` finds one by name."""
    values = {**table.workflows, **names(table), "header": header, "calls": CALLS, "uses": pinned(table)}
    values["pytorch_index"] = table.published.pytorch_index
    refuse_unknown(table)
    texts = {
        name: template("workflows/build-wheels.yml").render(
            values, name=name, distribution=distribution, system=system, title=title, **choice(table, distribution)
        )
        for name, distribution, system, title in WHEELS
    }
    texts |= {name: template(f"workflows/{name}.yml").render(values) for name in OTHERS}
    return {**{f".github/workflows/{name}.yml": text for name, text in texts.items()}, ".actrc": actrc(table, header)}


def actrc(table, header: str) -> str:
    """Settings of act, which runs workflows on one's own machine: the Linux jobs, in containers."""
    runners = dict.fromkeys(runner for key, runner in table.workflows["runners"].items() if key != "win-64")
    lines = [f"-P {runner}={table.workflows['images']['act']}" for runner in runners]
    return "\n".join([f"# {header}", *lines, "--artifact-server-path .feedstock/act", ""])


def names(table) -> dict:
    return {
        "platforms": [*profiles.SYSTEMS, *profiles.SAME],
        "wheel_profiles": list(profiles.definitions(table, "wheel")),
        "conda_profiles": list(profiles.definitions(table, "conda")),
        "pythons": " ".join(sorted({cell.python for cell in table.wheels}, key=tables.order)),
    }


def choice(table, distribution: str) -> dict:
    """Profiles that hold wheels of a distribution, `all` if none does; and which of them is chosen by default."""
    holding = [
        name
        for name in profiles.definitions(table, "wheel")
        if any(cell.distribution == distribution for cell in profiles.select(table, "wheel", name))
    ]
    holding = holding or ["all"]
    return {"profiles": holding, "standard": holding[0]}


def pinned(table):
    def uses(name: str) -> str:
        pin = table.workflows["actions"].get(name)
        if pin is None:
            raise FeedstockError(f"a workflow uses {name}, which variants/workflows.yaml does not pin (actions)")
        return f"{name}@{pin['commit']} # {pin['version']}"

    return uses


def refuse_unknown(table) -> None:
    """Profiles and platforms that an event would build in vain."""
    for event, chosen in table.workflows["events"].items():
        platforms = (*profiles.SYSTEMS, *profiles.SAME)
        if chosen["conda_platform"] not in platforms:
            raise FeedstockError(
                f"variants/workflows.yaml: {event} builds the conda_platform '{chosen['conda_platform']}'; "
                f"known: {', '.join(platforms)}"
            )
        for key, lane in LANES_OF_EVENT.items():
            known = profiles.definitions(table, lane)
            if chosen[key] and chosen[key] not in known:
                raise FeedstockError(
                    f"variants/workflows.yaml: {event} builds the {lane} profile '{chosen[key]}'; "
                    f"known: {', '.join(known)}"
                )
