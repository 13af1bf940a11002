"""Bad input: the kind of error, the argument it names and the values it shows, on every device."""

from __future__ import annotations

import re

import pytest
import torch


def tensor(*shape, dtype=torch.float16, device="cpu"):
    return torch.zeros(shape, dtype=dtype, device=device)


Q, K, V = (2, 4, 10, 64), (2, 2, 7, 64), (2, 2, 7, 64)

# Name: shapes or dtypes that replace the good ones, further arguments, error, words of its message in order.
SHAPES = {
    "q of rank 3": ({"q": (4, 10, 64)}, ValueError, ["q has 3 dimensions", "[4, 10, 64]", "expected 4"]),
    "k of rank 5": ({"k": (1, *K)}, ValueError, ["k has 5 dimensions", "expected 4"]),
    "v of rank 2": ({"v": (7, 64)}, ValueError, ["v has 2 dimensions", "expected 4"]),
    "batch of k": ({"k": (3, 2, 7, 64)}, ValueError, ["k has 3 batch entries", "q has 2"]),
    "batch of v": ({"v": (1, 2, 7, 64)}, ValueError, ["v has 1 batch entries", "q has 2"]),
    "heads of v": ({"v": (2, 4, 7, 64)}, ValueError, ["v has 4 heads", "k has 2"]),
    "tokens of v": ({"v": (2, 2, 8, 64)}, ValueError, ["v has 8 tokens", "k has 7"]),
    "heads of q": ({"q": (2, 5, 10, 64)}, ValueError, ["k and v have 2 heads", "q has 5", "multiple"]),
    "no heads": ({"k": (2, 0, 7, 64), "v": (2, 0, 7, 64)}, ValueError, ["k and v have 0 heads", "q has 4", "multiple"]),
    "head_dim of k": ({"k": (2, 2, 7, 128)}, ValueError, ["k has 128 channels (head_dim)", "q has 64"]),
    "head_dim 257": (
        {"q": (2, 4, 10, 257), "k": (2, 2, 7, 257)},
        ValueError,
        ["q and k have head_dim 257", "expected 1 to 256"],
    ),
    "head_dim 0": ({"q": (2, 4, 10, 0), "k": (2, 2, 7, 0)}, ValueError, ["q and k have head_dim 0", "1 to 256"]),
    "head_dim 300 of v": ({"v": (2, 2, 7, 300)}, ValueError, ["v has head_dim 300", "expected 1 to 256"]),
    "mask of rank 5": ({"attn_mask": (1, 2, 4, 10, 7)}, ValueError, ["attn_mask has shape [1, 2, 4, 10, 7]"]),
    "mask of other queries": (
        {"attn_mask": (2, 1, 9, 7)},
        ValueError,
        ["attn_mask has shape [2, 1, 9, 7]", "[batch, q heads, q tokens, k tokens] = [2, 4, 10, 7]"],
    ),
    "mask of key heads": ({"attn_mask": (2, 2, 10, 7)}, ValueError, ["attn_mask has shape [2, 2, 10, 7]", "[2, 4, 10"]),
}


def message_pattern(words):
    return "(?s)" + ".*".join(re.escape(word) for word in words)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("shapes", "error", "words"), SHAPES.values(), ids=SHAPES.keys())
def test_shapes(sageattention, device, shapes, error, words):
    arguments = {name: tensor(*shape, device=device) for name, shape in {"q": Q, "k": K, "v": V, **shapes}.items()}
    with pytest.raises(error, match=message_pattern(words)):
        sageattention.sageattn(**arguments)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_channels_must_be_contiguous(sageattention, device, name):
    arguments = {"q": tensor(*Q, device=device), "k": tensor(*K, device=device), "v": tensor(*V, device=device)}
    transposed = arguments[name].transpose(2, 3).contiguous().transpose(2, 3)
    words = [f"{name} has stride {transposed.stride(-1)}", "last dimension", "expected 1", ".contiguous()"]
    with pytest.raises(ValueError, match=message_pattern(words)):
        sageattention.sageattn(**{**arguments, name: transposed})


def test_a_single_channel_has_any_stride(sageattention):
    """.contiguous(), the advice for other strides, leaves this one as it is."""
    q, k, v = torch.randn(*Q[:3], 1).half(), torch.randn(*K[:3], 1).half(), torch.randn(*V).half()
    strided = torch.empty_strided(q.shape, (*q.stride()[:3], 9), dtype=q.dtype).copy_(q)
    assert strided.contiguous().stride(-1) == 9
    assert torch.equal(sageattention.sageattn(strided, k, v), sageattention.sageattn(q, k, v))


