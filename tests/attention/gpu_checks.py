"""What must hold on a GPU, as plain functions: they need torch and the package, and no test runner.

`test_gpu.py` runs them under pytest, `bench/gpu.py` on machines without it. Each check raises AssertionError.
"""

from __future__ import annotations

import math
import random

import torch
from attention.helpers import MASK_STORAGES, STORAGES, Case, Errors, assert_accurate, exact_attention

import sageattention
from sageattention import sageattn, sageattn_qk_int8_pv_fp8_cuda, sageattn_qk_int8_pv_fp16_cuda, sageattn_varlen

# Families and their sums.
KERNELS = (("fp16", "fp32"), ("fp16", "fp16"), ("fp16", "fp16+fp32"), ("fp8", "fp32+fp16"), ("fp8", "fp32+fp32"))

RANDOM_CASES = 160
OPTION_CASES = 120

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
        dtype=draw.choice([torch.float16, torch.bfloat16, torch.bfloat16, torch.float32]),
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


def random_options(seed: int) -> dict:
    """A kernel and its options, as the operator takes them."""
    draw = random.Random(seed)
    kernel, sums = draw.choice(
        [("fp16", "fp32"), ("fp16", "fp16"), ("fp16", "fp16+fp32"), ("fp8", "fp32+fp16"), ("fp8", "fp32+fp32")]
    )
    return {
        "kernel_family": kernel,
        "pv_accum_dtype": sums,
        "qk_quant_gran": draw.choice(["per_thread", "per_warp"]),
        "smooth_k": draw.random() < 0.7,
        "smooth_v": draw.random() < 0.5,
    }


def operator_call(q, k, v, mask, case: Case, options: dict):
    return torch.ops.sageattention.attention(q, k, v, return_lse=True, attn_mask=mask, **case.options, **options)


def check_random_options(seed: int) -> None:
    """Every option of every kernel, on random shapes."""
    case, options = random_case(2000 + seed), random_options(seed)
    q, k, v = case.make_inputs("cuda")
    mask = case.make_mask("cuda")
    poison_free_memory(q)
    output, lse = operator_call(q, k, v, mask, case, options)
    values = (
        "fp8" if options["kernel_family"] == "fp8" else "fp16 sums" if options["pv_accum_dtype"] == "fp16" else "16-bit"
    )
    try:
        assert_accurate(case, output, lse, q, k, v, mask, values, options["qk_quant_gran"])
    except AssertionError as error:
        raise AssertionError(f"not accurate for {options} {case}") from error


def check_fp8_accuracy() -> dict:
    """FP8 values are at least as accurate as with the reference implementation's kernels."""
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


def check_fp16_sums_accuracy() -> dict:
    """fp16 accumulators: as accurate as fp32 ones when flushed, and losing digits (which shows them) when not."""
    measured = {}
    case = Case(heads_q=8, heads_kv=8, len_q=4096, len_kv=4096, head_dim=128, dtype=torch.float16)
    q, k, v = case.make_inputs("cuda")
    v += 1  # sums that grow over the whole sequence
    exact, _ = exact_attention(q, k, v)
    for sums in ("fp32", "fp16+fp32", "fp16"):
        measured[sums] = vars(Errors.between(sageattn_qk_int8_pv_fp16_cuda(q, k, v, pv_accum_dtype=sums), exact))
    error = {sums: errors["relative_l1"] for sums, errors in measured.items()}
    assert error["fp16+fp32"] <= 1.5 * error["fp32"], error
    assert 1.2 * error["fp32"] <= error["fp16"] <= 0.05, error
    # Of values that only differ by a power of two, however large, so do the results.
    value = torch.full((1, 8, 2**15, 128), 2.5e38, device="cuda", dtype=torch.bfloat16)
    many_keys = k.bfloat16().repeat(1, 1, 8, 1)
    for sums in ("fp16+fp32", "fp16"):
        large, small = (
            sageattn_qk_int8_pv_fp16_cuda(0 * q[:, :, :64].bfloat16(), many_keys, x, pv_accum_dtype=sums)
            for x in (value, value * 2.0**-40)
        )
        assert torch.equal(large, small * 2.0**40), sums
    # Far beyond the range of fp16, and of the sums.
    big = (v.bfloat16() * 1e30, v.bfloat16() * 1e-30)
    for value in big:
        exact, _ = exact_attention(q, k, value.to(torch.bfloat16))
        for sums in ("fp16+fp32", "fp16"):
            output = sageattn_qk_int8_pv_fp16_cuda(q.bfloat16(), k.bfloat16(), value, pv_accum_dtype=sums)
            errors = Errors.between(output, exact)
            assert errors.relative_l1 <= 0.05, f"{errors} with {sums} and values of about {value.abs().max()}"
    return measured


