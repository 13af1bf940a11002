"""What must hold of the kernels for few queries, which quantize nothing, as plain functions; see gpu_checks.py."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import torch
from attention.gpu_checks import bf16_rounding, poison_free_memory, random_case
from attention.helpers import Case, Errors, exact_attention, exact_with_spread

from sageattention import explain, sageattn, sageattn_qk_int8_pv_fp16_cuda

# Mean error of P and of the output rounded to the dtype, as a share of the outputs' spread.
ROUNDING = {torch.float16: 1e-3, torch.bfloat16: 6e-3}
RANDOM_CASES = 200


def attention(q, k, v, mask=None, **options):
    options = {"return_lse": True, "kernel_family": "decode", **options}
    return torch.ops.sageattention.attention(q, k, v, attn_mask=mask, **options)


def decode_case(seed: int) -> Case:
    """Few queries, groups of many heads, and lengths from one key to more than one block of threads takes."""
    draw = random.Random(seed)
    case = random_case(seed)
    group = draw.choice([1, 1, 2, 4, 7, 8, 16])
    return replace(
        case,
        heads_q=case.heads_kv * group,
        len_q=draw.choice([1, 1, 1, 2, 3, 5, 8, 16, 17, 33, 64, 65, 100, 128, 129]),
        len_kv=draw.choice([1, 15, 16, 17, 127, 128, 129, 500, draw.randint(1, 3000), 5000, 9999]),
        head_dim=draw.choice([1, 8, 17, 40, 64, 64, 72, 80, 96, 128, 128, 128, 160, 256]),
        dtype=draw.choice([torch.float16, torch.bfloat16]),
    )


def assert_close(case: Case, output, lse, q, k, v, mask=None) -> None:
    """Nothing but P and the output is rounded; rows without a key are zeros and -inf exactly."""
    expected, expected_lse, spread = exact_with_spread(q, k, v, mask=mask, **case.options)
    hidden = expected_lse == -math.inf
    assert torch.equal(lse == -math.inf, hidden), "rows without a key"
    assert not (output if case.tensor_layout == "HND" else output.transpose(1, 2))[hidden].any()
    error = (output.double() - expected).abs()
    bound = ROUNDING[case.dtype] * (spread + expected.abs())
    assert error.sum().item() <= bound.sum().item(), f"mean error {error.sum() / bound.sum():.2f} of what is allowed"
    largest = (error - 12 * bound).max().item()
    assert largest <= 1e-6, f"an element is {largest} further off than 12 times the mean error"
    torch.testing.assert_close(lse[~hidden].double(), expected_lse[~hidden], atol=1e-4, rtol=1e-6)


def check_decode_random_shapes() -> None:
    """Accurate on random shapes, masks and strides, the same with and without LSE, inputs untouched."""
    for seed in range(RANDOM_CASES):
        case = decode_case(20_000 + seed)
        q, k, v = case.make_inputs("cuda")
        mask = case.make_mask("cuda")
        before = [tensor.clone() for tensor in (q, k, v)]
        poison_free_memory(k)
        output, lse = attention(q, k, v, mask, **case.options)
        alone = attention(q, k, v, mask, return_lse=False, **case.options)[0]
        try:
            assert_close(case, output, lse, q, k, v, mask)
        except AssertionError as error:
            raise AssertionError(f"{error} for {case}") from error
        assert torch.equal(output, alone), f"asking for the LSE changed the output for {case}"
        for name, tensor, copy in zip("qkv", (q, k, v), before):
            assert torch.equal(tensor, copy), f"{name} was written to for {case}"


def check_decode_long() -> dict:
    """One query to 64 rows over many keys: as accurate as the dtype, the LSE to six digits; every split counts."""
    measured = {}
    shapes = (("1 query", 4, 8, 8, 1, 32768), ("16 queries", 2, 4, 4, 16, 32768), ("grouped 32/8", 2, 32, 8, 1, 32768),
              ("64 rows", 1, 8, 2, 16, 16384), ("128 queries", 1, 4, 4, 128, 32768),
              ("one head", 1, 1, 1, 1, 200_000))  # fmt: skip
    for name, batch, heads_q, heads_kv, len_q, len_kv in shapes:
        case = Case(batch=batch, heads_q=heads_q, heads_kv=heads_kv, len_q=len_q, len_kv=len_kv, head_dim=128,
                    dtype=torch.bfloat16)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        output, lse = attention(q, k, v)
        expected, expected_lse = exact_attention(q, k, v)
        errors = Errors.between(output, expected)
        measured[name] = vars(errors)
        assert errors.relative_l1 <= 1.6 * bf16_rounding(expected), f"{errors} with {name}"
        assert (lse - expected_lse).abs().max().item() <= 2e-5, name
        # A query that finds one key returns its value, wherever it is.
        for position in (0, len_kv // 2 + 1, len_kv - 1):
            q[:, :, -1] = 8 * k[:, :, position].repeat_interleave(heads_q // heads_kv, dim=1)
            found = attention(q, k, v)[0][:, :, -1]
            wanted = v[:, :, position].repeat_interleave(heads_q // heads_kv, dim=1)
            assert (found - wanted).abs().max().item() <= 2e-2, f"key {position} with {name}"
    return measured


def check_decode_not_finite() -> None:
    """inf and NaN give what exact attention gives."""
    for name in "qkv":
        for value in (math.inf, -math.inf, math.nan):
            for len_q in (7, 30, 60):
                case = Case(heads_q=4, heads_kv=2, len_q=len_q, len_kv=3000, head_dim=128, dtype=torch.bfloat16)
                inputs = dict(zip("qkv", case.make_inputs("cuda")))
                inputs[name][0, 1, 5, 77] = value
                output, lse = attention(*inputs.values())
                expected, expected_lse = exact_attention(*inputs.values())
                what = f"{value} in {name}, {len_q} queries"
                assert torch.equal(output.isnan(), expected.isnan()), what
                assert torch.equal(output.isinf(), expected.isinf()), what
                assert torch.equal(lse.isfinite(), expected_lse.isfinite()), what
                assert torch.equal(output[expected.isinf()].double(), expected[expected.isinf()]), what
                finite = expected.isfinite()
                assert Errors.between(output[finite], expected[finite]).relative_l1 <= 0.01, what


def check_decode_masks() -> None:
    """Masks hide whatever keys hold; causality hides whatever a mask shows; the largest bias is finite."""
    for heads_q in (2, 4, 24):
        compare_masks(heads_q)


def compare_masks(heads_q: int) -> None:
    case = Case(heads_q=heads_q, heads_kv=2, len_q=9, len_kv=1000, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    keys = torch.arange(1000, device="cuda")
    lengths = torch.tensor([700], device="cuda")
    for mask in (keys < lengths, keys >= 1000 - lengths, keys // 64 % 3 != 1, keys < 0):
        mask = mask[None, None, None].expand(1, 1, 1, 1000)
        expected, expected_lse = attention(q, k, v, mask.expand(1, heads_q, 9, 1000).contiguous())
        hidden = k.masked_fill(~mask[0, 0, 0, :, None], math.nan)
        output, lse = attention(q, hidden, v, mask)
        assert torch.equal(lse == -math.inf, expected_lse == -math.inf)
        # The mask of the keys alone takes a path of its own, which rounds P elsewhere.
        torch.testing.assert_close(output, expected, atol=2e-3, rtol=2e-2)
        torch.testing.assert_close(lse, expected_lse, atol=1e-5, rtol=1e-5)
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        bias = torch.randn(9, 1000, device="cuda").to(dtype)
        later = torch.ones(9, 1000, device="cuda", dtype=torch.bool).triu(992)
        causal = {"is_causal": True, "causal_alignment": "bottom_right"}
        expected = attention(q, k, v, bias, **causal)[0]
        for bad in (math.inf, math.nan):
            output = attention(q, k, v, bias.masked_fill(later, bad), **causal)[0]
            assert torch.equal(output, expected), (bad, dtype)
        mask = torch.zeros(9, 1000, device="cuda", dtype=dtype)
        mask[:, 5] = mask[7] = torch.finfo(dtype).max
        output = attention(q, k, v, mask)[0]
        assert output.isfinite().all(), dtype
        others = torch.arange(9, device="cuda") != 7
        assert (output - v[:, :, 5:6].repeat_interleave(heads_q // 2, dim=1))[
            :, :, others
        ].abs().max().item() <= 0.02, dtype
        mask = torch.full((9, 1000), torch.finfo(dtype).min, device="cuda", dtype=dtype)
        mask[3] = -math.inf
        output, lse = attention(q, k, v, mask)
        assert not output[:, :, 3].any()
        assert (lse[:, :, 3] == -math.inf).all()
        assert lse[:, :, :3].isfinite().all()


def check_decode_repeatable() -> None:
    """Bitwise equal from run to run, on another stream, and replayed in a CUDA graph with other inputs."""
    for len_q in (3, 14, 30):
        case = Case(batch=2, heads_q=16, heads_kv=4, len_q=len_q, len_kv=20_000, head_dim=128, dtype=torch.bfloat16)
        repeat(*case.make_inputs("cuda"))


def repeat(q, k, v) -> None:
    expected = attention(q, k, v)
    for _ in range(20):
        again = attention(q, k, v)
        assert torch.equal(again[0], expected[0])
        assert torch.equal(again[1], expected[1])
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        assert torch.equal(attention(q, k, v)[0], expected[0])
    static = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured, _ = attention(*static)
    for tensor, value in zip(static, (q, k, v)):
        tensor.copy_(value)
    graph.replay()
    assert torch.equal(captured, expected[0])
    # Back to back calls share workspaces.
    outputs = [attention(q * (1 + i % 3), k, v)[0] for i in range(12)]
    for i, output in enumerate(outputs):
        assert torch.equal(output, outputs[i % 3])


def check_decode_large_offsets() -> None:
    """Keys beyond 2^31 elements."""
    length, heads, head_dim = 150_000, 56, 128
    packed = torch.randn(1, length, 2, heads, head_dim, device="cuda", dtype=torch.bfloat16)
    assert packed.numel() > 2**31
    k, v = packed.unbind(2)
    q = torch.randn(1, 2, heads, head_dim, device="cuda", dtype=torch.bfloat16)
    output, _ = attention(q, k, v, tensor_layout="NHD")
    for head in (0, heads - 1):
        sample = slice(head, head + 1)
        expected, _ = exact_attention(q[:, :, sample], k[:, :, sample], v[:, :, sample], tensor_layout="NHD")
        assert Errors.between(output[:, :, sample], expected).relative_l1 <= 0.01


def check_decode_choice() -> None:
    """sageattn takes the kernel where few queries share a key, and says so; functions that name a kernel keep to it."""
    case = Case(heads_q=8, heads_kv=2, len_q=4, len_kv=4096, head_dim=128, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    assert "_decode_bf16_d128" in explain(q, k, v).kernel
    assert torch.equal(sageattn(q, k, v), attention(q, k, v)[0])
    assert not torch.equal(sageattn_qk_int8_pv_fp16_cuda(q, k, v), attention(q, k, v)[0])
    assert explain(q, k, v, function=sageattn_qk_int8_pv_fp16_cuda).kernel == "sm80_qk_int8_pv_bf16_d128"
    many = q.repeat(1, 1, 100, 1)
    assert "decode" not in explain(many, k, v).kernel
    assert "decode" not in explain(q.float(), k.float(), v.float()).kernel


CHECKS = (
    check_decode_random_shapes,
    check_decode_long,
    check_decode_not_finite,
    check_decode_masks,
    check_decode_repeatable,
    check_decode_large_offsets,
    check_decode_choice,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes and every storage, for compute-sanitizer."""
    for seed in range(24):
        case = decode_case(30_000 + seed)
        case = replace(case, batch=1, len_kv=min(case.len_kv, 700))
        q, k, v = case.make_inputs("cuda")
        attention(q, k, v, case.make_mask("cuda"), **case.options)
    torch.cuda.synchronize()
