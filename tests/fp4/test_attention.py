"""sageattn3_blackwell() on the CPU against float64 and the published algorithm, over shapes, strides and options."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from attention.helpers import MASK_STORAGES, STORAGES, Case, Errors, exact_attention
from fp4 import published
from fp4.accuracy import assert_accurate
from hypothesis import given, settings
from hypothesis import strategies as st

MASK_AXES = ("bhqk", "b11k", "b1qk", "1h1k", "11qk", "bhq1", "hqk", "qk", "k", "1", "")
LENGTHS = st.one_of(st.integers(1, 200), st.sampled_from([1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 256, 300]))


@st.composite
def cases(draw):
    heads_kv = draw(st.integers(1, 2))
    return Case(
        batch=draw(st.integers(1, 2)),
        heads_q=heads_kv * draw(st.sampled_from([1, 2, 3])),
        heads_kv=heads_kv,
        len_q=draw(LENGTHS),
        len_kv=draw(LENGTHS),
        head_dim=draw(st.one_of(st.sampled_from([64, 128]), st.integers(1, 256))),
        head_dim_v=draw(st.one_of(st.none(), st.integers(1, 256))),
        tensor_layout=draw(st.sampled_from(["HND", "NHD"])),
        dtype=draw(st.sampled_from([torch.float16, torch.bfloat16])),
        is_causal=draw(st.booleans()),
        causal_alignment=draw(st.sampled_from(["top_left", "bottom_right"])),
        sm_scale=draw(st.sampled_from([None, -0.1, 1e-4, 0.02])),
        storage=draw(st.sampled_from(STORAGES)),
        seed=draw(st.integers(0, 1000)),
        mask_dtype=draw(st.sampled_from([None, torch.bool, torch.float16, torch.bfloat16, torch.float32])),
        mask_axes=draw(st.sampled_from(MASK_AXES)),
        mask_storage=draw(st.sampled_from(MASK_STORAGES)),
    )


@settings(max_examples=150, deadline=None)
@given(case=cases(), per_block_mean=st.booleans())
def test_agrees_with_float64(sageattn3, case, per_block_mean):
    q, k, v = case.make_inputs()
    mask = case.make_mask()
    before = [tensor.clone() for tensor in (q, k, v)]
    output, lse = sageattn3.sageattn3_blackwell(
        q, k, v, mask, return_lse=True, per_block_mean=per_block_mean, **case.options
    )
    assert output.shape == case.output_shape
    assert output.dtype == q.dtype
    assert output.is_contiguous()
    assert lse.shape == (case.batch, case.heads_q, case.len_q)
    assert lse.dtype == torch.float32
    assert_accurate(case, output, lse, q, k, v, mask)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip((q, k, v), before)), "an input was written to"


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("per_block_mean", [False, True])
@pytest.mark.parametrize("head_dim", [64, 128])
def test_no_worse_than_published(sageattn3, is_causal, per_block_mean, head_dim):
    """N(0, 1): cosine of at least 0.98, and the error of the published algorithm within 2 %."""
    case = Case(heads_q=2, heads_kv=2, len_q=1024, len_kv=1024, head_dim=head_dim, is_causal=is_causal)
    q, k, v = case.make_inputs()
    exact, _ = exact_attention(q, k, v, **case.options)
    output = sageattn3.sageattn3_blackwell(q, k, v, is_causal=is_causal, per_block_mean=per_block_mean)
    errors = Errors.between(output, exact)
    reference = Errors.between(published.attention(q, k, v, is_causal, per_block_mean), exact)
    assert errors.cosine >= 0.98
    assert errors.relative_l1 <= 1.02 * reference.relative_l1
    assert errors.rmse <= 1.02 * reference.rmse


@settings(max_examples=20, deadline=None)
@given(case=cases(), offset=st.sampled_from([4.0, -30.0]), moved=st.sampled_from(["q", "k"]))
def test_a_common_offset_costs_no_accuracy(sageattn3, case, offset, moved):
    """What smoothing is for: q and k whose channels have a mean far from 0."""
    case = replace(case, storage="contiguous", mask_dtype=None)
    inputs = dict(zip("qkv", case.make_inputs()))
    shift = offset * torch.randn(case.head_dim, generator=torch.Generator().manual_seed(1))
    inputs[moved] = inputs[moved] + shift.to(case.dtype)
    # The offset rounds each element to its dtype, and bf16 has few digits there: that error is the input's.
    output, lse = sageattn3.sageattn3_blackwell(**inputs, return_lse=True, **case.options)
    assert_accurate(case, output, lse, **inputs, room=2)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_halves_merge_by_lse(sageattn3, case):
    """What ring attention does: the LSE has to belong to the output."""
    case = replace(case, len_kv=case.len_kv + 1, is_causal=False, mask_dtype=None)
    q, k, v = case.make_inputs()
    token_axis = 2 if case.tensor_layout == "HND" else 1
    middle = case.len_kv // 2
    parts = []
    for start, length in ((0, middle), (middle, case.len_kv - middle)):
        half_k, half_v = (tensor.narrow(token_axis, start, length) for tensor in (k, v))
        parts.append(sageattn3.sageattn3_blackwell(q, half_k, half_v, return_lse=True, **case.options))
    lse = torch.logaddexp(parts[0][1], parts[1][1])
    merged = 0
    for output, part_lse in parts:
        weight = (part_lse - lse).exp()[..., None]
        merged = merged + output * (weight if case.tensor_layout == "HND" else weight.transpose(1, 2))
    assert_accurate(case, merged, lse, q, k, v)


@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
def test_without_keys_every_row_is_zero(sageattn3, tensor_layout):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=5, len_kv=0, head_dim_v=24, tensor_layout=tensor_layout)
    output, lse = sageattn3.sageattn3_blackwell(*case.make_inputs(), tensor_layout=tensor_layout, return_lse=True)
    assert torch.equal(output, torch.zeros(case.output_shape, dtype=torch.float16))
    assert torch.equal(lse, torch.full((2, 4, 5), -torch.inf))


@pytest.mark.parametrize("return_lse", [False, True])
@pytest.mark.parametrize("sizes", [{"len_q": 0}, {"batch": 0}, {"len_q": 0, "len_kv": 0}])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_an_empty_query_has_an_empty_result(sageattn3, device, sizes, return_lse):
    q, k, v = Case(**{"len_kv": 7, **sizes}).make_inputs(device)
    result = sageattn3.sageattn3_blackwell(q, k, v, return_lse=return_lse)
    output = result[0] if return_lse else result
    assert output.shape == q.shape
    assert not return_lse or result[1].shape == q.shape[:3]


def test_sm_scale_defaults_to_the_root_of_head_dim(sageattn3):
    q, k, v = Case(len_q=9, len_kv=70, head_dim=128).make_inputs()
    expected = sageattn3.sageattn3_blackwell(q, k, v, sm_scale=128**-0.5)
    assert torch.equal(sageattn3.sageattn3_blackwell(q, k, v), expected)


def test_calls_as_clients_write_them(sageattn3):
    """Positions of the reference: q, k, v, attn_mask, is_causal, per_block_mean."""
    q, k, v = Case(len_q=140, len_kv=140).make_inputs()
    by_name = sageattn3.sageattn3_blackwell(q, k, v, is_causal=True, per_block_mean=False)
    assert torch.equal(sageattn3.sageattn3_blackwell(q, k, v, None, True, False), by_name)
    assert not torch.equal(sageattn3.sageattn3_blackwell(q, k, v, None, True, True), by_name)


def test_stands_in_for_scaled_dot_product_attention(sageattn3):
    """Code that was written for torch's function passes its keywords, and a mask as the fourth argument."""
    case = Case(heads_q=4, heads_kv=2, len_q=33, len_kv=70, mask_dtype=torch.bool)
    q, k, v = case.make_inputs()
    mask = case.make_mask()
    expected = sageattn3.sageattn3_blackwell(q, k, v, attn_mask=mask, sm_scale=0.2)
    actual = sageattn3.sageattn3_blackwell(q, k, v, mask, dropout_p=0.0, scale=0.2, enable_gqa=True)
    assert torch.equal(actual, expected)
    other = {"softmax_scale": 0.2, "causal": False, "window_size": (-1, -1), "softcap": 0.0}
    assert torch.equal(sageattn3.sageattn3_blackwell(q, k, v, mask, **other), expected)
