"""The command line: one function per subcommand; what they do is in the modules they call. Those that bring the engine
or a solver along are imported by the commands that need them, so that the others answer at once."""

import os
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from feedstock import profiles, variants, wheel_lane
from feedstock.console import Reporter
from feedstock.errors import FeedstockError
from feedstock.paths import OUTPUT, exclusive, isolate_cache

app = typer.Typer(
    name="feedstock",
    help="Builds, tests and renders the packages of this repository. Needs Python and g++; no conda, no pixi, no GPU.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
ChannelName = Annotated[
    str,
    typer.Option(
        "--channel",
        help="Where dependencies come from: 'local' (made from this machine and PyPI), 'conda-forge', or a URL.",
    ),
]
VariantName = Annotated[
    str | None,
    typer.Option("--variant", help="A name that `variants` prints. Default: newest CUDA and PyTorch of this machine."),
]


# Lines of a list on the terminal.
SHOWN_PRODUCTS = 24


@app.command()
def build(
    variant: VariantName = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Every variant of a profile instead.")] = None,
    cuda: Annotated[str | None, typer.Option("--cuda", help="With --profile: of this CUDA version only.")] = None,
    channel: ChannelName = "local",
    as_json: AsJson = False,
):
    """Build, test and publish packages into output/, then install and run them: one variant, or a profile."""
    from feedstock import build as building
    from feedstock import output
    from feedstock.sources import open_source, working

    with command(as_json) as reporter:
        wanted = choose_all(variant, profile, cuda, channel)
        source = open_source(reporter, channel)
        output.require_writable()
        files = []
        with working(source, reporter):
            for chosen in wanted:
                source.prepare(chosen)
                made = building.build(chosen, source, reporter)
                building.prove(made, source, reporter)
                files += [file for file in made if file not in files]
        names = [chosen.name for chosen in wanted]
        lines = "\n".join(f"  {file}  {file.stat().st_size / 1e6:.2f} MB" for file in files)
        result = {"variants": names, "channel": OUTPUT.as_uri(), "packages": [str(file) for file in files]}
        reporter.succeed(result, f"{', '.join(names)} built:\n{lines}")


@app.command()
def install(
    prefix: Annotated[Path, typer.Option("--prefix", help="Folder to install into; made when missing.")],
    specs: Annotated[list[str] | None, typer.Argument(help="Match specs. Default: sageattention.")] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="Default: the newest that output/ holds.")] = None,
    channel: ChannelName = "local",
    as_json: AsJson = False,
):
    """Install packages from output/ and a channel into a prefix, as `conda install -c` would."""
    from feedstock import output
    from feedstock.install import install as install_packages
    from feedstock.sources import open_source, working

    with command(as_json) as reporter:
        source = open_source(reporter, channel)
        with working(source, reporter):
            channels = [*output.channels(reporter), source.url]
            chosen = choose(variant, channel) if variant else output.newest(channel)
            wanted = output.specs(chosen, specs, channel)
            source.prepare(chosen)
            with reporter.step(f"install into {prefix}"):
                records = install_packages(prefix, channels, wanted)
        names = sorted(f"{record.name.normalized} {record.version} {record.build}" for record in records)
        reporter.succeed({"prefix": str(prefix.resolve()), "packages": names}, "\n".join(f"  {name}" for name in names))


@app.command(name="test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_tests(
    context: typer.Context,
    package: Annotated[Path | None, typer.Option("--package", help="Run the recipe tests of this package.")] = None,
    wheel: Annotated[Path | None, typer.Option("--wheel", help="Run the project's tests on this wheel.")] = None,
    shipped: Annotated[
        bool, typer.Option("--shipped", help="Run them on every package that output/ holds, and build none.")
    ] = False,
    channel: ChannelName = "local",
    as_json: AsJson = False,
):
    """Run the project's tests that need no GPU (further arguments go to pytest), or those of a finished package."""
    from feedstock import testing
    from feedstock.sources import open_source

    with command(as_json) as reporter:
        if wheel is not None:
            reporter.succeed(testing.test_wheel(wheel, reporter, context.args), "all tests passed")
            return
        source = open_source(reporter, channel)
        if package is not None:
            result = testing.test_package(package, source, reporter)
        elif shipped:
            result = testing.test_shipped(source, reporter, context.args)
        else:
            result = testing.test_project(source, reporter, context.args)
        reporter.succeed(result, "all tests passed")


