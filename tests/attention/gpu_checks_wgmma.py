"""What must hold of the kernel on wgmma (compute capability 9.0), as plain functions; see gpu_checks.py.

They call the public functions, or the operator for options that these leave out.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import torch
from attention.gpu_checks import REFERENCE_FP8_ACCURACY, operator_call, poison_free_memory, random_case
from attention.helpers import STORAGES, Case, Errors, assert_accurate, exact_attention

from sageattention import (
    explain,
    sageattn,
    sageattn_qk_int8_pv_fp8_cuda,
    sageattn_qk_int8_pv_fp8_cuda_sm90,
    sageattn_varlen,
)

# Relative L1 error and cosine on N(0, 1) inputs, 4096 tokens, D=128. Full: the reference implementation's. Causal: 1 %
# above its 0.0368; it follows every maximum with the softmax, so that the largest P of a row is exact in e4m3.
ACCURACY = {False: REFERENCE_FP8_ACCURACY[False], True: (0.0373, 0.99937)}
# Relative L1 error of the reference implementation's sm90 kernel, 4 sigma per channel added to K, 2 sigma to V.
REFERENCE_OFFSET_L1 = 0.0025


# From 2,048 queries on, head dims up to 64 run in three warp groups.
MANY_QUERIES = 2100


def wgmma_case(seed: int) -> Case:
    """Every shape, storage and mask; more of those that this family has kernels of their own for."""
    draw = random.Random(seed)
    dim = draw.choice([1, 8, 17, 40, 64, 64, 72, 96, 128, 128, 128, 129, 160, 192, 192, 200, 256, 256, 256])
    case = random_case(seed)
    many = dim <= 64 and draw.random() < 0.5
    return replace(
        case,
        head_dim=dim,
        len_q=draw.choice([2048, MANY_QUERIES, 2305]) if many else case.len_q,
        head_dim_v=draw.choice([None, None, None, 3, 64, 128, 192, 250]),
        mask_dtype=draw.choice([None, None, torch.bool, torch.float16, torch.bfloat16, torch.float32]),
    )


def check_wgmma_random_shapes() -> None:
    """Accurate on random shapes, the same with and without LSE, inputs untouched."""
    for seed in range(200):
        case = wgmma_case(5000 + seed)
        q, k, v = case.make_inputs("cuda")
        mask = case.make_mask("cuda")
        options = {"attn_mask": mask, **case.options}
        before = [tensor.clone() for tensor in (q, k, v)]
        poison_free_memory(q)
        output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, return_lse=True, **options)
        alone = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **options)
        kernel = explain(q, k, v, function=sageattn_qk_int8_pv_fp8_cuda_sm90, **options).kernel
        assert kernel.startswith("sm90"), (kernel, case)
        try:
            assert_accurate(case, output, lse, q, k, v, mask, values="fp8")
        except AssertionError as error:
            raise AssertionError(f"{kernel} is not accurate for {case}") from error
        assert torch.equal(output, alone), f"asking for the LSE changed the output for {case}"
        for name, tensor, copy in zip("qkv", (q, k, v), before):
            assert torch.equal(tensor, copy), f"{name} was written to for {case}"


def wgmma_options(seed: int) -> dict:
    """Options of the operator."""
    draw = random.Random(seed)
    return {
        "kernel_family": "fp8_sm90",
        "qk_quant_gran": draw.choice(["per_thread", "per_warp"]),
        "smooth_k": draw.random() < 0.7,
        "smooth_v": draw.random() < 0.5,
    }


def check_wgmma_random_options() -> None:
    """Every option, on random shapes; the same with and without LSE."""
    for seed in range(200):
        case, options = wgmma_case(7000 + seed), wgmma_options(seed)
        q, k, v = case.make_inputs("cuda")
        mask = case.make_mask("cuda")
        kernel = explain(q, k, v, function=sageattn_qk_int8_pv_fp8_cuda_sm90, attn_mask=mask, **case.options,
                         qk_quant_gran=options["qk_quant_gran"]).kernel  # fmt: skip
        assert kernel.startswith("sm90"), f"{kernel} for {options} {case}"
        poison_free_memory(q)
        output, lse = operator_call(q, k, v, mask, case, options)
        alone, _ = torch.ops.sageattention.attention(q, k, v, attn_mask=mask, **case.options, **options)
        try:
            assert_accurate(case, output, lse, q, k, v, mask, "fp8", options["qk_quant_gran"])
        except AssertionError as error:
            raise AssertionError(f"{kernel} is not accurate for {options} {case}") from error
        assert torch.equal(output, alone), f"asking for the LSE changed the output for {options} {case}"


def check_wgmma_accuracy() -> dict:
    """About as accurate as the reference implementation's sm90 kernel, on plain data and with channel offsets."""
    measured = {}
    for is_causal, (limit, cosine) in ACCURACY.items():
        case = Case(heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=128, dtype=torch.bfloat16,
                    is_causal=is_causal)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        errors = Errors.between(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **case.options),
                                exact_attention(q, k, v, **case.options)[0])  # fmt: skip
        measured["causal" if is_causal else "full"] = vars(errors)
        assert round(errors.relative_l1, 4) <= limit, errors
        assert round(errors.cosine, 5) >= cosine, errors
    generator = torch.Generator().manual_seed(1)
    k += 4 * torch.randn(1, 8, 1, 128, generator=generator).to(k)
    v += 2 * torch.randn(1, 8, 1, 128, generator=generator).to(v)
    errors = Errors.between(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v), exact_attention(q, k, v)[0])
    measured["channel offsets"] = vars(errors)
    assert round(errors.relative_l1, 4) <= REFERENCE_OFFSET_L1, errors
    q, k, v = q.half(), k.half(), v.half()  # rounding such output to bf16 is an error of 0.0014 in itself
    smoothed, _ = torch.ops.sageattention.attention(q, k, v, kernel_family="fp8_sm90", smooth_v=True)
    errors = Errors.between(smoothed, exact_attention(q, k, v)[0])
    measured["channel offsets, smoothed values"] = vars(errors)
    assert errors.relative_l1 <= 0.4 * REFERENCE_OFFSET_L1, errors
    return measured


