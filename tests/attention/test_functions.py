"""All six public functions: their contract with existing clients, and every option against float64."""

from __future__ import annotations

import inspect
import re

import pytest
import torch
from attention.helpers import Case, assert_accurate, exact_attention
from hypothesis import given, settings
from hypothesis import strategies as st

# What clients call, by position and by keyword. Behind the "*": by keyword only.
SIGNATURES = {
    "sageattn": "q, k, v, tensor_layout='HND', is_causal=False, sm_scale=None, return_lse=False, *, attn_mask=None, "
    "scale=None, dropout_p=0.0, enable_gqa=False, smooth_k=True",
    "sageattn_varlen": "q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, is_causal=False, "
    "sm_scale=None, smooth_k=True, *, return_lse=False, attn_mask=None",
    "sageattn_qk_int8_pv_fp16_triton": "q, k, v, tensor_layout='HND', quantization_backend='triton', is_causal=False, "
    "attn_mask=None, sm_scale=None, smooth_k=True, return_lse=False, *",
    "sageattn_qk_int8_pv_fp16_cuda": "q, k, v, tensor_layout='HND', is_causal=False, qk_quant_gran='per_thread', "
    "sm_scale=None, pv_accum_dtype='fp32', smooth_k=True, smooth_v=False, return_lse=False, *, attn_mask=None",
    "sageattn_qk_int8_pv_fp8_cuda": "q, k, v, tensor_layout='HND', is_causal=False, qk_quant_gran='per_thread', "
    "sm_scale=None, pv_accum_dtype='fp32+fp16', smooth_k=True, smooth_v=False, return_lse=False, *, attn_mask=None",
    "sageattn_qk_int8_pv_fp8_cuda_sm90": "q, k, v, tensor_layout='HND', is_causal=False, qk_quant_gran='per_thread', "
    "sm_scale=None, pv_accum_dtype='fp32+fp32', smooth_k=True, return_lse=False, *, attn_mask=None",
}
GRANULARITIES = ["per_thread", "per_warp"]
# Function, the options it has of its own, how its values are stored.
VARIANTS = [
    *(
        ("fp16_cuda", {"pv_accum_dtype": accumulators, "qk_quant_gran": granularity, "smooth_v": smooth_v}, "16-bit")
        for accumulators in ("fp32", "fp16", "fp16+fp32")
        for granularity in GRANULARITIES
        for smooth_v in (False, True)
    ),
    *(
        ("fp8_cuda", {"pv_accum_dtype": accumulators, "qk_quant_gran": granularity, "smooth_v": smooth_v}, "fp8")
        for accumulators in ("fp32+fp16", "fp32+fp32", "fp32")
        for granularity in GRANULARITIES
        for smooth_v in (False, True)
    ),
    *(
        ("fp8_cuda_sm90", {"pv_accum_dtype": accumulators, "qk_quant_gran": granularity}, "fp8")
        for accumulators in ("fp32+fp32", "fp32")
        for granularity in GRANULARITIES
    ),
    *(("fp16_triton", {"quantization_backend": backend}, "16-bit") for backend in ("triton", "cuda")),
]


def variant(sageattention, name):
    return getattr(sageattention, f"sageattn_qk_int8_pv_{name}")


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(sageattention, name):
    spellings = "" if name == "sageattn_varlen" else ", **spellings"
    expected = f"({SIGNATURES[name]}, causal_alignment='top_left'{spellings})"
    assert str(inspect.signature(getattr(sageattention, name))) == expected
    assert name in sageattention.__all__


@settings(max_examples=150, deadline=None)
@given(
    chosen=st.sampled_from(VARIANTS),
    smooth_k=st.booleans(),
    case=st.builds(
        Case,
        batch=st.integers(1, 2),
        heads_q=st.just(4),
        heads_kv=st.sampled_from([1, 2, 4]),
        len_q=st.integers(1, 100),
        len_kv=st.integers(1, 200),
        head_dim=st.sampled_from([16, 64, 96, 128]),
        head_dim_v=st.sampled_from([None, 40, 128]),
        tensor_layout=st.sampled_from(["HND", "NHD"]),
        dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32]),
        is_causal=st.booleans(),
        causal_alignment=st.sampled_from(["top_left", "bottom_right"]),
        mask_dtype=st.sampled_from([None, torch.bool, torch.float32]),
        mask_axes=st.sampled_from(["bhqk", "b11k", "qk"]),
        seed=st.integers(0, 1000),
    ),
)
def test_every_option_agrees_with_float64(sageattention, chosen, smooth_k, case):
    name, options, values = chosen
    q, k, v = case.make_inputs()
    mask = case.make_mask()
    function = variant(sageattention, name)
    output, lse = function(q, k, v, return_lse=True, attn_mask=mask, smooth_k=smooth_k, **options, **case.options)
    granularity = options.get("qk_quant_gran", "per_thread")
    assert_accurate(case, output, lse, q, k, v, mask, values, granularity)


