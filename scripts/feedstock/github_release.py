"""Wheels as files of a GitHub release, through the `gh` program. The release is a draft until all of them are there."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

from feedstock import assemble, wheel_index
from feedstock.errors import FeedstockError


class GitHubRelease:
    """The release of a tag, in the repository that `gh` finds (GH_REPO, or that of the checkout)."""

    kind = ".whl"

    def __init__(self, tag: str, version: str, reporter):
        if tag != f"v{version}":
            raise FeedstockError(f"the tag is {tag}, but these sources are version {version}: their tag is v{version}")
        self.tag = tag
        self.reporter = reporter

    def present(self, files: list) -> dict:
        """Digests of the release's files. An upload that was cut short left a file without content: it goes."""
        found = {}
        for asset in self.assets():
            if asset["state"] != "uploaded":
                self.gh("release", "delete-asset", self.tag, asset["name"], "--yes")
            elif not asset.get("digest"):
                raise FeedstockError(f"`gh` gives no digest of {asset['name']}: update it (assets have one since 2025)")
            else:
                found[asset["name"]] = asset["digest"].removeprefix("sha256:")
        return found

    def assets(self) -> list:
        answer = self.gh("release", "view", self.tag, "--json", "assets", missing="release not found")
        if answer is None:
            self.gh("release", "create", self.tag, "--draft", "--verify-tag", "--generate-notes", "--title", self.tag)
            return []
        return json.loads(answer)["assets"]

    def put(self, file: Path) -> None:
        self.gh("release", "upload", self.tag, str(file))

    def finish(self, files: list) -> None:
        """Adds the list that an index is made from, with what earlier calls published, and shows the release."""
        repository = json.loads(self.gh("repo", "view", "--json", "url"))["url"]
        with assemble.staging() as folder:
            listed = folder / wheel_index.LIST
            words = ["--pattern", listed.name, "--dir", str(folder)]
            self.gh("release", "download", self.tag, *words, missing="no assets")
            entries = {entry.file: entry for entry in (wheel_index.read(listed) if listed.exists() else [])}
            entries |= {file.name: wheel_index.describe(file, f"{repository}/{self.path(file)}") for file in files}
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
