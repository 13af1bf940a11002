"""What must hold for sageattn3 on a GPU, as plain functions: they need torch and the package, and no test runner.

`bench/fp4_gpu.py` runs them. Each check raises AssertionError. GPUs without FP4 multiply the same numbers in 16 bits,
so everything but that one instruction is tested on any of them.
"""

from __future__ import annotations

import random

import torch
from attention.helpers import MASK_STORAGES, STORAGES, Case, Errors, exact_attention
from fp4 import published
from fp4.accuracy import assert_accurate

import sageattn3
from sageattn3 import reference, sageattn3_blackwell, sageattn3_varlen

RANDOM_CASES = 160
# Between kernels and reference: sums in another order, exponentials of another last bit, and what follows from it,
# numbers near a tie that round to the other side. Relative L1; the output's rounding to its dtype is part of it.
_CLOSE = {torch.float16: 2e-3, torch.bfloat16: 4e-3}
_CLOSE_LSE = 2e-3


def random_case(seed: int) -> Case:
    """Lengths around tile borders and far from them, every storage and option."""
    draw = random.Random(seed)
    heads_kv = draw.choice([1, 2, 3])
    lengths = [1, 2, 15, 17, 63, 64, 65, 127, 128, 129, draw.randint(1, 300), draw.randint(300, 1500)]
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


def emulate(q, k, v, mask, options, per_block_mean):
    """The reference path on the tensors' own device: output and LSE."""
    sm_scale = options["sm_scale"] if options["sm_scale"] is not None else q.shape[-1] ** -0.5
    return reference.attention(
        q, k, v, options["tensor_layout"], options["is_causal"], sm_scale, True, mask, options["causal_alignment"],
        per_block_mean,
    )  # fmt: skip


def assert_close(what: str, output, lse, expected, expected_lse) -> float:
    """Same numbers but for the order of sums; returns the relative L1 difference."""
    hidden = expected_lse == -torch.inf
    assert torch.equal(lse == -torch.inf, hidden), f"other rows are hidden for {what}"
    size = expected.double().abs().sum().item()
    difference = (output.double() - expected.double()).abs().sum().item() / size if size else 0.0
    assert difference <= _CLOSE[output.dtype], f"relative L1 {difference:.2e} from the reference for {what}"
    if not hidden.all():
        worst = (lse - expected_lse)[~hidden].abs().max().item()
        assert worst <= _CLOSE_LSE * max(1.0, expected_lse[~hidden].abs().max().item()), (
            f"LSE off by {worst} for {what}"
        )
    return difference


def check_random_shapes(seed: int) -> float:
    case, per_block_mean = random_case(seed), seed % 3 > 0
    q, k, v = case.make_inputs("cuda")
    mask = case.make_mask("cuda")
    before = [tensor.clone() for tensor in (q, k, v)]
    poison_free_memory(q)
    output, lse = sageattn3_blackwell(q, k, v, mask, return_lse=True, per_block_mean=per_block_mean, **case.options)
    alone = sageattn3_blackwell(q, k, v, mask, per_block_mean=per_block_mean, **case.options)
    what = f"{case}, per_block_mean={per_block_mean}"
    difference = assert_close(what, output, lse, *emulate(q, k, v, mask, case.options, per_block_mean))
    try:
        assert_accurate(case, output, lse, q, k, v, mask)
    except AssertionError as error:
        raise AssertionError(f"not accurate for {what}") from error
    assert torch.equal(output, alone), f"asking for the LSE changed the output for {what}"
    for name, tensor, copy in zip("qkv", (q, k, v), before):
        assert torch.equal(tensor, copy), f"{name} was written to for {what}"
    return difference


