"""A conda channel in an S3 bucket. Objects go there through the `aws` program, py-rattler writes the index."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

from rattler.index import S3Credentials, index_s3

from feedstock.errors import FeedstockError
from feedstock.products import CondaChannel, sha256, subdir


class S3Channel(CondaChannel):
    """s3://BUCKET/CHANNEL. Credentials, region and AWS_ENDPOINT_URL come from the environment, as for `aws`."""

    def __init__(self, url: str, reporter):
        self.url = url.rstrip("/")
        self.bucket, _, self.prefix = self.url.removeprefix("s3://").partition("/")
        if not self.prefix:
            raise FeedstockError(f"{url} is a whole bucket; name a channel in it: s3://{self.bucket}/CHANNEL")
        if shutil.which("aws") is None:
            raise FeedstockError("`aws` is not on PATH: install the AWS command line")
        for name in [name for name, value in os.environ.items() if name.startswith("AWS_") and not value]:
            del os.environ[name]  # a workflow's variable that nobody set
        known = os.environ.keys() & {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE"}
        if not known and not (Path.home() / ".aws" / "config").exists():
            raise FeedstockError("no region of S3 is known: set AWS_REGION, or AWS_ENDPOINT_URL for another store")
        self.reporter = reporter

    def present(self, files: list) -> dict:
        found = {}
        for file in files:
            answer = self.aws("head-object", "--key", self.key(file), missing="404")
            if answer is not None:
                # Written by `put`; another program's object has none and counts as another content.
                found[file.name] = answer.get("Metadata", {}).get("sha256", "unknown")
        return found

    def put(self, package: Path) -> None:
        """Refused by the store itself when the name was taken in the meantime."""
        options = ["--body", str(package), "--metadata", f"sha256={sha256(package)}", "--if-none-match", "*"]
        self.aws("put-object", "--key", self.key(package), *options)

    def finish(self, files: list) -> None:
        with self.reporter.step(f"index {self.url}"):
            asyncio.run(index_s3(self.url, credentials=credentials(), write_shards=False))

    def key(self, package: Path) -> str:
        return f"{self.prefix}/{subdir(package)}/{package.name}"

    def aws(self, command: str, *options: str, missing: str = "") -> dict | None:
        """The answer; None if the object is not there, where that may be."""
        words = ["aws", "s3api", command, "--bucket", self.bucket, *options, "--output", "json"]
        self.reporter.log(" ".join(words))
        answer = subprocess.run(words, capture_output=True, text=True)
        self.reporter.log(answer.stdout + answer.stderr)
        if answer.returncode == 0:
            return json.loads(answer.stdout or "{}")
        if missing and missing in answer.stderr:
            return None
        raise FeedstockError(f"aws s3api {command} failed: {answer.stderr.strip()}")


def credentials() -> S3Credentials | None:
    """None: py-rattler asks the AWS chain itself. An endpoint of one's own has to be handed over whole."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return None
    return S3Credentials(
        endpoint_url=endpoint,
        region=os.environ.get("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", "us-east-1")),
        access_key_id=os.environ.get("AWS_ACCESS_KEY_ID"),
        secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY"),
        session_token=os.environ.get("AWS_SESSION_TOKEN"),
        addressing_style="path",
    )
