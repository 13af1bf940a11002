"""Two builds of a package, made at different times by different users, become one file."""

import io
import json
import tarfile
import zipfile

import pytest
import zstandard
from feedstock import reproducible

COMMITTED = 1_700_000_000


def tar(files, time, user):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.uid, entry.uname, entry.mode = time, user, f"user{user}", 0o755
            if content is None:
                entry.type, entry.linkname = tarfile.SYMTYPE, "library.so"
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return zstandard.ZstdCompressor(level=1).compress(buffer.getvalue())


@pytest.fixture
def package(tmp_path):
    def package(time, user, reverse):
        index = json.dumps({"name": "made", "timestamp": time * 1000}).encode()
        recipe = f"recipe:\n  name: made\n  timestamp: {time}\nother: timestamp\n".encode()
        info = [("info/index.json", index), ("info/recipe/rendered_recipe.yaml", recipe)]
        files = [("lib/library.so", b"\0" * 1000), ("lib/library.so.1", None)]
        path = tmp_path / "made-1.0-0.conda"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", b"{}")
            archive.writestr("pkg-made-1.0-0.tar.zst", tar(files[:: -1 if reverse else 1], time, user))
            archive.writestr("info-made-1.0-0.tar.zst", tar(info, time, user))
        return path

    return package


def test_two_builds_are_one_file(package):
    contents = []
    for time, user, reverse in ((1_750_000_000, 0, False), (1_760_000_000, 1000, True)):
        path = package(time, user, reverse)
        reproducible.settle(path, COMMITTED)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


def test_nothing_but_times_and_owners_changes(package):
    path = package(1_750_000_000, 1000, False)
    reproducible.settle(path, COMMITTED)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist()[0] == "metadata.json"
        plain = {name: archive.read(name) for name in archive.namelist() if name.endswith(".zst")}
    read = {}
    for compressed in plain.values():
        with tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompress(compressed))) as archive:
            for entry in archive:
                assert (entry.mtime, entry.uid, entry.mode) == (COMMITTED, 0, 0o755)
                read[entry.name] = entry.linkname or archive.extractfile(entry).read()
    assert read["lib/library.so"] == b"\0" * 1000
    assert read["lib/library.so.1"] == "library.so"
    assert json.loads(read["info/index.json"]) == {"name": "made", "timestamp": COMMITTED * 1000}
    assert read["info/recipe/rendered_recipe.yaml"].decode().splitlines() == [
        "recipe:",
        "  name: made",
        "  timestamp: 2023-11-14T22:13:20Z",
        "other: timestamp",
    ]