def check_largest_values() -> None:
    """Values at the end of the range of fp16 average to such values: rounding errors do not make them infinite."""
    for length in (1, 2, 100, 1000):
        q, k, v = Case(len_q=40, len_kv=length, head_dim_v=128).make_inputs("cuda")
        v = torch.full_like(v, 65504.0) * torch.tensor([1, -1], device="cuda").repeat(64)
        for kernel, sums in KERNELS:
            output = operator_call(q, k, v, None, Case(), {"kernel_family": kernel, "pv_accum_dtype": sums})[0]
            limit = 0.04 if kernel == "fp8" else 5e-3
            torch.testing.assert_close(output, v[:, :, :1].expand_as(output), rtol=limit, atol=0)


def check_smooth_v() -> None:
    """Values far from zero lose digits in FP8 unless their mean is taken off."""
    case = Case(heads_q=2, heads_kv=2, len_q=300, len_kv=1000, head_dim=128, dtype=torch.bfloat16)
    q, k, v = case.make_inputs("cuda")
    v += 20
    exact, _ = exact_attention(q, k, v)
    for options in ({"kernel_family": "fp8"}, {"kernel_family": "fp16", "pv_accum_dtype": "fp16"}):
        plain, smooth = (
            (operator_call(q, k, v, None, case, {**options, "smooth_v": smooth_v})[0] - exact).abs().mean().item()
            for smooth_v in (False, True)
        )
        # What is left is the rounding of the output to bf16.
        assert smooth <= max(0.7 * plain, 1.3 * (exact.to(torch.bfloat16) - exact).abs().mean().item()), (plain, smooth)


def check_not_finite() -> None:
    """One inf or NaN reaches the rows that see it, as in exact attention, and changes nothing elsewhere.

    16-bit values are multiplied as they are, so that hidden ones reach their neighbours; the others not.
    """
    kernels = (("fp16", "fp32", "q k"), ("fp8", "fp32+fp16", "q k v"), ("fp8", "fp32+fp32", "v"), ("fp16", "fp16", "v"))
    for kernel, sums, names in kernels:
        for name in names.split():
            for value in (math.inf, -math.inf, math.nan):
                for is_causal, masked in ((False, False), (True, False), (False, True)):
                    check_one_not_finite(name, value, is_causal, masked, kernel, sums)


def check_one_not_finite(name, value, is_causal, masked, kernel, sums) -> None:
    case = Case(heads_q=2, heads_kv=2, len_q=200, len_kv=200, dtype=torch.bfloat16, is_causal=is_causal,
                mask_dtype=torch.bool if masked else None)  # fmt: skip
    inputs = dict(zip("qkv", case.make_inputs()))
    inputs[name][0, 1, 77, 5] = value
    mask = case.make_mask()
    on_gpu = [tensor.cuda() for tensor in inputs.values()]
    options = {"kernel_family": kernel, "pv_accum_dtype": sums}
    output, _ = operator_call(*on_gpu, mask if mask is None else mask.cuda(), case, options)
    expected, _ = operator_call(*inputs.values(), mask, case, options)
    what = f"{value} in {name}, is_causal={is_causal}, masked={masked}, {kernel}, {sums}"
    assert torch.equal(output.cpu().isnan(), expected.isnan()), what
    infinite = expected.isinf()
    assert torch.equal(output.cpu()[infinite], expected[infinite]), what
    assert torch.equal(output.cpu().isinf(), infinite), what
    finite = expected.isfinite()
    errors = Errors.between(output.cpu()[finite], expected[finite])
    assert errors.relative_l1 <= (0.06 if kernel == "fp8" else 0.02), f"{errors} with {what}"


