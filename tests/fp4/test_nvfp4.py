"""Rounding to NVFP4, number by number: against the table of e2m1, and torch's own e4m3."""

from __future__ import annotations

import math

import pytest
import torch
from fp4.published import nearest_e2m1
from fp4.published import quantized as published
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def nvfp4(sageattn3):
    return sageattn3.nvfp4


@pytest.fixture(scope="module")
def near_ties():
    """Every e2m1 number, every middle between two of them, and what fp32 has on both sides of each."""
    table = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
    places = torch.cat((table, (table[1:] + table[:-1]) / 2, torch.tensor([6.5, 7.0, 8.0, 100.0])))
    places = torch.cat((places, torch.nextafter(places, torch.tensor(0.0)), torch.nextafter(places, places + 1)))
    return torch.cat((places, -places))


def test_e2m1_is_the_nearest_number(nvfp4, near_ties):
    assert torch.equal(nvfp4.round_e2m1(near_ties).double(), nearest_e2m1(near_ties))
    spread = torch.linspace(-8, 8, 100_001)
    assert torch.equal(nvfp4.round_e2m1(spread).double(), nearest_e2m1(spread))


def test_e2m1_rounds_as_the_instruction_is_documented(nvfp4):
    """cvt.rn.satfinite.e2m1x2.f32: nearest even, saturating."""
    values = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 100.0])
    assert nvfp4.round_e2m1(values).tolist() == [0.0, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 6.0]


def test_e4m3_is_torchs_and_saturates(nvfp4):
    every = torch.arange(127, dtype=torch.uint8).view(torch.float8_e4m3fn).float()
    assert torch.equal(nvfp4.round_e4m3(every), every)
    ties = (every[1:] + every[:-1]) / 2
    assert torch.equal(nvfp4.round_e4m3(ties), torch.where(torch.arange(126) % 2 == 0, every[:-1], every[1:]))
    assert nvfp4.round_e4m3(torch.tensor([449.0, 480.0, 1e30])).tolist() == [448.0] * 3
    assert nvfp4.round_e4m3(torch.tensor([math.inf, math.nan])).isnan().all()


def test_packing_is_lossless(nvfp4, near_ties):
    numbers = nvfp4.round_e2m1(near_ties)
    pairs = torch.cartesian_prod(numbers.unique(), numbers.unique())
    codes = nvfp4.pack(pairs)
    assert (codes.dtype, codes.shape) == (torch.uint8, (len(pairs), 1))
    assert torch.equal(nvfp4.unpack(codes), pairs)
    # e2m1 of Open Compute's Microscaling Formats: 0.5 is code 1, -6 is code 15; the first number has the lower bits.
    assert nvfp4.pack(torch.tensor([0.5, -6.0])).tolist() == [0xF1]


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 70), exponent=st.integers(-12, 12), seed=st.integers(0, 1000))
def test_groups_are_what_the_format_makes_of_them(nvfp4, length, exponent, seed):
    """Values from far below the smallest scale to far above the largest one, one group of zeros among them."""
    values = torch.randn(4, length, generator=torch.Generator().manual_seed(seed)) * 2.0**exponent
    values[1] = 0
    groups = nvfp4.quantize(values)
    assert groups.numbers.shape == (4, -(-length // 16), 16)
    assert torch.equal(groups.values(length), published(values))


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_spoils_its_own_group(nvfp4, bad):
    values = torch.ones(48)
    values[20] = bad
    assert torch.equal(nvfp4.quantize(values).values(48).isnan(), torch.arange(48) // 16 == 1)