def check_packed_sequences() -> dict:
    """Packs of random sequences, empty ones and masks among them, against the reference."""
    worst = 0.0
    for seed in range(40):
        draw = random.Random(seed)
        lengths = [
            (draw.choice([0, 1, 63, 64, 130, 300]), draw.choice([0, 1, 64, 65, 200, 513]))
            for _ in range(draw.randint(1, 6))
        ]
        head_dim, head_dim_v, heads_kv = (
            draw.choice([16, 64, 80, 128, 256]),
            draw.choice([24, 64, 128]),
            draw.choice([1, 2]),
        )
        dtype, is_causal = draw.choice([torch.float16, torch.bfloat16]), draw.random() < 0.5
        alignment, per_block_mean = draw.choice(["top_left", "bottom_right"]), draw.random() < 0.7
        total_q, total_k = (sum(column) for column in zip(*lengths))
        spare = draw.choice([0, 3])
        if total_q == 0 or total_k == 0:
            continue
        generator = torch.Generator().manual_seed(seed)
        q, k, v = (
            torch.randn(size, generator=generator).to("cuda", dtype)
            for size in (
                (total_q + spare, 2 * heads_kv, head_dim),
                (total_k, heads_kv, head_dim),
                (total_k, heads_kv, head_dim_v),
            )
        )
        starts_q, starts_k = (torch.tensor([0, *column]).cumsum(0).to("cuda", torch.int32) for column in zip(*lengths))
        longest_q, longest_k = max(length for length, _ in lengths), max(length for _, length in lengths)
        mask = (
            torch.rand(len(lengths), 1, longest_q, longest_k, generator=generator).cuda() > 0.2
            if seed % 3 == 0
            else None
        )
        poison_free_memory(q)
        output, lse = sageattn3_varlen(
            q,
            k,
            v,
            starts_q,
            starts_k,
            longest_q,
            longest_k,
            is_causal,
            return_lse=True,
            attn_mask=mask,
            causal_alignment=alignment,
            per_block_mean=per_block_mean,
        )
        expected, expected_lse = reference.attention_varlen(
            q,
            k,
            v,
            starts_q,
            starts_k,
            longest_q,
            longest_k,
            is_causal,
            head_dim**-0.5,
            True,
            mask,
            alignment,
            per_block_mean,
        )
        what = f"{lengths}, head_dim={head_dim}, {head_dim_v}, {dtype}, causal={is_causal} {alignment}"
        worst = max(worst, assert_close(what, output, lse, expected, expected_lse))
    return {"worst relative L1 from the reference": worst}


def check_misfitting_lengths() -> None:
    """Lengths on the device that contradict the sizes: NaN for those sequences, nothing out of bounds."""
    q = torch.randn(100, 2, 64, device="cuda", dtype=torch.float16)
    for starts, bad in (((0, 50, 500), slice(50, 100)), ((0, 60, 40), slice(60, 60)), ((-5, 50, 100), slice(0, 50))):
        cumulative = torch.tensor(starts, device="cuda", dtype=torch.int32)
        output = sageattn3_varlen(q, q, q, cumulative, cumulative, 60, 60)
        assert output[bad].isnan().all(), starts
    assert (
        not sageattn3_varlen(q, q, q, *2 * [torch.tensor([0, 50, 100], device="cuda", dtype=torch.int32)], 60, 60)
        .isnan()
        .any()
    )


def check_accuracy() -> dict:
    """N(0, 1): cosine of at least 0.98 against float64, and no worse than the published algorithm."""
    measured = {}
    for head_dim in (64, 128):
        for is_causal in (False, True):
            case = Case(heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=head_dim, dtype=torch.bfloat16,
                        is_causal=is_causal)  # fmt: skip
            q, k, v = case.make_inputs("cuda")
            exact = torch.cat(
                [exact_attention(*(x[:, h : h + 1] for x in (q, k, v)), **case.options)[0] for h in range(8)], 1
            )
            errors = Errors.between(sageattn3_blackwell(q, k, v, **case.options), exact)
            small = [x[:, :1, :1024].cpu() for x in (q, k, v)]
            ours = Errors.between(
                sageattn3_blackwell(*(x.cuda() for x in small), **case.options).cpu(),
                exact_attention(*small, **case.options)[0],
            )
            theirs = Errors.between(published.attention(*small, is_causal), exact_attention(*small, **case.options)[0])
            name = f"D={head_dim} {'causal' if is_causal else 'full'}"
            measured[name] = {**vars(errors), "1024 tokens": vars(ours), "1024 tokens, published": vars(theirs)}
            assert errors.cosine >= 0.98, (name, errors)
            assert ours.relative_l1 <= 1.02 * theirs.relative_l1, (name, ours, theirs)
    return measured


