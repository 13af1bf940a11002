"""Publishing: what goes out, what is skipped, and that nothing published is ever replaced."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from feedstock import assemble, products, publish, variants, wheel_index
from feedstock.assemble import Contents
from feedstock.errors import FeedstockError

from .test_verify import CELL, make  # noqa: F401 (a fixture)


@pytest.fixture(autouse=True)
def every_file_is_good(monkeypatch):
    """What `verify` says of a file has tests of its own; those here are made of text."""
    monkeypatch.setattr(publish.verify, "require", lambda file: None)


@pytest.fixture
def package(state, tmp_path):
    """A small conda package; `text` is its content."""

    def package(name="sageattention", text="contents"):
        stage = tmp_path / f"stage-{name}-{text}"
        stage.mkdir(exist_ok=True)
        (stage / name).write_text(text)
        folder = tmp_path / f"built-{text}" / "linux-64"
        return folder / assemble.write(Contents(name, "1.0", stage), "linux-64", folder)

    return package


def listed(channel):
    return set(json.loads((channel / "linux-64/repodata.json").read_text())["packages.conda"])


def test_a_folder_becomes_a_channel(package, tmp_path, reporter):
    files = [package(), package("libsageattention")]
    result = publish.publish(files, str(tmp_path / "channel"), reporter)
    assert set(result.values()) == {"published"}
    assert listed(tmp_path / "channel") == {file.name for file in files}
    assert set(publish.publish(files, str(tmp_path / "channel"), reporter).values()) == {"was there already"}


def test_a_half_finished_run_is_finished(package, tmp_path, reporter):
    channel = tmp_path / "channel"
    publish.DirectoryChannel(channel).put(package())
    result = publish.publish([package(), package("libsageattention")], str(channel), reporter)
    assert sorted(result.values()) == ["published", "was there already"]
    assert len(listed(channel)) == 2


def test_nothing_goes_out_when_one_file_would_change(package, tmp_path, reporter):
    channel = tmp_path / "channel"
    publish.publish([package()], str(channel), reporter)
    before = products.sha256(channel / "linux-64" / package().name)
    with pytest.raises(FeedstockError, match=r"nothing was published: sageattention-1\.0"):
        publish.publish([package("libsageattention"), package(text="changed")], str(channel), reporter)
    assert products.sha256(channel / "linux-64" / package().name) == before
    assert len(listed(channel)) == 1


def test_a_package_of_the_same_sources_stays(package, tmp_path, reporter):
    """Its name holds their digest: another file of that name is another build of them."""
    channel = tmp_path / "channel"
    publish.publish([package()], str(channel), reporter)
    before = products.sha256(channel / "linux-64" / package().name)
    result = publish.publish([package("libsageattention"), package(text="rebuilt")], str(channel), reporter, keep=True)
    assert sorted(result.values()) == ["published", "stays as it was published, from the same sources"]
    assert products.sha256(channel / "linux-64" / package().name) == before


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "no target is named"),
        ("prefix:", "does not say where"),
        ("prefix:mine/", "does not say where"),
        ("prefix:https://host", "does not say where"),
        ("anaconda:/label", "does not say where"),
        ("prefx:mine", "'prefx:' is no kind of target"),
        ("github:", "does not say where"),
        ("s3://", "does not say where"),
        ("s3://bucket", "is a whole bucket"),
        ("github:v0.0.1", "their tag is v"),
        (f"github:v{variants.package_version()}-01", "their tag is v"),
        (f"github:v{variants.package_version()}", r"takes \.whl files"),
    ],
)
def test_wrong_targets_are_named(package, reporter, target, message):
    with pytest.raises(FeedstockError, match=message):
        publish.publish([package()], target, reporter)


# As much of prefix.dev as an upload needs: an index to read, and packages to take. A process of its own: the engine's
# upload lets no other thread of this one run.
SERVER = """
import email, email.policy, http.server, json, sys
from pathlib import Path
folder = Path(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = folder / "pages" / self.path[1:]
        self.reply(200 if page.is_file() else 404, page.read_bytes() if page.is_file() else b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code = int((folder / "code").read_text())
        head = f"Content-Type: {self.headers['Content-Type']}\\r\\n\\r\\n".encode()
        for part in email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts():
            if code == 200 and part.get_filename():
                (folder / part.get_filename()).write_bytes(part.get_payload(decode=True))
        (folder / "request.json").write_text(json.dumps([self.path, self.headers["Authorization"]]))
        self.reply(code, b"")
    def reply(self, code, body):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Server:
    def __init__(self, folder, port):
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"

    def serve(self, path, text):
        (self.folder / "pages" / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "pages" / path).write_text(text)

    def answers(self, code):
        (self.folder / "code").write_text(str(code))


@pytest.fixture
def server(tmp_path, monkeypatch):
    folder = tmp_path / "server"
    folder.mkdir()
    monkeypatch.setenv("PREFIX_API_KEY", "key-of-the-test")
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, text=True)
    server = Server(folder, process.stdout.readline().strip())
    server.answers(200)
    yield server
    process.terminate()
    process.wait()
    process.stdout.close()


def test_a_channel_behind_a_server(package, server, reporter):
    """What its index holds is skipped or refused, the rest is uploaded with its key."""
    there, missing = package("libsageattention"), package()
    entry = {"sha256": products.sha256(there)}
    server.serve("mine/linux-64/repodata.json", json.dumps({"packages.conda": {there.name: entry}}))
    target = f"prefix:{server.url}/mine"
    result = publish.publish([there, missing], target, reporter)
    assert result == {there.name: "was there already", missing.name: "published"}
    assert (server.folder / missing.name).read_bytes() == missing.read_bytes()
    assert not (server.folder / there.name).exists()
    path, key = json.loads((server.folder / "request.json").read_text())
    assert path.endswith("/mine")
    assert "key-of-the-test" in key
    with pytest.raises(FeedstockError, match="nothing was published"):
        publish.publish([package("libsageattention", "changed")], target, reporter)


def test_a_server_that_refuses_is_quoted(package, server, reporter):
    target = f"prefix:{server.url}/mine"
    server.answers(409)
    with pytest.raises(FeedstockError, match="was not accepted"):
        publish.publish([package()], target, reporter)
    server.serve("mine/linux-64/repodata.json", "no JSON")
    with pytest.raises(FeedstockError, match=r"repodata\.json cannot be read"):
        publish.publish([package()], target, reporter)


# A stand-in for GitHub's program: it keeps a folder for each release and does what the real one answers.
GH = """#!{python}
import hashlib, json, os, shutil, sys
from pathlib import Path
releases, words = Path({folder!r}), sys.argv[1:]
assets, draft = releases / words[2] / "assets", releases / words[2] / "draft"
if words[:2] == ["repo", "view"]:
    print(json.dumps({{"url": "https://example.org/owner/name"}}))
elif words[:2] == ["release", "list"]:
    print(json.dumps([{{"tagName": folder.name}} for folder in releases.glob("*") if not (folder / "draft").exists()]))
elif words[:2] == ["release", "create"]:
    assets.mkdir(parents=True); draft.touch()
elif not assets.exists():
    sys.exit("release not found")
elif words[1] == "view":
    state = lambda file: "uploaded" if file.stat().st_size else "starter"
    digest = lambda file: "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    files = [dict(name=f.name, state=state(f), digest=digest(f)) for f in assets.iterdir()]
    print(json.dumps({{"isDraft": draft.exists(), "assets": files}}))
elif words[1] == "upload":
    name = Path(words[3]).name
    if (assets / name).exists() and "--clobber" not in words:
        sys.exit("asset under the same name already exists")
    if name == os.environ.get("GH_FAILS_AT"):
        (assets / name).touch(); sys.exit("connection reset")
    shutil.copy(words[3], assets / name)
elif words[1] == "download":
    name = words[words.index("--pattern") + 1]
    if not (assets / name).exists(): sys.exit("no assets match the file pattern")
    shutil.copy(assets / name, words[words.index("--output") + 1])
elif words[1] == "delete-asset":
    (assets / words[3]).unlink()
elif words[1] == "edit":
    draft.unlink(missing_ok=True)
"""


TAG = f"v{variants.package_version()}"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a stand-in on PATH, which keeps what it is given in a folder."""

    def program(name, text, folder):
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(python=sys.executable, folder=str(folder)))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")

    return program


@pytest.fixture
def release(tmp_path, program):
    program("gh", GH, tmp_path / "releases")
    return tmp_path / "releases" / TAG


def test_a_release_is_shown_when_all_of_it_is_there(make, release, state, reporter, monkeypatch):  # noqa: F811
    """Interrupted in the middle, it stays a draft; the next run removes the half file and finishes."""
    target = f"github:{TAG}"
    wheels = [make(name=CELL.file("local-version")), make()]
    monkeypatch.setenv("GH_FAILS_AT", wheels[1].name)
    with pytest.raises(FeedstockError, match="connection reset"):
        publish.publish(wheels, target, reporter)
    assert (release / "draft").exists()
    monkeypatch.delenv("GH_FAILS_AT")
    result = publish.publish(wheels, target, reporter)
    assert sorted(result.values()) == ["published", "was there already"]
    assert not (release / "draft").exists()
    entries = wheel_index.read(release / "assets/wheels.json")
    assert {entry.file: entry.sha256 for entry in entries} == {file.name: products.sha256(file) for file in wheels}
    assert all(entry.url.startswith("https://example.org/owner/name/releases/download/v") for entry in entries)


def rebuilt(wheel):
    with wheel.open("ab") as handle:
        handle.write(b"of another compiler")


def test_a_released_wheel_is_never_replaced(make, release, state, reporter):  # noqa: F811
    target = f"github:{TAG}"
    wheel = make()
    publish.publish([wheel], target, reporter)
    rebuilt(wheel)
    with pytest.raises(FeedstockError, match="nothing was published"):
        publish.publish([wheel], target, reporter)
    assert (release / "assets" / wheel.name).read_bytes() != Path(wheel).read_bytes()


def test_a_later_release_leaves_what_an_earlier_one_published(make, release, state, reporter, monkeypatch):  # noqa: F811
    """It builds all wheels again. Those of unchanged sources stay, even if a newer compiler made others of them."""
    old, new = make(name=CELL.file("local-version")), make()
    publish.publish([old], f"github:{TAG}", reporter)
    first = products.sha256(old)
    rebuilt(old)
    target = f"github:{TAG}-1"
    with pytest.raises(FeedstockError, match="nothing was published"):
        publish.publish([old, new], target, reporter)
    assert publish.check([old, new], target, reporter, keep=True) == {
        old.name: "is there",
        new.name: "would be published",
    }
    assert not release.with_name(f"{TAG}-1").exists()
    result = publish.publish([old, new], target, reporter, keep=True)
    assert result == {old.name: "stays as it was published, from the same sources", new.name: "published"}
    lists = [release.with_name(tag) / "assets/wheels.json" for tag in (TAG, f"{TAG}-1")]
    listed = {entry.file: (entry.sha256, entry.url.split("/")[-2]) for entry in wheel_index.make(lists, state / "site")}
    assert listed == {old.name: (first, TAG), new.name: (products.sha256(new), f"{TAG}-1")}

    monkeypatch.setattr(wheel_index.digests, "of_wheel", lambda cell: "0" * 16)
    with pytest.raises(FeedstockError, match=r"nothing was published: .*\n.*raise the version"):
        publish.publish([old, new], f"github:{TAG}-2", reporter, keep=True)


def assert_listed_as_they_are(release):
    listed = {entry.file: entry.sha256 for entry in wheel_index.read(release / "assets/wheels.json")}
    assert listed == {name: products.sha256(release / "assets" / name) for name in listed}


@pytest.mark.parametrize("fails_at", ["the second wheel", wheel_index.LIST])
def test_a_release_that_broke_off_takes_what_is_built_again(make, release, state, reporter, monkeypatch, fails_at):  # noqa: F811
    """Nobody has the files of a draft."""
    wheels = [make(name=CELL.file("local-version")), make()]
    monkeypatch.setenv("GH_FAILS_AT", fails_at if fails_at == wheel_index.LIST else wheels[1].name)
    with pytest.raises(FeedstockError, match="connection reset"):
        publish.publish(wheels, f"github:{TAG}", reporter, keep=True)
    monkeypatch.delenv("GH_FAILS_AT")
    rebuilt(wheels[0])
    publish.publish(wheels, f"github:{TAG}", reporter, keep=True)
    assert_listed_as_they_are(release)
    assert (release / "assets" / wheels[0].name).read_bytes() == wheels[0].read_bytes()


def test_all_of_a_release_is_built_again(make, release, state, reporter, monkeypatch):  # noqa: F811
    wheel = make()
    publish.publish([wheel], f"github:{TAG}", reporter, keep=True)
    rebuilt(wheel)
    publish.publish([wheel], f"github:{TAG}", reporter, keep=True)
    assert_listed_as_they_are(release)
    monkeypatch.setattr(wheel_index.digests, "of_wheel", lambda cell: "0" * 16)  # the tag was moved
    with pytest.raises(FeedstockError, match="nothing was published"):
        publish.publish([wheel], f"github:{TAG}", reporter, keep=True)


def test_a_draft_leaves_what_another_release_published_since(make, release, state, reporter, monkeypatch):  # noqa: F811
    wheels = [make(name=CELL.file("local-version")), make()]
    monkeypatch.setenv("GH_FAILS_AT", wheels[1].name)
    with pytest.raises(FeedstockError, match="connection reset"):
        publish.publish(wheels, f"github:{TAG}", reporter, keep=True)
    monkeypatch.delenv("GH_FAILS_AT")
    for wheel in wheels:
        rebuilt(wheel)
    publish.publish(wheels, f"github:{TAG}-1", reporter, keep=True)
    publish.publish(wheels, f"github:{TAG}", reporter, keep=True)
    lists = [release.with_name(tag) / "assets/wheels.json" for tag in (TAG, f"{TAG}-1")]
    assert {entry.url.split("/")[-2] for entry in wheel_index.make(lists, state / "site")} == {f"{TAG}-1"}


def test_changed_sources_are_refused_before_anything_is_built(make, release, state, reporter, monkeypatch):  # noqa: F811
    publish.publish([make()], f"github:{TAG}", reporter)
    assert publish.check([], f"github:{TAG}-1", reporter) == {}
    monkeypatch.setattr(wheel_index.digests, "of_wheel", lambda cell: "0" * 16)
    with pytest.raises(FeedstockError, match="raise the version of their distribution"):
        publish.check([], f"github:{TAG}-1", reporter)


# A stand-in for the program of AWS: a bucket as a folder, with the answers of S3.
AWS = """#!{python}
import json, shutil, sys
from pathlib import Path
words = sys.argv[1:]
value = lambda name: words[words.index(name) + 1]
file = Path({folder!r}) / value("--bucket") / value("--key")
if words[1] == "head-object":
    if not file.exists(): sys.exit("An error occurred (404) when calling the HeadObject operation: Not Found")
    print(json.dumps({{"Metadata": dict([Path(f"{{file}}.metadata").read_text().split("=")])}}))
elif file.exists() and value("--if-none-match") == "*":
    sys.exit("An error occurred (PreconditionFailed) when calling the PutObject operation")
else:
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(value("--body"), file)
    Path(f"{{file}}.metadata").write_text(value("--metadata"))
"""


def test_a_bucket_takes_a_name_once(package, tmp_path, reporter, program, monkeypatch):
    program("aws", AWS, tmp_path / "buckets")
    indexed = []
    monkeypatch.setattr(publish.S3Channel, "finish", lambda self, files: indexed.append(self.url))
    target = "s3://mine/channel/"
    # What a workflow makes of variables that nobody set.
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "HOME"):
        monkeypatch.setenv(name, "")
    with pytest.raises(FeedstockError, match="set AWS_REGION"):
        publish.publish([package()], target, reporter)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert set(publish.publish([package()], target, reporter).values()) == {"published"}
    assert set(publish.publish([package()], target, reporter).values()) == {"was there already"}
    assert (tmp_path / "buckets/mine/channel/linux-64" / package().name).exists()
    assert indexed == ["s3://mine/channel"] * 2
    with pytest.raises(FeedstockError, match="nothing was published"):
        publish.publish([package(text="changed")], target, reporter)
    with pytest.raises(FeedstockError, match="PreconditionFailed"):
        publish.S3Channel(target, reporter).put(package(text="changed"))
