"""Wheels as files of a GitHub release, through the `gh` program. The release is a draft until all of them are there.

A release holds the wheels that no earlier one has: a name is published once, and its list says from which sources.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

from feedstock import assemble, digests, verify, wheel_index
from feedstock.errors import FeedstockError
from feedstock.products import sha256


class GitHubRelease:
    """The release of a tag, in the repository that `gh` finds (GH_REPO, or that of the checkout)."""

    kind = ".whl"

    def __init__(self, tag: str, version: str, reporter):
        if not re.fullmatch(rf"v{re.escape(version)}(-[1-9]\d*)?", tag):
            raise FeedstockError(
                f"the tag is {tag}, but these sources are version {version}: their tag is v{version}; v{version}-1 and "
                "so on for further releases of that version (new build numbers or variants, a new version of sageattn3)"
            )
        self.tag = tag
        self.reporter = reporter
        self.exists = self.draft = False
        self.broken = set()  # files of the release that have to go
        self.own, self.earlier = {}, {}  # what its list says, and those of other releases, by file name

    def present(self, files: list) -> dict:
        """Digests of the files of this release and of those that others list."""
        answer = self.gh("release", "list", "--limit", "1000", "--exclude-drafts", "--json", "tagName")
        with assemble.staging() as folder:
            for tag in (release["tagName"] for release in json.loads(answer)):
                if tag != self.tag:
                    self.earlier |= self.listed(tag, folder)
            here = self.assets()
            self.own = self.listed(self.tag, folder) if wheel_index.LIST in here else {}
        if self.draft:  # nobody has its files yet
            wanted = {file.name: sha256(file) for file in files}
            self.broken |= {name for name in here if name in self.earlier or here[name] != wanted.get(name, here[name])}
            here = {name: digest for name, digest in here.items() if name not in self.broken}
        self.earlier = {name: entry for name, entry in self.earlier.items() if name not in here}
        return {**{name: entry.sha256 for name, entry in self.earlier.items()}, **here}

    def has_same_sources(self, wheel: Path) -> bool:
        entry = self.earlier.get(wheel.name) or self.own.get(wheel.name)
        return entry is not None and entry.sources == digests.of_wheel(verify.cell_of(wheel.name))

    def refuse_changed_sources(self) -> None:
        """Before anything is built: wheels that another release has must be made of the present sources."""
        cells = {name: verify.cell_of(name) for name in self.earlier}
        changed = [
            name for name, cell in cells.items() if cell and self.earlier[name].sources != digests.of_wheel(cell)
        ]
        if changed:
            raise FeedstockError(
                f"published wheels never change, and the sources of {len(changed)} of them did, as of {changed[0]}: "
                "raise the version of their distribution (`feedstock bump version`)"
            )

    def assets(self) -> dict:
        """Digests of this release's files."""
        answer = self.gh("release", "view", self.tag, "--json", "assets,isDraft", missing="release not found")
        self.exists = answer is not None
        self.draft = self.exists and json.loads(answer)["isDraft"]
        found = {}
        for asset in json.loads(answer)["assets"] if self.exists else []:
            if asset["state"] != "uploaded":
                self.broken.add(asset["name"])
            elif not asset.get("digest"):
                raise FeedstockError(f"`gh` gives no digest of {asset['name']}: update it (assets have one since 2025)")
            else:
                found[asset["name"]] = asset["digest"].removeprefix("sha256:")
        return found

    def create(self) -> None:
        if not self.exists:
            self.gh("release", "create", self.tag, "--draft", "--verify-tag", "--generate-notes", "--title", self.tag)
            self.exists = True

    def put(self, file: Path) -> None:
        self.create()
        self.remove_broken(file.name)
        self.gh("release", "upload", self.tag, str(file))

    def remove_broken(self, name: str) -> None:
        if name in self.broken:
            self.gh("release", "delete-asset", self.tag, name, "--yes")
            self.broken.remove(name)

    def listed(self, tag: str, folder: Path) -> dict:
        """What the list of a release says, by file name."""
        file = folder / f"{quote(tag, safe='')}.json"
        self.gh("release", "download", tag, "--pattern", wheel_index.LIST, "--output", str(file), missing="no assets")
        return {entry.file: entry for entry in (wheel_index.read(file) if file.exists() else [])}

    def finish(self, files: list) -> None:
        """Adds the list that an index is made from, with what earlier calls published, and shows the release. What is
        out stays as it is listed."""
        self.create()
        repository = json.loads(self.gh("repo", "view", "--json", "url"))["url"]
        for name in sorted(self.broken):
            self.remove_broken(name)
        entries = {name: entry for name, entry in self.own.items() if not self.draft}
        new = [file for file in files if file.name not in {**self.earlier, **entries}]
        with assemble.staging() as folder:
            entries |= {file.name: wheel_index.describe(file, f"{repository}/{self.path(file)}") for file in new}
            if entries != self.own or not self.own:
                listed = folder / wheel_index.LIST
                listed.write_text(wheel_index.listing(sorted(entries.values(), key=lambda entry: entry.file)))
                self.gh("release", "upload", self.tag, str(listed), "--clobber")
        self.gh("release", "edit", self.tag, "--draft=false")

    def path(self, file: Path) -> str:
        return f"releases/download/{self.tag}/{quote(file.name)}"

    def gh(self, *words: str, missing: str = "") -> str | None:
        """What `gh` prints; None if it fails with the text of `missing`."""
        self.reporter.log(f"gh {' '.join(words)}")
        try:
            answer = subprocess.run(["gh", *words], capture_output=True, text=True, env={**os.environ, "GH_PAGER": ""})
        except FileNotFoundError:
            raise FeedstockError("`gh` is not on PATH: install GitHub's command line") from None
        self.reporter.log(answer.stdout + answer.stderr)
        if answer.returncode == 0:
            return answer.stdout
        if missing and missing in answer.stderr:
            return None
        raise FeedstockError(f"gh {' '.join(words[:2])} failed: {answer.stderr.strip()}")
