"""sageattn3_varlen(): packed sequences agree with a call for each, and bad lengths are refused."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTHS = st.lists(st.tuples(st.integers(0, 140), st.integers(0, 150)), min_size=1, max_size=5)


def cumulative(lengths, dtype=torch.int32):
    return torch.tensor([0, *lengths]).cumsum(0).to(dtype)


def pack(lengths_q, lengths_k, dtype=torch.float16, seed=0):
    """Four query heads, two key heads, head_dim 32, 48 of v."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (sum(lengths_q), 4, 32), (sum(lengths_k), 2, 32), (sum(lengths_k), 2, 48)
    return tuple(torch.randn(size, generator=generator).to(dtype) for size in sizes)


@settings(max_examples=40, deadline=None)
@given(
    lengths=LENGTHS,
    is_causal=st.booleans(),
    causal_alignment=st.sampled_from(["top_left", "bottom_right"]),
    per_block_mean=st.booleans(),
    sm_scale=st.sampled_from([None, 0.1]),
    mask_dtype=st.sampled_from([None, torch.bool, torch.float32]),
    index_dtype=st.sampled_from([torch.int32, torch.int64]),
    dtype=st.sampled_from([torch.float16, torch.bfloat16]),
    seed=st.integers(0, 1000),
)
def test_a_pack_is_a_call_for_each_sequence(
    sageattn3, lengths, is_causal, causal_alignment, per_block_mean, sm_scale, mask_dtype, index_dtype, dtype, seed
):
    lengths_q, lengths_k = zip(*lengths)
    q, k, v = pack(lengths_q, lengths_k, dtype=dtype, seed=seed)
    cu_q, cu_k = cumulative(lengths_q, index_dtype), cumulative(lengths_k, index_dtype)
    longest_q, longest_k = max(lengths_q), max(lengths_k) + 3
    options = {"is_causal": is_causal, "causal_alignment": causal_alignment, "sm_scale": sm_scale,
               "per_block_mean": per_block_mean, "return_lse": True}  # fmt: skip
    mask = None
    if mask_dtype is not None:
        mask = torch.randn(len(lengths), 1, longest_q, longest_k, generator=torch.Generator().manual_seed(seed))
        mask = mask > 0 if mask_dtype == torch.bool else mask
    output, lse = sageattn3.sageattn3_varlen(q, k, v, cu_q, cu_k, longest_q, longest_k, attn_mask=mask, **options)
    assert output.shape == (*q.shape[:2], v.shape[-1])
    assert output.dtype == dtype
    assert lse.shape == (q.shape[1], q.shape[0])
    for i, (len_q, len_k) in enumerate(lengths):
        queries, keys = slice(cu_q[i], cu_q[i + 1]), slice(cu_k[i], cu_k[i + 1])
        expected, expected_lse = sageattn3.sageattn3_blackwell(
            q[queries][None], k[keys][None], v[keys][None], tensor_layout="NHD",
            attn_mask=None if mask is None else mask[i : i + 1, :, :len_q, :len_k], **options,
        )  # fmt: skip
        assert torch.equal(output[queries], expected[0])
        assert torch.equal(lse[:, queries], expected_lse[0])


def test_tokens_behind_the_last_sequence(sageattn3):
    q, k, v = pack([10], [20])
    output, lse = sageattn3.sageattn3_varlen(q, k, v, cumulative([6]), cumulative([20]), 6, 20, return_lse=True)
    assert output[:6].any()
    assert not output[6:].any()
    assert torch.equal(lse[:, 6:], torch.full((4, 4), -math.inf))


def test_compiles_into_one_graph(sageattn3):
    torch._dynamo.reset()
    compiled = torch.compile(sageattn3.sageattn3_varlen, fullgraph=True, backend="aot_eager")
    arguments = (*pack([10, 5], [20, 3]), cumulative([10, 5]), cumulative([20, 3]), 10, 20)
    assert torch.equal(compiled(*arguments), sageattn3.sageattn3_varlen(*arguments))


REFUSED = {
    "decreasing": ({"cu_seqlens_q": torch.tensor([0, 8, 5])}, ValueError, "cu_seqlens_q is [0, 8, 5]"),
    "too long": ({"cu_seqlens_k": torch.tensor([0, 8, 99])}, ValueError, "at most 23 (the tokens of k)"),
    "longest": ({"max_seqlen_q": 9}, ValueError, "max_seqlen_q is 9 but cu_seqlens_q holds a sequence of 10 tokens"),
    "dtype": (
        {"cu_seqlens_q": torch.tensor([0.0, 10, 15])},
        TypeError,
        "cu_seqlens_q has dtype float32; expected int32",
    ),
    "no entry": ({"cu_seqlens_q": torch.tensor([], dtype=torch.int32)}, ValueError, "cu_seqlens_q is empty; expected"),
    "negative": ({"max_seqlen_k": -1}, ValueError, "max_seqlen_k is -1; expected the length of the longest"),
    "flag": ({"max_seqlen_q": True}, TypeError, "max_seqlen_q is True (bool); expected an integer"),
    "sparse": ({"cu_seqlens_q": torch.tensor([0, 10, 15]).to_sparse()}, ValueError, "cu_seqlens_q is a Sparse tensor"),
    "a list": ({"cu_seqlens_q": [0, 10, 15]}, TypeError, "cu_seqlens_q is [0, 10, 15] (list); expected a torch.Tensor"),
    "rank of q": ({"q": torch.zeros(1, 15, 4, 32).half()}, ValueError, "sageattn3: q has 4 dimensions"),
}


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_arguments(sageattn3, changes, error, message):
    q, k, v = pack([10, 5], [20, 3])
    good = {"q": q, "k": k, "v": v, "cu_seqlens_q": cumulative([10, 5]), "cu_seqlens_k": cumulative([20, 3])}
    arguments = {**good, "max_seqlen_q": 10, "max_seqlen_k": 20, **changes}
    with pytest.raises(error, match=re.escape(message)):
        sageattn3.sageattn3_varlen(**arguments)