def check_wgmma_rising_scores() -> None:
    """Scores that rise from key to key move the reference of the softmax again and again; huge ones overflow none."""
    for scale, (dim, length) in itertools.product((0.5, 20.0, 300.0), ((64, 200), (64, MANY_QUERIES), (256, 200))):
        q = torch.ones(1, 2, length, dim, device="cuda", dtype=torch.bfloat16)
        rising = torch.linspace(-1, 1, 1500, device="cuda").view(1, 1, -1, 1)
        k = (rising * torch.ones(1, 2, 1, dim, device="cuda") * scale).bfloat16()
        v = torch.randn(1, 2, 1500, dim, device="cuda", dtype=torch.bfloat16)
        for is_causal in (False, True):
            options = {"is_causal": is_causal, "sm_scale": 1.28 / dim}
            output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, return_lse=True, **options)
            expected, expected_lse = exact_attention(q, k, v, **options)
            errors = Errors.between(output, expected)
            # All channels of a key are equal, so their INT8 rounding errors add up instead of averaging out.
            assert errors.relative_l1 <= (0.1 if scale < 100 else 0.5), (
                f"{errors} at {scale}, D={dim}, {length} queries, is_causal={is_causal}"
            )
            bound = 0.01 * expected_lse.abs().max().item() + 0.02
            assert (lse - expected_lse).abs().max().item() <= bound, (
                f"LSE at {scale}, D={dim}, {length} queries, is_causal={is_causal}"
            )


def check_wgmma_value_scales() -> None:
    """Values of very different magnitudes from tile to tile and channel to channel, and tiles of zeros."""
    generator = torch.Generator().manual_seed(3)
    for dim in (128, 256):
        q, k, v = (torch.randn(1, 2, 1024, dim, generator=generator).cuda() for _ in range(3))
        magnitudes = torch.tensor([1.0, 1e-3, 0.0, 300.0, 1e-20, 1.0, 1e4, 1.0]).repeat_interleave(128).cuda()
        v = v * magnitudes.view(1, 1, -1, 1) * torch.logspace(-6, 6, dim).cuda()
        q, k, v = (tensor.bfloat16() for tensor in (q, k, v))
        for first in range(0, 1024, 128):  # also each magnitude alone
            for keys in (slice(None), slice(first, first + 128)):
                output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k[:, :, keys], v[:, :, keys], return_lse=True)
                expected, expected_lse = exact_attention(q, k[:, :, keys], v[:, :, keys])
                error = (output.double() - expected).abs().sum(2)  # per channel
                error /= expected.abs().sum(2).clamp(min=1e-30)  # values of zero: the output has to be zero as well
                assert error.max() <= 0.12, f"{error.max()} for keys {keys}, D={dim}"
                assert (lse - expected_lse).abs().max() <= 0.1


