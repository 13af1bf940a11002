"""Bad input: the kind of error and the values it shows. The checks of tensors are sageattention's own
(csrc/torch/shared, tests/attention/test_arguments.py); here is that they run, under this package's name."""

from __future__ import annotations

import inspect
import re

import pytest
import torch

Q, K, V = (2, 4, 10, 64), (2, 2, 7, 64), (2, 2, 7, 64)


# What clients call, by position and by keyword. Behind the "*": by keyword only.
SIGNATURES = {
    "sageattn3_blackwell": "q, k, v, attn_mask=None, is_causal=False, per_block_mean=True, *, sm_scale=None, "
    "return_lse=False, tensor_layout='HND', causal_alignment='top_left', **spellings",
    "sageattn3_varlen": "q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, is_causal=False, "
    "sm_scale=None, per_block_mean=True, *, return_lse=False, attn_mask=None, causal_alignment='top_left'",
    "preprocess_qkv": "q, k, v, per_block_mean=True",
    "scale_and_quant_fp4": "x",
    "scale_and_quant_fp4_permute": "x",
    "scale_and_quant_fp4_transpose": "x",
    "blockscaled_fp4_attn": "qlist, klist, vlist, delta_s, KL, is_causal=False, per_block_mean=True, is_bf16=True, *, "
    "sm_scale=None",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(sageattn3, name):
    assert str(inspect.signature(getattr(sageattn3, name))) == f"({SIGNATURES[name]})"
    assert name in sageattn3.__all__


def tensor(*shape, **options):
    return torch.zeros(shape, **{"dtype": torch.float16, **options})


REFUSED = {
    "rank": ({"q": tensor(4, 10, 64)}, ValueError, "sageattn3: q has 3 dimensions"),
    "batch": ({"k": tensor(3, 2, 7, 64)}, ValueError, "sageattn3: k has 3 batch entries but q has 2"),
    "heads": ({"q": tensor(2, 5, 10, 64)}, ValueError, "k and v have 2 heads but q has 5; expected a multiple"),
    "head_dim": ({"v": tensor(2, 2, 7, 300)}, ValueError, "v has head_dim 300; expected 1 to 256"),
    "dtype": ({"q": tensor(*Q, dtype=torch.float32)}, TypeError, "q has dtype float32; expected float16 or bfloat16"),
    "other dtype": ({"v": tensor(*V, dtype=torch.bfloat16)}, TypeError, "v has dtype bfloat16 but q has float16"),
    "strides": ({"k": tensor(2, 2, 64, 7).mT}, ValueError, "k has stride 7 in its last dimension"),
    "mask": ({"attn_mask": tensor(2, 1, 9, 7)}, ValueError, "attn_mask has shape [2, 1, 9, 7]"),
    "mask dtype": ({"attn_mask": tensor(7, dtype=torch.int32)}, TypeError, "attn_mask has dtype int32"),
    "device": ({"k": tensor(*K, device="meta")}, ValueError, "k is on meta but q is on cpu"),
    "scale": ({"sm_scale": float("nan")}, ValueError, "sm_scale is nan; expected a number that is finite"),
    "scale type": ({"sm_scale": "1"}, TypeError, "sageattn3: sm_scale is '1' (str); expected a number or None"),
    "layout": ({"tensor_layout": "BSHD"}, ValueError, "tensor_layout is 'BSHD'; expected 'HND'"),
    "alignment": ({"causal_alignment": "left"}, ValueError, "causal_alignment is 'left'; expected 'top_left'"),
    "flag": ({"per_block_mean": 1}, TypeError, "sageattn3: per_block_mean is 1 (int); expected True or False"),
    "causal": ({"is_causal": None}, TypeError, "is_causal is None (NoneType); expected True or False"),
    "array": ({"q": [1.0]}, TypeError, "q is [1.0] (list); expected a torch.Tensor"),
    "both scales": ({"sm_scale": 0.1, "scale": 0.2}, TypeError, "sageattn3: sm_scale is 0.1 and scale is 0.2"),
    "dropout": ({"dropout_p": 0.1}, ValueError, "sageattn3: dropout_p is 0.1; expected 0.0"),
    "gqa": ({"enable_gqa": 1}, TypeError, "sageattn3: enable_gqa is 1 (int); expected True or False"),
    "unknown": ({"smooth_k": True}, TypeError, "unexpected keyword argument 'smooth_k'"),
}


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(sageattn3, changes, error, message):
    arguments = {"q": tensor(*Q), "k": tensor(*K), "v": tensor(*V), **changes}
    with pytest.raises(error, match=re.escape(message)):
        sageattn3.sageattn3_blackwell(**arguments)


def test_a_nested_tensor_is_named(sageattn3):
    nested = torch.nested.nested_tensor([tensor(2, 7, 64), tensor(2, 5, 64)], layout=torch.jagged)
    for function in (sageattn3.sageattn3_blackwell, sageattn3.explain, sageattn3.preprocess_qkv):
        with pytest.raises(ValueError, match="sageattn3: v is a nested tensor; expected an ordinary"):
            function(tensor(*Q), tensor(*K), nested)


def test_a_sparse_mask_is_named(sageattn3):
    with pytest.raises(ValueError, match="sageattn3: attn_mask is a Sparse tensor on cpu; expected an ordinary"):
        sageattn3.sageattn3_blackwell(tensor(*Q), tensor(*K), tensor(*V), tensor(10, 7).to_sparse())


def test_a_sparse_tensor_is_named(sageattn3):
    with pytest.raises(ValueError, match="sageattn3: k is a Sparse tensor on cpu; expected an ordinary"):
        sageattn3.sageattn3_blackwell(tensor(*Q), tensor(*K).to_sparse(), tensor(*V))
