"""Publishes finished files: conda packages into a channel, wheels as files of a GitHub release.

What is published never changes. All names are looked up before the first file goes out: one that is there with another
content stops everything, one that is there as it is will be skipped, so that a half-finished run can be repeated. A
release builds everything, what an earlier one published too: `keep` leaves that as it is if its sources are the same.
"""

import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from rattler_build import RattlerBuildError, upload_package_to_anaconda, upload_package_to_prefix

from feedstock import assemble, index, variants, verify
from feedstock.errors import FeedstockError
from feedstock.github_release import GitHubRelease
from feedstock.products import CondaChannel, sha256, subdir
from feedstock.s3 import S3Channel

TARGETS = (
    "DIR (a channel as plain files), prefix:CHANNEL, anaconda:OWNER or anaconda:OWNER/LABEL, s3://BUCKET/CHANNEL, "
    "github:TAG (wheels)"
)


def publish(files: list, target: str, reporter, keep: bool = False) -> dict:
    """Publishes all files; returns what happened to each."""
    store = open_store(target, reporter)
    present, kept = look_up(files, store, target, reporter, keep)
    # By name, so that a library is there before the package that is pinned to it.
    missing = sorted((file for file in files if file.name not in present), key=lambda file: file.name)
    for file in missing:
        with reporter.step(f"publish {file.name}"):
            store.put(file)
    store.finish(files)
    states = {file.name: "was there already" for file in files} | {file.name: "published" for file in missing}
    return states | dict.fromkeys(kept, "stays as it was published, from the same sources")


def check(files: list, target: str, reporter, keep: bool = False) -> dict:
    """What `publish` would do to each file; refuses what it would refuse. Without files: whether any could go out."""
    store = open_store(target, reporter)
    present, _ = look_up(files, store, target, reporter, keep)
    if not files:
        store.refuse_changed_sources()
    return {file.name: "is there" if file.name in present else "would be published" for file in files}


def look_up(files: list, store, target: str, reporter, keep: bool) -> tuple:
    """Digests of the names that the target holds, and those among them that stay although the files here differ."""
    refuse_wrong_kind(files, store, target)
    for file in files:
        verify.require(file)
    with reporter.step(f"what {target} holds"):
        present = store.present(files)
    changed = [file for file in files if present.get(file.name, sha256(file)) != sha256(file)]
    refused = [file.name for file in changed if not (keep and store.has_same_sources(file))]
    if refused:
        raise FeedstockError(
            f"{target} already holds other files under these names; nothing was published: {', '.join(refused)}\n"
            "Published files never change: raise the version, or for conda packages the build number (`feedstock bump`)"
        )
    return present, [file.name for file in changed]


def open_store(target: str, reporter):
    kind, _, rest = target.partition(":")
    if not target:
        raise FeedstockError(f"no target is named; expected one of: {TARGETS}")
    if kind == "prefix" and re.fullmatch(r"(https?://[^/]+/)?[^/]+", rest):
        return PrefixChannel(rest)
    if kind == "anaconda" and re.fullmatch(r"(https?://[^/]+/)?[^/]+(/[^/]+)?", rest):
        return AnacondaChannel(rest)
    if kind == "s3" and rest.strip("/"):
        return S3Channel(target, reporter)
    if kind == "github" and rest:
        return GitHubRelease(rest, variants.package_version(), reporter)
    if kind in ("prefix", "anaconda", "s3", "github"):
        raise FeedstockError(f"'{target}' does not say where; expected one of: {TARGETS}")
    if len(kind) > 1 and rest:  # one letter: a drive of Windows
        raise FeedstockError(f"'{kind}:' is no kind of target; expected one of: {TARGETS}")
    return DirectoryChannel(Path(target))


def refuse_wrong_kind(files: list, store, target: str) -> None:
    wrong = [file.name for file in files if file.suffix != store.kind]
    if wrong:
        raise FeedstockError(f"{target} takes {store.kind} files, not {', '.join(wrong)}")
    twice = sorted({file.name for file in files if [other.name for other in files].count(file.name) > 1})
    if twice:
        raise FeedstockError(f"given twice: {', '.join(twice)}")


class DirectoryChannel(CondaChannel):
    """A channel as files, for any web server."""

    def __init__(self, folder: Path):
        self.folder = folder

    def present(self, files: list) -> dict:
        places = [self.folder / subdir(file) / file.name for file in files]
        return {place.name: sha256(place) for place in places if place.is_file()}

    def put(self, package: Path) -> None:
        assemble.publish(package, self.folder / subdir(package))

    def finish(self, files: list) -> None:
        damaged = index.ensure(self.folder)
        if damaged:
            listed = ", ".join(map(str, damaged))
            raise FeedstockError(
                f"{self.folder} held damaged packages, which were set aside: publish them again: {listed}"
            )


class Server(CondaChannel):
    """A channel behind a server, whose index says what it holds."""

    def present(self, files: list) -> dict:
        found = {}
        for folder in {subdir(file) for file in files}:
            found |= {name: entry["sha256"] for name, entry in self.listed(folder).items()}
        return {file.name: found[file.name] for file in files if file.name in found}

    def listed(self, folder: str) -> dict:
        address = f"{self.channel}/{folder}/repodata.json"
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.load(answer)["packages.conda"]
        except urllib.error.HTTPError as error:
            if error.code == 404:  # nothing was published for this platform yet
                return {}
            raise FeedstockError(f"{address} cannot be read: {error}") from error
        except (OSError, ValueError, KeyError) as error:
            raise FeedstockError(f"{address} cannot be read: {error}") from error

    def put(self, package: Path) -> None:
        try:
            self.upload(package)
        except RattlerBuildError as error:
            reason = str(error).split("\n\n")[0]
            raise FeedstockError(
                f"{package.name} was not accepted: {reason}\nWhat was published stays; run the same command again"
            ) from error

    def finish(self, files: list) -> None:
        """The server indexes by itself."""


class PrefixChannel(Server):
    """prefix.dev, or a server like it (prefix:https://HOST/CHANNEL). Without PREFIX_API_KEY a workflow logs in by its
    own identity (OIDC)."""

    def __init__(self, name: str):
        server, _, self.name = name.rpartition("/")
        self.server = server or "https://prefix.dev"
        self.channel = f"{server or 'https://repo.prefix.dev'}/{self.name}"

    def upload(self, package: Path) -> None:
        key = os.environ.get("PREFIX_API_KEY")
        upload_package_to_prefix([str(package)], self.server, self.name, api_key=key, skip_existing=False, force=False)


class AnacondaChannel(Server):
    """anaconda.org, or a server like it (anaconda:https://HOST/OWNER). ANACONDA_API_KEY logs in."""

    def __init__(self, name: str):
        server, _, path = name.rpartition("://")
        host, _, rest = path.partition("/") if server else ("", "", path)
        self.url = f"{server}://{host}" if server else None
        self.owner, _, label = rest.partition("/")
        self.labels = [label or "main"]
        base = self.url or "https://conda.anaconda.org"
        self.channel = f"{base}/{self.owner}" + (f"/label/{label}" if label else "")

    def upload(self, package: Path) -> None:
        key = os.environ.get("ANACONDA_API_KEY")
        upload_package_to_anaconda([str(package)], self.owner, channel=self.labels, api_key=key, url=self.url)