@app.command(name="variants")
def list_variants(
    action: Annotated[str | None, typer.Argument(help="'check': look for cells that cannot exist.")] = None,
    lane: Annotated[str, typer.Option("--lane", help="'conda' or 'wheel'.")] = "conda",
    profile: Annotated[str, typer.Option("--profile", help="A part of the table, named in variants/.")] = "all",
    platform: Annotated[str | None, typer.Option("--platform", help="linux, windows, linux-64, win_amd64, ...")] = None,
    distribution: Annotated[str | None, typer.Option("--distribution", help="sageattention or sageattn3.")] = None,
    form: Annotated[str, typer.Option("--format", help="'table', 'json' or 'github-matrix'.")] = "table",
    jobs: Annotated[
        str, typer.Option("--jobs", help="A job of the matrix is a 'cell', all of a 'cuda', or a cuda and 'pytorch'.")
    ] = "cell",
    online: Annotated[bool, typer.Option("--online", help="With 'check': ask a channel for every PyTorch.")] = False,
    channel: Annotated[str, typer.Option("--channel", help="Channel that --online asks.")] = "conda-forge",
    as_json: AsJson = False,
):
    """Print the support matrix, or check it."""
    as_json = as_json or form == "json"
    with command(as_json) as reporter:
        one_of("action", action, (None, "check"))
        one_of("--lane", lane, profiles.LANES)
        one_of("--format", form, profiles.FORMATS)
        one_of("--jobs", jobs, profiles.JOBS)
        if action == "check":
            check_variants(reporter, channel if online else None)
            return
        one_of("--distribution", distribution, (None, *wheel_lane.SOURCES))
        cells = profiles.select(variants.table(), lane, profile, platform)
        # A conda variant makes the packages of both.
        if distribution and lane == "wheel":
            cells = [cell for cell in cells if cell.distribution == distribution]
        if form == "github-matrix":
            print(profiles.github_matrix(variants.table(), lane, cells, jobs))
            return
        rows = [profiles.row(lane, cell) for cell in cells]
        if not as_json:
            print_variants(reporter, lane, rows)
        reporter.succeed({"lane": lane, "profile": profile, "variants": rows})


def print_variants(reporter: Reporter, lane: str, rows: list) -> None:
    """Reasons are long and few: they stand below the table."""
    blocked = Counter(row.pop("blocked", "") for row in rows)
    kind = "variants" if lane == "conda" else "wheels"
    if rows:
        reporter.table(f"{len(rows)} {kind}", rows)
    else:
        print(f"the table holds no such {kind}")
    for reason, count in blocked.items():
        if reason:
            reporter.note(f"{count} of them cannot be built yet: {reason}")


def check_variants(reporter: Reporter, channel: str | None) -> None:
    table = variants.table()
    problems = table.problems()
    if channel:
        from feedstock import online

        problems += online.missing(table, channel)
    if problems:
        raise FeedstockError("the table holds what cannot be:\n  " + "\n  ".join(problems))
    counts = {"conda": len(table.conda), "wheels": len(table.wheels)}
    reporter.succeed(counts, f"{counts['conda']} conda variants and {counts['wheels']} wheels: none is impossible")


def one_of(what: str, value, known: tuple) -> None:
    if value not in known:
        raise FeedstockError(f"{what} is '{value}'; expected {' or '.join(str(item) for item in known if item)}")


