"""Inputs, the float64 truth and error measures for the attention tests, on any device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

# How a tensor [batch, heads, tokens, head_dim] may lie in memory; make_tensor() builds each.
STORAGES = ("contiguous", "packed", "padded", "unaligned", "expanded")


@dataclass(frozen=True)
class Case:
    """Sizes and options of one call."""

    batch: int = 1
    heads_q: int = 1
    heads_kv: int = 1
    len_q: int = 1
    len_kv: int = 1
    head_dim: int = 64
    tensor_layout: str = "HND"
    dtype: torch.dtype = torch.float16
    is_causal: bool = False
    sm_scale: float | None = None
    storage: str = "contiguous"
    seed: int = 0

    @property
    def options(self) -> dict:
        """The keywords of sageattn()."""
        return {"tensor_layout": self.tensor_layout, "is_causal": self.is_causal, "sm_scale": self.sm_scale}

    def make_inputs(self, device="cpu"):
        """q, k, v from N(0, 1), the same numbers for every storage, layout and device."""
        generator = torch.Generator().manual_seed(self.seed)
        heads_and_lengths = ((self.heads_q, self.len_q), (self.heads_kv, self.len_kv), (self.heads_kv, self.len_kv))
        return tuple(
            make_tensor(
                torch.randn(self.batch, heads, length, self.head_dim, generator=generator).to(self.dtype).to(device),
                self.tensor_layout,
                self.storage,
            )
            for heads, length in heads_and_lengths
        )


def make_tensor(values: torch.Tensor, tensor_layout: str = "HND", storage: str = "contiguous") -> torch.Tensor:
    """`values` [batch, heads, tokens, head_dim] as a tensor of that layout, with the strides of `storage`.

    The memory between its elements holds NaN: reading it shows. "expanded" repeats the first batch entry and head
    (stride 0), so it changes the values.
    """
    values = values if tensor_layout == "HND" else values.transpose(1, 2)
    batch, first, second, head_dim = values.shape
    if storage == "contiguous":
        return values.contiguous()
    if storage == "expanded":
        head_axis = 1 if tensor_layout == "HND" else 2
        return values[:1].narrow(head_axis, 0, min(1, values.shape[head_axis])).contiguous().expand(values.shape)
    if storage == "packed":  # one of q, k, v inside [batch, ., 3, ., head_dim]
        room = values.new_full((batch, first, 3, second, head_dim), math.nan)
        view = room[:, :, 1]
    elif storage == "padded":  # rows longer than they need be, still multiples of 16 bytes
        room = values.new_full((batch, first + 1, second + 3, head_dim + 8), math.nan)
        view = room[:, :first, :second, :head_dim]
    elif storage == "unaligned":  # odd base address and odd strides
        room = values.new_full((batch, first, second, head_dim + 3), math.nan)
        view = room[..., 1 : 1 + head_dim]
    else:
        raise ValueError(f"storage {storage!r}; expected one of {STORAGES}")
    return view.copy_(values)


def exact_attention(q, k, v, tensor_layout="HND", is_causal=False, sm_scale=None):
    """Attention in float64: the output in the layout of q, and the natural-log LSE [batch, heads_q, len_q].

    Rows without a key have zeros and -inf.
    """
    q, k, v = (tensor.double() if tensor_layout == "HND" else tensor.transpose(1, 2).double() for tensor in (q, k, v))
    group = q.shape[1] // k.shape[1]
    k, v = (tensor.repeat_interleave(group, dim=1) for tensor in (k, v))
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if sm_scale is None else sm_scale)
    if is_causal:
        rows = torch.arange(scores.shape[-2], device=q.device)[:, None]
        scores = scores.masked_fill(torch.arange(scores.shape[-1], device=q.device) > rows, -math.inf)
    lse = scores.logsumexp(dim=-1)
    probability = (scores - lse.masked_fill(lse == -math.inf, 0.0)[..., None]).exp()
    output = probability @ v
    return (output if tensor_layout == "HND" else output.transpose(1, 2)), lse


@dataclass(frozen=True)
class Errors:
    """How far `actual` is from `expected`, over all elements."""

    cosine: float
    relative_l1: float
    rmse: float

    @classmethod
    def between(cls, actual: torch.Tensor, expected: torch.Tensor) -> Errors:
        actual, expected = actual.double().flatten(), expected.double().flatten()
        difference = actual - expected
        return cls(
            cosine=(actual @ expected / (actual.norm() * expected.norm())).item(),
            relative_l1=(difference.abs().sum() / expected.abs().sum()).item(),
            rmse=difference.square().mean().sqrt().item(),
        )


def score_deviation(case: Case) -> float:
    """Standard deviation of the scores that N(0, 1) inputs give, in nats."""
    scale = case.head_dim**-0.5 if case.sm_scale is None else abs(case.sm_scale)
    return scale * math.sqrt(case.head_dim)


# Rounding of the output (and of P) to the input dtype, as a share of the values.
_OUTPUT_ROUNDING = {torch.float16: 1e-3, torch.bfloat16: 6e-3}


def output_tolerance(case: Case) -> float:
    """Bound on the relative L1 error against float64 for N(0, 1) inputs, INT8 scores, 16-bit P and V.

    An INT8 step is absmax / 127, so its rounding error has a standard deviation of absmax / 440. Over the 64 or 128
    elements of a row of q, or the 16 tokens of a group of k, absmax is about 2.7 to 3.7 sigma: q and k together put
    an error of 0.9 to 1.1 % of the scores' standard deviation on each score, and so, to first order, on each
    probability. 1.8 % leaves room for outputs of very few elements.
    """
    return 0.018 * score_deviation(case) + _OUTPUT_ROUNDING[case.dtype]


def lse_tolerance(case: Case) -> float:
    """Bound in nats on the largest error of the LSE: with one key it is a single score's error, here at 6 sigma."""
    return 0.065 * score_deviation(case) + 1e-5
