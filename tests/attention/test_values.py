"""Inputs beyond ordinary numbers: NaN and infinity spread as in exact attention, large and small ones do no harm."""

from __future__ import annotations

import math

import pytest
import torch
from attention.helpers import Case, exact_attention
from torch.nn.attention import SDPBackend, sdpa_kernel

FUNCTIONS = {
    "sageattn": {},
    "sageattn_qk_int8_pv_fp16_cuda": {"pv_accum_dtype": "fp16", "qk_quant_gran": "per_warp", "smooth_v": True},
    "sageattn_qk_int8_pv_fp8_cuda": {"smooth_v": True},
}


def sdpa(q, k, v, **options):
    with sdpa_kernel(SDPBackend.MATH):
        return torch.nn.functional.scaled_dot_product_attention(q.float(), k.float(), v.float(), **options)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["q", "k", "v"])
def test_one_bad_value_spreads_as_in_sdpa(sageattention, function, bad, where):
    inputs = dict(zip("qkv", Case(batch=2, heads_q=2, heads_kv=2, len_q=40, len_kv=150).make_inputs()))
    inputs[where][1, 0, 33, 5] = bad
    expected = sdpa(**inputs)
    output = getattr(sageattention, function)(**inputs, **FUNCTIONS[function])
    assert torch.equal(output.isnan(), expected.isnan())
    infinite = expected.isinf()
    assert torch.equal(output[infinite].float(), expected[infinite])
    ordinary = expected.isfinite()
    assert (output - expected)[ordinary].abs().mean() <= 0.06 * expected[ordinary].abs().mean()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["k", "v"])
@pytest.mark.parametrize("causal", [False, True])
def test_a_hidden_bad_value_does_not_spread(sageattention, causal, where, bad):
    inputs = dict(zip("qkv", Case(heads_q=2, heads_kv=1, len_q=100, len_kv=100).make_inputs()))
    expected = exact_attention(**inputs, is_causal=True)[0]
    inputs[where][0, 0, 70] = bad
    options = {"is_causal": True} if causal else {"attn_mask": torch.ones(100, 100, dtype=torch.bool).tril()}
    output, lse = sageattention.sageattn(**inputs, return_lse=True, **options)
    assert (output - expected)[:, :, :70].abs().mean() <= 0.02 * expected[:, :, :70].abs().mean()
    assert lse[:, :, :70].isfinite().all()
    assert not output[:, :, 70:].isfinite().any()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_bad_bias_spoils_its_row(sageattention, bad):
    q, k, v = Case(len_q=9, len_kv=70).make_inputs()
    mask = torch.zeros(9, 70)
    mask[4, 60] = bad
    output = sageattention.sageattn(q, k, v, attn_mask=mask)
    assert torch.equal(output.isnan(), sdpa(q, k, v, attn_mask=mask).isnan())


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e5, 1e30])
def test_values_beyond_the_range_of_fp16(sageattention, function, scale):
    q, k, v = Case(len_q=40, len_kv=150, dtype=torch.bfloat16).make_inputs()
    v = v * scale
    output = getattr(sageattention, function)(q, k, v, **FUNCTIONS[function])
    expected = exact_attention(q, k, v)[0]
    relative = (output.double() - expected).abs().sum() / expected.abs().sum()
    assert relative <= (0.06 if "fp8" in function else 0.025)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-10, 1e-4, 1e4, 1e10, 1e20, 1e30])
def test_large_queries_and_small_keys(sageattention, scale):
    q, k, v = Case(len_q=40, len_kv=150, dtype=torch.bfloat16).make_inputs()
    q, k = q * scale, k / scale
    expected, expected_lse = exact_attention(q, k, v)
    output, lse = sageattention.sageattn(q, k, v, return_lse=True)
    assert (output - expected).abs().mean() <= 0.025 * expected.abs().mean()
    torch.testing.assert_close(lse.double(), expected_lse, atol=0.07, rtol=0)


@pytest.mark.parametrize("zero", ["q", "k", "v"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_zeros(sageattention, function, zero):
    inputs = dict(zip("qkv", Case(len_q=40, len_kv=150).make_inputs()))
    inputs[zero] = torch.zeros_like(inputs[zero])
    output = getattr(sageattention, function)(**inputs, **FUNCTIONS[function])
    expected = exact_attention(**inputs)[0]
    assert (output - expected).abs().max() <= 0.02


def test_one_row_takes_all(sageattention):
    """Scores of thousands: the softmax is a choice, and nothing overflows."""
    q, k, v = Case(len_q=64, len_kv=64).make_inputs()
    q, k = 100 * k, k
    output, lse = sageattention.sageattn(q, k, v, sm_scale=10.0, return_lse=True)
    torch.testing.assert_close(output, v, atol=1e-3, rtol=1e-3)
    assert lse.isfinite().all()
