"""Masks and causality where the general properties do not look: hidden rows, extreme biases, equivalent masks."""

from __future__ import annotations

import math

import pytest
import torch
from attention.helpers import Case, exact_attention, place_mask

CASE = Case(batch=2, heads_q=4, heads_kv=2, len_q=40, len_kv=90)


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.bfloat16])
def test_rows_that_see_nothing(sageattention, dtype):
    q, k, v = CASE.make_inputs()
    visible = torch.ones(2, 1, 40, 90, dtype=torch.bool)
    visible[0, 0, 3:7] = False
    visible[1] = False
    mask = visible if dtype == torch.bool else torch.zeros(visible.shape, dtype=dtype).masked_fill(~visible, -math.inf)
    output, lse = sageattention.sageattn(q, k, v, attn_mask=mask, return_lse=True)
    hidden = ~visible.any(-1).expand(2, 4, 40)
    assert not output[hidden].any()
    assert torch.equal(lse == -math.inf, hidden)
    # The others are as without their neighbours.
    torch.testing.assert_close(output[~hidden], sageattention.sageattn(q, k, v)[~hidden])


@pytest.mark.parametrize("storage", ["expanded", "transposed", "strided"])
@pytest.mark.parametrize("dtype", [torch.bool, torch.float16])
def test_the_same_mask_by_other_strides(sageattention, storage, dtype):
    q, k, v = CASE.make_inputs()
    mask = (torch.rand(2, 1, 1, 90) > 0.5) if dtype == torch.bool else torch.randn(2, 1, 1, 90, dtype=dtype)
    placed = place_mask(mask, (2, 4, 40, 90), storage)
    assert torch.equal(
        sageattention.sageattn(q, k, v, attn_mask=placed), sageattention.sageattn(q, k, v, attn_mask=mask)
    )


@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
@pytest.mark.parametrize(("alignment", "shift"), [("top_left", 0), ("bottom_right", None)])
@pytest.mark.parametrize(("len_q", "len_kv"), [(40, 90), (90, 40), (64, 64), (1, 90), (90, 1)])
def test_causality_is_a_triangular_mask(sageattention, tensor_layout, alignment, shift, len_q, len_kv):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=len_q, len_kv=len_kv, tensor_layout=tensor_layout)
    q, k, v = case.make_inputs()
    shift = len_kv - len_q if shift is None else shift
    triangle = torch.ones(len_q, len_kv, dtype=torch.bool).tril(shift)
    arguments = {"tensor_layout": tensor_layout, "return_lse": True}
    causal = sageattention.sageattn(q, k, v, is_causal=True, causal_alignment=alignment, **arguments)
    masked = sageattention.sageattn(q, k, v, attn_mask=triangle, **arguments)
    for actual, expected in zip(causal, masked):
        torch.testing.assert_close(actual, expected, atol=1e-3, rtol=1e-3)


def test_a_mask_and_causality_both_hide(sageattention):
    q, k, v = CASE.make_inputs()
    mask = torch.rand(40, 90, generator=torch.Generator().manual_seed(0)) > 0.5
    both = sageattention.sageattn(q, k, v, attn_mask=mask, is_causal=True)
    torch.testing.assert_close(both, sageattention.sageattn(q, k, v, attn_mask=mask.tril()), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_no_bias_shows_what_causality_hides(sageattention, bad):
    q, k, v = CASE.make_inputs()
    bias = torch.randn(40, 90, generator=torch.Generator().manual_seed(0))
    mask = bias.masked_fill(torch.ones(40, 90, dtype=torch.bool).triu(1), bad)
    expected = sageattention.sageattn(q, k, v, attn_mask=bias, is_causal=True)
    assert torch.equal(sageattention.sageattn(q, k, v, attn_mask=mask, is_causal=True), expected)


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_minus_infinity_hides_whatever_the_key_holds(sageattention, bad):
    q, k, v = CASE.make_inputs()
    mask = torch.zeros(40, 90)
    mask[:, 60] = -math.inf
    expected, _ = exact_attention(q, k, v, mask=mask)
    k[:, :, 60] = bad
    output = sageattention.sageattn(q, k, v, attn_mask=mask)
    assert (output - expected).abs().mean() <= 0.02 * expected.abs().mean()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_lowest_finite_bias_is_not_minus_infinity(sageattention, dtype):
    """A usual way to mask: such keys vanish beside others, and among themselves they are equal, as in SDPA."""
    q, k, v = CASE.make_inputs()
    mask = torch.zeros(40, 90, dtype=dtype)
    mask[:, 50:] = torch.finfo(dtype).min
    mask[7] = torch.finfo(dtype).min
    output, lse = sageattention.sageattn(q, k, v, attn_mask=mask, return_lse=True)
    expected, _ = exact_attention(q, k[:, :, :50], v[:, :, :50])
    others = torch.arange(40) != 7
    assert (output - expected)[:, :, others].abs().mean() <= 0.02 * expected.abs().mean()
    assert lse.isfinite().all()
    if dtype == torch.float32:  # the bias leaves no digit of the scores
        uniform = v.double().mean(dim=2).repeat_interleave(2, dim=1)
        torch.testing.assert_close(output[:, :, 7].double(), uniform, atol=1e-3, rtol=1e-2)
