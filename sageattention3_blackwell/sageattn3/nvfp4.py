"""NVFP4: groups of 16 e2m1 numbers, each group with an e4m3 scale, as the kernels round them. Plain PyTorch.

A group's scale is its largest magnitude / 6, rounded to e4m3; its numbers are the elements / that scale, rounded to
e2m1. Both round to nearest, ties to even, and saturate (448 and 6). A group whose scale rounds to 0 is 0. One with an
inf or NaN has a NaN for its scale.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

GROUP = 16
# Largest numbers of the two formats.
E2M1_MAX = 6.0
E4M3_MAX = 448.0
# The e2m1 numbers by their code; a fourth bit is the sign.
E2M1_VALUES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


class Groups(NamedTuple):
    """A tensor in NVFP4, both parts as exact fp32: numbers ``[..., groups, 16]``, scales ``[..., groups, 1]``."""

    numbers: torch.Tensor
    scales: torch.Tensor

    def values(self, length: int) -> torch.Tensor:
        """The fp32 tensor ``[..., length]`` that they stand for."""
        return (self.numbers * self.scales).flatten(-2)[..., :length]


def quantize(values: torch.Tensor, by_reciprocal: bool = False) -> Groups:
    """fp32 ``[..., length]`` in groups along the last axis; the last group is filled with zeros.

    by_reciprocal: multiply by 1 / scale in place of the division, as the kernels do for probabilities.
    """
    grouped = torch.nn.functional.pad(values, (0, -values.shape[-1] % GROUP)).unflatten(-1, (-1, GROUP))
    scales = round_e4m3(grouped.abs().amax(dim=-1, keepdim=True) / E2M1_MAX)
    quotients = grouped * (1 / scales) if by_reciprocal else grouped / scales
    return Groups(round_e2m1(quotients).masked_fill_(~(scales > 0), 0.0), scales)


def round_e4m3(values: torch.Tensor) -> torch.Tensor:
    """The nearest e4m3 numbers of fp32 values of at least 0, as fp32; NaN of inf and NaN."""
    rounded = values.clamp_max(E4M3_MAX).to(torch.float8_e4m3fn).float()
    return torch.where(values.isfinite(), rounded, torch.nan)


def round_e2m1(values: torch.Tensor) -> torch.Tensor:
    """The nearest e2m1 numbers of fp32 values, as fp32: multiples of 0.5 below 2, of 1 below 4, of 2 up to 6."""
    magnitude = values.abs()
    step = torch.where(magnitude < 2, 0.5, torch.where(magnitude < 4, 1.0, 2.0))
    return (torch.round(values / step) * step).clamp_(-E2M1_MAX, E2M1_MAX)


def pack(numbers: torch.Tensor) -> torch.Tensor:
    """e2m1 numbers ``[..., 2 n]`` as codes, two in a byte: uint8 ``[..., n]``, the first in the lower half."""
    table = torch.tensor(E2M1_VALUES, device=numbers.device)
    codes = torch.searchsorted(table, numbers.abs().contiguous()) + 8 * torch.signbit(numbers)
    first, second = codes.to(torch.uint8).unflatten(-1, (-1, 2)).unbind(-1)
    return first | second << 4


def unpack(codes: torch.Tensor) -> torch.Tensor:
    """The e2m1 numbers fp32 ``[..., 2 n]`` of what `pack` gives."""
    table = torch.tensor(E2M1_VALUES + tuple(-value for value in E2M1_VALUES), device=codes.device)
    return table[torch.stack((codes & 15, codes >> 4), dim=-1).flatten(-2).long()]