def test_options_change_the_numerics(sageattention):
    """Each does something: no two variants round alike. (Accumulators are all fp32 in the emulation.)"""
    q, k, v = Case(len_q=70, len_kv=130, dtype=torch.bfloat16).make_inputs()
    k, v = k + 1, v + 1
    calls = {
        "default": ("fp16_cuda", {}),
        "no smooth_k": ("fp16_cuda", {"smooth_k": False}),
        "smooth_v": ("fp16_cuda", {"smooth_v": True}),
        "per_warp": ("fp16_cuda", {"qk_quant_gran": "per_warp"}),
        "fp16": ("fp16_cuda", {"pv_accum_dtype": "fp16"}),
        "fp8": ("fp8_cuda", {"pv_accum_dtype": "fp32+fp32"}),
        "fp8, smooth_v": ("fp8_cuda", {"pv_accum_dtype": "fp32+fp32", "smooth_v": True}),
        "fp8, per_warp": ("fp8_cuda", {"pv_accum_dtype": "fp32+fp32", "qk_quant_gran": "per_warp"}),
        "sm90, per_warp": ("fp8_cuda_sm90", {"qk_quant_gran": "per_warp"}),
    }
    results = {what: variant(sageattention, name)(q, k, v, **options) for what, (name, options) in calls.items()}
    names = list(results)
    same = [(a, b) for i, a in enumerate(names) for b in names[:i] if torch.equal(results[a], results[b])]
    assert same == []


@pytest.mark.parametrize(
    ("name", "option"), [("fp16_cuda", "smooth_k"), ("fp8_cuda", "smooth_k"), ("fp8_cuda", "smooth_v")]
)
def test_smoothing_pays(sageattention, name, option):
    """Keys or values with a common offset lose most digits of INT8 or FP8 without smoothing."""
    q, k, v = Case(len_q=100, len_kv=200).make_inputs()
    k, v = (k + 50, v) if option == "smooth_k" else (k, v + 20)
    expected = exact_attention(q, k, v)[0]

    def error(**options):
        return (variant(sageattention, name)(q, k, v, **options) - expected).abs().mean()

    assert error(**{option: True}) < 0.5 * error(**{option: False})


def test_sageattn_smooths_as_it_sees_fit(sageattention):
    q, k, v = Case(len_q=9, len_kv=70).make_inputs()
    assert torch.equal(sageattention.sageattn(q, k, v, smooth_k=False), sageattention.sageattn(q, k, v))