def check_wgmma_largest_values() -> None:
    """Values at the end of the range of fp16: rounding errors do not make their average infinite."""
    for length in (1, 2, 100, 1000):
        q, k, v = Case(len_q=40, len_kv=length, head_dim_v=128).make_inputs("cuda")
        v = torch.full_like(v, 65504.0) * torch.tensor([1, -1], device="cuda").repeat(64)
        output = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v)
        torch.testing.assert_close(output, v[:, :, :1].expand_as(output), rtol=0.04, atol=0)


def check_wgmma_not_finite() -> None:
    """One inf or NaN in q, k or v gives NaN and inf where exact attention has it, and changes nothing elsewhere."""
    values = (float("inf"), float("-inf"), float("nan"))
    sizes = ((64, 200), (64, MANY_QUERIES), (256, 200))
    for name, value, is_causal, (dim, length) in itertools.product("qkv", values, (False, True), sizes):
        case = Case(heads_q=2, heads_kv=2, len_q=length, len_kv=200, head_dim=dim, dtype=torch.bfloat16)
        inputs = dict(zip("qkv", case.make_inputs("cuda")))
        inputs[name][0, 1, 77, dim - 59] = value
        output = sageattn_qk_int8_pv_fp8_cuda_sm90(*inputs.values(), is_causal=is_causal)
        expected, _ = exact_attention(*inputs.values(), is_causal=is_causal)
        context = f"{value} in {name}, D={dim}, {length} queries, is_causal={is_causal}"
        if name == "v" and is_causal:  # rows that do not see it: 0 * inf is NaN in the exact product, 0 here
            output, expected = output[:, :, 77:], expected[:, :, 77:]
        assert torch.equal(output.isnan(), expected.isnan()), context
        infinite = expected.isinf()
        assert torch.equal(output.isinf(), infinite), context
        assert torch.equal(output[infinite].double(), expected[infinite].double()), context
        finite = expected.isfinite()
        errors = Errors.between(output[finite], expected[finite])
        assert errors.relative_l1 <= 0.06, f"{errors} with {context}"


def check_wgmma_rows_not_finite() -> None:
    """Rows of NaN beside others: these see the same keys as without them, also where some are hidden."""
    for length, queries, head_dim in ((100, 200, 64), (100, MANY_QUERIES, 64), (300, 200, 128)):
        case = Case(heads_q=2, heads_kv=2, len_q=queries, len_kv=length, head_dim=head_dim, dtype=torch.bfloat16)
        q, k, v = case.make_inputs("cuda")
        padding = (torch.arange(length, device="cuda") % 3 > 0)[None, None, None]
        for mask in (None, padding):
            expected, expected_lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, attn_mask=mask, return_lse=True)
            for first, last in ((0, 8), (8, 16), (32, 48), (64, 72), (120, 128)):
                bad = q.clone()
                bad[:, :, first:last] = float("nan")
                output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(bad, k, v, attn_mask=mask, return_lse=True)
                padded = "padded" if mask is not None else "all"
                context = f"NaN in rows {first} to {last - 1} of {queries}, {length} keys, {padded}"
                good = torch.ones(queries, dtype=torch.bool)
                good[first:last] = False
                # References move when a row of the warp needs it, so P is rounded relative to others.
                errors = Errors.between(output[:, :, good], expected[:, :, good])
                assert errors.relative_l1 <= 0.05, f"{errors} with {context}"
                assert (lse - expected_lse)[:, :, good].abs().max() <= 1e-3, f"LSE with {context}"
                assert output[:, :, ~good].isnan().all(), context


def check_wgmma_large_queries_and_small_keys() -> None:
    """Only the products count, also beside hidden keys and rows of zeros."""
    for scale in (1e-30, 1e-20, 1e20, 1e30):
        for head_dim in (64, 128):
            q, k, v = Case(len_q=40, len_kv=150, head_dim=head_dim, dtype=torch.bfloat16).make_inputs("cuda")
            for sm_scale, queries in ((0.1, q * scale), (0.1 * scale, q)):
                queries[:, :, 3] = 0
                for keys in (k / scale, 0 * k):
                    expected, expected_lse = exact_attention(queries, keys, v, sm_scale=sm_scale)
                    options = {"sm_scale": sm_scale, "return_lse": True}
                    output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(queries, keys, v, **options)
                    errors = Errors.between(output, expected)
                    assert errors.relative_l1 <= 0.07, f"{errors} with {sm_scale}, {scale}"
                    assert (lse - expected_lse).abs().max() <= 0.08, f"LSE with {sm_scale}, {scale}"


