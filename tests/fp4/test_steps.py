"""The functions that clients run one by one: shapes, dtypes, and that they add up to attention."""

from __future__ import annotations

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


def test_what_does_not_fit_is_named(sageattn3):
    q, k, v = CASE.make_inputs()
    with pytest.raises(ValueError, match="sageattn3: k and v have 3 heads but q has 4"):
        sageattn3.preprocess_qkv(q, k[:, :1].expand(2, 3, 150, 64), v[:, :1].expand(2, 3, 150, 40))
    with pytest.raises(TypeError, match=r"x has dtype torch\.int64; expected a floating point one"):
        sageattn3.scale_and_quant_fp4(torch.ones(1, 1, 1, 16, dtype=torch.int64))
    good, delta_s = sageattn3.scale_and_quant_fp4(k), torch.zeros(2, 4, 1, 150)
    with pytest.raises(TypeError, match="qlist is a Tensor; expected a pair"):
        sageattn3.blockscaled_fp4_attn(q, good, good, delta_s, 150)
    with pytest.raises(TypeError, match=r"klist has dtypes torch\.bfloat16, torch\.bfloat16; expected uint8"):
        sageattn3.blockscaled_fp4_attn(good, (k, k), good, delta_s, 150)
    with pytest.raises(ValueError, match=r"vlist has shapes \[2, 2, 150, 32\], \[2, 2, 150, 3\]"):
        sageattn3.blockscaled_fp4_attn(good, good, (good[0], good[1][..., 1:]), delta_s, 150)
    with pytest.raises(ValueError, match=r"KL is 151; expected 0 to 150"):
        sageattn3.blockscaled_fp4_attn(good, good, good, delta_s, 151)
