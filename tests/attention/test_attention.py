"""sageattn() on the CPU against float64, over shapes, layouts, strides, dtypes and options."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from attention.helpers import (
    MASK_STORAGES,
    STORAGES,
    Case,
    Errors,
    assert_accurate,
    exact_attention,
    exact_with_spread,
    lse_tolerance,
    make_tensor,
    output_tolerance,
)
from hypothesis import given, settings
from hypothesis import strategies as st

MASK_AXES = ("bhqk", "b11k", "b1qk", "1h1k", "11qk", "bhq1", "hqk", "qk", "k", "1", "")
LENGTHS = st.one_of(st.integers(1, 200), st.sampled_from([1, 2, 63, 64, 65, 127, 128, 129, 256]))


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
        dtype=draw(st.sampled_from([torch.float16, torch.bfloat16, torch.float32])),
        is_causal=draw(st.booleans()),
        causal_alignment=draw(st.sampled_from(["top_left", "bottom_right"])),
        sm_scale=draw(st.sampled_from([None, -0.1, 1e-4, 0.02])),
        storage=draw(st.sampled_from(STORAGES)),
        seed=draw(st.integers(0, 1000)),
        mask_dtype=draw(st.sampled_from([None, torch.bool, torch.float16, torch.bfloat16, torch.float32])),
        mask_axes=draw(st.sampled_from(MASK_AXES)),
        mask_storage=draw(st.sampled_from(MASK_STORAGES)),
    )


@settings(max_examples=200, deadline=None)
@given(case=cases())
def test_agrees_with_float64(sageattention, case):
    q, k, v = case.make_inputs()
    mask = case.make_mask()
    output, lse = sageattention.sageattn(q, k, v, return_lse=True, attn_mask=mask, **case.options)
    assert output.shape == case.output_shape
    assert output.dtype == q.dtype
    assert output.is_contiguous()
    assert lse.shape == (case.batch, case.heads_q, case.len_q)
    assert lse.dtype == torch.float32
    assert_accurate(case, output, lse, q, k, v, mask)


@settings(max_examples=30, deadline=None)
@given(case=cases(), offset=st.sampled_from([4.0, -30.0]))
def test_a_common_offset_of_the_keys_costs_no_accuracy(sageattention, case, offset):
    q, k, v = case.make_inputs()
    mask = case.make_mask()
    shift = offset * torch.randn(case.head_dim, generator=torch.Generator().manual_seed(1))
    k = make_tensor(
        (k if case.tensor_layout == "HND" else k.transpose(1, 2)) + shift.to(k.dtype), case.tensor_layout, case.storage
    )
    output, lse = sageattention.sageattn(q, k, v, return_lse=True, attn_mask=mask, **case.options)
    expected, expected_lse, spread = exact_with_spread(q, k, v, mask=mask, **case.options)
    # Adding the offset rounds each key to its dtype: the spread of the keys that are left is a little larger.
    error = (output - expected).abs().sum()
    assert error <= 4 * output_tolerance(case) * spread.sum()
    # The LSE holds q . offset, in fp32.
    seen = expected_lse > -torch.inf
    bound = 1.5 * lse_tolerance(case) + 1e-5 * expected_lse[seen].abs().max() if seen.any() else 0.0
    assert ((lse - expected_lse)[seen].abs() <= bound).all()


@settings(max_examples=30, deadline=None)
@given(case=cases())
def test_halves_merge_by_lse(sageattention, case):
    """What ring attention does: the LSE has to belong to the output."""
    case = replace(case, len_kv=case.len_kv + 1, is_causal=False, mask_dtype=None)
    q, k, v = case.make_inputs()
    token_axis = 2 if case.tensor_layout == "HND" else 1
    middle = case.len_kv // 2
    parts = []
    for start, length in ((0, middle), (middle, case.len_kv - middle)):
        half_k, half_v = (tensor.narrow(token_axis, start, length) for tensor in (k, v))
        parts.append(sageattention.sageattn(q, half_k, half_v, return_lse=True, **case.options))
    lse = torch.logaddexp(parts[0][1], parts[1][1])
    merged = 0
    for output, part_lse in parts:
        weight = (part_lse - lse).exp()[..., None]
        merged = merged + output * (weight if case.tensor_layout == "HND" else weight.transpose(1, 2))
    assert_accurate(case, merged, lse, q, k, v)


@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
def test_without_keys_every_row_is_zero(sageattention, tensor_layout):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=5, len_kv=0, head_dim_v=24, tensor_layout=tensor_layout)
    output, lse = sageattention.sageattn(*case.make_inputs(), tensor_layout=tensor_layout, return_lse=True)
    assert torch.equal(output, torch.zeros(case.output_shape, dtype=torch.float16))
    assert torch.equal(lse, torch.full((2, 4, 5), -torch.inf))


def test_sm_scale_defaults_to_the_root_of_head_dim(sageattention):
    q, k, v = Case(len_q=9, len_kv=70, head_dim=128).make_inputs()
    assert torch.equal(sageattention.sageattn(q, k, v), sageattention.sageattn(q, k, v, sm_scale=128**-0.5))


def test_inputs_are_not_written(sageattention):
    q, k, v = Case(len_q=9, len_kv=70).make_inputs()
    copies = [tensor.clone() for tensor in (q, k, v)]
    sageattention.sageattn(q, k, v, is_causal=True)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip((q, k, v), copies))


def test_accuracy_is_that_of_the_published_kernels(sageattention):
    """N(0, 1), N = 2048, D = 128: the reference implementation reaches relative L1 0.0114, cosine 0.99993."""
    case = Case(heads_q=2, heads_kv=2, len_q=2048, len_kv=2048, head_dim=128)
    q, k, v = case.make_inputs()
    errors = Errors.between(sageattention.sageattn(q, k, v), exact_attention(q, k, v)[0])
    assert errors.relative_l1 <= 0.0114
    assert errors.cosine >= 0.99993


@pytest.mark.parametrize("return_lse", [False, True])
@pytest.mark.parametrize("sizes", [{"len_q": 0}, {"batch": 0}, {"len_q": 0, "len_kv": 0}])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_an_empty_query_has_an_empty_result(sageattention, device, sizes, return_lse):
    q, k, v = Case(**{"len_kv": 7, **sizes}).make_inputs(device)
    result = sageattention.sageattn(q, k, v, return_lse=return_lse)
    output = result[0] if return_lse else result
    assert output.shape == q.shape
    assert not return_lse or result[1].shape == q.shape[:3]