def check_wgmma_packed_sequences() -> None:
    """sageattn_varlen: every sequence as if alone, whatever the lengths around it."""
    for seed in range(12):
        draw = random.Random(seed)
        lengths_q = [draw.choice([0, 1, 63, 128, 129, 300, MANY_QUERIES]) for _ in range(draw.randint(1, 6))]
        lengths_k = [draw.choice([0, 1, 64, 127, 128, 400]) for _ in lengths_q]
        if sum(lengths_q) == 0 or sum(lengths_k) == 0:
            continue
        heads_kv, dim, is_causal = draw.choice([1, 2]), draw.choice([64, 96, 128, 192, 256]), draw.random() < 0.5
        generator = torch.Generator().manual_seed(seed)
        q = torch.randn(sum(lengths_q), 2 * heads_kv, dim, generator=generator).cuda().bfloat16()
        k, v = (torch.randn(sum(lengths_k), heads_kv, dim, generator=generator).cuda().bfloat16() for _ in range(2))
        starts = [torch.tensor([0, *lengths]).cumsum(0).int().cuda() for lengths in (lengths_q, lengths_k)]
        output, lse = sageattn_varlen(q, k, v, *starts, max(lengths_q), max(lengths_k), is_causal=is_causal,
                                      return_lse=True)  # fmt: skip
        first_q = first_k = 0
        for length_q, length_k in zip(lengths_q, lengths_k):
            rows, keys = slice(first_q, first_q + length_q), slice(first_k, first_k + length_k)
            first_q, first_k = rows.stop, keys.stop
            if length_q == 0:
                continue
            alone = [tensor[part].transpose(0, 1)[None] for tensor, part in ((q, rows), (k, keys), (v, keys))]
            case = Case(heads_q=2 * heads_kv, heads_kv=heads_kv, len_q=length_q, len_kv=length_k, head_dim=dim,
                        dtype=torch.bfloat16, is_causal=is_causal)  # fmt: skip
            try:
                assert_accurate(case, output[rows].transpose(0, 1)[None], lse[None, :, rows], *alone, values="fp8")
            except AssertionError as error:
                raise AssertionError(f"{case} of {lengths_q}, {lengths_k}") from error


def masks_with_special_rows(dtype: torch.dtype) -> torch.Tensor:
    """[200, 320], with row 3 hidden, parts of others, and long hidden stretches."""
    boolean = dtype == torch.bool
    mask = torch.ones(200, 320, device="cuda", dtype=dtype) if boolean else torch.zeros(200, 320, device="cuda")
    hide = False if boolean else float("-inf")
    mask[3] = hide
    mask[40:44, 64:] = hide
    mask[100:110, :256] = hide
    return mask.to(dtype)


def check_wgmma_masks() -> None:
    """Rows without a key, rows of the lowest numbers, and inf and NaN in masks."""
    for dim, dtype in itertools.product((64, 128, 256), (torch.bool, torch.float16, torch.bfloat16, torch.float32)):
        q, k, v = Case(heads_q=2, len_q=200, len_kv=320, head_dim=dim, dtype=torch.bfloat16).make_inputs("cuda")
        mask, infinite = masks_with_special_rows(dtype), torch.zeros(200, device="cuda", dtype=torch.bool)
        if dtype != torch.bool:
            lowest = torch.finfo(dtype).min
            mask[7], mask[8, :100], mask[9, 5], mask[10, 300] = lowest, lowest, float("inf"), float("nan")
            infinite[9:11] = True
        output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, attn_mask=mask, return_lse=True)
        context = f"D={dim}, {dtype}"
        assert not output[:, :, 3].any(), context
        assert (lse[:, :, 3] == -float("inf")).all(), context
        assert output[:, :, infinite].isnan().all(), context
        expected, expected_lse = exact_attention(q, k, v, mask=mask)
        if dtype in (torch.bfloat16, torch.float32):  # scores vanish beside a number that large: every key counts alike
            expected[:, :, 7] = v.double().mean(2)
        good = ~infinite
        errors = Errors.between(output[:, :, good], expected[:, :, good])
        assert errors.relative_l1 <= 0.06, f"{errors} with {context}"
        plain = good.clone()
        plain[[3, 7]] = False
        assert (lse - expected_lse)[:, :, plain].abs().max() <= 0.08, context


