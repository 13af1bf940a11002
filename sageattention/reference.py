"""The CPU path: what the CUDA kernels compute, in plain PyTorch.

It quantizes as the kernels do, with the same groups, scales and roundings, and does the rest in fp32: the results
differ from a GPU's by the order of fp32 sums and by the rounding of P against the running (not the final) row
maximum. It is for tests and for machines without a GPU; nothing about it is fast.
"""

from __future__ import annotations

import math

import torch

# ---- Shared with the kernels (csrc/common/params.h, csrc/quant): change both or neither. -------------------------
# Keys are quantized in blocks of this many tokens,
KEY_BLOCK = 64
# with this many scales each: token n of a block belongs to group (n % 8) // 2, the tokens that one thread of the
# INT8 MMA fragment holds.
KEY_GROUPS = 4
# The vector that is subtracted from the keys is the mean of at most this many of them ...
MEAN_SAMPLE = 64
# ... one in each of as many equal parts of the sequence, at an offset that moves on by this much from part to part,
# so that data with a period is not sampled in step.
MEAN_STAGGER = 37
INT8_MAX = 127.0
# A group of zeros gets this scale instead of 0.
SCALE_FLOOR = 1e-18
# -------------------------------------------------------------------------------------------------------------------

# Bytes of scores held at a time (beside the fp32 copies of one head's keys and values).
_CHUNK_BYTES = 128 << 20
# fp32 copies of a chunk's scores that are alive at once: S, P, the rounded P.
_CHUNK_COPIES = 3
_LOG2_E = math.log2(math.e)


def attention(query, key, value, tensor_layout, is_causal, sm_scale, return_lse):
    """The kernel of ``sageattention::attention_reference``: arguments as there, already checked.

    Returns the output (contiguous in ``tensor_layout``) and the LSE ``[batch, heads_q, len_q]``, which is of size
    ``[0]`` if it was not asked for.
    """
    with torch.no_grad():
        output = torch.empty(query.shape, dtype=query.dtype, device=query.device)
        query, key, value, result = (_heads_first(tensor, tensor_layout) for tensor in (query, key, value, output))
        lse = torch.empty(query.shape[:3] if return_lse else (0,), dtype=torch.float32, device=query.device)
        group = query.shape[1] // key.shape[1]
        for batch in range(query.shape[0]):
            for head_kv in range(key.shape[1]):
                heads = slice(head_kv * group, (head_kv + 1) * group)
                _attend_head(
                    query[batch, heads],
                    key[batch, head_kv],
                    value[batch, head_kv],
                    is_causal,
                    sm_scale,
                    result[batch, heads],
                    lse[batch, heads] if return_lse else None,
                )
        return output, lse


def _heads_first(tensor, tensor_layout):
    return tensor if tensor_layout == "HND" else tensor.transpose(1, 2)


def _attend_head(query, key, value, is_causal, sm_scale, output, lse):
    """One head of keys ``[len_kv, head_dim]`` and the queries ``[group, len_q, head_dim]`` that share it."""
    group, len_q, _ = query.shape
    len_kv = key.shape[0]
    mean = key_mean(key)
    key_int, key_scale = quantize_key(key.float() - mean)
    value = value.float()
    rows = max(1, _CHUNK_BYTES // (4 * _CHUNK_COPIES * group * len_kv))
    for first in range(0, len_q, rows):
        last = min(first + rows, len_q)
        keys_seen = min(last, len_kv) if is_causal else len_kv
        chunk = query[:, first:last].float()
        query_int, query_scale = quantize_query(chunk, sm_scale)
        scores = (query_int @ key_int[:keys_seen].T).mul_(query_scale).mul_(key_scale[:keys_seen])
        if is_causal:
            hidden = torch.arange(keys_seen) > torch.arange(first, last)[:, None]
            scores.masked_fill_(hidden, -math.inf)
        output[:, first:last], log2_sum = _softmax_times_value(scores, value[:keys_seen], output.dtype)
        if lse is not None:
            lse[:, first:last] = log2_sum / _LOG2_E + (chunk @ mean) * sm_scale


def key_mean(key):
    """The fp32 vector that is subtracted from the keys ``[len_kv, head_dim]``."""
    length = key.shape[0]
    if length <= MEAN_SAMPLE:
        return key.float().mean(dim=0)
    part = torch.arange(MEAN_SAMPLE)
    position = part * length // MEAN_SAMPLE + part * MEAN_STAGGER % (length // MEAN_SAMPLE)
    return key[position].float().mean(dim=0)


def quantize_key(key):
    """Integers (as fp32, exact) and one scale per token of fp32 keys ``[len_kv, head_dim]``."""
    length, head_dim = key.shape
    padded = torch.nn.functional.pad(key, (0, 0, 0, -length % KEY_BLOCK))
    # Token n = 8 * a + 2 * t + b of a block is in group t.
    grouped = padded.view(-1, KEY_BLOCK // (2 * KEY_GROUPS), KEY_GROUPS, 2, head_dim)
    scale = _scale(grouped.abs().amax(dim=(1, 3, 4), keepdim=True))
    scale = scale.squeeze(-1).expand(grouped.shape[:-1]).reshape(-1)[:length]
    return torch.round(key / scale[:, None]), scale


def quantize_query(query, sm_scale):
    """Integers (as fp32, exact) and one scale per row of fp32 queries; sm_scale and log2(e) are folded in."""
    scaled = query * (sm_scale * _LOG2_E)
    scale = _scale(scaled.abs().amax(dim=-1, keepdim=True))
    return torch.round(scaled / scale), scale


def _scale(absmax):
    return (absmax / INT8_MAX).clamp_min(SCALE_FLOOR)


def _softmax_times_value(scores, value, dtype):
    """softmax(scores, base 2) @ value with P rounded to ``dtype``, and log2 of the row sums.

    A row without any finite score gives zeros and -inf.
    """
    maximum = scores.amax(dim=-1, keepdim=True)
    shift = maximum.masked_fill(maximum == -math.inf, 0.0)
    probability = scores.sub_(shift).exp2_()
    row_sum = probability.sum(dim=-1, keepdim=True)
    output = probability.to(dtype).float() @ value
    output = torch.where(row_sum == 0, 0.0, output / row_sum)
    return output.to(dtype), (row_sum.log2() + shift).squeeze(-1)