@app.command()
def channel(variant: VariantName = None, as_json: AsJson = False):
    """Make only the local channel that a variant needs."""
    from feedstock.channel import LocalChannel

    with command(as_json) as reporter:
        local = LocalChannel(reporter)
        with exclusive():
            local.prepare(choose(variant))
        reporter.succeed({"channel": local.url}, f"local channel: {local.url}")


@app.command()
def rerender(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a file has drifted.")] = False,
    as_json: AsJson = False,
):
    """Write the files that follow from variants/."""
    from feedstock import rerender as rendering

    with command(as_json) as reporter:
        changed = rendering.drift() if check else rendering.write()
        if check and changed:
            differences = "\n".join(changed.values())
            raise FeedstockError(f"{differences}\n{', '.join(changed)} differ from variants/: run `feedstock rerender`")
        reporter.succeed({"changed": sorted(changed)}, f"{len(changed)} rendered files changed")


@app.command()
def wheel(
    profile: Annotated[str | None, typer.Option("--profile", help="The wheels of a profile.")] = None,
    torch: Annotated[str | None, typer.Option("--torch", help="PyTorch release or version, like 2.13.")] = None,
    cuda: Annotated[str | None, typer.Option("--cuda", help="CUDA version, like 13.0.")] = None,
    python: Annotated[list[str] | None, typer.Option("--python", help="Python version; may be repeated.")] = None,
    distribution: Annotated[str | None, typer.Option("--distribution", help="sageattention or sageattn3.")] = None,
    architectures: Annotated[
        str, typer.Option("--architectures", help="Compute capabilities instead of the table's, like '8.9;12.0'.")
    ] = "",
    style: Annotated[
        str | None, typer.Option("--style", help="File names: 'build-tag', 'local-version' or 'both'.")
    ] = None,
    platform_tag: Annotated[
        str, typer.Option("--platform-tag", help="'linux', or 'manylinux': as old a glibc as the libraries run with.")
    ] = "linux",
    torch_from: Annotated[
        str, typer.Option("--torch-from", help="PyTorch comes from where pip looks ('pip') or from 'pytorch.org'.")
    ] = "pip",
    kernels: Annotated[Path | None, typer.Option("--kernels", help="Folder with kernels of --kernels-only.")] = None,
    kernels_only: Annotated[
        bool, typer.Option("--kernels-only", help="Compile kernels into --kernels, no more.")
    ] = False,
    as_json: AsJson = False,
):
    """Build wheels of the table for this machine into wheels/, each tried in an empty environment."""
    from feedstock import wheel_build
    from feedstock.wheel_libraries import Libraries

    with command(as_json) as reporter:
        one_of("--style", style, (None, *wheel_build.STYLES, "both"))
        one_of("--platform-tag", platform_tag, ("linux", "manylinux"))
        one_of("--torch-from", torch_from, ("pip", "pytorch.org"))
        if not (profile or torch or (kernels_only and cuda)):
            raise FeedstockError("no wheel of the table is meant: give --profile, or --torch with --cuda and --python")
        cells = profiles.select(variants.table(), "wheel", profile or "all", variants.current_platform())
        if not cells:
            raise FeedstockError(f"profile {profile or 'all'} holds no wheel for this machine")
        chosen = {"pytorch": [torch], "cuda": [cuda], "distribution": [distribution], "python": python or [None]}
        for key, values in chosen.items():
            cells = profiles.narrowed(cells, key, values)
        if architectures:
            cells = wheel_lane.with_architectures(cells, architectures, variants.table().published)
        if kernels_only and kernels is None:
            raise FeedstockError("--kernels-only needs --kernels DIR, the folder that the kernels go into")
        if kernels_only:
            with exclusive():
                cells = [cell for cell in cells if not cell.blocked] or cells
                wheel_build.refuse_blocked(cells)
                prefixes = Libraries(reporter).kernels_for(cells, kernels.resolve())
            reporter.succeed({"kernels": list(map(str, prefixes))}, "\n".join(f"  {prefix}" for prefix in prefixes))
            return
        with exclusive():
            libraries = Libraries(reporter, kernels and kernels.resolve(), torch_from)
            styles, manylinux = wheel_build.styles_of(style), platform_tag == "manylinux"
            files = wheel_build.WheelBuilder(libraries, styles, manylinux).build(cells)
        lines = "\n".join(f"  {file}  {file.stat().st_size / 1e6:.2f} MB" for file in files)
        reporter.succeed({"wheels": [str(file) for file in files]}, f"{len(files)} wheels:\n{lines}")


