"""The functions that clients run one by one: shapes, dtypes, and that they add up to attention."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from attention.helpers import Case, Errors, exact_attention
from fp4.published import quantized

CASE = Case(batch=2, heads_q=4, heads_kv=2, len_q=200, len_kv=150, head_dim=64, head_dim_v=40, dtype=torch.bfloat16)


@pytest.mark.parametrize("per_block_mean", [False, True])
def test_preprocessing_takes_from_the_scores_what_it_returns(sageattn3, per_block_mean):
    q, k, v = CASE.make_inputs()
    before = [tensor.clone() for tensor in (q, k, v)]
    smooth_q, smooth_k, same_v, delta_s = sageattn3.preprocess_qkv(q, k, v, per_block_mean)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip((q, k, v), before))
    assert (smooth_q.shape, smooth_k.shape, same_v.shape) == (q.shape, k.shape, v.shape)
    assert smooth_q.dtype == smooth_k.dtype == torch.bfloat16
    assert (delta_s.dtype, delta_s.shape) == (torch.float32, (2, 4, 2 if per_block_mean else 1, 150))
    keys = (k.double() - k.double().mean(dim=2, keepdim=True)).repeat_interleave(2, dim=1)
    taken = delta_s.repeat_interleave(128, dim=2)[:, :, :200] if per_block_mean else delta_s
    restored = smooth_q.double() @ keys.mT + taken
    # What is left is the rounding of the smoothed q to bf16.
    torch.testing.assert_close(restored, q.double() @ keys.mT, rtol=0.02, atol=0.2)


def test_quantization_is_nvfp4(sageattn3):
    x = torch.randn(2, 3, 37, 64).half()
    codes, scales = sageattn3.scale_and_quant_fp4(x)
    assert (codes.dtype, codes.shape) == (torch.uint8, (2, 3, 37, 32))
    assert (scales.dtype, scales.shape) == (torch.float8_e4m3fn, (2, 3, 37, 4))
    numbers = sageattn3.nvfp4.unpack(codes).unflatten(-1, (-1, 16))
    assert torch.equal((numbers * scales.float()[..., None]).flatten(-2), quantized(x.float()))


def test_values_are_quantized_along_the_tokens(sageattn3):
    x = torch.randn(2, 3, 37, 64).half()
    codes, scales = sageattn3.scale_and_quant_fp4_transpose(x)
    assert (codes.shape, scales.shape) == ((2, 3, 64, 24), (2, 3, 64, 3))
    padded = torch.nn.functional.pad(x, (0, 0, 0, 11))
    for actual, expected in zip((codes, scales), sageattn3.scale_and_quant_fp4(padded.mT)):
        assert torch.equal(actual.float(), expected.float())


@pytest.mark.parametrize("per_block_mean", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
def test_the_steps_add_up_to_attention(sageattn3, is_causal, per_block_mean):
    case = replace(CASE, len_kv=200, is_causal=is_causal)
    q, k, v = case.make_inputs()
    smooth_q, smooth_k, same_v, delta_s = sageattn3.preprocess_qkv(q, k, v, per_block_mean)
    output, _ = sageattn3.blockscaled_fp4_attn(
        sageattn3.scale_and_quant_fp4(smooth_q),
        sageattn3.scale_and_quant_fp4_permute(smooth_k),
        sageattn3.scale_and_quant_fp4_transpose(same_v),
        delta_s, 200, is_causal, per_block_mean,
    )  # fmt: skip
    assert (output.dtype, output.shape) == (torch.bfloat16, (2, 4, 200, 40))
    exact, _ = exact_attention(q, k, v, is_causal=is_causal)
    whole = Errors.between(
        sageattn3.sageattn3_blackwell(q, k, v, is_causal=is_causal, per_block_mean=per_block_mean), exact
    )
    assert Errors.between(output, exact).relative_l1 <= 1.1 * whole.relative_l1


def test_keys_behind_the_last_take_no_part(sageattn3):
    q, k, v = replace(CASE, len_kv=48, head_dim_v=64).make_inputs()
    steps = (sageattn3.scale_and_quant_fp4(q), sageattn3.scale_and_quant_fp4(k))
    delta_s = torch.zeros(2, 4, 1, 48)
    v[:, :, 30:] = 1e4
    outputs = [
        sageattn3.blockscaled_fp4_attn(
            *steps, sageattn3.scale_and_quant_fp4_transpose(values), delta_s, 16, per_block_mean=False
        )[0]
        for values in (v, v[:, :, :16])
    ]
    assert torch.equal(*outputs)


def test_nothing_to_compute(sageattn3):
    """No token: no block; no head, no batch entry: nothing at all."""
    q, k, v = CASE.make_inputs()
    assert sageattn3.preprocess_qkv(q[:, :, :0], k, v)[3].shape == (2, 4, 0, 150)
    assert sageattn3.preprocess_qkv(q, k[:, :, :0], v[:, :, :0])[3].shape == (2, 4, 2, 0)
    assert sageattn3.preprocess_qkv(q[:, :0], k[:, :0], v[:, :0])[3].shape == (2, 0, 2, 150)
    assert sageattn3.preprocess_qkv(q[:0], k[:0], v[:0])[3].shape == (0, 4, 2, 150)


@pytest.mark.parametrize("per_block_mean", [False, True])
def test_what_is_not_finite_stays_in_its_row(sageattn3, per_block_mean):
    """A mean that all rows share must not take it to them."""
    q, k, v = CASE.make_inputs()
    q[0, 1, 77, 5] = torch.inf
    k[0, 1, 33, 5] = torch.nan
    smooth_q, smooth_k, _, delta_s = sageattn3.preprocess_qkv(q, k, v, per_block_mean)
    bad_q, bad_k = (torch.zeros(tensor.shape[:3], dtype=torch.bool) for tensor in (q, k))
    bad_q[0, 1, 77], bad_k[0, 1, 33] = True, True
    assert torch.equal(~smooth_q.isfinite().all(dim=-1), bad_q)
    assert torch.equal(~smooth_k.isfinite().all(dim=-1), bad_k)
    assert torch.equal(~delta_s.isfinite().all(dim=2), bad_k.repeat_interleave(2, dim=1))


def test_steps_have_no_gradient(sageattn3):
    """Rounding hides most of it: what is left would be a wrong one."""
    q, k, v = (tensor.requires_grad_() for tensor in CASE.make_inputs())
    smooth_q, smooth_k, _, delta_s = sageattn3.preprocess_qkv(q, k, v)
    assert not any(result.requires_grad for result in (smooth_q, smooth_k, delta_s))
    codes = [sageattn3.scale_and_quant_fp4(tensor) for tensor in (q, k)] + [sageattn3.scale_and_quant_fp4_transpose(v)]
    assert not any(part.requires_grad for pair in codes for part in pair)
    results = sageattn3.blockscaled_fp4_attn(*codes, delta_s.clone().requires_grad_(), 150)
    assert not any(result.requires_grad for result in results)


def test_wrong_inputs_are_named(sageattn3):
    q, k, v = CASE.make_inputs()
    with pytest.raises(ValueError, match="sageattn3: k and v have 3 heads but q has 4"):
        sageattn3.preprocess_qkv(q, k[:, :1].expand(2, 3, 150, 64), v[:, :1].expand(2, 3, 150, 40))
    with pytest.raises(ValueError, match="sageattn3: k is on meta but q is on cpu; expected one device"):
        sageattn3.preprocess_qkv(q, k.to("meta"), v)
    with pytest.raises(ValueError, match="sageattn3: q has layout sparse_coo; expected an ordinary"):
        sageattn3.preprocess_qkv(q.to_sparse(), k, v)
    for quantize in (sageattn3.scale_and_quant_fp4, sageattn3.scale_and_quant_fp4_transpose):
        with pytest.raises(TypeError, match=r"x has dtype int64; expected a floating point one"):
            quantize(torch.ones(1, 1, 1, 16, dtype=torch.int64))
        with pytest.raises(ValueError, match=r"x has 1 dimensions \(shape \[16\]\); expected 4"):
            quantize(torch.ones(16))
        with pytest.raises(TypeError, match=r"x is \[1\.0\] \(list\); expected a torch\.Tensor"):
            quantize([1.0])


def codes(batch, heads, tokens, channels, device="cpu"):
    """Pair of codes and scales, all zeros."""
    shape = (batch, heads, tokens, channels // 16)
    scales = torch.zeros(shape, dtype=torch.float8_e4m3fn, device=device)
    return torch.zeros((*shape[:3], channels // 2), dtype=torch.uint8, device=device), scales


GOOD = {"qlist": codes(2, 4, 200, 64), "klist": codes(2, 2, 150, 64), "vlist": codes(2, 2, 40, 160),
        "delta_s": torch.zeros(2, 4, 2, 150), "KL": 150}  # fmt: skip
REFUSED = {
    "tensor": ({"qlist": torch.zeros(2, 4)}, TypeError, "qlist is a Tensor; expected a pair"),
    "no tensor": ({"qlist": (1, 2)}, TypeError, "qlist[0] is 1 (int); expected a torch.Tensor"),
    "dtype": ({"klist": 2 * (torch.zeros(2),)}, TypeError, "klist has dtypes float32, float32; expected uint8"),
    "groups": (
        {"vlist": (GOOD["vlist"][0], GOOD["vlist"][1][..., 1:])},
        ValueError,
        "vlist has shapes [2, 2, 40, 80], [2, 2, 40, 9]; expected",
    ),
    "batch": ({"klist": codes(3, 2, 150, 64)}, ValueError, "klist has 3 batch entries, but qlist has 2"),
    "heads of k": (
        {"klist": codes(2, 3, 150, 64), "vlist": codes(2, 3, 40, 160)},
        ValueError,
        "klist and vlist have 3 heads but qlist has 4; expected a multiple of them",
    ),
    "no heads": (
        {"klist": codes(2, 0, 150, 64), "vlist": codes(2, 0, 40, 160)},
        ValueError,
        "klist and vlist have 0 heads but qlist has 4",
    ),
    "heads of v": ({"vlist": codes(2, 4, 40, 160)}, ValueError, "vlist has 4 heads, but klist has 2"),
    "channels": ({"klist": codes(2, 2, 150, 32)}, ValueError, "klist has 32 channels"),
    "device": ({"klist": codes(2, 2, 150, 64, "meta")}, ValueError, "klist is on meta but qlist is on cpu"),
    "KL": ({"KL": 151}, ValueError, "KL is 151; expected 0 to 150 (klist has 150 tokens, vlist 10 groups of 16)"),
    "KL of v": ({"vlist": codes(2, 2, 40, 144)}, ValueError, "KL is 150; expected 0 to 144"),
    "KL type": ({"KL": 150.0}, TypeError, "KL is 150.0 (float); expected an integer"),
    "delta_s": ({"delta_s": None}, TypeError, "delta_s is None (NoneType); expected a torch.Tensor"),
    "dtype of delta_s": ({"delta_s": GOOD["delta_s"].half()}, TypeError, "delta_s has dtype float16; expected float32"),
    "device of delta_s": ({"delta_s": GOOD["delta_s"].to("meta")}, ValueError, "delta_s is on meta but qlist is on"),
    "keys of delta_s": (
        {"delta_s": GOOD["delta_s"][..., 1:]},
        ValueError,
        "delta_s has shape [2, 4, 2, 149]; expected [2, 4, 2, 150], as preprocess_qkv returns it",
    ),
    "blocks of delta_s": ({"per_block_mean": False}, ValueError, "expected [2, 4, 1, 150], as preprocess_qkv returns"),
    "scale": ({"sm_scale": float("nan")}, ValueError, "sm_scale is nan; expected a finite number"),
    "scale type": ({"sm_scale": "1"}, TypeError, "sm_scale is '1' (str); expected a number or None"),
    "flag": ({"is_bf16": 1}, TypeError, "is_bf16 is 1 (int); expected True or False"),
}


@pytest.mark.parametrize(("changes", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_parts_that_do_not_belong_together(sageattn3, changes, error, message):
    output, _ = sageattn3.blockscaled_fp4_attn(**GOOD)
    assert output.shape == (2, 4, 200, 40)
    with pytest.raises(error, match="^sageattn3: .*" + re.escape(message)):
        sageattn3.blockscaled_fp4_attn(**{**GOOD, **changes})
