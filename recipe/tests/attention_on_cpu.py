"""Runs attention on the CPU and compares it with double precision: the path that works on every machine.

The bounds are those of INT8 queries and keys with per-block scales: cosine similarity and relative L1 distance.
"""

import itertools
import math
import sys

import torch

import sageattention

COSINE_AT_LEAST = 0.999
RELATIVE_L1_AT_MOST = 0.05


def exact(query, key, value, causal):
    """Softmax attention in float64 over [batch, head, token, channel]."""
    group = query.shape[1] // key.shape[1]
    query, key, value = query.double(), key.double(), value.double()
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, -math.inf)
    return scores.softmax(-1) @ value


def distances(result, reference):
    result = result.double()
    cosine = torch.nn.functional.cosine_similarity(result.flatten(), reference.flatten(), dim=0)
    relative_l1 = (result - reference).abs().sum() / reference.abs().sum()
    return float(cosine), float(relative_l1)


def main():
    generator = torch.Generator().manual_seed(0)
    failed = False
    for dtype, channels, causal in itertools.product((torch.float16, torch.bfloat16), (64, 128), (False, True)):
        query = torch.randn(1, 4, 200, channels, generator=generator).to(dtype)
        key, value = (torch.randn(1, 2, 200, channels, generator=generator).to(dtype) for _ in range(2))
        result = sageattention.sageattn(query, key, value, tensor_layout="HND", is_causal=causal)
        cosine, relative_l1 = distances(result, exact(query, key, value, causal))
        good = cosine >= COSINE_AT_LEAST and relative_l1 <= RELATIVE_L1_AT_MOST
        failed |= not good
        verdict = "ok" if good else "BAD"
        print(f"{dtype} D={channels} causal={causal}: cosine {cosine:.6f}, relative L1 {relative_l1:.4f} {verdict}")
    print(f"sageattention {sageattention.__version__} on PyTorch {torch.__version__}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
