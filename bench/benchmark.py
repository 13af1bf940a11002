"""Times sageattn beside torch's own scaled dot product attention, in one process, on random data.

Figures are whole calls on 16-bit tensors: smoothing and quantization included. TOPS = 4 B H N^2 D / time, halved for
causal attention; times are medians of CUDA events.
"""

from __future__ import annotations

import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from sageattention import sageattn, sageattn_qk_int8_pv_fp8_cuda, sageattn_qk_int8_pv_fp16_cuda

LENGTHS = (1024, 4096, 16384, 32768)
HEADS = 32
WARM_UP_MS, TARGET_MS, FEWEST, MOST = 60.0, 120.0, 7, 60


def sdpa(backend):
    def call(q, k, v, is_causal):
        with sdpa_kernel(backend):
            return scaled_dot_product_attention(q, k, v, is_causal=is_causal)

    return call


def fp8(sums):
    return lambda q, k, v, is_causal: sageattn_qk_int8_pv_fp8_cuda(q, k, v, is_causal=is_causal, pv_accum_dtype=sums)


CONTENDERS = {
    "sageattn": lambda q, k, v, is_causal: sageattn(q, k, v, is_causal=is_causal),
    "sageattn_fp16": lambda q, k, v, is_causal: sageattn_qk_int8_pv_fp16_cuda(q, k, v, is_causal=is_causal),
    "sageattn_fp8_fp32": fp8("fp32+fp32"),
    "sageattn_fp8_fp16": fp8("fp32+fp16"),
    "sdpa_flash": sdpa(SDPBackend.FLASH_ATTENTION),
    "sdpa_cudnn": sdpa(SDPBackend.CUDNN_ATTENTION),
}
# Head dim, mask (causal or none), lengths and contenders of what throughput_rows() times.
THROUGHPUT = (
    (128, False, LENGTHS, CONTENDERS),
    (128, True, LENGTHS, CONTENDERS),
    (64, False, LENGTHS, CONTENDERS),
    (64, True, LENGTHS, CONTENDERS),
    (256, False, LENGTHS[1:], ("sageattn", "sageattn_fp16", "sdpa_flash", "sdpa_cudnn")),
)


def median_ms(call) -> float:
    """Median time of the call on the current stream."""
    call()
    estimate = max(timed(call, 1)[0], 1e-3)
    timed(call, max(1, int(WARM_UP_MS / estimate)))  # clocks rise under load
    times = sorted(timed(call, max(FEWEST, min(MOST, int(TARGET_MS / estimate)))))
    return times[len(times) // 2]


def timed(call, repeats: int) -> list[float]:
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(repeats)]
    for start, end in events:
        start.record()
        call()
        end.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(end) for start, end in events]


