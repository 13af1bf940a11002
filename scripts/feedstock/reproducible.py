"""Makes a finished conda package the same file however often and wherever it is built: the engine notes both."""

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import zstandard

from feedstock.paths import REPOSITORY, STATE

# As conda-build compresses; packages are downloaded more often than they are made.
LEVEL = 19

# The oldest time that a zip archive can hold, for sources without a commit, or without git: 1980-01-01.
OLDEST = 315532800


def commit_time() -> int:
    """Seconds since 1970: SOURCE_DATE_EPOCH, or the commit that this checkout stands on."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    git = shutil.which("git")
    if git is None:
        return OLDEST
    answer = subprocess.run([git, "-C", str(REPOSITORY), "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(answer.stdout.strip() or OLDEST)


def settle(package: Path, seconds: int) -> None:
    """Rewrites a .conda file with this time wherever a time is, its files in order of their names, owned by nobody."""
    with zipfile.ZipFile(package) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    part = package.with_suffix(".part")
    # metadata.json comes first: readers know the format by it.
    with zipfile.ZipFile(part, "w") as archive:
        for name in sorted(members, key=lambda name: (name != "metadata.json", name)):
            content = settled_tar(members[name], seconds) if name.endswith(".tar.zst") else members[name]
            archive.writestr(zipfile.ZipInfo(name, zip_time(seconds)), content)
    part.replace(package)


def settled_tar(compressed: bytes, seconds: int) -> bytes:
    plain, settled = io.BytesIO(zstandard.ZstdDecompressor().stream_reader(compressed).read()), io.BytesIO()
    with tarfile.open(fileobj=plain) as source, tarfile.open(fileobj=settled, mode="w") as target:
        for entry in sorted(source.getmembers(), key=lambda entry: entry.name):
            content = source.extractfile(entry).read() if entry.isreg() else b""
            if entry.name in NOTES:
                content = NOTES[entry.name](content, seconds)
            entry.size, entry.mtime = len(content), seconds
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.pax_headers = {}
            target.addfile(entry, io.BytesIO(content))
    return zstandard.ZstdCompressor(level=LEVEL).compress(settled.getvalue())


def index_json(content: bytes, seconds: int) -> bytes:
    index = json.loads(content)
    for requirements in {"depends", "constrains"} & index.keys():
        index[requirements].sort()
    return json.dumps({**index, "timestamp": seconds * 1000}, indent=2, sort_keys=True).encode()


def about_json(content: bytes, seconds: int) -> bytes:
    return without_folders(content)


def rendered_recipe(content: bytes, seconds: int) -> bytes:
    time = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    content = re.sub(rb"(?m)^(\s+timestamp: ).*$", rb"\g<1>" + time.encode(), content)
    # The engine writes these in any order.
    for item in (rb"    - spec: .*\n      from: .*\n      run_export: .*\n", rb"    lib\S+: .*\n"):
        content = re.sub(rb"(?:" + item + rb")+", partial(sorted_items, item), content)
    # The folder of the host prefix is padded to a length.
    return re.sub(rb"(_placehold)+\w*", rb"\1", without_folders(content))


def sorted_items(item: bytes, match: re.Match) -> bytes:
    return b"".join(sorted(re.findall(item, match[0])))


def without_folders(content: bytes) -> bytes:
    """The checkout and the state folder under names that say nothing of this machine."""
    names = {STATE: "/feedstock/.feedstock", REPOSITORY: "/feedstock"}
    for folder, name in sorted(names.items(), reverse=True):  # a folder inside the other one comes first
        content = content.replace(folder.as_uri().encode(), f"file://{name}".encode())
        content = content.replace(str(folder).encode(), name.encode())
    return content


# Files in which the engine writes when or where it ran.
NOTES = {
    "info/about.json": about_json,
    "info/index.json": index_json,
    "info/recipe/rendered_recipe.yaml": rendered_recipe,
}


def zip_time(seconds: int) -> tuple:
    return datetime.fromtimestamp(max(seconds, OLDEST), timezone.utc).timetuple()[:6]