def check_large_queries_and_small_keys() -> None:
    """Only the products count: scales far from 1 that cancel out change nothing, and rows of zeros do no harm."""
    case = Case(len_q=40, len_kv=150, head_dim=128, dtype=torch.bfloat16)
    for scale in (1e-30, 1e-20, 1e20, 1e30):
        q, k, v = case.make_inputs("cuda")
        for sm_scale, (queries, keys) in ((0.1, (q * scale, k / scale)), (0.1 * scale, (q, k / scale))):
            queries[:, :, 3] = 0
            expected, expected_lse = exact_attention(queries, keys, v, sm_scale=sm_scale)
            for kernel, sums in KERNELS:
                options = {"kernel_family": kernel, "pv_accum_dtype": sums, "sm_scale": sm_scale}
                output, lse = torch.ops.sageattention.attention(queries, keys, v, return_lse=True, **options)
                errors = Errors.between(output, expected)
                assert errors.relative_l1 <= (0.07 if kernel == "fp8" else 0.025), f"{errors} with {options}, {scale}"
                assert (lse - expected_lse).abs().max() <= 0.08, f"LSE with {options}, {scale}"


def check_huge_scores() -> None:
    """Where scores are so large that softmax is a choice, the right key is chosen, however large they are."""
    for kernel, sums in KERNELS:
        check_huge_scores_of({"kernel_family": kernel, "pv_accum_dtype": sums})


def check_huge_scores_of(options: dict, head_dims=(64, 128, 256), scales=(30, 1e3, 1e5, 1e12, 1e17)) -> None:
    generator = torch.Generator().manual_seed(5)
    for head_dim in head_dims:
        q, k, v = (torch.randn(1, 2, length, head_dim, generator=generator).cuda() for length in (200, 333, 333))
        for is_causal in (False, True):
            scores = q.double() @ k.double().mT / math.sqrt(head_dim)
            if is_causal:
                scores = scores.masked_fill(torch.ones(200, 333, device="cuda", dtype=torch.bool).triu(1), -math.inf)
            best, chosen = scores.topk(2, dim=-1)
            # Quantization moves scores by about 1 %: only these rows have to agree.
            clear = best[..., 0] - best[..., 1] > 0.25
            expected = v.gather(2, chosen[..., :1].expand(-1, -1, -1, head_dim))[clear]
            for scale in scales:
                dtype = torch.float16 if scale <= 1e3 and head_dim == 64 else torch.bfloat16
                inputs = [x.to(dtype) for x in (q * scale, k * scale, v)]
                what = f"{options}, head_dim {head_dim}, is_causal={is_causal}, queries and keys of about {scale}"
                output, lse = torch.ops.sageattention.attention(
                    *inputs, is_causal=is_causal, return_lse=True, **options
                )
                assert output.isfinite().all(), what
                if scale >= 1e3:  # e4m3 has 4 bits, of values and, but for 9.0, of probabilities
                    rtol, atol = (0.13, 0.02) if options["kernel_family"] == "fp8" else (0.01, 0.01)
                    torch.testing.assert_close(output[clear], expected.to(dtype), rtol=rtol, atol=atol, msg=what)
                relative = (lse / scale**2 - best[..., 0]).abs().max().item()
                assert relative <= 0.15, f"LSE off by {relative} of the scores' deviation with {what}"


