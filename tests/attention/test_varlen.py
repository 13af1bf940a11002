"""sageattn_varlen(): packed sequences agree with a call for each, and bad lengths are refused."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTHS = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 150)), min_size=1, max_size=5)


def cumulative(lengths, dtype=torch.int32):
    return torch.tensor([0, *lengths]).cumsum(0).to(dtype)


def pack(lengths_q, lengths_k, heads_q=4, heads_kv=2, head_dim=32, head_dim_v=48, dtype=torch.float16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sizes = (
        (sum(lengths_q), heads_q, head_dim),
        (sum(lengths_k), heads_kv, head_dim),
        (sum(lengths_k), heads_kv, head_dim_v),
    )
    return tuple(torch.randn(size, generator=generator).to(dtype) for size in sizes)


@settings(max_examples=60, deadline=None)
@given(
    lengths=LENGTHS,
    is_causal=st.booleans(),
    causal_alignment=st.sampled_from(["top_left", "bottom_right"]),
    smooth_k=st.booleans(),
    sm_scale=st.sampled_from([None, 0.1]),
    mask_dtype=st.sampled_from([None, torch.bool, torch.float32]),
    index_dtype=st.sampled_from([torch.int32, torch.int64]),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32]),
    seed=st.integers(0, 1000),
)
def test_a_pack_is_a_call_for_each_sequence(
    sageattention, lengths, is_causal, causal_alignment, smooth_k, sm_scale, mask_dtype, index_dtype, dtype, seed
):
    lengths_q, lengths_k = zip(*lengths)
    q, k, v = pack(lengths_q, lengths_k, dtype=dtype, seed=seed)
    cu_q, cu_k = cumulative(lengths_q, index_dtype), cumulative(lengths_k, index_dtype)
    longest_q, longest_k = max(lengths_q), max(lengths_k) + 3
    options = {"is_causal": is_causal, "causal_alignment": causal_alignment, "sm_scale": sm_scale}
    mask = None
    if mask_dtype is not None:
        mask = torch.randn(len(lengths), 1, longest_q, longest_k, generator=torch.Generator().manual_seed(seed))
        mask = mask > 0 if mask_dtype == torch.bool else mask
    output, lse = sageattention.sageattn_varlen(
        q, k, v, cu_q, cu_k, longest_q, longest_k, smooth_k=smooth_k, return_lse=True, attn_mask=mask, **options
    )
    assert output.shape == (*q.shape[:2], v.shape[-1])
    assert output.dtype == dtype
    assert lse.shape == (q.shape[1], q.shape[0])
    for i, (len_q, len_k) in enumerate(lengths):
        queries, keys = slice(cu_q[i], cu_q[i + 1]), slice(cu_k[i], cu_k[i + 1])
        expected, expected_lse = sageattention.sageattn_qk_int8_pv_fp16_cuda(
            q[queries][None], k[keys][None], v[keys][None], tensor_layout="NHD", smooth_k=smooth_k, return_lse=True,
            attn_mask=None if mask is None else mask[i : i + 1, :, :len_q, :len_k], **options,
        )  # fmt: skip
        assert torch.equal(output[queries], expected[0])
        assert torch.equal(lse[:, queries], expected_lse[0])


@pytest.mark.parametrize(
    "options", [("fp8", "per_warp", "fp32+fp32"), ("fp16", "per_thread", "fp16"), ("fp16", "per_warp", "fp16+fp32")]
)
def test_every_kernel_takes_packs(sageattention, options):
    q, k, v = pack([10, 40], [70, 30])
    lengths = cumulative([10, 40]), cumulative([70, 30])
    output, lse = torch.ops.sageattention.attention_varlen(
        q, k, v, *lengths, 40, 70, return_lse=True, smooth_v=True, kernel_family=options[0], qk_quant_gran=options[1],
        pv_accum_dtype=options[2],
    )  # fmt: skip
    for queries, keys in ((slice(0, 10), slice(0, 70)), (slice(10, 50), slice(70, 100))):
        parts = (tensor[rows][None] for tensor, rows in ((q, queries), (k, keys), (v, keys)))
        expected, expected_lse = torch.ops.sageattention.attention(
            *parts, "NHD", False, None, True, None, "top_left", True, True, *options
        )
        assert torch.equal(output[queries], expected[0])
        assert torch.equal(lse[:, queries], expected_lse[0])


def test_tokens_behind_the_last_sequence(sageattention):
    q, k, v = pack([10], [20])
    lengths = cumulative([6]), cumulative([20])
    output, lse = sageattention.sageattn_varlen(q, k, v, *lengths, 6, 20, return_lse=True)
    assert output[:6].any()
    assert not output[6:].any()
    assert torch.equal(lse[:, 6:], torch.full((4, 4), -math.inf))


def test_shapes_are_known_without_computing(sageattention):
    q, k, v = (tensor.to("meta") for tensor in pack([10, 5], [20, 3]))
    lengths = (cumulative([10, 5]).to("meta"), cumulative([20, 3]).to("meta"))
    output, lse = sageattention.sageattn_varlen(q, k, v, *lengths, 10, 20, return_lse=True)
    assert output.shape == (15, 4, 48)
    assert lse.shape == (4, 15)


def test_compiles_into_one_graph(sageattention):
    torch._dynamo.reset()
    compiled = torch.compile(sageattention.sageattn_varlen, fullgraph=True, backend="aot_eager")
    arguments = (*pack([10, 5], [20, 3]), cumulative([10, 5]), cumulative([20, 3]), 10, 20)
    assert torch.equal(compiled(*arguments), sageattention.sageattn_varlen(*arguments))


def test_gradients_are_refused(sageattention):
    q, k, v = pack([10], [20])
    output = sageattention.sageattn_varlen(q.requires_grad_(), k, v, cumulative([10]), cumulative([20]), 10, 20)
    with pytest.raises(NotImplementedError, match="no gradient"):
        output.sum().backward()


def test_tangents_are_refused(sageattention):
    q, k, v = pack([10], [20])
    lengths = cumulative([10]), cumulative([20])
    with pytest.raises(NotImplementedError, match="no gradient"):
        torch.func.jvp(lambda v: sageattention.sageattn_varlen(q, k, v, *lengths, 10, 20), (v,), (v,))


REFUSED = {
    "decreasing": ({"cu_seqlens_q": torch.tensor([0, 8, 5])}, ValueError, "cu_seqlens_q is [0, 8, 5]"),
    "start": ({"cu_seqlens_k": torch.tensor([1, 8, 9])}, ValueError, "cu_seqlens_k is [1, 8, 9]; expected 0"),
    "too long": ({"cu_seqlens_k": torch.tensor([0, 8, 99])}, ValueError, "at most 23 (the tokens of k)"),
    "longest": ({"max_seqlen_q": 9}, ValueError, "max_seqlen_q is 9 but cu_seqlens_q holds a sequence of 10 tokens"),
    "counts": (
        {"cu_seqlens_q": torch.tensor([0, 15])},
        ValueError,
        "cu_seqlens_k has 3 entries but cu_seqlens_q has 2",
    ),
    "dtype": (
        {"cu_seqlens_q": torch.tensor([0.0, 10, 15])},
        TypeError,
        "cu_seqlens_q has dtype float32; expected int32 or int64",
    ),
    "no entry": ({"cu_seqlens_q": torch.tensor([], dtype=torch.int32)}, ValueError, "cu_seqlens_q is empty; expected"),
    "negative": ({"max_seqlen_k": -1}, ValueError, "max_seqlen_k is -1; expected the length of the longest"),
    "sparse": (
        {"cu_seqlens_k": torch.tensor([0, 20, 23]).to_sparse()},
        ValueError,
        "cu_seqlens_k is a Sparse tensor on cpu",
    ),
    "rank": ({"cu_seqlens_q": torch.zeros(1, 3, dtype=torch.int32)}, ValueError, "cu_seqlens_q has shape [1, 3]"),
    "a list": ({"cu_seqlens_q": [0, 10, 15]}, TypeError, "cu_seqlens_q is [0, 10, 15] (list); expected a torch.Tensor"),
    "longest bool": ({"max_seqlen_k": True}, TypeError, "max_seqlen_k is True (bool); expected an integer"),
    "longest type": ({"max_seqlen_k": 20.0}, TypeError, "max_seqlen_k is 20.0 (float)"),
    "rank of q": ({"q": torch.zeros(1, 15, 4, 32)}, ValueError, "q has 4 dimensions"),
    "mask": ({"attn_mask": torch.ones(3, 1, 10, 20)}, ValueError, "attn_mask has shape [3, 1, 10, 20]"),
    "alignment": ({"causal_alignment": "left"}, ValueError, "causal_alignment is 'left'"),
}


# Nothing but the values of the lengths, which stay on the device, escapes the shape function.
NEEDS_VALUES = ("decreasing", "start", "too long", "longest")


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in (*NEEDS_VALUES, "sparse")])
def test_refused_arguments_without_values(sageattention, name):
    changes, error, message = REFUSED[name]
    q, k, v = pack([10, 5], [20, 3])
    good = {"q": q, "k": k, "v": v, "cu_seqlens_q": cumulative([10, 5]), "cu_seqlens_k": cumulative([20, 3])}
    arguments = {**good, "max_seqlen_q": 10, "max_seqlen_k": 20, **changes}
    for argument, value in arguments.items():
        if isinstance(value, torch.Tensor):
            arguments[argument] = value.to("meta")
    with pytest.raises(error, match=re.escape(message)):
        sageattention.sageattn_varlen(**arguments)


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_arguments(sageattention, changes, error, message):
    q, k, v = pack([10, 5], [20, 3])
    good = {"q": q, "k": k, "v": v, "cu_seqlens_q": cumulative([10, 5]), "cu_seqlens_k": cumulative([20, 3])}
    arguments = {**good, "max_seqlen_q": 10, "max_seqlen_k": 20, **changes}
    with pytest.raises(error, match=re.escape(message)):
        sageattention.sageattn_varlen(**arguments)