REFUSED = {
    "granularity": (
        "fp16_cuda",
        {"qk_quant_gran": "per_block"},
        ValueError,
        "qk_quant_gran is 'per_block'.*per_thread",
    ),
    "granularity type": ("fp8_cuda", {"qk_quant_gran": None}, TypeError, r"qk_quant_gran is None \(NoneType\)"),
    "fp16 accumulators": (
        "fp16_cuda",
        {"pv_accum_dtype": "fp32+fp16"},
        ValueError,
        "pv_accum_dtype is 'fp32.fp16'.*fp16 kernels know: .*fp32, fp16, fp16.fp32",
    ),
    "fp8 accumulators": ("fp8_cuda", {"pv_accum_dtype": "fp16"}, ValueError, "'fp16'.*fp32.fp16, fp32.fp32, fp32"),
    "sm90 accumulators": ("fp8_cuda_sm90", {"pv_accum_dtype": "fp32+fp16"}, ValueError, "fp8_sm90 kernels know"),
    "accumulator type": ("fp8_cuda", {"pv_accum_dtype": torch.float16}, TypeError, "pv_accum_dtype is torch.float16"),
    "backend": ("fp16_triton", {"quantization_backend": "rocm"}, ValueError, "quantization_backend is 'rocm'.*'cuda'"),
    "smooth_k type": ("fp16_triton", {"smooth_k": 1}, TypeError, r"smooth_k is 1 \(int\)"),
    "smooth_v type": ("fp16_cuda", {"smooth_v": "no"}, TypeError, r"smooth_v is 'no' \(str\)"),
    "smooth_v on sm90": ("fp8_cuda_sm90", {"smooth_v": True}, TypeError, "smooth_v"),
    "unknown": ("fp16_cuda", {"window": 3}, TypeError, "unexpected keyword argument 'window'.*softmax_scale, causal"),
    "dropout": ("fp8_cuda", {"dropout_p": 0.1}, ValueError, "dropout_p is 0.1; expected 0.0"),
    "dropout type": ("fp8_cuda", {"dropout_p": None}, TypeError, "dropout_p is None"),
    "both scales": ("fp8_cuda", {"sm_scale": 0.1, "softmax_scale": 0.2}, TypeError, "0.1 and softmax_scale is 0.2"),
    "both causalities": ("fp8_cuda", {"is_causal": True, "causal": False}, TypeError, "True and causal is False"),
    "causal type": ("fp16_triton", {"causal": 1}, TypeError, r"causal is 1 \(int\)"),
    "window": ("fp16_cuda", {"window_size": (128, 0)}, ValueError, r"window_size is \(128, 0\); expected \(-1, -1\)"),
    "softcap": ("fp16_cuda", {"softcap": 30.0}, ValueError, "softcap is 30.0; expected 0.0"),
    "slopes": ("fp8_cuda", {"alibi_slopes": torch.ones(1)}, ValueError, r"alibi_slopes is tensor\(.*expected None"),
    "softmax": ("fp8_cuda_sm90", {"return_softmax": True}, ValueError, "return_softmax is True; expected False"),
}


@pytest.mark.parametrize(("name", "options", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_options(sageattention, name, options, error, message):
    with pytest.raises(error, match=message):
        variant(sageattention, name)(*Case(len_q=3, len_kv=5).make_inputs(), **options)


# ---- In place of flash-attention ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SIGNATURES if name != "sageattn_varlen"])
@pytest.mark.parametrize("causal", [False, True])
def test_ring_attention_calls(sageattention, name, causal):
    """Ring attention passes flash-attention's keywords to whatever function was chosen."""
    q, k, v = Case(batch=2, heads_q=4, heads_kv=4, len_q=30, len_kv=50, tensor_layout="NHD").make_inputs()
    function = getattr(sageattention, name)
    expected = function(q, k, v, tensor_layout="NHD", is_causal=causal, sm_scale=0.2, return_lse=True)
    output = function(
        q, k, v, tensor_layout="NHD", return_lse=True, dropout_p=0, softmax_scale=0.2, causal=causal,
        window_size=(-1, -1), softcap=0.0, alibi_slopes=None, return_softmax=False,
    )  # fmt: skip
    assert all(torch.equal(actual, wanted) for actual, wanted in zip(output, expected))


# ---- In place of torch.nn.functional.scaled_dot_product_attention --------------------------------------------------


class Block(torch.nn.Module):
    """How models call it."""

    def forward(self, q, k, v, **options):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"is_causal": True},
        {"scale": 0.2},
        {"enable_gqa": True, "dropout_p": 0.0},
        {"attn_mask": torch.rand(2, 1, 30, 50) > 0.3, "dropout_p": 0, "is_causal": False, "scale": None},
        {"attn_mask": torch.randn(30, 50)},
    ],
)
@pytest.mark.parametrize("name", ["sageattn", "sageattn_qk_int8_pv_fp16_cuda", "sageattn_qk_int8_pv_fp8_cuda"])
def test_drop_in(sageattention, monkeypatch, name, options):
    case = Case(batch=2, heads_q=4, heads_kv=2 if options.get("enable_gqa") else 4, len_q=30, len_kv=50)
    q, k, v = case.make_inputs()
    expected = Block()(q.float(), k.float(), v.float(), **options)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", getattr(sageattention, name))
    output = Block()(q, k, v, **options)
    assert output.shape == expected.shape
    assert (output - expected).abs().mean() <= (0.06 if "fp8" in name else 0.02) * expected.abs().mean()


def test_drop_in_refuses_dropout(sageattention, monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", sageattention.sageattn)
    with pytest.raises(ValueError, match=re.escape("dropout_p is 0.5")):
        Block()(*Case().make_inputs(), dropout_p=0.5)
