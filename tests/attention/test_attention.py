"""sageattn() on the CPU against float64, over shapes, layouts, strides, dtypes and options."""

from __future__ import annotations

import pytest
import torch
from attention.helpers import (
    STORAGES,
    Case,
    Errors,
    exact_attention,
    lse_tolerance,
    make_tensor,
    output_tolerance,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTHS = st.one_of(st.integers(1, 300), st.sampled_from([1, 2, 63, 64, 65, 127, 128, 129, 256]))


@st.composite
def cases(draw):
    heads_kv = draw(st.integers(1, 3))
    return Case(
        batch=draw(st.integers(1, 3)),
        heads_q=heads_kv * draw(st.sampled_from([1, 2, 3])),
        heads_kv=heads_kv,
        len_q=draw(LENGTHS),
        len_kv=draw(LENGTHS),
        head_dim=draw(st.sampled_from([64, 128])),
        tensor_layout=draw(st.sampled_from(["HND", "NHD"])),
        dtype=draw(st.sampled_from([torch.float16, torch.bfloat16])),
        is_causal=draw(st.booleans()),
        sm_scale=draw(st.sampled_from([None, -0.1, 1e-4, 0.02, 0.3])),
        storage=draw(st.sampled_from(STORAGES)),
        seed=draw(st.integers(0, 1000)),
    )


def assert_accurate(case, output, lse, q, k, v):
    expected, expected_lse = exact_attention(q, k, v, **case.options)
    assert Errors.between(output, expected).relative_l1 <= output_tolerance(case)
    assert (lse - expected_lse).abs().max() <= lse_tolerance(case)


@settings(max_examples=120, deadline=None)
@given(case=cases())
def test_agrees_with_float64(sageattention, case):
    q, k, v = case.make_inputs()
    output, lse = sageattention.sageattn(q, k, v, return_lse=True, **case.options)
    assert output.shape == q.shape
    assert output.dtype == q.dtype
    assert output.is_contiguous()
    assert lse.shape == (case.batch, case.heads_q, case.len_q)
    assert lse.dtype == torch.float32
    assert_accurate(case, output, lse, q, k, v)


@settings(max_examples=30, deadline=None)
@given(case=cases(), offset=st.sampled_from([4.0, -30.0]))
def test_a_common_offset_of_the_keys_costs_no_accuracy(sageattention, case, offset):
    q, k, v = case.make_inputs()
    shift = offset * torch.randn(case.head_dim, generator=torch.Generator().manual_seed(1))
    k = make_tensor(
        (k if case.tensor_layout == "HND" else k.transpose(1, 2)) + shift.to(k.dtype), case.tensor_layout, case.storage
    )
    output, lse = sageattention.sageattn(q, k, v, return_lse=True, **case.options)
    expected, expected_lse = exact_attention(q, k, v, **case.options)
    # Adding the offset rounds each key to its dtype: the spread of the keys that are left is a little larger.
    assert Errors.between(output, expected).relative_l1 <= 1.5 * output_tolerance(case)
    # The LSE holds q . offset, in fp32.
    bound = 1.5 * lse_tolerance(case) + 1e-5 * expected_lse.abs().max()
    assert (lse - expected_lse).abs().max() <= bound


@settings(max_examples=30, deadline=None)
@given(case=cases())
def test_halves_merge_by_lse(sageattention, case):
    """What ring attention does: the LSE has to belong to the output."""
    case = Case(**{**vars(case), "len_kv": case.len_kv + 1, "is_causal": False})
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