def check_wgmma_masks_not_finite() -> None:
    """An inf or NaN in k or v beside masks: as on mma.sync, and nowhere in rows from which a mask hides it."""
    values = (float("inf"), float("-inf"), float("nan"))
    for dim, dtype, name, value, is_causal in itertools.product(
        (64, 128, 256), (torch.bool, torch.float16, torch.float32), "kv", values, (False, True)
    ):
        case = Case(heads_q=2, len_q=200, len_kv=320, head_dim=dim, dtype=torch.bfloat16)
        inputs = dict(zip("qkv", case.make_inputs("cuda")))
        inputs[name][0, 0, 77, dim - 59] = value
        mask = masks_with_special_rows(dtype)
        mask[20:60, 77] = False if dtype == torch.bool else float("-inf")
        options = {"attn_mask": mask, "is_causal": is_causal}
        output = sageattn_qk_int8_pv_fp8_cuda_sm90(*inputs.values(), **options)
        expected = sageattn_qk_int8_pv_fp8_cuda(*inputs.values(), pv_accum_dtype="fp32+fp32", **options)
        context = f"{value} in {name}, D={dim}, {dtype}, is_causal={is_causal}"
        assert output[:, :, 20:60].isfinite().all(), context
        assert torch.equal(output.isnan(), expected.isnan()), context
        assert torch.equal(output.isinf(), expected.isinf()), context
        finite = expected.isfinite()
        errors = Errors.between(output[finite], expected[finite])
        assert errors.relative_l1 <= 0.08, f"{errors} with {context}"


def check_wgmma_packed_masks() -> None:
    """sageattn_varlen with a mask: every sequence as if alone."""
    lengths = ((200, 136), (1, 8), (0, 40), (300, 77), (64, 0))
    for dim, dtype in itertools.product((64, 128, 256), (torch.bool, torch.bfloat16, torch.float32)):
        generator = torch.Generator().manual_seed(dim)
        tokens_q, tokens_k = (sum(column) for column in zip(*lengths))
        q = torch.randn(tokens_q, 2, dim, generator=generator).cuda().bfloat16()
        k, v = (torch.randn(tokens_k, 1, dim, generator=generator).cuda().bfloat16() for _ in range(2))
        mask = torch.rand(len(lengths), 2, 300, 136, generator=generator) > 0.3
        if dtype != torch.bool:
            mask = torch.randn(mask.shape, generator=generator).masked_fill(~mask, float("-inf")).to(dtype)
        mask = mask.cuda()
        starts = [torch.tensor([0, *column]).cumsum(0).int().cuda() for column in zip(*lengths)]
        output, lse = torch.ops.sageattention.attention_varlen(
            q, k, v, *starts, 300, 136, return_lse=True, attn_mask=mask, kernel_family="fp8_sm90"
        )
        first_q = first_k = 0
        for index, (length_q, length_k) in enumerate(lengths):
            rows, keys = slice(first_q, first_q + length_q), slice(first_k, first_k + length_k)
            first_q, first_k = rows.stop, keys.stop
            if length_q == 0:
                continue
            alone = [tensor[part].transpose(0, 1)[None] for tensor, part in ((q, rows), (k, keys), (v, keys))]
            case = Case(heads_q=2, len_q=length_q, len_kv=length_k, head_dim=dim, dtype=torch.bfloat16)
            part = mask[index : index + 1, :, :length_q, :length_k]
            assert_accurate(case, output[rows].transpose(0, 1)[None], lse[None, :, rows], *alone, part, values="fp8")


def check_wgmma_repeatable() -> None:
    """Bitwise equal results from run to run, on another stream, and replayed in a CUDA graph with other inputs."""
    for (dim, length), masked in itertools.product(((64, MANY_QUERIES), (128, 1500), (256, 1500)), (False, True)):
        case = Case(batch=2, heads_q=8, heads_kv=4, len_q=length, len_kv=1700, head_dim=dim, dtype=torch.bfloat16,
                    mask_dtype=torch.bfloat16 if masked else None, mask_axes="qk")  # fmt: skip
        repeat_causal(*case.make_inputs("cuda"), case.make_mask("cuda"))


