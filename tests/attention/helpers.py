"""Inputs, the float64 truth and error measures for the attention tests, on any device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

# How a tensor [batch, heads, tokens, head_dim] may lie in memory; make_tensor() builds each.
STORAGES = ("contiguous", "packed", "padded", "unaligned", "expanded")
# The same for masks; place_mask() builds each.
MASK_STORAGES = ("contiguous", "expanded", "transposed", "strided")


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
    head_dim_v: int | None = None  # None: head_dim
    causal_alignment: str = "top_left"
    mask_dtype: torch.dtype | None = None  # None: no mask
    mask_axes: str = "bhqk"  # the mask's axes, "1" where it broadcasts; shorter ones lack the first axes
    mask_storage: str = "contiguous"

    @property
    def options(self) -> dict:
        """The keywords of sageattn(), but for the mask."""
        return {
            "tensor_layout": self.tensor_layout,
            "is_causal": self.is_causal,
            "sm_scale": self.sm_scale,
            "causal_alignment": self.causal_alignment,
        }

    @property
    def output_shape(self) -> tuple[int, ...]:
        heads_and_tokens = (self.heads_q, self.len_q) if self.tensor_layout == "HND" else (self.len_q, self.heads_q)
        return (self.batch, *heads_and_tokens, self.head_dim_v or self.head_dim)

    def make_inputs(self, device="cpu"):
        """q, k, v from N(0, 1), the same numbers for every storage, layout and device."""
        generator = torch.Generator().manual_seed(self.seed)
        sizes = (
            (self.heads_q, self.len_q, self.head_dim),
            (self.heads_kv, self.len_kv, self.head_dim),
            (self.heads_kv, self.len_kv, self.head_dim_v or self.head_dim),
        )
        return tuple(
            make_tensor(
                torch.randn(self.batch, *size, generator=generator).to(self.dtype).to(device),
                self.tensor_layout,
                self.storage,
            )
            for size in sizes
        )

    def make_mask(self, device="cpu"):
        """The mask, or None: about a third of the keys hidden, and biases from N(0, 1) if it is a float."""
        if self.mask_dtype is None:
            return None
        generator = torch.Generator().manual_seed(self.seed + 1)
        sizes = {"b": self.batch, "h": self.heads_q, "q": self.len_q, "k": self.len_kv, "1": 1}
        shape = [sizes[axis] for axis in self.mask_axes]
        visible = torch.rand(shape, generator=generator) > 0.3
        bias = torch.randn(shape, generator=generator).masked_fill(~visible, -math.inf)
        mask = (visible if self.mask_dtype == torch.bool else bias.to(self.mask_dtype)).to(device)
        full = (self.batch, self.heads_q, self.len_q, self.len_kv)
        return place_mask(mask, full, self.mask_storage)


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


def place_mask(mask: torch.Tensor, full: tuple[int, ...], storage: str) -> torch.Tensor:
    """The same mask with other strides: `full` is [batch, heads_q, len_q, len_kv]."""
    if storage == "contiguous":
        return mask
    if storage == "expanded":
        return mask.expand(full)
    if storage == "transposed":  # neighbouring keys lie apart
        return mask.mT.contiguous().mT if mask.dim() > 1 else mask
    if storage == "strided":  # every third element, from an odd address
        room = torch.full((mask.numel() * 3 + 1,), math.nan).to(mask.dtype).to(mask.device)
        view = room[1:].view(-1, 3)[:, 1].view(mask.shape)
        return view.copy_(mask)
    raise ValueError(f"mask storage {storage!r}; expected one of {MASK_STORAGES}")


def exact_attention(*args, **kwargs):
    """Attention in float64: the output in the layout of q, and the natural-log LSE [batch, heads_q, len_q].

    Arguments as for sageattn(), attn_mask by the name mask. Rows that see no key have zeros and -inf.
    """
    return exact_with_spread(*args, **kwargs)[:2]


def exact_with_spread(
    q, k, v, tensor_layout="HND", is_causal=False, sm_scale=None, causal_alignment="top_left", mask=None
):
    """exact_attention(), and how large each output would be if the values had random signs: (p^2 @ v^2) ^ 0.5.

    Independent relative errors of p and v turn into errors in proportion to it, however small the output itself is.
    """
    q, k, v = (tensor.double() if tensor_layout == "HND" else tensor.transpose(1, 2).double() for tensor in (q, k, v))
    group = q.shape[1] // k.shape[1]
    k, v = (tensor.repeat_interleave(group, dim=1) for tensor in (k, v))
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if sm_scale is None else sm_scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask.double()
    if is_causal:
        shift = k.shape[2] - q.shape[2] if causal_alignment == "bottom_right" else 0
        rows = torch.arange(scores.shape[-2], device=q.device)[:, None] + shift
        scores = scores.masked_fill(torch.arange(scores.shape[-1], device=q.device) > rows, -math.inf)
    lse = scores.logsumexp(dim=-1)
    probability = (scores - lse.masked_fill(lse == -math.inf, 0.0)[..., None]).exp()
    output, spread = probability @ v, (probability.square() @ v.square()).sqrt()
    if tensor_layout == "NHD":
        output, spread = output.transpose(1, 2), spread.transpose(1, 2)
    return output, lse, spread


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


# Rounding of the output (and of P) to the input dtype, as a share of the values; of P and V to fp16 for fp32.
_OUTPUT_ROUNDING = {torch.float16: 1e-3, torch.bfloat16: 6e-3, torch.float32: 1e-3}
# e4m3 has 4 significant bits: rounding changes a number by 2.6 % (root mean square), P and V together by 3.7 %.
_FP8_ROUNDING = 0.05
# Sums of up to 1,500 products in fp16: about 100 roundings to 11 bits.
_FP16_SUMS = 8e-3
# One scale for 32 rows of q and 64 keys: the largest of 16 to 32 times as many numbers, about 1.2 times as large.
_PER_WARP = 1.3


def output_tolerance(case: Case, values: str = "16-bit", granularity: str = "per_thread") -> float:
    """Bound on the mean error against float64 for N(0, 1) inputs, as a share of the output or of its spread.

    An INT8 step is absmax / 127, so its rounding error has a standard deviation of absmax / 440. Over the 64 or 128
    elements of a row of q, or the 16 tokens of a group of k, absmax is about 2.7 to 3.7 sigma (less with fewer
    channels): q and k together put an error of 0.9 to 1.1 % of the scores' standard deviation on each score, and so, to
    first order, on each probability. 1.8 % leaves room for outputs of very few elements.
    """
    score_error = 0.018 * score_deviation(case) * (_PER_WARP if granularity == "per_warp" else 1.0)
    rounding = _FP8_ROUNDING if values == "fp8" else _OUTPUT_ROUNDING[case.dtype]
    return score_error + rounding + (_FP16_SUMS if values == "fp16 sums" else 0.0)


def lse_tolerance(case: Case, granularity: str = "per_thread") -> float:
    """Bound in nats on the largest error of the LSE: with one key it is a single score's error, here at 6 sigma."""
    return 0.065 * score_deviation(case) * (_PER_WARP if granularity == "per_warp" else 1.0) + 1e-5


def assert_accurate(case: Case, output, lse, q, k, v, mask=None, values="16-bit", granularity="per_thread") -> None:
    """The result of a call is within the tolerances of its numerics; rows without a key are zeros and -inf exactly."""
    expected, expected_lse, spread = exact_with_spread(q, k, v, mask=mask, **case.options)
    # A mean of few errors is less of a mean: those of rows are independent, and those of the elements of v.
    independent = max(1, min((expected_lse > -math.inf).sum().item(), v.numel()))
    few = 1 + 2 / math.sqrt(independent)
    error = (output.double() - expected).abs().sum().item()
    assert error <= few * output_tolerance(case, values, granularity) * spread.sum().item()
    hidden = expected_lse == -math.inf
    assert torch.equal(lse == -math.inf, hidden)
    assert ((lse - expected_lse)[~hidden].abs() <= lse_tolerance(case, granularity)).all()
    rows = output if case.tensor_layout == "HND" else output.transpose(1, 2)
    assert not rows[hidden].any()
