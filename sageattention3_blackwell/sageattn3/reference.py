"""The CPU path: what the CUDA kernels compute, in plain PyTorch.

It smooths, quantizes and rounds as docs/kernels/fp4.md says that the kernels do, and does the rest in fp32: the results
differ from a GPU's by the order of fp32 sums and by what follows from it (a number near a tie may round to the other
side). It is for tests and for machines without a GPU; nothing about it is fast.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import torch

from sageattn3 import nvfp4
from sageattn3._parts import apply_mask, each_head, each_sequence, hide_future

# ---- Shared with the kernels (docs/kernels/fp4.md, "Numerics"): change both or neither. ---------------------------
# Query rows that share a mean ("per_block_mean").
QUERY_BLOCK = 128
# Keys of one step of the online softmax.
KEY_BLOCK = 64
# The largest magnitude of what is quantized is brought into [2^10, 2^11) by a power of two, with these limits to it.
TARGET_EXPONENT = 10
EXPONENT_MIN, EXPONENT_MAX = -100, 117
# A row's largest probability becomes 448 * 6, the largest product of an e4m3 scale and an e2m1 number: it is exact.
PROBABILITY_EXPONENT = math.log2(448 * 6)
# Range of the keys beside the means of q, and of those means: 127 * 254.
INT8_MAX = 127.0
MEAN_MAX = 32258.0
# -------------------------------------------------------------------------------------------------------------------

# Bytes of working memory at a time, beside the fp32 copies of one head's keys and values.
_CHUNK_BYTES = 64 << 20
_LOG2_E = math.log2(math.e)


class Options(NamedTuple):
    """How one call computes; the names are those of the operator."""

    is_causal: bool
    sm_scale: float
    per_block_mean: bool


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
    per_block_mean=True,
):
    """The kernel of ``sageattn3::attention_reference``: arguments as there, already checked.

    Returns the output (contiguous in ``tensor_layout``) and the LSE ``[batch, heads_q, len_q]``, which is of size
    ``[0]`` if it was not asked for.
    """
    attend = partial(_attend_head, Options(is_causal, sm_scale, per_block_mean))
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
    return_lse,
    attn_mask,
    causal_alignment,
    per_block_mean,
):
    """The kernel of ``sageattn3::attention_varlen_reference``: each sequence by itself.

    Raises ValueError if the cumulative lengths do not fit the tensors.
    """

    def attend(query, key, value, mask):
        options = (is_causal, sm_scale, return_lse, mask, causal_alignment, per_block_mean)
        return attention(query, key, value, "NHD", *options)

    lengths = (cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k)
    return each_sequence(attend, query, key, value, *lengths, return_lse, attn_mask)


def _attend_head(options, query, key, value, mask, shift, output, lse):
    """One head of keys ``[len_kv, head_dim]`` and the queries ``[group, len_q, head_dim]`` that share it."""
    group, len_q, head_dim = query.shape
    len_kv = key.shape[0]
    keys, values = Keys.of(key), Values.of(value)
    whole_mean = None if options.per_block_mean else finite(query.float()).mean(dim=1, keepdim=True)
    for first, last in _chunks(group, len_q, head_dim):
        seen = min(max(last + shift, 0), len_kv) if options.is_causal else len_kv
        chunk = query[:, first:last].float()
        queries = Queries.of(chunk, whole_mean)
        softmax = OnlineSoftmax(chunk.shape[:2], values)
        for start in range(0, seen, KEY_BLOCK):
            block = slice(start, min(start + KEY_BLOCK, len_kv))
            scores = queries.scores(keys, block, options.sm_scale * _LOG2_E)
            if mask is not None:
                apply_mask(scores, mask[:, first:last, block])
            if options.is_causal:
                hide_future(scores, first + shift, start)
            softmax.add(scores, block)
        output[:, first:last] = softmax.output()
        if lse is not None:
            lse[:, first:last] = softmax.lse((chunk @ keys.mean) * options.sm_scale)


def _chunks(group, len_q, head_dim):
    """First and last (exclusive) of parts of the query rows, whole blocks, whose working memory is bounded."""
    rows = max(1, _CHUNK_BYTES // (4 * group * QUERY_BLOCK * (6 * head_dim + 8 * KEY_BLOCK))) * QUERY_BLOCK
    return [(first, min(first + rows, len_q)) for first in range(0, len_q, rows)]


# ---- Queries, keys, values ----------------------------------------------------------------------------------------


def finite(tensor):
    """The fp32 tensor with 0 for what is not finite: a bad element must not reach a mean that others share."""
    return tensor.nan_to_num(0.0, 0.0, 0.0)


def power_of_two(values, dim):
    """The factor that brings the largest finite magnitude along `dim` into the range of NVFP4; dimensions stay."""
    largest = finite(values).abs().amax(dim=dim, keepdim=True)
    exponent = (torch.frexp(largest).exponent - 1).masked_fill(largest == 0, EXPONENT_MIN)
    return torch.ldexp(torch.ones_like(largest), TARGET_EXPONENT - exponent.clamp(EXPONENT_MIN, EXPONENT_MAX))


class Keys(NamedTuple):
    mean: torch.Tensor  # [head_dim]
    rounded: torch.Tensor  # [len_kv, head_dim]: keys less their mean, times `factor`, in NVFP4
    factor: torch.Tensor  # [1, 1]
    integers: torch.Tensor  # [len_kv, head_dim]: the same in INT8, as fp64
    steps: torch.Tensor  # [len_kv]: what one of the integers stands for

    @classmethod
    def of(cls, key):
        key = key.float()
        mean = finite(key).mean(dim=0)
        smooth = key - mean
        factor = power_of_two(smooth, dim=(0, 1))
        scaled = smooth * factor
        largest = scaled.abs().amax(dim=1, keepdim=True)
        integers = torch.round(scaled * (INT8_MAX / largest)).masked_fill(~((largest > 0) & (largest < math.inf)), 0.0)
        rounded = nvfp4.quantize(scaled).values(key.shape[1])
        return cls(mean, rounded, factor, integers.double(), (largest / INT8_MAX)[:, 0])


class Queries(NamedTuple):
    rounded: torch.Tensor  # [group, rows, head_dim]: queries less their mean, times `factor`, in NVFP4
    factor: torch.Tensor  # [group, rows, 1]
    means: torch.Tensor  # [group, blocks, head_dim]: in fixed point, as fp64
    steps: torch.Tensor  # [group, blocks, 1]: what one of its units stands for

    @classmethod
    def of(cls, query, whole_mean):
        """fp32 queries of whole blocks, and the mean ``[group, 1, head_dim]`` of all rows or None."""
        means = block_means(query) if whole_mean is None else whole_mean
        smooth = query - each_row(means, query.shape[1])
        factor = power_of_two(smooth, dim=2)
        largest = means.abs().amax(dim=2, keepdim=True)
        fixed = torch.round(means * (MEAN_MAX / largest)).masked_fill(largest == 0, 0.0)
        rounded = nvfp4.quantize(smooth * factor).values(query.shape[2])
        return cls(rounded, factor, fixed.double(), largest / MEAN_MAX)

    def scores(self, keys, block, scale):
        """Base-2 scores ``[group, rows, keys of the block]``."""
        scores = (self.rounded @ keys.rounded[block].T).mul_(scale / (self.factor * keys.factor))
        # A product of integers, exact in fp64.
        product = (self.means @ keys.integers[block].T).float()
        product *= keys.steps[block]
        product *= self.steps * scale / keys.factor
        return scores.add_(each_row(product, scores.shape[1]))


def block_means(queries):
    """Mean of each block of rows of fp32 queries ``[group, rows, head_dim]``: ``[group, blocks, head_dim]``."""
    if queries.shape[1] == 0:
        return queries  # no block either
    return torch.stack([block.mean(dim=1) for block in torch.split(finite(queries), QUERY_BLOCK, dim=1)], dim=1)


def each_row(blocks, rows):
    """What blocks of rows have in common ``[group, blocks, ...]``, or all rows ``[group, 1, ...]``, for each row."""
    if blocks.shape[1] == 1:
        return blocks
    return blocks.repeat_interleave(QUERY_BLOCK, dim=1)[:, :rows]


class Values(NamedTuple):
    rounded: torch.Tensor  # [len_kv, head_dim]: values times `factor`, in NVFP4 along the keys
    factor: torch.Tensor  # [1, 1]

    @classmethod
    def of(cls, value):
        value = value.float()
        factor = power_of_two(value, dim=(0, 1))
        return cls(nvfp4.quantize((value * factor).T).values(value.shape[0]).T, factor)


# ---- Softmax ------------------------------------------------------------------------------------------------------


class OnlineSoftmax:
    """Softmax over blocks of keys, times the values, for query rows ``[group, rows]``.

    Probabilities are 2688 * 2^(score - reference), where the reference of a row is its largest score so far.
    """

    def __init__(self, rows, values):
        options = {"device": values.rounded.device}
        self.values = values
        self.reference = torch.full(rows, -math.inf, **options)
        self.sum = torch.zeros(rows, **options)
        self.product = torch.zeros(*rows, values.rounded.shape[1], **options)

    def add(self, scores, block):
        """Base-2 scores ``[group, rows, keys]`` of a block of keys."""
        reference = torch.maximum(self.reference, scores.amax(dim=-1))
        shift = reference.masked_fill(reference == -math.inf, 0.0)
        rescale = (self.reference - shift).exp2()
        probability = scores.sub_(shift[..., None]).add_(PROBABILITY_EXPONENT).exp2_()
        rounded = nvfp4.quantize(probability, by_reciprocal=True).values(scores.shape[-1])
        self.sum = self.sum * rescale + probability.sum(dim=-1)
        self.product = self.product * rescale[..., None] + rounded @ self.values.rounded[block]
        self.reference = reference

    def output(self):
        """Zeros for a row that saw no key."""
        divisor = (self.sum * self.values.factor)[..., None]
        return torch.where(divisor == 0, 0.0, self.product / divisor)

    def lse(self, smoothed):
        """Natural logarithm of the sums of exponentials; `smoothed` is what smoothing k took from the scores."""
        log2_sum = self.sum.log2() + self.reference - PROBABILITY_EXPONENT
        return torch.where(self.sum == 0, -math.inf, log2_sum / _LOG2_E + smoothed)


# ---- The steps, one by one ----------------------------------------------------------------------------------------


def preprocess(query, key, value, per_block_mean):
    """What `sageattn3.preprocess_qkv` returns."""
    key_smooth = key.float() - finite(key.float()).mean(dim=2, keepdim=True)
    rows = query.flatten(0, 1).float()
    means = block_means(rows) if per_block_mean else finite(rows).mean(dim=1, keepdim=True)
    query_smooth = (rows - each_row(means, rows.shape[1])).view(query.shape)
    group = query.shape[1] // max(key.shape[1], 1)
    means = means.view(*query.shape[:2], *means.shape[1:])
    correction = means @ key_smooth.repeat_interleave(group, dim=1).mT
    return query_smooth.to(query.dtype), key_smooth.to(key.dtype), value, correction


def attention_of_codes(query, key, value, correction, len_kv, is_causal, per_block_mean, sm_scale, dtype):
    """What `sageattn3.blockscaled_fp4_attn` returns."""
    query, key, value = (_values_of_codes(*pair) for pair in (query, key, value))
    batch, heads_q, len_q, head_dim = query.shape
    sm_scale = head_dim**-0.5 if sm_scale is None else sm_scale
    group = heads_q // key.shape[1]
    output = query.new_empty((batch, heads_q, len_q, value.shape[2]), dtype=dtype)
    lse = query.new_empty((batch, heads_q, len_q))
    one = torch.ones(1, 1, device=query.device)
    for entry in range(batch):
        for head in range(heads_q):
            values = Values(value[entry, head // group].T[:len_kv], one)
            keys = key[entry, head // group, :len_kv]
            added = correction[entry, head, :, :len_kv]
            for first, last in _chunks(1, len_q, head_dim):
                blocks = slice(first // QUERY_BLOCK, -(-last // QUERY_BLOCK)) if per_block_mean else slice(None)
                rows = query[entry, head, None, first:last]
                softmax = OnlineSoftmax(rows.shape[:2], values)
                for start in range(0, min(last, len_kv) if is_causal else len_kv, KEY_BLOCK):
                    block = slice(start, min(start + KEY_BLOCK, len_kv))
                    scores = rows @ keys[block].T + each_row(added[None, blocks, block], last - first)
                    scores *= sm_scale * _LOG2_E
                    if is_causal:
                        hide_future(scores, first, start)
                    softmax.add(scores, block)
                output[entry, head, None, first:last] = softmax.output()
                lse[entry, head, None, first:last] = softmax.lse(0.0)
    return output, lse


def _values_of_codes(codes, scales):
    """fp32 ``[..., groups * 16]``"""
    numbers = nvfp4.unpack(codes).unflatten(-1, (-1, nvfp4.GROUP))
    return nvfp4.Groups(numbers, scales.float()[..., None]).values(numbers.shape[-2] * nvfp4.GROUP)
