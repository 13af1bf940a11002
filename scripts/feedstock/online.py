"""Compares the conda lane with what a channel offers now."""

import asyncio

from rattler import Channel, Gateway

from feedstock.errors import FeedstockError
from feedstock.published import same_major
from feedstock.sources import check_reachable, innermost
from feedstock.tables import minor, order


def missing(table, channel: str) -> list:
    """A sentence for every variant whose PyTorch the channel does not have."""
    check_reachable(Channel(channel).base_url)
    found = []
    for platform in dict.fromkeys(cell.platform for cell in table.conda):
        offered = asyncio.run(pytorch_builds(channel, platform))
        for cell in (cell for cell in table.conda if cell.platform == platform):
            if not serves(offered.get(cell.pytorch, set()), cell.cuda):
                there = ", ".join(f"{pytorch} ({' '.join(sorted(cuda))})" for pytorch, cuda in offered.items())
                reason = f"{channel} has no PyTorch {cell.pytorch} for CUDA {cell.cuda} or an older one of its major"
                found.append(f"{cell.name}: {reason}; it has {there or 'none'}")
    return found


def serves(offered: set, cuda: str) -> bool:
    """A build for an older CUDA of the same major version serves a newer one."""
    return any(same_major(item, cuda) and order(item) <= order(cuda) for item in offered)


async def pytorch_builds(channel: str, platform: str) -> dict:
    """CUDA versions by PyTorch minor version, from the build strings (cuda130_…) of a channel's pytorch."""
    try:
        [records] = await Gateway().query([Channel(channel)], [platform], ["pytorch"], recursive=False)
    except Exception as error:
        raise FeedstockError(f"{channel} ({platform}) cannot be read: {innermost(error)}") from error
    offered = {}
    for record in records:
        flavor = str(record.build).split("_")[0]
        if flavor.startswith("cuda") and flavor[4:].isdigit():
            digits = flavor[4:]
            offered.setdefault(minor(str(record.version)), set()).add(f"{digits[:-1]}.{digits[-1]}")
    return offered
