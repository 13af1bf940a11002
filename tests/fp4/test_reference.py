"""The CPU reference computes what docs/kernels/fp4.md says, written out here a second time, densely and in float64."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from attention.helpers import Case, Errors
from fp4.published import nearest_e2m1
from hypothesis import given, settings
from hypothesis import strategies as st


def groups_of_16(values):
    """NVFP4 along the last axis."""
    length = values.shape[-1]
    groups = torch.nn.functional.pad(values, (0, -length % 16)).unflatten(-1, (-1, 16))
    scale = (groups.abs().amax(-1, keepdim=True) / 6).clamp(max=448).float().to(torch.float8_e4m3fn).double()
    kept = torch.where(scale == 0, 0.0, nearest_e2m1(groups / scale.clamp(min=2.0**-9)) * scale)
    return kept.flatten(-2)[..., :length]


def into_range(values, dims):
    """Times the power of two that brings the largest magnitude into [1024, 2048), and that power."""
    largest = values.abs().amax(dims, keepdim=True)
    exponent = torch.where(largest == 0, -100.0, largest.log2().floor().clamp(-100, 117))
    power = 2 ** (10 - exponent)
    return values * power, power


def documented(q, k, v, is_causal, per_block_mean):
    """One head ``[tokens, head_dim]`` of each; the output and the LSE."""
    q, k, v = q.double(), k.double(), v.double()
    mean_k = k.mean(0)
    x, power_k = into_range(k - mean_k, (0, 1))
    fp4_k = groups_of_16(x)
    largest = x.abs().amax(1, keepdim=True)
    int8_k = torch.where(largest == 0, 0.0, torch.round(x * 127 / largest))
    y, power_v = into_range(v, (0, 1))
    fp4_v = groups_of_16(y.T).T
    rows = torch.arange(len(q)) // 128 if per_block_mean else torch.zeros(len(q), dtype=torch.long)
    mean_q = torch.stack([q[rows == block].mean(0) for block in range(int(rows.max()) + 1)])[rows]
    z, power_q = into_range(q - mean_q, (1,))
    largest_mean = mean_q.abs().amax(1, keepdim=True)
    fixed = torch.where(largest_mean == 0, 0.0, torch.round(mean_q * 32258 / largest_mean))

    sm_scale = q.shape[1] ** -0.5
    scale = sm_scale * math.log2(math.e)
    scores = groups_of_16(z) @ fp4_k.T * (scale / (power_q * power_k))
    scores += fixed @ int8_k.T * (largest / 127).T * (scale * largest_mean / 32258 / power_k)
    if is_causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -math.inf)
    # Each step of 64 keys is quantized in proportion to the largest score up to its end.
    largest_of_step = torch.stack([step.amax(1) for step in scores.split(64, dim=1)], 1).cummax(1).values
    reference = largest_of_step.repeat_interleave(64, 1)[:, : scores.shape[1]]
    later = 2 ** (reference - reference[:, -1:])
    p = 2688 * 2 ** (scores - reference)
    total = (p * later).sum(1, keepdim=True)
    lse = (total / 2688).log2()[:, 0] * math.log(2) + reference[:, -1] * math.log(2) + sm_scale * (q @ mean_k)
    return (groups_of_16(p) * later) @ fp4_v / (total * power_v), lse


@settings(max_examples=40, deadline=None)
@given(
    len_q=st.integers(1, 300),
    len_kv=st.integers(1, 300),
    head_dim=st.sampled_from([3, 16, 40, 64, 128, 200]),
    head_dim_v=st.sampled_from([5, 64]),
    is_causal=st.booleans(),
    per_block_mean=st.booleans(),
    offset=st.sampled_from([0.0, 3.0]),
    seed=st.integers(0, 1000),
)
def test_computes_what_is_documented(
    sageattn3, len_q, len_kv, head_dim, head_dim_v, is_causal, per_block_mean, offset, seed
):
    case = Case(len_q=len_q, len_kv=len_kv, head_dim=head_dim, head_dim_v=head_dim_v, seed=seed)
    q, k, v = case.make_inputs()
    q, k = q + offset, k - offset
    options = {"is_causal": is_causal, "per_block_mean": per_block_mean}
    output, lse = sageattn3.sageattn3_blackwell(q, k, v, return_lse=True, **options)
    expected, expected_lse = documented(q[0, 0], k[0, 0], v[0, 0], **options)
    # A number near a tie may round to its other neighbour; another quantization would be a hundred times as far away.
    assert (output[0, 0] - expected).abs().mean() <= 2e-3 * expected.abs().mean() + 1e-6
    assert (lse[0, 0] - expected_lse).abs().max() <= 2e-3 * expected_lse.abs().max() + 1e-3


@pytest.mark.parametrize("exponent", [-40, -13, 13, 40])
def test_powers_of_two_change_nothing_but_the_size(sageattn3, exponent):
    """e4m3 scales alone would underflow or saturate."""
    q, k, v = Case(heads_q=2, heads_kv=1, len_q=200, len_kv=300, dtype=torch.bfloat16).make_inputs()
    power, plain = 2.0**exponent, sageattn3.sageattn3_blackwell(q, k, v)
    assert torch.equal(sageattn3.sageattn3_blackwell(q, k, v * power), plain * power)
    assert torch.equal(sageattn3.sageattn3_blackwell(q * power, k / power, v), plain)


@pytest.mark.parametrize("value", [math.inf, math.nan])
@pytest.mark.parametrize("name", ["q", "k"])
@pytest.mark.parametrize("is_causal", [False, True])
def test_what_is_not_finite_reaches_the_rows_that_see_it(sageattn3, name, value, is_causal):
    case = Case(heads_q=2, heads_kv=2, len_q=200, len_kv=200, dtype=torch.bfloat16)
    inputs = dict(zip("qkv", case.make_inputs()))
    inputs[name][0, 1, 77, 5] = value
    output = sageattn3.sageattn3_blackwell(**inputs, is_causal=is_causal)
    expected = torch.zeros(1, 2, 200, dtype=torch.bool)
    expected[0, 1, slice(77, 78) if name == "q" else slice(77 if is_causal else 0, None)] = True
    assert torch.equal(output.isnan().all(dim=-1), expected)
    assert not output[~expected].isnan().any()


def test_results_do_not_depend_on_how_much_memory_there_is(sageattn3, monkeypatch):
    case = Case(heads_q=2, heads_kv=1, len_q=700, len_kv=150, is_causal=True, causal_alignment="bottom_right")
    q, k, v = case.make_inputs()
    for per_block_mean in (False, True):
        options = {**case.options, "per_block_mean": per_block_mean, "return_lse": True}
        whole = sageattn3.sageattn3_blackwell(q, k, v, **options)
        monkeypatch.setattr(sageattn3.reference, "_CHUNK_BYTES", 1)
        for part, expected in zip(sageattn3.sageattn3_blackwell(q, k, v, **options), whole):
            torch.testing.assert_close(part, expected, rtol=0, atol=1e-3)
        monkeypatch.undo()


def test_the_quantized_output_is_far_from_the_exact_one(sageattn3):
    """So that the tests above mean something: FP4 costs a hundred times more than their tolerance."""
    case = replace(Case(len_q=300, len_kv=300), head_dim=128)
    q, k, v = case.make_inputs()
    exact = torch.nn.functional.scaled_dot_product_attention(q.double(), k.double(), v.double())
    assert Errors.between(sageattn3.sageattn3_blackwell(q, k, v), exact).relative_l1 > 0.1