@app.command(name="verify")
def verify_files(
    files: Annotated[list[Path], typer.Argument(help="Wheels and conda packages.")],
    as_json: AsJson = False,
):
    """Compare finished files with what their names say; nothing of them is run."""
    from feedstock import verify

    with command(as_json) as reporter:
        checks = {str(file): verify.verify(file) for file in files}
        if not as_json:
            for file, found in checks.items():
                print(file, *(f"  {check}" for check in found), sep="\n")
        bad = [file for file, found in checks.items() if not all(check.good for check in found)]
        result = {file: [vars(check) for check in found] for file, found in checks.items()}
        if bad:
            reporter.details = {"files": result}
            raise FeedstockError(f"{len(bad)} of {len(checks)} files are not what they should be: {', '.join(bad)}")
        reporter.succeed({"files": result}, f"{len(checks)} files are what their names say")


@app.command()
def publish(
    to: Annotated[
        str, typer.Option("--to", help="DIR, prefix:CHANNEL, anaconda:OWNER, s3://BUCKET/CHANNEL, github:TAG.")
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Finished conda packages, or wheels for github:TAG.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave what is there from the same sources, though it differs from FILES.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether FILES, or any, could be published.")
    ] = False,
    as_json: AsJson = False,
):
    """Publish files that verify; what is published already is skipped, and never changed."""
    from feedstock import publish as publishing

    with command(as_json) as reporter:
        if not (files or check):
            raise FeedstockError("no file is named: give the conda packages or wheels to publish")
        action = publishing.check if check else publishing.publish
        result = action(files or [], to, reporter, keep)
        lines = "\n".join(f"  {name}: {state}" for name, state in result.items())
        reporter.succeed({"target": to, "published": result}, f"{to}:\n{lines}")


@app.command()
def index(
    sources: Annotated[list[Path], typer.Argument(help="Wheels, and wheels.json of releases.")],
    to: Annotated[Path, typer.Option("--to", help="Folder of the site.")],
    as_json: AsJson = False,
):
    """Write a simple index of wheels (PEP 503 and 691), one per CUDA version, for any web server. What the site lists
    already stays."""
    from feedstock import wheel_index

    with command(as_json) as reporter:
        entries = wheel_index.make(sources, to)
        lines = "\n".join(f"  {to / folder}/" for folder in wheel_index.folders(entries))
        reporter.succeed({"indexed": [entry.file for entry in entries]}, f"{len(entries)} wheels in\n{lines}")


@app.command()
def summary(
    files: Annotated[list[Path], typer.Argument(help="What commands printed with --json, each in a file.")],
    as_json: AsJson = False,
):
    """Print the results of other commands as Markdown, for the summary of a CI job."""
    from feedstock import summary as summarizing

    with command(as_json) as reporter:
        page = summarizing.page(files)
        if not as_json:
            print(page)
        reporter.succeed({"markdown": page})


@app.command()
def compare(
    built: Annotated[Path, typer.Argument(help="A wheel or conda package.")],
    published: Annotated[Path, typer.Argument(help="The file that it should be identical with.")],
    as_json: AsJson = False,
):
    """Compare two builds of the same wheel or package, file by file."""
    from feedstock import comparison

    with command(as_json) as reporter:
        differences = comparison.differences(built, published)
        if differences:
            reporter.details = {"differences": differences}
            lines = "\n  ".join(differences)
            raise FeedstockError(f"{built} and {published} differ:\n  {lines}")
        reporter.succeed({"identical": [str(built)]}, f"{built.name}: identical")