DTYPES = {
    "fp64": (
        {"q": torch.float64, "k": torch.float64, "v": torch.float64},
        ["q has dtype float64", "float16, bfloat16 or float32"],
    ),
    "k fp32": ({"k": torch.float32}, ["k has dtype float32", "q has float16"]),
    "v bf16": ({"v": torch.bfloat16}, ["v has dtype bfloat16", "q has float16"]),
    "integers": ({"q": torch.int64}, ["q has dtype int64", "float16, bfloat16 or float32"]),
    "mask fp64": ({"attn_mask": torch.float64}, ["attn_mask has dtype float64", "expected bool", "float32"]),
    "mask integers": ({"attn_mask": torch.uint8}, ["attn_mask has dtype uint8", "expected bool"]),
}


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("dtypes", "words"), DTYPES.values(), ids=DTYPES.keys())
def test_dtypes(sageattention, device, dtypes, words):
    arguments = {
        name: tensor(*shape, dtype=dtypes.get(name, torch.float16), device=device)
        for name, shape in {"q": Q, "k": K, "v": V, "attn_mask": (10, 7)}.items()
    }
    with pytest.raises(TypeError, match=message_pattern(words)):
        sageattention.sageattn(**arguments)


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        ("k", ["k is on meta", "q is on cpu"]),
        ("q", ["is on", "q is on"]),
        ("attn_mask", ["attn_mask is on meta", "q is on cpu"]),
    ],
)
def test_devices(sageattention, elsewhere, words):
    arguments = {"q": tensor(*Q), "k": tensor(*K), "v": tensor(*V), "attn_mask": tensor(10, 7)}
    arguments[elsewhere] = arguments[elsewhere].to("meta")
    with pytest.raises(ValueError, match=message_pattern(words)):
        sageattention.sageattn(**arguments)


@pytest.mark.parametrize("name", ["q", "k", "v", "attn_mask"])
def test_sparse_tensors(sageattention, name):
    inputs = {"q": tensor(*Q), "k": tensor(*K), "v": tensor(*V), "attn_mask": tensor(10, 7)}
    inputs[name] = inputs[name].to_sparse()
    with pytest.raises(ValueError, match=rf"{name} is a Sparse tensor on cpu; expected an ordinary"):
        sageattention.sageattn(**inputs)


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_nested_tensors(sageattention, name):
    """Sequences of different lengths: there is a function for them."""
    inputs = {"q": tensor(*Q), "k": tensor(*K), "v": tensor(*V)}
    inputs[name] = torch.nested.nested_tensor([tensor(2, 7, 64), tensor(2, 5, 64)], layout=torch.jagged)
    for function in (sageattention.sageattn, sageattention.explain):
        with pytest.raises(ValueError, match=rf"{name} is a nested tensor; expected an ordinary .* cu_seqlens"):
            function(**inputs)


OPTIONS = {
    "layout": ({"tensor_layout": "BHSD"}, ValueError, ["tensor_layout is 'BHSD'", "'HND'", "'NHD'"]),
    "layout type": ({"tensor_layout": 0}, TypeError, ["tensor_layout is 0 (int)", "'HND' or 'NHD'"]),
    "scale nan": ({"sm_scale": float("nan")}, ValueError, ["sm_scale is nan", "finite"]),
    "scale beyond fp32": ({"sm_scale": 1e300}, ValueError, ["sm_scale is 1e+300", "finite"]),
    "scale inf": ({"sm_scale": float("-inf")}, ValueError, ["sm_scale is -inf", "finite"]),
    "scale type": ({"sm_scale": "0.1"}, TypeError, ["sm_scale is '0.1' (str)", "a number or None"]),
    "scale bool": ({"sm_scale": True}, TypeError, ["sm_scale is True (bool)", "a number or None"]),
    "causal type": ({"is_causal": 1}, TypeError, ["is_causal is 1 (int)", "True or False"]),
    "lse type": ({"return_lse": "no"}, TypeError, ["return_lse is 'no' (str)", "True or False"]),
    "unknown": ({"window": 3}, TypeError, ["window"]),
    "mask as the 4th argument of SDPA": (
        {"tensor_layout": torch.ones(10, 7)},
        TypeError,
        ["tensor_layout is tensor(", "'HND' or 'NHD'", "attn_mask="],
    ),
    "mask type": ({"attn_mask": [True]}, TypeError, ["attn_mask is [True] (list)", "torch.Tensor or None"]),
    "alignment": (
        {"causal_alignment": "left"},
        ValueError,
        ["causal_alignment is 'left'", "'top_left'", "'bottom_right'"],
    ),
    "alignment type": ({"causal_alignment": None}, TypeError, ["causal_alignment is None", "'top_left'"]),
    "both scales": ({"sm_scale": 0.1, "scale": 0.2}, TypeError, ["sm_scale is 0.1 and scale is 0.2", "one of them"]),
    "scale inf by its other name": ({"scale": float("inf")}, ValueError, ["sm_scale is inf", "finite"]),
    "dropout": ({"dropout_p": 0.1}, ValueError, ["dropout_p is 0.1", "expected 0.0", "inference"]),
    "dropout type": ({"dropout_p": None}, TypeError, ["dropout_p is None", "expected 0.0"]),
    "gqa type": ({"enable_gqa": 1}, TypeError, ["enable_gqa is 1 (int)", "True or False"]),
}


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("options", "error", "words"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options(sageattention, device, options, error, words):
    arguments = (tensor(*Q, device=device), tensor(*K, device=device), tensor(*V, device=device))
    with pytest.raises(error, match=message_pattern(words)):
        sageattention.sageattn(*arguments, **options)


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_arguments_that_are_not_tensors(sageattention, name):
    arguments = {"q": tensor(*Q), "k": tensor(*K), "v": tensor(*V), name: [[1.0]]}
    with pytest.raises(TypeError, match=message_pattern([f"{name} is [[1.0]] (list)", "torch.Tensor"])):
        sageattention.sageattn(**arguments)


@pytest.mark.parametrize("sm_scale", [1, 0, -2.5])
def test_any_real_number_is_a_scale(sageattention, sm_scale):
    output = sageattention.sageattn(tensor(*Q), tensor(*K), tensor(*V), sm_scale=sm_scale)
    assert not output.any()
