"""What must hold of the kernel on wgmma (compute capability 9.0), as plain functions; see gpu_checks.py.

They call the public functions: what the kernel does not know (masks but of key padding, fp32) runs on mma.sync and has
to be as accurate.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import torch
from attention.gpu_checks import REFERENCE_FP8_ACCURACY, poison_free_memory, random_case
from attention.helpers import STORAGES, Case, Errors, assert_accurate, exact_attention

from sageattention import explain, sageattn, sageattn_qk_int8_pv_fp8_cuda_sm90, sageattn_varlen

# Relative L1 error and cosine on N(0, 1) inputs, 4096 tokens, D=128. Full: the reference implementation's. Causal: 1 %
# above its 0.0368; it follows every maximum with the softmax, so that the largest P of a row is exact in e4m3.
ACCURACY = {False: REFERENCE_FP8_ACCURACY[False], True: (0.0373, 0.99937)}
# Relative L1 error of the reference implementation's sm90 kernel, 4 sigma per channel added to K, 2 sigma to V.
REFERENCE_OFFSET_L1 = 0.0025


# From 2,048 queries on, head dims up to 64 run in three warp groups.
MANY_QUERIES = 2100


def wgmma_case(seed: int) -> Case:
    """A case that the kernel itself runs: no mask or one of key padding."""
    draw = random.Random(seed)
    dim = draw.choice([1, 8, 17, 40, 64, 64, 72, 96, 128, 128, 128, 129, 160, 192, 192, 200, 256, 256, 256])
    case = random_case(seed)
    many = dim <= 64 and draw.random() < 0.5
    return replace(
        case,
        head_dim=dim,
        len_q=draw.choice([2048, MANY_QUERIES, 2305]) if many else case.len_q,
        dtype=draw.choice([torch.float16, torch.bfloat16]),
        head_dim_v=draw.choice([None, None, None, 3, 64, 128, 192, 250]),
        mask_dtype=draw.choice([None, None, torch.bool]),
        mask_axes=draw.choice(["b11k", "k"]),
    )


def check_wgmma_random_shapes() -> dict:
    """Accurate on random shapes, the same with and without LSE, inputs untouched."""
    ran = 0
    for seed in range(160):
        case = wgmma_case(5000 + seed) if seed % 4 else random_case(5000 + seed)
        q, k, v = case.make_inputs("cuda")
        mask = case.make_mask("cuda")
        options = {"attn_mask": mask, **case.options}
        before = [tensor.clone() for tensor in (q, k, v)]
        poison_free_memory(q)
        output, lse = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, return_lse=True, **options)
        alone = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, **options)
        kernel = explain(q, k, v, function=sageattn_qk_int8_pv_fp8_cuda_sm90, **options).kernel
        ran += kernel.startswith("sm90")
        assert seed % 4 == 0 or kernel.startswith("sm90"), (kernel, case)
        try:
            assert_accurate(case, output, lse, q, k, v, mask, values="fp8")
        except AssertionError as error:
            raise AssertionError(f"{kernel} is not accurate for {case}") from error
        assert torch.equal(output, alone), f"asking for the LSE changed the output for {case}"
        for name, tensor, copy in zip("qkv", (q, k, v), before):
            assert torch.equal(tensor, copy), f"{name} was written to for {case}"
    return {"cases": 160, "on wgmma": ran}


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
                error /= expected.abs().sum(2).clamp(min=1e-30)
                assert error.max() <= 0.12 or not expected.any(), f"{error.max()} for keys {keys}, D={dim}"
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


def check_wgmma_repeatable() -> None:
    """Bitwise equal results from run to run, on another stream, and replayed in a CUDA graph with other inputs."""
    for dim, length in ((64, MANY_QUERIES), (128, 1500), (256, 1500)):
        case = Case(batch=2, heads_q=8, heads_kv=4, len_q=length, len_kv=1700, head_dim=dim, dtype=torch.bfloat16)
        repeat_causal(*case.make_inputs("cuda"))


def repeat_causal(q, k, v) -> None:
    expected = sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, is_causal=True)
    for _ in range(20):
        assert torch.equal(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, is_causal=True), expected)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        assert torch.equal(sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, is_causal=True), expected)
    static = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = sageattn_qk_int8_pv_fp8_cuda_sm90(*static, is_causal=True)
    for tensor, value in zip(static, (q, k, v)):
        tensor.copy_(value)
    graph.replay()
    assert torch.equal(captured, expected)


def check_automatic_choice() -> None:
    """sageattn takes the kernel on wgmma where it suits, and says so."""
    q, k, v = Case(len_q=300, len_kv=300, head_dim=128, heads_q=2, heads_kv=2, dtype=torch.bfloat16).make_inputs("cuda")
    assert explain(q, k, v).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d128"
    assert explain(q, k, v.repeat(1, 1, 1, 2)).kernel == "sm90_qk_int8_pv_fp8_fp32_sums_d256"
    assert torch.equal(sageattn(q, k, v), sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v))
    mask = torch.zeros(300, 300, device="cuda")
    assert explain(q, k, v, attn_mask=mask).kernel == "sm80_qk_int8_pv_bf16_d128"


CHECKS = (
    check_wgmma_random_shapes,
    check_wgmma_accuracy,
    check_wgmma_rising_scores,
    check_wgmma_value_scales,
    check_wgmma_largest_values,
    check_wgmma_not_finite,
    check_wgmma_rows_not_finite,
    check_wgmma_large_queries_and_small_keys,
    check_wgmma_packed_sequences,
    check_wgmma_repeatable,
    check_automatic_choice,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes and every storage, for compute-sanitizer."""
    for seed in range(24):
        case = wgmma_case(9000 + seed)
        if seed >= 20:
            case = replace(case, head_dim=64, len_q=MANY_QUERIES, heads_q=1, heads_kv=1)
        else:
            case = replace(case, len_q=min(case.len_q, 200))
        lengths = {"len_kv": min(case.len_kv, 300)}
        case = replace(case, storage=STORAGES[seed % len(STORAGES)], batch=1, **lengths)
        q, k, v = case.make_inputs("cuda")
        sageattn_qk_int8_pv_fp8_cuda_sm90(q, k, v, return_lse=True, attn_mask=case.make_mask("cuda"), **case.options)
    torch.cuda.synchronize()
