"""Runs attention on the CPU and compares it with double precision: the path that works on every machine.

python attention_on_cpu.py [sageattention | sageattn3]
"""

import importlib
import itertools
import math
import sys

import torch

# Function of each package, and the bounds of its numerics (INT8 queries and keys; NVFP4 throughout): the least cosine
# similarity and the largest relative L1 distance.
PACKAGES = {"sageattention": ("sageattn", 0.999, 0.05), "sageattn3": ("sageattn3_blackwell", 0.97, 0.25)}


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


def main(name="sageattention"):
    package = importlib.import_module(name)
    function, cosine_at_least, relative_l1_at_most = PACKAGES[name]
    attention = getattr(package, function)
    generator = torch.Generator().manual_seed(0)
    failed = False
    for dtype, channels, causal in itertools.product((torch.float16, torch.bfloat16), (64, 128), (False, True)):
        query = torch.randn(1, 4, 200, channels, generator=generator).to(dtype)
        key, value = (torch.randn(1, 2, 200, channels, generator=generator).to(dtype) for _ in range(2))
        result = attention(query, key, value, tensor_layout="HND", is_causal=causal)
        cosine, relative_l1 = distances(result, exact(query, key, value, causal))
        good = cosine >= cosine_at_least and relative_l1 <= relative_l1_at_most
        failed |= not good
        verdict = "ok" if good else "BAD"
        print(f"{dtype} D={channels} causal={causal}: cosine {cosine:.6f}, relative L1 {relative_l1:.4f} {verdict}")
    print(f"{name} {package.__version__} on PyTorch {torch.__version__}")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