def check_offsets() -> dict:
    """Channels with means far from 0 in Q, K and V: smoothing takes those of Q and K away."""
    case = Case(heads_q=4, heads_kv=4, len_q=2048, len_kv=2048, head_dim=128, dtype=torch.float16)
    q, k, v = case.make_inputs("cuda")
    plain = Errors.between(sageattn3_blackwell(q, k, v), exact_attention(q, k, v)[0])
    generator = torch.Generator().manual_seed(1)
    offset = 4 * torch.randn(1, 4, 1, 128, generator=generator).to(q)
    measured = {"none": vars(plain)}
    for name, inputs in {"k": (q, k + offset, v), "q": (q + offset, k, v)}.items():
        for per_block_mean in (True, False):
            exact = exact_attention(*inputs)[0]
            errors = Errors.between(sageattn3_blackwell(*inputs, per_block_mean=per_block_mean), exact)
            measured[f"{name}, per_block_mean={per_block_mean}"] = vars(errors)
            assert errors.cosine >= 0.98, (name, per_block_mean, errors)
    return measured


def check_tiny_and_huge() -> None:
    """Powers of two around the range of e4m3 change nothing but the size of the result."""
    case = Case(heads_q=2, heads_kv=1, len_q=300, len_kv=300, head_dim=64, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    plain = sageattn3_blackwell(q, k, v)
    for exponent in (-40, -13, 13, 40):
        power = 2.0**exponent
        assert torch.equal(sageattn3_blackwell(q, k, v * power), plain * power), f"v * 2^{exponent}"
        assert torch.equal(sageattn3_blackwell(q * power, k / power, v), plain), f"q * 2^{exponent}"


def check_not_finite() -> None:
    """An inf or NaN in q makes that row NaN, one in k every row that sees the key; no other row changes."""
    case = Case(heads_q=2, heads_kv=2, len_q=200, len_kv=200, dtype=torch.bfloat16)
    for name in "qk":
        for value in (float("inf"), float("nan")):
            for is_causal in (False, True):
                inputs = dict(zip("qkv", case.make_inputs("cuda")))
                inputs[name][0, 1, 77, 5] = value
                bad = sageattn3_blackwell(*inputs.values(), is_causal=is_causal).isnan().all(dim=-1)
                expected = torch.zeros_like(bad)
                expected[0, 1, slice(77, 78) if name == "q" else slice(77 if is_causal else 0, None)] = True
                assert torch.equal(bad, expected), f"{value} in {name}, is_causal={is_causal}"


def check_repeatable() -> None:
    case = Case(batch=2, heads_q=6, heads_kv=3, len_q=777, len_kv=1333, head_dim=64, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    first = sageattn3_blackwell(q, k, v, return_lse=True)
    for _ in range(20):
        again = sageattn3_blackwell(q, k, v, return_lse=True)
        assert torch.equal(first[0], again[0]), "outputs differ from run to run"
        assert torch.equal(first[1], again[1]), "LSEs differ from run to run"


def check_streams_and_graphs() -> None:
    """Runs on the current stream, and replays from a CUDA graph with new inputs."""
    case = Case(batch=2, heads_q=4, heads_kv=4, len_q=500, len_kv=500, head_dim=128, dtype=torch.float16)
    q, k, v = case.make_inputs("cuda")
    expected = sageattn3_blackwell(q, k, v)
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(50_000_000)  # what runs on another stream would overtake this
        delayed = q * 1
        output = sageattn3_blackwell(delayed, k, v)
    stream.synchronize()
    assert torch.equal(output, expected), "the kernels did not run on the current stream"

    static = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = sageattn3_blackwell(*static)
    for target, source in zip(static, (q, k, v)):
        target.copy_(source)
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(captured, expected), "a replayed graph gave another result"


def check_compiles() -> None:
    """torch.compile traces the call without a graph break, for changing lengths."""
    compiled = torch.compile(lambda q, k, v: sageattn3_blackwell(q, k, v) * 2, fullgraph=True, dynamic=True,
                             backend="aot_eager")  # fmt: skip
    for length in (100, 228):
        q, k, v = Case(len_q=length, len_kv=length, dtype=torch.bfloat16).make_inputs("cuda")
        assert torch.equal(compiled(q, k, v), sageattn3_blackwell(q, k, v) * 2)


def check_large() -> dict:
    """Packed QKV of 56 heads x 128: 74,000 tokens, and offsets beyond 2^31 elements at 102,400. The memory beside the
    output grows with the tokens alone; results are compared on a sample of rows."""
    heads, head_dim, measured = 56, 128, {}
    for length in (74_000, 102_400):
        packed = torch.randn(1, length, 3, heads, head_dim, device="cuda", dtype=torch.bfloat16)
        q, k, v = packed.unbind(2)
        assert (packed.numel() > 2**31) == (length > 100_000)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        output = sageattn3_blackwell(q, k, v, tensor_layout="NHD")
        end.record()
        torch.cuda.synchronize()
        extra = torch.cuda.max_memory_allocated() - before - output.numel() * 2
        # FP4 keys and values, INT8 keys, scales: 2.16 bytes for each element of K.
        assert extra <= 2.2 * k.numel(), f"{extra} bytes beside the output for {k.numel()} key elements"
        measured[f"{length} tokens"] = {
            "bytes beside the output": extra,
            "bytes per key element": round(extra / k.numel(), 3),
            "seconds, emulated": round(start.elapsed_time(end) / 1e3, 2),
        }
        rows = torch.tensor([0, 1, 65_535, length // 2, length - 129, length - 1], device="cuda")
        for head in (0, heads - 1):
            expected, _ = exact_attention(
                q[:, rows, head : head + 1], k[:, :, head : head + 1], v[:, :, head : head + 1], tensor_layout="NHD"
            )
            errors = Errors.between(output[:, rows, head : head + 1], expected)
            assert errors.cosine >= 0.96, f"{errors} at head {head}"  # the mean of 74k values: small, all noise
            measured[f"{length} tokens"][f"cosine, head {head}"] = errors.cosine
        del packed, q, k, v, output
    return measured


def check_empty() -> None:
    q = torch.empty(2, 3, 0, 64, device="cuda", dtype=torch.float16)
    k = torch.randn(2, 3, 5, 64, device="cuda", dtype=torch.float16)
    output, lse = sageattn3_blackwell(q, k, k, return_lse=True)
    assert output.shape == q.shape
    assert lse.shape == (2, 3, 0)
    output, lse = sageattn3_blackwell(k, q, q, return_lse=True)
    assert not output.any()
    assert (lse == -torch.inf).all()


CHECKS = (
    check_packed_sequences,
    check_misfitting_lengths,
    check_accuracy,
    check_offsets,
    check_tiny_and_huge,
    check_not_finite,
    check_repeatable,
    check_streams_and_graphs,
    check_compiles,
    check_empty,
    check_large,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes and every storage, for compute-sanitizer."""
    for seed in range(24):
        case = random_case(1000 + seed)
        small = Case(**{**vars(case), "len_q": min(case.len_q, 150), "len_kv": min(case.len_kv, 150), "batch": 1})
        q, k, v = small.make_inputs("cuda")
        sageattn3_blackwell(
            q, k, v, small.make_mask("cuda"), return_lse=seed % 2 == 0, per_block_mean=seed % 3 > 0, **small.options
        )
    q = torch.randn(170, 4, 72, device="cuda", dtype=torch.bfloat16)
    for starts in ([0, 1, 70, 70, 165], [0, 500, 20]):  # the second one is wrong
        cumulative = torch.tensor(starts, device="cuda", dtype=torch.int32)
        sageattn3_varlen(q, q[:, :2], q[:, :2, :40], cumulative, cumulative, 100, 100, return_lse=True)
    torch.cuda.synchronize()


if __name__ == "__main__":
    print(f"sageattn3 {sageattn3.__version__}: small shapes")
    sweep_small_shapes()
