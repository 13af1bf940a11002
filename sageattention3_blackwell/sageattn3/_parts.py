# Rendered from sageattention/_parts.py by `feedstock rerender`: do not edit.
"""What the CPU paths of both distributions have in common: calls cut into sequences and heads, and masks."""

from __future__ import annotations

import math

import torch

# Of the package: messages begin with it. This file serves sageattn3 as well.
NAME = __name__.partition(".")[0]

_LOG2_E = math.log2(math.e)
_LARGEST = torch.finfo(torch.float32).max


def each_head(attend, query, key, value, tensor_layout, return_lse, attn_mask, causal_alignment):
    """Calls ``attend(query, key, value, mask, shift, output, lse)`` for each head of keys ``[len_kv, head_dim]`` and
    the queries ``[group, len_q, head_dim]`` that share it; with causality query i sees keys 0 to i + shift.

    Returns what it wrote: the output (contiguous in ``tensor_layout``) and the LSE ``[batch, heads_q, len_q]``, which
    is of size ``[0]`` (in the calls None) if it was not asked for.
    """
    with torch.no_grad():
        output = query.new_empty((*query.shape[:-1], value.shape[-1]))
        query, key, value, result = (_heads_first(tensor, tensor_layout) for tensor in (query, key, value, output))
        batch, heads_q, len_q, _ = query.shape
        heads_kv, len_kv = key.shape[1:3]
        lse = query.new_empty((batch, heads_q, len_q) if return_lse else (0,), dtype=torch.float32)
        mask = None if attn_mask is None else attn_mask.expand(batch, heads_q, len_q, len_kv)
        shift = len_kv - len_q if causal_alignment == "bottom_right" else 0
        group = heads_q // heads_kv if heads_kv else 0
        for entry in range(batch):
            for head_kv in range(heads_kv):
                heads = slice(head_kv * group, (head_kv + 1) * group)
                attend(
                    query[entry, heads],
                    key[entry, head_kv],
                    value[entry, head_kv],
                    None if mask is None else mask[entry, heads],
                    shift,
                    result[entry, heads],
                    lse[entry, heads] if return_lse else None,
                )
        return output, lse


def _heads_first(tensor, tensor_layout):
    return tensor if tensor_layout == "HND" else tensor.transpose(1, 2)


def each_sequence(
    attend, query, key, value, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, return_lse, attn_mask
):
    """Puts together what ``attend(query, key, value, mask)`` returns for each sequence, a batch of one in NHD.

    Raises ValueError if the cumulative lengths do not fit the tensors.
    """
    starts_q = _starts("cu_seqlens_q", cu_seqlens_q, "q", query.shape[0], "max_seqlen_q", max_seqlen_q)
    starts_k = _starts("cu_seqlens_k", cu_seqlens_k, "k", key.shape[0], "max_seqlen_k", max_seqlen_k)
    sequences, (tokens, heads, _) = len(starts_q) - 1, query.shape
    output = query.new_zeros((tokens, heads, value.shape[-1]))
    lse = query.new_full((heads, tokens) if return_lse else (0,), -math.inf, dtype=torch.float32)
    mask = None if attn_mask is None else attn_mask.expand(sequences, heads, max_seqlen_q, max_seqlen_k)
    for index in range(sequences):
        queries, keys = slice(*starts_q[index : index + 2]), slice(*starts_k[index : index + 2])
        len_q, len_kv = queries.stop - queries.start, keys.stop - keys.start
        if len_q == 0 or len_kv == 0:
            continue
        part, part_lse = attend(
            query[queries][None],
            key[keys][None],
            value[keys][None],
            None if mask is None else mask[index : index + 1, :, :len_q, :len_kv],
        )
        output[queries] = part[0]
        if return_lse:
            lse[:, queries] = part_lse[0]
    return output, lse


def _starts(name, cumulative, tensor_name, tokens, longest_name, longest):
    """Cumulative lengths as a list, checked against the tensor they cut."""
    starts = cumulative.tolist()
    lengths = [stop - start for start, stop in zip(starts, starts[1:])]
    if not starts or starts[0] != 0 or min(lengths, default=0) < 0 or starts[-1] > tokens:
        raise ValueError(
            f"{NAME}: {name} is {starts!s:.80}; expected 0, then values that do not decrease, up to at most "
            f"{tokens} (the tokens of {tensor_name})"
        )
    if max(lengths, default=0) > longest:
        raise ValueError(
            f"{NAME}: {longest_name} is {longest} but {name} holds a sequence of {max(lengths)} tokens; "
            "expected at least that"
        )
    return starts


def apply_mask(scores, mask):
    """Hides keys from base-2 scores, or adds a float mask to them, in place."""
    if mask.dtype == torch.bool:
        scores.masked_fill_(~mask, -math.inf)
        return
    bias = mask.float()
    # finfo.min is a common mask: finite, so it stays so in base 2 (a row of nothing else is uniform, not hidden).
    scores.add_((bias * _LOG2_E).clamp_(-_LARGEST, _LARGEST))
    scores.masked_fill_(bias == math.inf, math.inf).masked_fill_(bias == -math.inf, -math.inf)


def hide_future(scores, last_key, first_key=0):
    """Causality: row i of the scores, whose first key is `first_key`, sees keys up to ``last_key + i``, in place."""
    rows, keys = scores.shape[-2:]
    limits = torch.arange(last_key, last_key + rows, device=scores.device)
    scores.masked_fill_(torch.arange(first_key, first_key + keys, device=scores.device) > limits[:, None], -math.inf)
