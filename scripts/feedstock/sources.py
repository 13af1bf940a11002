"""Where dependencies come from: the local channel, or a channel by name or URL."""

import asyncio
from contextlib import contextmanager

from rattler import Channel, Gateway

from feedstock import unpacked
from feedstock.channel import LocalChannel
from feedstock.errors import FeedstockError
from feedstock.paths import exclusive
from feedstock.variants import current_platform


def open_source(reporter, name: str):
    return LocalChannel(reporter) if name == "local" else RemoteChannel(reporter, name)


@contextmanager
def working(source, reporter):
    """The state for this process alone, and its unpacked packages whole."""
    with exclusive(), unpacked.packages(reporter, release=isinstance(source, LocalChannel)):
        yield


class RemoteChannel:
    """A channel that already holds everything: compilers, CUDA, PyTorch."""

    def __init__(self, reporter, name: str):
        self.reporter = reporter
        self.url = Channel(name).base_url

    def prepare(self, variant, testing: bool = False) -> None:
        """Asks for the index once, so that an unreachable channel is reported as such."""
        with self.reporter.step(f"channel {self.url}"):
            check_reachable(self.url)

    def overrides(self, variant) -> dict:
        return {}


def check_reachable(url: str) -> None:
    try:
        names = asyncio.run(Gateway().names([Channel(url)], [current_platform(), "noarch"]))
    except Exception as error:
        raise FeedstockError(
            f"channel {url} cannot be read: {innermost(error)}\n"
            "Check the connection and the name, or use --channel local, which needs no channel"
        ) from error
    if not names:
        raise FeedstockError(f"channel {url} holds no packages for {current_platform()}")


def innermost(error: BaseException) -> str:
    """The last sentence of a chain of causes says what really happened."""
    lines = [line.strip(" ╰─▶├│") for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else repr(error)