def check_what_masks_hide() -> None:
    """No bias shows a key that causality hides, -inf hides whatever the key holds, and the largest bias is finite."""
    q, k, v = Case(heads_q=2, heads_kv=2, len_q=100, len_kv=130, dtype=torch.bfloat16).make_inputs("cuda")
    later = torch.ones(100, 130, device="cuda", dtype=torch.bool).triu(1)
    for kernel, sums in KERNELS:
        options = {"kernel_family": kernel, "pv_accum_dtype": sums}
        for dtype in (torch.float16, torch.bfloat16, torch.float32):
            bias = torch.randn(100, 130, device="cuda").to(dtype)
            expected = torch.ops.sageattention.attention(q, k, v, attn_mask=bias, is_causal=True, **options)[0]
            for bad in (math.inf, math.nan):
                mask = bias.masked_fill(later, bad)
                output = torch.ops.sageattention.attention(q, k, v, attn_mask=mask, is_causal=True, **options)[0]
                errors = Errors.between(output, expected)  # rows past the end, which nobody sees, move references
                assert errors.relative_l1 <= 0.05, f"{errors} with {bad} at hidden keys in {dtype}, {options}"
            mask = bias.clone()
            mask[:, 60] = mask[7] = -math.inf
            expected = torch.ops.sageattention.attention(q, k.index_fill(2, torch.tensor(60, device="cuda"), 0), v,
                                                         attn_mask=mask, smooth_k=False, **options)[0]  # fmt: skip
            for bad in (math.inf, -math.inf, math.nan):
                keys, queries = k.clone(), q.clone()
                keys[:, :, 60] = queries[:, :, 7] = bad
                plain = {**options, "smooth_k": False}
                output = torch.ops.sageattention.attention(queries, keys, v, attn_mask=mask, **plain)[0]
                assert not output[:, :, 7].any(), f"{bad} in a row that sees nothing, {dtype}, {options}"
                errors = Errors.between(output, expected)
                assert errors.relative_l1 <= 0.05, f"{errors} with {bad} in a key that -inf hides, {dtype}, {options}"
            mask = torch.zeros(100, 130, device="cuda", dtype=dtype)
            mask[:, 5] = mask[7] = torch.finfo(dtype).max
            output = torch.ops.sageattention.attention(q, k, v, attn_mask=mask, **options)[0]
            assert output.isfinite().all(), f"the largest bias of {dtype}, {options}"
            others = torch.arange(100, device="cuda") != 7
            error = (output - v[:, :, 5:6])[:, :, others].abs().max().item()
            assert error <= 0.5, f"off by {error} with the largest bias of {dtype}, {options}"  # e4m3 has 4 bits


