"""What must hold on a GPU, as plain functions: they need torch and the package, and no test runner.

`test_gpu.py` runs them under pytest, `bench/gpu.py` on machines without it. Each check raises AssertionError.
"""

from __future__ import annotations

import random

import torch
from attention.helpers import MASK_STORAGES, STORAGES, Case, Errors, assert_accurate, exact_attention

import sageattention
from sageattention import sageattn, sageattn_qk_int8_pv_fp8_cuda

RANDOM_CASES = 160

# Relative L1 error and cosine of the reference implementation's INT8 QK + FP16 PV kernels on N(0, 1) inputs at 4096
# tokens, D=128, against float64: no worse than these.
REFERENCE_ACCURACY = {False: (0.0114, 0.99993), True: (0.0109, 0.99995)}
# The same with an offset of 4 sigma per channel on K and 2 sigma on V.
REFERENCE_OFFSET_L1 = 0.0014
# The first pair for INT8 QK + FP8 PV.
REFERENCE_FP8_ACCURACY = {False: (0.0383, 0.99927), True: (0.0368, 0.99938)}


def random_case(seed: int) -> Case:
    """Lengths around tile borders and far from them, every storage and option."""
    draw = random.Random(seed)
    heads_kv = draw.choice([1, 2, 3])
    lengths = [1, 2, 31, 33, 63, 64, 65, 127, 128, 129, draw.randint(1, 300), draw.randint(300, 1500)]
    return Case(
        batch=draw.choice([1, 1, 2, 3]),
        heads_q=heads_kv * draw.choice([1, 1, 2, 4]),
        heads_kv=heads_kv,
        len_q=draw.choice(lengths),
        len_kv=draw.choice(lengths),
        head_dim=draw.choice([1, 8, 17, 40, 64, 64, 72, 80, 96, 128, 128, 160, 256]),
        tensor_layout=draw.choice(["HND", "NHD"]),
        dtype=draw.choice([torch.float16, torch.bfloat16]),
        is_causal=draw.random() < 0.5,
        sm_scale=draw.choice([None, None, 0.05, -0.1, 0.3]),
        storage=draw.choice(STORAGES),
        seed=seed,
        head_dim_v=draw.choice([None, None, None, 3, 64, 100, 256]),
        causal_alignment=draw.choice(["top_left", "bottom_right"]),
        mask_dtype=draw.choice([None, None, None, torch.bool, torch.float16, torch.bfloat16, torch.float32]),
        mask_axes=draw.choice(["bhqk", "b11k", "qk", "1h1k", "b1q1", "k"]),
        mask_storage=draw.choice(MASK_STORAGES),
    )


def poison_free_memory(like: torch.Tensor) -> None:
    """Leaves NaN in the memory that the next allocations reuse: an element that is not written shows."""
    blocks = [torch.full_like(like, float("nan"), memory_format=torch.contiguous_format) for _ in range(3)]
    del blocks


def check_random_shapes(seed: int) -> None:
    case = random_case(seed)
    q, k, v = case.make_inputs("cuda")
    mask = case.make_mask("cuda")
    before = [tensor.clone() for tensor in (q, k, v)]
    poison_free_memory(q)
    output, lse = sageattn(q, k, v, return_lse=True, attn_mask=mask, **case.options)
    alone = sageattn(q, k, v, attn_mask=mask, **case.options)
    try:
        assert_accurate(case, output, lse, q, k, v, mask)
    except AssertionError as error:
        raise AssertionError(f"not accurate for {case}") from error
    assert torch.equal(output, alone), f"asking for the LSE changed the output for {case}"
    for name, tensor, copy in zip("qkv", (q, k, v), before):
        assert torch.equal(tensor, copy), f"{name} was written to for {case}"


def check_fp8_values() -> dict:
    """FP8 values on random shapes, and at least as accurate as the reference implementation's FP8 kernels."""
    for seed in range(60):
        case = random_case(2000 + seed)
        q, k, v = case.make_inputs("cuda")
        mask = case.make_mask("cuda")
        sums = ("fp32+fp16", "fp32+fp32")[seed % 2]
        output, lse = sageattn_qk_int8_pv_fp8_cuda(
            q, k, v, return_lse=True, attn_mask=mask, pv_accum_dtype=sums, **case.options
        )
        try:
            assert_accurate(case, output, lse, q, k, v, mask, values="fp8")
        except AssertionError as error:
            raise AssertionError(f"not accurate for {sums} {case}") from error
    measured = {}
    for is_causal, (limit, cosine) in REFERENCE_FP8_ACCURACY.items():
        case = Case(heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=128, dtype=torch.bfloat16,
                    is_causal=is_causal)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        exact, _ = exact_attention(q, k, v, **case.options)
        for sums in ("fp32+fp16", "fp32+fp32"):
            errors = Errors.between(sageattn_qk_int8_pv_fp8_cuda(q, k, v, pv_accum_dtype=sums, **case.options), exact)
            measured[f"{sums} {'causal' if is_causal else 'full'}"] = vars(errors)
            assert errors.relative_l1 <= limit, errors
            assert round(errors.cosine, 5) >= cosine, errors
    return measured


