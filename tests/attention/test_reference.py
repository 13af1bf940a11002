"""The reference emulation by itself: quantization as specified, whatever the chunks. Needs torch alone."""

from __future__ import annotations

import pytest
import torch
from attention.helpers import exact_attention


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("length", [1, 5, 63, 64])
def test_short_sequences_are_smoothed_by_their_mean(reference, length):
    key = randn(length, 64)
    torch.testing.assert_close(reference.sample_mean(key), key.mean(dim=0))


@pytest.mark.parametrize("length", [65, 127, 128, 200, 4096, 99_866, 1_000_003])
def test_long_sequences_are_smoothed_by_a_staggered_sample(reference, length):
    positions = [(i * length) // 64 + (i * 37) % (length // 64) for i in range(64)]
    assert len(set(positions)) == 64
    assert max(positions) < length
    sample = torch.tensor(positions, dtype=torch.float32)
    # Each key carries its own index: the mean tells the positions.
    key = torch.arange(length, dtype=torch.float32)[:, None].expand(length, 64)
    torch.testing.assert_close(reference.sample_mean(key), sample.mean().expand(64))


@pytest.mark.parametrize("period", [2, 16, 64, 100])
def test_the_sample_is_not_in_step_with_periodic_keys(reference, period):
    length = 6400
    wave = torch.where(torch.arange(length) % period < period // 2, 1.0, -1.0)
    assert reference.sample_mean(wave[:, None].expand(length, 64)).abs().max() < 0.5


@pytest.mark.parametrize("length", [1, 7, 64, 65, 200])
def test_key_groups_are_the_tokens_of_one_mma_thread(reference, length):
    key = randn(length, 64)
    quantized, scale = reference.quantize_key(key)
    for token in range(length):
        block, group = token // 64, (token % 8) // 2
        members = [other for other in range(length) if other // 64 == block and (other % 8) // 2 == group]
        expected = key[members].abs().max() / 127.0
        assert scale[token] == expected
        assert torch.equal(quantized[token], torch.round(key[token] / expected))


def test_query_rows_carry_the_softmax_scale(reference):
    query = randn(5, 64)
    quantized, scale = reference.quantize_query(query, -0.5)
    factor = -0.5 * 1.4426950408889634
    torch.testing.assert_close(scale[:, 0], query.abs().amax(dim=1) * abs(factor) / 127.0)
    assert quantized.abs().max() == 127
    torch.testing.assert_close(quantized * scale, query * factor, atol=0.51 * scale.max().item(), rtol=0)


def test_rows_of_zeros_have_a_scale(reference):
    quantized, scale = reference.quantize_query(torch.zeros(3, 64), 0.1)
    assert scale.min() > 0
    assert not quantized.any()


@pytest.mark.parametrize("length", [1, 31, 32, 33, 100])
def test_query_rows_of_a_warp_share_a_scale(reference, length):
    query = randn(2, length, 16)
    quantized, scale = reference.quantize_query(query, 1.0, rows=32)
    assert scale.shape == (2, length, 1)
    for first in range(0, length, 32):
        rows = slice(first, first + 32)
        absmax = query[:, rows].abs().amax(dim=(1, 2))
        for row in range(*rows.indices(length)):
            torch.testing.assert_close(scale[:, row, 0], absmax * 1.4426950408889634 / 127.0)
            assert torch.equal(quantized[:, row], torch.round(query[:, row] / (absmax[:, None] / 127.0)))


@pytest.mark.parametrize("length", [7, 64, 130])
def test_key_blocks_share_a_scale_per_warp(reference, length):
    key = randn(length, 16)
    _, scale = reference.quantize_key(key, groups=1)
    for first in range(0, length, 64):
        expected = key[first : first + 64].abs().max() / 127.0
        assert torch.equal(scale[first : first + 64], expected.expand(min(64, length - first)))


def test_a_bad_key_spoils_neither_the_mean_nor_the_scales(reference):
    key = randn(64, 16)
    key[10, 3] = float("nan")
    mean = reference.sample_mean(key)
    torch.testing.assert_close(mean, key.nan_to_num().mean(dim=0))
    quantized, scale = reference.quantize_key(key - mean)
    assert scale.isfinite().all()
    assert quantized.isnan().sum() == 1


@pytest.mark.parametrize(
    ("kernel", "accumulators"),
    [("fp8", "fp32+fp32"), ("fp8", "fp32+fp16"), ("fp16", "fp16"), ("fp16", "fp16+fp32")],
)
def test_values_use_the_range_of_their_format(reference, kernel, accumulators):
    """The largest value of each channel lands on what its format and its accumulators leave room for."""
    limit = {"fp32+fp32": 448.0, "fp32+fp16": 2.25, "fp16+fp32": 2.0, "fp16": 32768 / 128}[accumulators]
    options = reference.Options(False, 1.0, True, False, 1, 4, kernel, accumulators)
    value = randn(100, 8).bfloat16() * torch.tensor([1e6] * 4 + [1e20] * 4).bfloat16()
    rounded = reference.RoundedValues.of(value, options)
    largest = rounded.operand.abs().amax(dim=0)
    assert (largest <= limit).all()
    assert (largest > limit / 2.001).all()
    # Half a unit of 4 digits, or of the smallest e4m3 number.
    error = (rounded.operand * rounded.scale - value.float()).abs()
    assert (error <= value.float().abs() / 16 + rounded.scale / 1024).all()


@pytest.mark.parametrize(
    "numerics", [{}, {"qk_quant_gran": "per_warp", "kernel": "fp8", "pv_accum_dtype": "fp32+fp32"}]
)
@pytest.mark.parametrize("mask", [None, torch.bool, torch.float32])
@pytest.mark.parametrize("causality", [None, "top_left", "bottom_right"])
@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
def test_chunks_do_not_change_the_result(reference, monkeypatch, causality, tensor_layout, mask, numerics):
    axes = (0, 1, 2, 3) if tensor_layout == "HND" else (0, 2, 1, 3)
    q, k, v = randn(2, 4, 70, 64), randn(2, 2, 90, 64, seed=1), randn(2, 2, 90, 32, seed=2)
    arguments = *(x.half().permute(axes) for x in (q, k, v)), tensor_layout, causality is not None, 0.125, True
    options = {"causal_alignment": causality or "top_left", **numerics}
    if mask is not None:
        bias = randn(2, 1, 70, 90, seed=3)
        options["attn_mask"] = bias > 0 if mask == torch.bool else bias
    whole, whole_lse = reference.attention(*arguments, **options)
    monkeypatch.setattr(reference, "_CHUNK_BYTES", 4 * reference._CHUNK_COPIES * 2 * 90 * 7)  # 7 rows at a time, or 32
    parts, parts_lse = reference.attention(*arguments, **options)
    torch.testing.assert_close(parts, whole, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(parts_lse, whole_lse, atol=1e-5, rtol=1e-6)


def test_the_only_errors_are_quantization(reference):
    """Integers that INT8 holds exactly, and fp16 values: what is left is the rounding of P and of the output."""
    generator = torch.Generator().manual_seed(0)
    q, k = (torch.randint(-127, 128, (1, 1, 64, 64), generator=generator).float() for _ in range(2))
    q[..., 0], k[..., 0] = 127.0, 127.0  # every scale is 1, ...
    k[..., 32:, :] = -k[..., :32, :]  # ... and the mean of the keys is 0
    v = randn(1, 1, 64, 64)
    q, k, v = q.half(), k.half(), v.half()
    output, lse = reference.attention(q, k, v, "HND", False, 1e-4, True)
    expected, expected_lse = exact_attention(q, k, v, sm_scale=1e-4)
    torch.testing.assert_close(output.double(), expected, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(lse.double(), expected_lse, atol=1e-5, rtol=1e-6)