def check_padding_masks() -> None:
    """A boolean mask of the keys alone takes a path of its own: the result is that of the same mask spelled out."""
    for seed, head_dim in enumerate((64, 128, 256)):
        case = Case(batch=3, heads_q=4, heads_kv=2, len_q=150, len_kv=1000, head_dim=head_dim, dtype=torch.bfloat16,
                    is_causal=seed == 1, seed=seed)  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        keys = torch.arange(1000, device="cuda")
        lengths = torch.tensor([[700], [64], [0]], device="cuda")
        masks = [keys < lengths, keys >= 1000 - lengths, torch.rand(3, 1000, device="cuda") > 0.5]
        masks.append((keys // 64 % 3 != 1).expand(3, 1000))
        k[:, :, 999] = math.nan  # hidden by most
        for mask in masks:
            mask = mask[:, None, None] & (keys != 999)
            for function in (sageattn, sageattn_qk_int8_pv_fp8_cuda):
                output, lse = function(q, k, v, attn_mask=mask, return_lse=True, is_causal=case.is_causal)
                full = mask.expand(3, 4, 150, 1000).contiguous()
                expected, expected_lse = function(q, k, v, attn_mask=full, return_lse=True, is_causal=case.is_causal)
                assert torch.equal(lse == -math.inf, expected_lse == -math.inf)
                # P is rounded relative to another maximum, in FP8 to 4 bits.
                tolerance = 2e-2 if function is sageattn else 8e-2
                torch.testing.assert_close(output, expected, atol=tolerance, rtol=tolerance)
                torch.testing.assert_close(lse, expected_lse, atol=1e-3, rtol=1e-3)


def random_pack(seed: int):
    """Packed sequences, some of them empty or of tile sizes, and tokens behind the last one."""
    draw = random.Random(seed)
    lengths = [
        (draw.choice([0, 1, 63, 64, 65, 128, draw.randint(1, 400)]), draw.choice([0, 1, 64, 127, draw.randint(1, 600)]))
        for _ in range(draw.randint(1, 9))
    ]
    heads_kv, group = draw.choice([1, 2]), draw.choice([1, 3])
    head_dim, head_dim_v = draw.choice([(64, 64), (128, 128), (72, 40), (128, 256), (17, 17)])
    dtype = draw.choice([torch.float16, torch.bfloat16, torch.float32])
    tokens = [sum(column) + draw.choice([0, 5]) for column in zip(*lengths)]
    generator = torch.Generator().manual_seed(seed)
    sizes = (
        (tokens[0], heads_kv * group, head_dim),
        (tokens[1], heads_kv, head_dim),
        (tokens[1], heads_kv, head_dim_v),
    )
    q, k, v = (torch.randn(size, generator=generator).to(dtype).cuda() for size in sizes)
    mask = None
    if draw.random() < 0.5:
        longest_q, longest_k = (max(column) for column in zip(*lengths))
        mask = torch.rand(len(lengths), 1, draw.choice([1, longest_q]), longest_k, generator=generator).cuda() > 0.3
    return q, k, v, lengths, mask


def cumulative(lengths, dtype=torch.int32):
    return torch.tensor([0, *lengths], device="cuda").cumsum(0).to(dtype)


def check_packed_sequences() -> None:
    """Bit for bit what a call for each sequence gives (nearly so with masks); tokens behind the last are zeros."""
    for seed in range(60):
        q, k, v, lengths, mask = random_pack(seed)
        options = {**random_options(seed), "is_causal": seed % 3 > 0}
        options["causal_alignment"] = "bottom_right" if seed % 3 == 2 else "top_left"
        longest = [max(column) for column in zip(*lengths)]
        cu_q, cu_k = (cumulative(column) for column in zip(*lengths))
        poison_free_memory(q)
        output, lse = torch.ops.sageattention.attention_varlen(
            q,
            k,
            v,
            cu_q,
            cu_k,
            longest[0],
            longest[1] + 70 * (mask is None),
            return_lse=True,
            attn_mask=mask,
            **options,
        )
        assert lse.shape == (q.shape[1], q.shape[0])
        first_q = first_k = 0
        for index, (len_q, len_k) in enumerate(lengths):
            queries, keys = slice(first_q, first_q + len_q), slice(first_k, first_k + len_k)
            first_q, first_k = queries.stop, keys.stop
            part = None if mask is None else mask[index : index + 1, :, :len_q, :len_k]
            expected, expected_lse = torch.ops.sageattention.attention(
                q[queries][None], k[keys][None], v[keys][None], "NHD", return_lse=True, attn_mask=part, **options
            )
            what = f"sequence {index} of seed {seed}: {lengths}, {q.dtype}, {options}"
            if mask is None:
                assert torch.equal(output[queries], expected[0]), what
                assert torch.equal(lse[:, queries], expected_lse[0]), what
            else:  # of a single query or key it may be a padding mask, which takes another path
                tolerance = 8e-2 if options["kernel_family"] == "fp8" else 2e-2
                torch.testing.assert_close(output[queries], expected[0], atol=tolerance, rtol=tolerance, msg=what)
                torch.testing.assert_close(lse[:, queries], expected_lse[0], atol=1e-3, rtol=1e-3, msg=what)
        assert not output[first_q:].any()
        assert (lse[:, first_q:] == -math.inf).all()


def check_packed_lengths_stay_on_the_device() -> None:
    """A captured call runs with other lengths; nobody looks at them; bad ones give NaN and nothing worse."""
    lengths = [(100, 200), (0, 30), (70, 0), (130, 170)]
    q, k, v = (torch.randn(400, 4, 64, device="cuda", dtype=torch.float16) for _ in range(3))
    cu_q, cu_k = (cumulative(column) for column in zip(*lengths))
    torch.cuda.set_sync_debug_mode("error")
    try:
        sageattn_varlen(q, k, v, cu_q, cu_k, 200, 200, is_causal=True)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output, lse = sageattn_varlen(q, k, v, cu_q, cu_k, 200, 200, return_lse=True)
    for other in ([(200, 200), (1, 64), (3, 1), (64, 65)], [(0, 0), (0, 9), (0, 0), (9, 9)]):
        for target, column in zip((cu_q, cu_k), zip(*other)):
            target.copy_(cumulative(column))
        graph.replay()
        expected = sageattn_varlen(q, k, v, cu_q, cu_k, 200, 200, return_lse=True)
        assert torch.equal(output, expected[0])
        assert torch.equal(lse, expected[1])
    bad = {"too long for its maximum": [0, 300, 310], "decreasing": [0, 50, 20], "beyond the tensor": [0, 10, 450],
           "negative": [0, -5, 100]}  # fmt: skip
    for what, starts in bad.items():
        starts = torch.tensor(starts, device="cuda", dtype=torch.int32)
        good = torch.tensor([0, 60, 160], device="cuda", dtype=torch.int32)
        for lengths in ((starts, good), (good, starts)):
            output = sageattn_varlen(q, k, v, *lengths, 200, 200)
            assert output.isnan().all() if what in ("decreasing", "negative") else output.isnan().any(), what


def check_packed_lengths_without_room() -> None:
    """Where the maxima or the tensors have no room for tokens, sequences that have some are NaN, the others zeros."""
    q, k, v = (torch.randn(20, 2, 64, device="cuda", dtype=torch.float16) for _ in range(3))
    starts_q, starts_k = (cumulative(lengths) for lengths in ((8, 7), (20, 0)))
    for what, (keys, longest_q, longest_k, lost) in {
        "max_seqlen_k": (slice(None), 8, 0, 8),
        "tokens of k": (slice(0), 8, 20, 15),  # the second sequence begins beyond them
        "max_seqlen_q": (slice(None), 0, 20, 15),
        "both": (slice(None), 0, 0, 15),
    }.items():
        poison_free_memory(q)
        output, lse = sageattn_varlen(q, k[keys], v[keys], starts_q, starts_k, longest_q, longest_k, return_lse=True)
        assert output[:lost].isnan().all(), what
        assert lse[:, :lost].isnan().all(), what
        assert not output[lost:].any(), what
        assert (lse[:, lost:] == -math.inf).all(), what
    output, lse = sageattn_varlen(q, k[:0], v[:0], starts_q, 0 * starts_k, 8, 0, return_lse=True)
    assert not output.any()
    assert (lse == -math.inf).all()


def check_packed_lengths_that_decrease() -> None:
    """Sequences that overlap would share memory: nobody gets a wrong result, all rows are NaN."""
    q, k, v = (torch.randn(400, 4, 64, device="cuda", dtype=torch.bfloat16) for _ in range(3))
    k[390:] = math.nan
    good = torch.tensor([0, 200, 300, 400], device="cuda", dtype=torch.int32)
    falling = torch.tensor([0, 395, 5, 390], device="cuda", dtype=torch.int32)
    for lengths in ((good, falling), (falling, good), (falling, falling)):
        for kernel in ("fp16", "fp8", "fp8_sm90"):
            output, lse = torch.ops.sageattention.attention_varlen(
                q, k, v, *lengths, 400, 400, return_lse=True, kernel_family=kernel
            )
            assert output.isnan().all(), kernel
            assert lse.isnan().all(), kernel


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


# Bytes that a call may take beside its output, for each element of k (v has as many).
MEMORY = {
    "16-bit values": ({}, torch.bfloat16, 1.1),
    "FP8 values": ({"kernel_family": "fp8"}, torch.bfloat16, 2.2),
    "fp32 inputs": ({}, torch.float32, 3.2),
    "fp16 sums": ({"kernel_family": "fp16", "pv_accum_dtype": "fp16"}, torch.bfloat16, 3.2),
}


def check_memory() -> dict:
    """Besides the output a call takes what quantized keys and values need, and no copy of its inputs."""
    measured = {}
    for name, (options, dtype, limit) in MEMORY.items():
        case = Case(batch=1, heads_q=8, heads_kv=8, len_q=8192, len_kv=8192, head_dim=128, dtype=dtype,
                    tensor_layout="NHD", storage="packed")  # fmt: skip
        q, k, v = case.make_inputs("cuda")
        operator_call(q, k, v, None, case, options)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        output, lse = operator_call(q, k, v, None, case, options)
        result = output.numel() * output.element_size() + lse.numel() * 4
        extra = (torch.cuda.max_memory_allocated() - before - result) / k.numel()
        assert extra <= limit, f"{extra:.2f} bytes per element of k with {name}"
        measured[name] = round(extra, 3)
    return {"bytes_per_key_element": measured}


def check_large_offsets() -> None:
    """Packed QKV of 56 heads x 128 and 102,400 tokens: offsets beyond 2^31 elements, compared on a sample of rows."""
    length, heads, head_dim = 102_400, 56, 128
    packed = torch.randn(1, length, 3, heads, head_dim, device="cuda", dtype=torch.bfloat16)
    assert packed.numel() > 2**31
    q, k, v = packed.unbind(2)
    rows = torch.tensor([0, 1, 65_535, length // 2, length - 129, length - 1], device="cuda")
    lengths = torch.tensor([0, length], device="cuda", dtype=torch.int32)
    outputs = {
        "16-bit": sageattn(q, k, v, tensor_layout="NHD"),
        "FP8": sageattn_qk_int8_pv_fp8_cuda(q[:, rows], k, v, tensor_layout="NHD"),
        "fp16 sums": sageattn_qk_int8_pv_fp16_cuda(q[:, rows], k, v, tensor_layout="NHD", pv_accum_dtype="fp16+fp32"),
        "packed": sageattn_varlen(q[0], k[0], v[0], lengths, lengths, length, length)[None],
    }
    for head in (0, heads - 1):
        expected, _ = exact_attention(
            q[:, rows, head : head + 1], k[:, :, head : head + 1], v[:, :, head : head + 1], tensor_layout="NHD"
        )
        for name, output in outputs.items():
            sample = output[:, :, head : head + 1] if output.shape[1] == len(rows) else output[:, rows, head : head + 1]
            errors = Errors.between(sample, expected)
            # The mean of 100k values: small, all noise.
            assert errors.relative_l1 <= (0.08 if name == "FP8" else 0.05), f"{errors} at head {head}, {name}"


def check_a_million_keys() -> None:
    """Lk = 1,000,000 (and Lq, causal): the last key counts, every kernel agrees with float64 on a sample of rows."""
    length, head_dim = 1_000_000, 128
    k, v = (torch.randn(1, 9, length, head_dim, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    assert k.numel() > 2**30
    rows = torch.randn(1, 9, 64, head_dim, device="cuda", dtype=torch.bfloat16)
    rows[:, :, 0] = 4 * k[:, :, -1]  # finds the last key
    for name, call, limit in (
        ("16-bit", sageattn, 0.05),
        ("FP8", sageattn_qk_int8_pv_fp8_cuda, 0.1),
    ):
        output = call(rows, k, v)
        for head in (0, 8):
            expected, _ = exact_attention(*(tensor[:, head : head + 1] for tensor in (rows, k, v)))
            errors = Errors.between(output[:, head : head + 1], expected)
            assert errors.relative_l1 <= limit, f"{errors} at head {head}, {name}"
    q = k[:, :1].clone()
    output = sageattn(q, k[:, 8:], v[:, 8:], is_causal=True)
    sample = torch.tensor([0, 70, 500_000, length - 1], device="cuda")
    for row in sample.tolist():
        expected, _ = exact_attention(q[:, :, row : row + 1], k[:, 8:, : row + 1], v[:, 8:, : row + 1])
        error = (output[:, :, row : row + 1] - expected).abs().mean() / expected.abs().mean()
        assert error <= 0.05, f"row {row} is off by {error:.3f}"


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
        "dtype": (good.double(), good.double(), good.double()),
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
    check_a_million_keys,
    check_fp8_accuracy,
    check_fp16_sums_accuracy,
    check_largest_values,
    check_smooth_v,
    check_not_finite,
    check_large_queries_and_small_keys,
    check_huge_scores,
    check_what_masks_hide,
    check_padding_masks,
    check_packed_sequences,
    check_packed_lengths_stay_on_the_device,
    check_packed_lengths_without_room,
    check_packed_lengths_that_decrease,
    check_empty,
    check_bad_input,
)


def sweep_small_shapes() -> None:
    """A short run over odd shapes, every storage and every option, for compute-sanitizer."""
    for seed in range(30):
        case = random_case(1000 + seed)
        small = Case(**{**vars(case), "len_q": min(case.len_q, 150), "len_kv": min(case.len_kv, 150), "batch": 1})
        q, k, v = small.make_inputs("cuda")
        if seed % 5 == 0:
            v[0, 0, 0, 0] = math.inf
        operator_call(q, k, v, small.make_mask("cuda"), small, random_options(seed))
    for seed in range(12):
        q, k, v, lengths, mask = random_pack(seed)
        starts = [cumulative(column) for column in zip(*lengths)]
        if seed % 4 == 3:
            starts[seed % 8 // 4] += 7  # they do not fit
        torch.ops.sageattention.attention_varlen(
            q, k, v, *starts, *(max(column) for column in zip(*lengths)), return_lse=True, attn_mask=mask,
            is_causal=seed % 2 == 0, **random_options(seed),
        )  # fmt: skip
    torch.cuda.synchronize()


if __name__ == "__main__":
    print(f"sageattention {sageattention.__version__}: small shapes")
    sweep_small_shapes()