@app.command()
def bump(
    kind: Annotated[str, typer.Argument(help="pytorch, cuda, python, version or build (the build number).")],
    value: Annotated[str | None, typer.Argument(help="The version to add, or the new version; none for build.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Take this version out of the table.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, only show what would change.")] = False,
    distribution: Annotated[
        str | None, typer.Option("--distribution", help="Whose version: sageattention (the default) or sageattn3.")
    ] = None,
    as_json: AsJson = False,
):
    """Edit variants/, render what follows, and show which packages and wheels come and go."""
    from feedstock import bump as bumping

    with command(as_json) as reporter:
        with exclusive():
            change = bumping.bump(kind, value, drop, dry_run, distribution=distribution)
        if not as_json:
            print_change(reporter, change)
        verb = "would change" if dry_run else "changed"
        result = {"changed": sorted(change.files), "added": change.added, "removed": change.removed}
        reporter.succeed({**result, "dry_run": dry_run}, f"{len(change.files)} files {verb}; nothing is committed")


def print_change(reporter: Reporter, change) -> None:
    """The edits in full, rendered files by name, products up to a page."""
    for name, difference in change.files.items():
        print(difference if name.startswith("variants/") else f"rendered: {name}")
    for title, sign, products in (("added", "+", change.added), ("removed", "-", change.removed)):
        shown, hidden = products[:SHOWN_PRODUCTS], len(products) - SHOWN_PRODUCTS
        print(f"{len(products)} packages and wheels {title}")
        print("".join(f"  {sign} {product}\n" for product in shown), end="")
        if hidden > 0:
            print(f"  {sign} ... and {hidden} more (--json lists all)")
    if change.build_number:
        reporter.note(change.build_number)


def choose_all(variant: str | None, profile: str | None, cuda: str | None, channel: str) -> list:
    """The variants of a profile, or one by name, or the newest."""
    if variant and profile:
        raise FeedstockError("give --variant or --profile, not both")
    if cuda and not profile:
        raise FeedstockError("--cuda narrows down a --profile: give one, for example --profile all")
    if profile is None:
        return [choose(variant, channel)]
    here = profiles.select(variants.table(), "conda", profile, variants.current_platform())
    wanted = [cell for cell in here if cuda in (None, cell.cuda)]
    if not wanted:
        meant = [cell for cell in profiles.select(variants.table(), "conda", profile) if cuda in (None, cell.cuda)]
        only = ", ".join(dict.fromkeys(cell.platform for cell in meant)) or "nothing"
        possible = ", ".join(dict.fromkeys(cell.cuda for cell in variants.native()))
        raise FeedstockError(
            f"profile {profile}{f' with CUDA {cuda}' if cuda else ''} holds {only}, and this machine builds "
            f"{variants.current_platform()}: CUDA {possible}"
        )
    return wanted


def choose(name: str | None, channel: str = "local"):
    """A variant that can be built here."""
    if name is None:
        return variants.default(channel)
    chosen = variants.select(name)
    if chosen.platform != variants.current_platform():
        raise FeedstockError(f"variant {name} is for {chosen.platform}; this machine is {variants.current_platform()}")
    return chosen


@contextmanager
def command(as_json: bool):
    """Any failure becomes one message and exit code 1."""
    reporter = Reporter(as_json)
    isolate_cache()
    try:
        yield reporter
    except ImportError:
        raise  # a damaged environment: the outer process makes it again
    except Exception as error:
        reporter.fail(error)
        raise typer.Exit(1) from None


def main() -> None:
    code = 1
    try:
        app()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    # py-rattler's threads may crash the interpreter while it shuts down, after all work is done.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