def host_microseconds(calls: dict, repeats: int = 200, rounds: int = 15) -> dict:
    """Time the CPU spends in calls whose GPU work is short: the best of some rounds, in which they take turns."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            torch.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            best[name] = min(best[name], time.perf_counter() - start)
    torch.cuda.synchronize()
    return {name: round(seconds / repeats * 1e6, 2) for name, seconds in best.items()}


def batch_of(length: int) -> int:
    return 4 if length < 32768 else 2


def throughput_rows(dtype=torch.bfloat16):
    """Yields one dict per head dim, mask and length. Contenders without a figure have None."""
    for head_dim, is_causal, lengths, contenders in THROUGHPUT:
        for length in lengths:
            batch = batch_of(length)
            shape = (batch, HEADS, length, head_dim)
            q, k, v = (torch.randn(shape, device="cuda", dtype=dtype) for _ in range(3))
            operations = 4 * batch * HEADS * length**2 * head_dim / (2 if is_causal else 1)
            row = {"head_dim": head_dim, "causal": is_causal, "length": length, "batch": batch, "heads": HEADS}
            row.update(dict.fromkeys(CONTENDERS))
            for name in contenders:
                try:
                    milliseconds = median_ms(lambda: CONTENDERS[name](q, k, v, is_causal))  # noqa: B023
                except RuntimeError as error:
                    if "No available kernel" not in str(error):
                        raise
                else:
                    row[name] = {"ms": round(milliseconds, 4), "tops": round(operations / milliseconds / 1e9, 1)}
            yield row


# What else is worth knowing: name, batch, query heads, key heads, queries, keys, and the share of the keys that a
# padding mask hides or the dtype of a mask [queries, keys] that hides 3 of 10.
OTHER_SHAPES = (
    ("decode, 1 query", 8, 32, 32, 1, 32768, 0.0),
    ("decode, 16 queries", 8, 32, 32, 16, 32768, 0.0),
    ("decode, 64 queries", 8, 32, 32, 64, 32768, 0.0),
    ("decode, 128 queries", 8, 32, 32, 128, 32768, 0.0),
    ("decode, 1 query, grouped 32/8", 8, 32, 8, 1, 32768, 0.0),
    ("decode, 1 query, 1 sequence", 1, 32, 32, 1, 32768, 0.0),
    ("decode, 1 query, 4k keys", 1, 32, 32, 1, 4096, 0.0),
    ("grouped queries 32/8", 2, 32, 8, 16384, 16384, 0.0),
    ("key padding, a quarter hidden", 4, 32, 32, 16384, 16384, 0.25),
    ("bool mask per query", 2, 16, 16, 8192, 8192, torch.bool),
    ("bf16 mask per query", 2, 16, 16, 8192, 8192, torch.bfloat16),
    ("video, 24 heads", 1, 24, 24, 75600, 75600, 0.0),
    ("video, 40 heads", 1, 40, 40, 75600, 75600, 0.0),
    ("video, 56 heads", 1, 56, 56, 100000, 100000, 0.0),
)


def other_rows():
    """Yields one dict per entry of OTHER_SHAPES, head dim 128, bf16: sageattn beside SDPA. TOPS count hidden keys."""
    for name, batch, heads, heads_kv, len_q, len_kv, hidden in OTHER_SHAPES:
        q = torch.randn(batch, heads, len_q, 128, device="cuda", dtype=torch.bfloat16)
        k, v = (torch.randn(batch, heads_kv, len_kv, 128, device="cuda", dtype=torch.bfloat16) for _ in range(2))
        mask = None
        if isinstance(hidden, torch.dtype):
            mask = torch.rand(len_q, len_kv, device="cuda") > 0.3
            if hidden != torch.bool:
                mask = torch.zeros(len_q, len_kv, device="cuda", dtype=hidden).masked_fill_(~mask, float("-inf"))
        elif hidden:
            mask = (torch.arange(len_kv, device="cuda") < (1 - hidden) * len_kv).expand(batch, 1, 1, len_kv)
        with sdpa_kernel([SDPBackend.CUDNN_ATTENTION, SDPBackend.EFFICIENT_ATTENTION], set_priority=True):
            calls = {
                "sageattn": lambda: sageattn(q, k, v, attn_mask=mask),  # noqa: B023
                "sdpa": lambda: scaled_dot_product_attention(q, k, v, mask, enable_gqa=heads != heads_kv),  # noqa: B023
            }
            row = {"shape": name, "q": list(q.shape), "k": list(k.shape)}
            for contender, call in calls.items():
                milliseconds = median_ms(call)
                operations = 4 * batch * heads * len_q * len_kv * 128
                row[contender] = {"ms": round(milliseconds, 4), "tops": round(operations / milliseconds / 1e9, 1)}
        yield row


def host_row() -> dict:
    """Of `sageattn` where it quantizes K and V (300 queries) and where it does not (one query), beside SDPA."""
    q, k, v = (torch.randn(1, 2, 300, 64, device="cuda", dtype=torch.bfloat16) for _ in range(3))
    calls = {
        "sageattn": lambda: sageattn(q, k, v),
        "sdpa": lambda: scaled_dot_product_attention(q, k, v),
        "sageattn, one query": lambda: sageattn(q[:, :, :1], k, v),
        "sdpa, one query": lambda: scaled_dot_product_attention(q[:, :, :1], k, v),
    }
    return host_microseconds(calls)
