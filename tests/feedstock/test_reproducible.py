"""Two builds of a package, made at different times by different users in different folders, become one file."""

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
def package(tmp_path, monkeypatch):
    def package(time, user, reverse):
        checkout = tmp_path / f"checkout of {user}"  # around the state, or inside of it
        monkeypatch.setattr(reproducible, "REPOSITORY", checkout)
        monkeypatch.setattr(reproducible, "STATE", checkout / ".feedstock" if reverse else tmp_path)
        turn = -1 if reverse else 1
        depends = ["libgcc", "__glibc >=2"][::turn]
        index = json.dumps({"name": "made", "depends": depends, "timestamp": time * 1000}).encode()
        about = json.dumps({"channels": [(checkout / "output").as_uri(), (reproducible.STATE / "channel").as_uri()]})
        recipe = f"recipe:\n  name: made\n  timestamp: {time}\nother: timestamp\n"
        recipe += f"prefix: {reproducible.STATE}/env" + "_placehold" * (5 if reverse else 6) + "_pla\nmap:\n"
        libraries = ["    liba.so: a\n", "    libb.so: b\n"]
        recipe += "  library_to_package:\n" + "".join(libraries[::turn])
        exports = ["    - spec: libgcc\n      from: build\n      run_export: gxx\n"]
        exports.append("    - spec: __glibc >=2\n      from: build\n      run_export: sysroot\n")
        recipe += "run:\n" + "".join(exports[::turn])
        info = [("info/index.json", index), ("info/about.json", about.encode())]
        info.append(("info/recipe/rendered_recipe.yaml", recipe.encode()))
        files = [("lib/library.so", b"\0" * 1000), ("lib/library.so.1", None)]
        path = tmp_path / "made-1.0-0.conda"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", b"{}")
            archive.writestr("pkg-made-1.0-0.tar.zst", tar(files[::turn], time, user))
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


def test_nothing_but_times_owners_and_folders_changes(package):
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
    assert json.loads(read["info/index.json"]) == {
        "name": "made",
        "depends": ["__glibc >=2", "libgcc"],
        "timestamp": COMMITTED * 1000,
    }
    assert read["info/recipe/rendered_recipe.yaml"].decode().splitlines() == [
        "recipe:",
        "  name: made",
        "  timestamp: 2023-11-14T22:13:20Z",
        "other: timestamp",
        "prefix: /feedstock/.feedstock/env_placehold",
        "map:",
        "  library_to_package:",
        "    liba.so: a",
        "    libb.so: b",
        "run:",
        "    - spec: __glibc >=2",
        "      from: build",
        "      run_export: sysroot",
        "    - spec: libgcc",
        "      from: build",
        "      run_export: gxx",
    ]
    assert json.loads(read["info/about.json"]) == {
        "channels": ["file:///feedstock/output", "file:///feedstock/.feedstock/channel"]
    }


def test_without_git_there_is_a_time_too(monkeypatch, tmp_path):
    """Building takes Python and g++, nothing else."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reproducible.commit_time() == reproducible.OLDEST