def check_not_finite() -> None:
    """One inf or NaN in q or k gives NaN exactly where exact attention has it, and changes nothing elsewhere."""
    for name in "qk":
        for value in (float("inf"), float("-inf"), float("nan")):
            for is_causal in (False, True):
                case = Case(heads_q=2, heads_kv=2, len_q=200, len_kv=200, dtype=torch.bfloat16, is_causal=is_causal)
                inputs = dict(zip("qkv", case.make_inputs("cuda")))
                inputs[name][0, 1, 77, 5] = value
                output = sageattn(*inputs.values(), is_causal=is_causal)
                expected, _ = exact_attention(*inputs.values(), is_causal=is_causal)
                assert torch.equal(output.isnan(), expected.isnan()), f"{value} in {name}, is_causal={is_causal}"
                finite = expected.isfinite()
                errors = Errors.between(output[finite], expected[finite])
                assert errors.relative_l1 <= 0.02, f"{errors} with {value} in {name}, is_causal={is_causal}"


def check_accuracy() -> dict:
    """At least as accurate as the reference implementation; returns what was measured."""
    measured = {}
    for is_causal, (limit, cosine) in REFERENCE_ACCURACY.items():
        case = Case(batch=1, heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=128, dtype=torch.bfloat16,
                    is_causal=is_causal)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        errors = Errors.between(sageattn(q, k, v, **case.options), exact_attention(q, k, v, **case.options)[0])
        measured["causal" if is_causal else "full"] = vars(errors)
        assert errors.relative_l1 <= limit, errors
        assert round(errors.cosine, 5) >= cosine, errors
    case = Case(batch=1, heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=128, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    generator = torch.Generator().manual_seed(1)
    k += 4 * torch.randn(1, 8, 1, 128, generator=generator).to(k)
    v += 2 * torch.randn(1, 8, 1, 128, generator=generator).to(v)
    errors = Errors.between(sageattn(q, k, v), exact_attention(q, k, v)[0])
    measured["channel offsets"] = vars(errors)
    # The output is rounded to bf16, whose error alone is about this large; sums stay below it.
    assert errors.relative_l1 <= max(REFERENCE_OFFSET_L1, bf16_rounding(exact_attention(q, k, v)[0])), errors
    return measured


def bf16_rounding(exact: torch.Tensor) -> float:
    """Relative L1 error of the exact result rounded to bf16, with 10 % of room."""
    return 1.1 * Errors.between(exact.to(torch.bfloat16), exact).relative_l1


def check_equals_cpu_reference() -> None:
    """The CPU emulates the same quantization: both differ by the rounding of sums, exponentials and P only."""
    for is_causal in (False, True):
        for dtype in (torch.float16, torch.bfloat16):
            case = Case(batch=2, heads_q=4, heads_kv=2, len_q=333, len_kv=517, head_dim=128, dtype=dtype,
                        is_causal=is_causal)  # fmt: skip
            q, k, v = case.make_inputs()
            expected, expected_lse = sageattn(q, k, v, return_lse=True, **case.options)
            output, lse = sageattn(q.cuda(), k.cuda(), v.cuda(), return_lse=True, **case.options)
            errors = Errors.between(output.cpu(), expected)
            assert errors.relative_l1 <= (4e-3 if dtype == torch.bfloat16 else 6e-4), f"{errors} for {case}"
            # A tie that rounds to the other integer moves one score by a step of K times an element of q.
            worst = (lse.cpu() - expected_lse).abs().max().item()
            assert worst <= 1e-2, f"LSE off by {worst} for {case}"


def check_repeatable() -> None:
    case = Case(batch=2, heads_q=6, heads_kv=3, len_q=777, len_kv=1333, head_dim=64, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    first = sageattn(q, k, v, return_lse=True)
    for _ in range(20):
        again = sageattn(q, k, v, return_lse=True)
        assert torch.equal(first[0], again[0]), "outputs differ from run to run"
        assert torch.equal(first[1], again[1]), "LSEs differ from run to run"


def check_streams_and_graphs() -> None:
    """Runs on the current stream, and replays from a CUDA graph with new inputs."""
    case = Case(batch=2, heads_q=4, heads_kv=4, len_q=500, len_kv=500, head_dim=128, dtype=torch.float16)
    q, k, v = case.make_inputs("cuda")
    expected = sageattn(q, k, v)
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)  # what runs on another stream would overtake this
        delayed = q * 1
        output = sageattn(delayed, k, v)
    stream.synchronize()
    assert torch.equal(output, expected), "the kernels did not run on the current stream"

    static = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = sageattn(*static)
    for target, source in zip(static, (q, k, v)):
        target.copy_(source)
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(captured, expected), "a replayed graph gave another result"


def check_compiles() -> None:
    """torch.compile traces the call without a graph break, for changing lengths."""
    compiled = torch.compile(lambda q, k, v: sageattn(q, k, v) * 2, fullgraph=True, dynamic=True, backend="aot_eager")
    for length in (100, 228):
        q, k, v = Case(len_q=length, len_kv=length, dtype=torch.bfloat16).make_inputs("cuda")
        assert torch.equal(compiled(q, k, v), sageattn(q, k, v) * 2)


def check_memory() -> dict:
    """Besides the output a call takes what quantized keys need, and no copy of its inputs."""
    case = Case(batch=1, heads_q=8, heads_kv=8, len_q=8192, len_kv=8192, head_dim=128, dtype=torch.bfloat16,
                tensor_layout="NHD", storage="packed")  # fmt: skip
    q, k, v = case.make_inputs("cuda")
    sageattn(q, k, v, **case.options)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    output = sageattn(q, k, v, **case.options)
    extra = torch.cuda.max_memory_allocated() - before - output.numel() * 2
    assert extra <= 1.1 * k.numel(), f"{extra} bytes beside the output for {k.numel()} key elements"
    return {"bytes_per_key_element": round(extra / k.numel(), 3)}


def check_large_offsets() -> None:
    """Packed QKV of 56 heads x 128 and 100,000 tokens: offsets beyond 2^31 elements, compared on a sample of rows."""
    length, heads, head_dim = 102_400, 56, 128
    packed = torch.randn(1, length, 3, heads, head_dim, device="cuda", dtype=torch.bfloat16)
    assert packed.numel() > 2**31
    q, k, v = packed.unbind(2)
    output = sageattn(q, k, v, tensor_layout="NHD")
    rows = torch.tensor([0, 1, 65_535, length // 2, length - 129, length - 1], device="cuda")
    for head in (0, heads - 1):
        expected, _ = exact_attention(
            q[:, rows, head : head + 1], k[:, :, head : head + 1], v[:, :, head : head + 1], tensor_layout="NHD"
        )
        errors = Errors.between(output[:, rows, head : head + 1], expected)
        assert errors.relative_l1 <= 0.05, f"{errors} at head {head}"  # the mean of 100k values: small, all noise


def check_empty() -> None:
    q = torch.empty(2, 3, 0, 64, device="cuda", dtype=torch.float16)
    k = torch.randn(2, 3, 5, 64, device="cuda", dtype=torch.float16)
    output, lse = sageattn(q, k, k, return_lse=True)
    assert output.shape == q.shape
    assert lse.shape == (2, 3, 0)


def check_bad_input() -> None:
    good = torch.randn(1, 2, 8, 64, device="cuda", dtype=torch.float16)
    bad = {
        "device": (good.cpu(), good, good),
        "dtype": (good.float(), good.float(), good.float()),
        "strides": (good, good.transpose(2, 3).contiguous().transpose(2, 3), good),
        "heads": (good, good[:, :1].expand(1, 3, 8, 64), good[:, :1].expand(1, 3, 8, 64)),
    }
    for name, arguments in bad.items():
        try:
            sageattn(*arguments)
        except (TypeError, ValueError):
            continue
        raise AssertionError(f"a wrong {name} was accepted")


CHECKS = (
    check_accuracy,
    check_equals_cpu_reference,
    check_repeatable,
    check_streams_and_graphs,
    check_compiles,
    check_memory,
    check_large_offsets,
    check_fp8_values,
    check_not_finite,
    check_empty,
    check_bad_input,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes and every storage, for compute-sanitizer."""
    for seed in range(24):
        case = random_case(1000 + seed)
        small = Case(**{**vars(case), "len_q": min(case.len_q, 150), "len_kv": min(case.len_kv, 150), "batch": 1})
        q, k, v = small.make_inputs("cuda")
        call = sageattn if seed % 3 else sageattn_qk_int8_pv_fp8_cuda
        call(q, k, v, return_lse=seed % 2 == 0, attn_mask=small.make_mask("cuda"), **small.options)
    torch.cuda.synchronize()


if __name__ == "__main__":
    print(f"sageattention {sageattention.__version__}: small shapes")
    sweep_small_shapes()
