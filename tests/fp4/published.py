"""The algorithm as SageAttention3 publishes it (arXiv 2505.11594), written out densely: what the errors are held to.

Independent of the package: e2m1 by search in the table, e4m3 by torch's cast, the softmax over whole rows.
"""

from __future__ import annotations

import torch

_E2M1 = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], dtype=torch.float64)


def nearest_e2m1(values: torch.Tensor) -> torch.Tensor:
    """Nearest e2m1 numbers; of two that are equally near the one with an even code, as IEEE rounding has it."""
    distance = (values.double().abs()[..., None] - _E2M1).abs()
    nearest = distance == distance.amin(dim=-1, keepdim=True)
    even_first = torch.tensor([0, 2, 4, 6, 1, 3, 5, 7])
    choice = even_first[nearest[..., even_first].to(torch.uint8).argmax(dim=-1)]
    return _E2M1[choice].copysign(values.double())


def quantized(values: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """Groups of 16 along `dim` as the numbers that FP4 keeps of them: scale absmax / 6 in e4m3, values e2m1."""
    values = values.movedim(dim, -1)
    length = values.shape[-1]
    groups = torch.nn.functional.pad(values, (0, -length % 16)).unflatten(-1, (-1, 16))
    scale = (groups.abs().amax(dim=-1, keepdim=True) / 6).clamp(max=448).to(torch.float8_e4m3fn).to(values.dtype)
    smallest = 2.0**-9  # e4m3 number above 0
    kept = nearest_e2m1(groups / scale.clamp(min=smallest)).to(values.dtype) * scale
    return kept.flatten(-2)[..., :length].movedim(-1, dim)


def attention(q, k, v, is_causal=False, per_block_mean=True):
    """[batch, heads, tokens, head_dim] in float64, heads alike."""
    q, k, v = q.double(), k.double(), v.double()
    k = k - k.mean(dim=-2, keepdim=True)
    blocks = torch.split(q, 128 if per_block_mean else q.shape[-2], dim=-2)
    mean = torch.cat([block.mean(dim=-2, keepdim=True).expand_as(block) for block in blocks], dim=-2)
    scores = quantized(q - mean) @ quantized(k).mT + mean @ k.mT
    scores = scores * q.shape[-1] ** -0.5
    if is_causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), -torch.inf)
    probability = (scores - scores.amax(dim=-1, keepdim=True)).exp()
    # Two levels: the row to the range of e4m3 scales times e2m1 values, then FP4.
    row = probability.amax(dim=-1, keepdim=True) / (448 * 6)
    return quantized(probability / row) @ quantized(v, dim=-2) * row / probability.sum(dim=-1, keepdim=True)
