"""The CPU path: what the CUDA kernels compute, in plain PyTorch.

It quantizes as the kernels do, with the same groups, scales and roundings, and does the rest in fp32: the results
differ from a GPU's by the order of fp32 sums and by the rounding of P against the running (not the final) row maximum.
Two scales differ: an FP8 V has one per channel here, on a GPU one per channel and 64 keys ("fp8_sm90": 128), and the
per_warp scales of K with "fp8_sm90" are those of 64 keys here, of 128 there. The kernel "decode" quantizes nothing:
there only P is rounded. Accumulators narrower than fp32 (fp16, and the 22 bits of FP8 matrix instructions) are fp32
here too: how a tensor core orders and rounds its partial sums is not specified, so nothing could be emulated
faithfully; the roundings of the operands that come with them are. It is for tests and for machines without a GPU;
nothing about it is fast.

Values that are not finite spread as in exact attention: a NaN or infinity in q, k, v or a float mask reaches the rows
that see it, with exact products instead of quantized ones, and no others.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import torch

from sageattention._parts import apply_mask, each_head, each_sequence, hide_future

# ---- Shared with the kernels (csrc/common/params.h, csrc/quant): change both or neither. -------------------------
# Keys are quantized in blocks of this many tokens,
KEY_BLOCK = 64
# with this many scales each ("per_thread"): token n of a block belongs to group (n % 8) // 2, the tokens that one
# thread of the INT8 MMA fragment holds.
KEY_GROUPS = 4
# The vector that is subtracted from the keys is the mean of at most this many of them ...
MEAN_SAMPLE = 64
# ... one in each of as many equal parts of the sequence, at an offset that moves on by this much from part to part,
# so that data with a period is not sampled in step.
MEAN_STAGGER = 37
INT8_MAX = 127.0
# Groups of zeros, and of numbers below, get a scale as if this were their largest.
SMALLEST_ABSMAX = 2.0**-117
# -------------------------------------------------------------------------------------------------------------------

# Query rows that share a scale with "per_warp": those of a warp (SageAttention2, section 3.2).
WARP_ROWS = {"fp16": 32, "fp8": 32, "fp8_sm90": 16, "decode": 1}
# Largest e4m3 number: the range of P and V in FP8, ...
FP8_MAX = 448.0
# ... but with fp16 accumulators V has to leave room: 64 products of 448 * 2.25 are 64,512 (SageAttention2++).
FP8_MAX_FP16_ACCUMULATORS = 2.25
# V in fp16 is scaled to this: 64 products with P <= 256 (a row maximum may lag) fit fp16 accumulators, ...
FP16_LIMIT = 2.0
# ... and to this divided by the number of keys where the sums of all of them are fp16.
FP16_SUM_LIMIT = 32768.0

# Bytes of scores held at a time (beside the fp32 copies of one head's keys and values).
_CHUNK_BYTES = 128 << 20
# fp32 copies of a chunk's scores that are alive at once: S and those of a float mask, or S, P and the rounded P.
_CHUNK_COPIES = 4
_LOG2_E = math.log2(math.e)


class Options(NamedTuple):
    """How one call computes; the names are those of the operator."""

    is_causal: bool
    sm_scale: float
    smooth_k: bool
    smooth_v: bool
    query_rows: int  # that share a scale
    key_groups: int  # scales per block of keys
    kernel: str
    pv_accum_dtype: str


def attention(
    query,
    key,
    value,
    tensor_layout,
    is_causal,
    sm_scale,
    return_lse,
    attn_mask=None,
    causal_alignment="top_left",
    smooth_k=True,
    smooth_v=False,
    kernel="fp16",
    qk_quant_gran="per_thread",
    pv_accum_dtype="fp32",
):
    """The kernel of ``sageattention::attention_reference``: arguments as there, already checked.

    Returns the output (contiguous in ``tensor_layout``) and the LSE ``[batch, heads_q, len_q]``, which is of size
    ``[0]`` if it was not asked for.
    """
    options = Options(
        is_causal=is_causal,
        sm_scale=sm_scale,
        smooth_k=smooth_k and kernel != "decode",
        smooth_v=smooth_v and kernel != "decode",
        query_rows=WARP_ROWS[kernel] if qk_quant_gran == "per_warp" else 1,
        key_groups=1 if qk_quant_gran == "per_warp" else KEY_GROUPS,
        kernel=kernel,
        pv_accum_dtype=pv_accum_dtype,
    )
    attend = partial(_attend_head, options)
    return each_head(attend, query, key, value, tensor_layout, return_lse, attn_mask, causal_alignment)


def attention_varlen(
    query,
    key,
    value,
    cu_seqlens_q,
    cu_seqlens_k,
    max_seqlen_q,
    max_seqlen_k,
    is_causal,
    sm_scale,
    smooth_k,
    return_lse,
    attn_mask,
    causal_alignment,
    smooth_v=False,
    kernel="fp16",
    qk_quant_gran="per_thread",
    pv_accum_dtype="fp32",
):
    """The kernel of ``sageattention::attention_varlen_reference``: each sequence by itself.

    Raises ValueError if the cumulative lengths do not fit the tensors.
    """

    def attend(query, key, value, mask):
        return attention(
            query,
            key,
            value,
            "NHD",
            is_causal,
            sm_scale,
            return_lse,
            mask,
            causal_alignment,
            smooth_k,
            smooth_v,
            kernel,
            qk_quant_gran,
            pv_accum_dtype,
        )

    lengths = (cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k)
    return each_sequence(attend, query, key, value, *lengths, return_lse, attn_mask)


def _attend_head(options, query, key, value, mask, shift, output, lse):
    """One head of keys ``[len_kv, head_dim]`` and the queries ``[group, len_q, head_dim]`` that share it."""
    group, len_q, _ = query.shape
    len_kv = key.shape[0]
    mean = sample_mean(key) if options.smooth_k else torch.zeros_like(key[0], dtype=torch.float32)
    keys = QuantizedKeys.of(key, mean, options.key_groups)
    values = RoundedValues.of(value, options)
    rows = max(1, _CHUNK_BYTES // (4 * _CHUNK_COPIES * group * len_kv * options.query_rows)) * options.query_rows
    for first in range(0, len_q, rows):
        last = min(first + rows, len_q)
        seen = min(max(last + shift, 0), len_kv) if options.is_causal else len_kv
        chunk = query[:, first:last].float()
        if seen == 0:
            output[:, first:last] = 0
            log2_sum = chunk.new_full(chunk.shape[:2], -math.inf)
        else:
            scores = keys.scores(chunk, seen, options)
            if mask is not None:
                apply_mask(scores, mask[:, first:last, :seen])
            if options.is_causal:
                hide_future(scores, first + shift)
            output[:, first:last], log2_sum = _softmax_times_value(scores, values)
        if lse is not None:
            smoothed = (chunk @ mean) * options.sm_scale
            lse[:, first:last] = torch.where(log2_sum == -math.inf, -math.inf, log2_sum / _LOG2_E + smoothed)


# ---- INT8 queries and keys ----------------------------------------------------------------------------------------


def sample_mean(rows):
    """The fp32 vector that is subtracted from keys, or from values, ``[len_kv, head_dim]``.

    Any vector serves, so elements that are not finite count as zeros, and so does a mean that is not: one bad key must
    not reach the rows that do not see it.
    """
    length = rows.shape[0]
    if length > MEAN_SAMPLE:
        part = torch.arange(MEAN_SAMPLE, device=rows.device)
        position = part * length // MEAN_SAMPLE + part * MEAN_STAGGER % (length // MEAN_SAMPLE)
        rows = rows[position]
    return rows.float().nan_to_num(0.0, 0.0, 0.0).mean(dim=0).nan_to_num(0.0, 0.0, 0.0)


class QuantizedKeys(NamedTuple):
    integers: torch.Tensor  # [len_kv, head_dim] as fp32, exact
    scale: torch.Tensor  # [len_kv]
    smooth: torch.Tensor  # the keys less their mean
    broken: torch.Tensor  # [len_kv]: a channel is not finite
    any_broken: bool

    @classmethod
    def of(cls, key, mean, groups):
        smooth = key.float() - mean
        broken = _broken_rows(smooth)
        return cls(*quantize_key(smooth, groups), smooth, broken, bool(broken.any()))

    def scores(self, query, seen, options):
        """Base-2 scores of fp32 queries ``[group, rows, head_dim]`` with the first ``seen`` keys."""
        if options.kernel == "decode":
            return (query @ self.smooth[:seen].T).mul_(options.sm_scale * _LOG2_E)
        integers, scale = quantize_query(query, options.sm_scale, options.query_rows)
        scores = (integers @ self.integers[:seen].T).mul_(scale).mul_(self.scale[:seen])
        broken_rows = _broken_rows(query)
        if self.any_broken or broken_rows.any():
            exact = (query @ self.smooth[:seen].T).mul_(options.sm_scale * _LOG2_E)
            scores = torch.where(broken_rows[..., None] | self.broken[:seen], exact, scores)
        return scores


def quantize_key(key, groups=KEY_GROUPS):
    """Integers (as fp32, exact) and one scale per token of fp32 keys ``[len_kv, head_dim]``."""
    length, head_dim = key.shape
    padded = torch.nn.functional.pad(key, (0, 0, 0, -length % KEY_BLOCK))
    # Token n = 8 * a + 2 * t + b of a block is in group t of 4; a single group takes all.
    grouped = padded.view(-1, KEY_BLOCK // (2 * groups), groups, 2, head_dim)
    scale = _scale(_finite_magnitude(grouped).amax(dim=(1, 3, 4), keepdim=True))
    scale = scale.squeeze(-1).expand(grouped.shape[:-1]).reshape(-1)[:length]
    return torch.round(key / scale[:, None]), scale


def quantize_query(query, sm_scale, rows=1):
    """Integers (as fp32, exact) and a scale for each of fp32 queries ``[..., len_q, head_dim]``, shared by ``rows``.

    sm_scale and log2(e) are folded into the scales, its sign into the integers.
    """
    length = query.shape[-2]
    absmax = _finite_magnitude(query).amax(dim=-1, keepdim=True)
    if rows > 1:
        shared = torch.nn.functional.pad(absmax, (0, 0, 0, -length % rows)).unflatten(-2, (-1, rows))
        absmax = shared.amax(dim=-2, keepdim=True).expand(shared.shape).flatten(-3, -2)[..., :length, :]
    scale = _scale(absmax)
    return torch.round(query / (scale if sm_scale >= 0 else -scale)), scale * abs(sm_scale * _LOG2_E)


def _scale(absmax):
    return absmax.clamp_min(SMALLEST_ABSMAX) / INT8_MAX


def _finite_magnitude(tensor):
    """Absolute values, 0 for what is not finite: one bad element must not spoil the scale of its group."""
    magnitude = tensor.abs()
    return magnitude.masked_fill_(~(magnitude < math.inf), 0.0)


def _broken_rows(tensor):
    return ~tensor.isfinite().all(dim=-1)


# ---- Softmax and values -------------------------------------------------------------------------------------------


class RoundedValues(NamedTuple):
    """V as the second product reads it: ``operand * scale + mean``, and how P is rounded for it."""

    operand: torch.Tensor  # [len_kv, head_dim] as fp32, zeros where V is not finite
    scale: torch.Tensor  # [head_dim]
    mean: torch.Tensor  # [head_dim]
    probability_dtype: torch.dtype
    probability_max: float  # what a probability of 1 becomes
    not_finite: tuple[torch.Tensor, ...]  # where V is +inf, -inf, NaN, as 0 and 1; () if nowhere

    @classmethod
    def of(cls, value, options):
        values = value.float()
        not_finite = ()
        if not values.isfinite().all():
            not_finite = tuple(place.float() for place in (values == math.inf, values == -math.inf, values.isnan()))
            values = values.nan_to_num(0.0, 0.0, 0.0)
        mean = sample_mean(value) if options.smooth_v else torch.zeros_like(values[0])
        values = (values - mean).masked_fill_(~value.isfinite(), 0.0)
        absmax = values.abs().amax(dim=0)
        if options.kernel in ("fp8", "fp8_sm90"):
            limit = FP8_MAX_FP16_ACCUMULATORS if options.pv_accum_dtype == "fp32+fp16" else FP8_MAX
            dtype, scale, probability_max = torch.float8_e4m3fn, absmax.clamp_min(SMALLEST_ABSMAX) / limit, FP8_MAX
        elif options.pv_accum_dtype == "fp32" and not options.smooth_v and value.dtype != torch.float32:
            dtype, scale, probability_max = value.dtype, torch.ones_like(absmax), 1.0
        else:
            sums_all_keys = options.pv_accum_dtype == "fp16"
            limit = FP16_SUM_LIMIT / 2.0 ** math.ceil(math.log2(len(values))) if sums_all_keys else FP16_LIMIT
            # A power of two changes no digit.
            scale = (absmax / limit).log2().ceil().clamp(-126, 126).exp2()
            dtype, probability_max = torch.float16, 1.0
        operand = (values / scale).to(dtype).float()
        return cls(operand, scale, mean, dtype, probability_max, not_finite)

    def times(self, probability):
        """``probability @ V`` for fp32 probabilities ``[..., seen]`` of the first keys, without the mean."""
        rounded = probability.mul(self.probability_max).to(self.probability_dtype).float()
        return (rounded @ self.operand[: probability.shape[-1]]) * (self.scale / self.probability_max)

    def spread_not_finite(self, visible):
        """What is not finite in the rows of the output that see it, 0 elsewhere."""
        visible = visible.float()
        plus, minus, nan = (visible @ place[: visible.shape[-1]] > 0 for place in self.not_finite)
        spread = torch.zeros_like(plus, dtype=torch.float32)
        spread.masked_fill_(plus, math.inf).masked_fill_(minus, -math.inf)
        return spread.masked_fill_(nan | (plus & minus), math.nan)


def _softmax_times_value(scores, values):
    """softmax(scores, base 2) @ value with P and V rounded, and log2 of the row sums.

    A row without any visible key gives zeros and -inf.
    """
    maximum = scores.amax(dim=-1, keepdim=True)
    shift = maximum.masked_fill(maximum == -math.inf, 0.0)
    visible = scores != -math.inf if values.not_finite else None
    probability = scores.sub_(shift).exp2_()
    row_sum = probability.sum(dim=-1, keepdim=True)
    output = values.times(probability) / row_sum + values.mean
    if visible is not None:
        output += values.spread_not_finite(visible)
    return torch.where(row_sum == 0, 0.0, output), (row_sum.log2() + shift).squeeze(-1)