def repeat_causal(q, k, v, mask) -> None:
    options = {"is_causal": True, "attn_mask": mask}
    expected = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **options)
    for _ in range(20):
        assert torch.equal(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **options), expected)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        assert torch.equal(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **options), expected)
    static = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = sageattn_qk_int8_pv_fp8_cuda_sm90(*static, **options)
    for tensor, value in zip(static, (q, k, v)):
        tensor.copy_(value)
    graph.replay()
    assert torch.equal(captured, expected)


def check_wgmma_causal_items() -> None:
    """Blocks claim causal work items in any order: the same bits every time, and every head as if alone."""
    for dim, length in ((64, MANY_QUERIES), (64, 300), (128, 700)):
        case = Case(batch=2, heads_q=40, heads_kv=20, len_q=length, len_kv=length + 50, head_dim=dim,
                    dtype=torch.bfloat16, is_causal=True)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        expected = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **case.options)
        for _ in range(3):
            assert torch.equal(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **case.options), expected), case
        for head in (0, 13):
            queries, keys = slice(2 * head, 2 * head + 2), slice(head, head + 1)
            alone = sageattn_qk_int8_pv_fp8_cuda_sm90(q[:, queries], k[:, keys], v[:, keys], **case.options)
            assert torch.equal(alone, expected[:, queries]), (case, head)


def check_wgmma_flat_scores() -> None:
    """All P but one round down to e4m3 by 3 %: the LSE has the sum of what they were, the output that of what they are.

    (Above 128 channels rows are divided by the sum of P before rounding.)
    """
    for dim, length in ((64, 200), (64, MANY_QUERIES), (128, 200), (256, 200)):
        q = torch.ones(1, 2, length, dim, device="cuda", dtype=torch.bfloat16)
        k = torch.zeros(1, 2, 300, dim, device="cuda", dtype=torch.bfloat16)
        k[:, :, 7] = 0.035
        v = torch.ones_like(k)
        options = {"sm_scale": 1.0 / dim, "smooth_k": False}
        output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, return_lse=True, **options)
        expected = math.log(299 + math.exp(0.035))
        assert (lse - expected).abs().max() < 2e-3, (dim, length, (lse - expected).abs().max().item())
        assert (output - 1).abs().max() < (0.04 if dim > 128 else 0.01), (dim, length)


def check_automatic_choice() -> None:
    """sageattn takes the kernel on wgmma where it suits, and says so."""
    q, k, v = Case(len_q=300, len_kv=300, head_dim=128, heads_q=2, heads_kv=2, dtype=torch.bfloat16).make_inputs("cuda")
    assert explain(q, k, v).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d128"
    assert explain(q, k, v.repeat(1, 1, 1, 2)).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d256"
    assert torch.equal(sageattn(q, k, v), sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v))
    mask = torch.zeros(300, 300, device="cuda")
    assert explain(q, k, v, attn_mask=mask).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d128"
    assert explain(q.float(), k.float(), v.float()).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d128"


CHECKS = (
    check_wgmma_random_shapes,
    check_wgmma_random_options,
    check_wgmma_accuracy,
    check_wgmma_rising_scores,
    check_wgmma_value_scales,
    check_wgmma_largest_values,
    check_wgmma_not_finite,
    check_wgmma_rows_not_finite,
    check_wgmma_large_queries_and_small_keys,
    check_wgmma_packed_sequences,
    check_wgmma_masks,
    check_wgmma_masks_not_finite,
    check_wgmma_packed_masks,
    check_wgmma_repeatable,
    check_wgmma_causal_items,
    check_wgmma_flat_scores,
    check_automatic_choice,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes and every storage, for compute-sanitizer."""
    for seed in range(24):
        case = wgmma_case(9000 + seed)
        if seed >= 20:
            case = replace(case, head_dim=64, len_q=MANY_QUERIES, heads_q=1, heads_kv=1)
        elif seed >= 18:  # more work items than multiprocessors
            case = replace(case, heads_q=80, heads_kv=40, len_q=150, is_causal=True, head_dim=64 * (seed - 17))
        else:
            case = replace(case, len_q=min(case.len_q, 200))
        lengths = {"len_kv": min(case.len_kv, 300)}
        case = replace(case, storage=STORAGES[seed % len(STORAGES)], batch=1, **lengths)
        q, k, v = case.make_inputs("cuda")
        options = wgmma_options(seed) if seed % 2 else {"kernel_family": "fp8_sm90"}
        operator_call(q, k, v, case.make_mask("cuda"), case, options)
    torch.cuda.synchronize()
