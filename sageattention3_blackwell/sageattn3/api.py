"""The public functions.

`sageattn3_blackwell` and `sageattn3_varlen` are one operator call each: the operator (csrc/torch) checks the tensors
and runs the CUDA kernels or, for CPU tensors, the reference emulation (reference.py). What they have in common:

Tensors are fp16 or bf16, ``[batch, heads, tokens, head_dim]`` for ``tensor_layout="HND"`` and ``[batch, tokens, heads,
head_dim]`` for ``"NHD"``, with any strides but contiguous channels; they are never written to. heads_q is a multiple of
heads_kv. head_dim is 1 to 256 (CUDA: what the build's kernels reach), and v may have another one than q and k.

The output has the dtype and layout of q, the head_dim of v, and is contiguous. With ``return_lse`` it comes in a pair
with the natural logarithm of each row's sum of exponentials, fp32 ``[batch, heads_q, len_q]``. An empty q has an empty
result. A row that sees no key, because of the mask, of causality or because there is none, gives zeros and an LSE of
-inf.

attn_mask: bool (True where the key takes part) or fp16, bf16, fp32 (added to ``q @ k.T * sm_scale``), broadcastable
    to ``[batch, heads_q, len_q, len_kv]`` whatever tensor_layout says; read in place with its strides, never expanded.
is_causal, causal_alignment: query i sees keys 0 to i (``"top_left"``, the default) or 0 to i + len_kv - len_q
    (``"bottom_right"``: the last query sees every key). Without is_causal the alignment means nothing.
per_block_mean: q is smoothed by the mean of each block of 128 rows, else by the mean of all rows; what that takes from
    the scores is added back. k is always smoothed by its mean, which leaves the softmax unchanged.
sm_scale: multiplies ``q @ k.T``; None means ``head_dim ** -0.5``.
spellings: keywords of scaled_dot_product_attention and flash-attention, which clients pass to any function they choose
    (not to `sageattn3_varlen`): scale and softmax_scale are sm_scale, causal is is_causal, enable_gqa may be either;
    dropout_p, softcap, window_size, alibi_slopes and return_softmax only with the value that asks for nothing.

Errors: TypeError and ValueError name the argument, its value and what is expected. NotImplementedError: this build has
no kernel for the device (the message says what it has), or a gradient is asked for (quantized attention has none).

The other functions are the steps of that computation, for clients that run them one by one. They are made of torch
operations and run on any device, without the fused kernels. What they return has no gradient.
"""

from __future__ import annotations

import torch

from sageattn3 import nvfp4, reference
from sageattn3._checks import check_flag, check_length, check_tensor, check_types
from sageattn3._spellings import understood
from sageattn3._tensor_checks import check_inputs, check_quantizable, check_quantized, check_scale

# Registrations end with their Library object: this one lives as long as the module.
_python_kernels = torch.library.Library("sageattn3", "IMPL")
_python_kernels.impl("attention_reference", reference.attention, "CPU")
_python_kernels.impl("attention_varlen_reference", reference.attention_varlen, "CPU")

_attention = torch.ops.sageattn3.attention.default
_attention_varlen = torch.ops.sageattn3.attention_varlen.default


def sageattn3_blackwell(
    q,
    k,
    v,
    attn_mask=None,
    is_causal=False,
    per_block_mean=True,
    *,
    sm_scale=None,
    return_lse=False,
    tensor_layout="HND",
    causal_alignment="top_left",
    **spellings,
):
    """Attention with both products in NVFP4 (SageAttention3, arXiv 2505.11594): ``softmax(q @ k.T * sm_scale) @ v``.

    q, k, v and the probabilities are e2m1 numbers with an e4m3 scale for each 16 of them, along head_dim for q and k,
    along the tokens for v and the probabilities; sums are fp32. Tensors, options, result, errors: see the module.
    ``torch.nn.functional.scaled_dot_product_attention = sageattn3_blackwell`` works for 4-dimensional tensors.

    Args:
        q: ``[batch, heads_q, len_q, head_dim]`` for ``tensor_layout="HND"``, ``[batch, len_q, heads_q, head_dim]``
            for ``"NHD"``.
        k, v: as q with heads_kv heads and len_kv tokens.
    """
    if spellings:
        is_causal, sm_scale = understood(is_causal, sm_scale, spellings)
    check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    check_flag("per_block_mean", per_block_mean)
    output, lse = _attention(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment, per_block_mean
    )
    return (output, lse) if return_lse else output


def sageattn3_varlen(
    q,
    k,
    v,
    cu_seqlens_q,
    cu_seqlens_k,
    max_seqlen_q,
    max_seqlen_k,
    is_causal=False,
    sm_scale=None,
    per_block_mean=True,
    *,
    return_lse=False,
    attn_mask=None,
    causal_alignment="top_left",
):
    """Attention over sequences of different lengths, packed without padding.

    Sequence i has the queries ``cu_seqlens_q[i]`` to ``cu_seqlens_q[i + 1]`` (exclusive), and keys likewise; either may
    be none. Each is smoothed and quantized by itself, as `sageattn3_blackwell` would. Causality counts within it.

    Args:
        q: ``[tokens, heads_q, head_dim]``, fp16 or bf16; k, v: as q with heads_kv heads.
        cu_seqlens_q, cu_seqlens_k: int32 or int64 ``[sequences + 1]``: 0 and the cumulative lengths, on q's device.
            A GPU reads them while it computes: where they do not fit the tensors, the rows of that sequence are NaN.
            On the CPU that is a ValueError.
        max_seqlen_q, max_seqlen_k: the largest length, or more.
        attn_mask: broadcastable to ``[sequences, heads_q, max_seqlen_q, max_seqlen_k]``; each sequence uses the top
            left corner.

    Returns:
        The output ``[tokens, heads_q, head_dim of v]``. With return_lse a pair of it and the fp32 LSE ``[heads_q,
        tokens]``. Tokens behind the last sequence have zeros and -inf.
    """
    check_types(q, k, v, "", is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    check_tensor("cu_seqlens_q", cu_seqlens_q)
    check_tensor("cu_seqlens_k", cu_seqlens_k)
    check_length("max_seqlen_q", max_seqlen_q)
    check_length("max_seqlen_k", max_seqlen_k)
    check_flag("per_block_mean", per_block_mean)
    output, lse = _attention_varlen(
        q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, is_causal, sm_scale, return_lse, attn_mask,
        causal_alignment, per_block_mean,
    )  # fmt: skip
    return (output, lse) if return_lse else output


# ---- The steps, one by one ----------------------------------------------------------------------------------------


@torch.no_grad()
def preprocess_qkv(q, k, v, per_block_mean=True):
    """Smooths q and k, and computes what that takes from the scores of q.

    Args:
        q: ``[batch, heads_q, len_q, head_dim]``, k, v: the same with heads_kv heads and len_kv tokens. None is written.
        per_block_mean: subtract from q the mean of each block of 128 rows, else the mean of all rows.

    Returns:
        q and k less their means, in their dtypes; v as it is; and fp32 ``[batch, heads_q, blocks, len_kv]``, the
        products of q's means with the smoothed keys, not scaled. Nothing is padded: there are ``ceil(len_q / 128)``
        blocks, or one.
    """
    check_inputs(q, k, v)
    check_flag("per_block_mean", per_block_mean)
    return reference.preprocess(q, k, v, per_block_mean)


@torch.no_grad()
def scale_and_quant_fp4(x):
    """Quantizes to NVFP4 in groups of 16 along the last axis, as q and k are.

    Args:
        x: ``[batch, heads, tokens, head_dim]``, floating point.

    Returns:
        The e2m1 codes, two in a byte, the first in its lower half, uint8 ``[batch, heads, tokens, 8 groups]``, and the
        scales, float8_e4m3fn ``[batch, heads, tokens, groups]``, for ``ceil(head_dim / 16)`` groups; what fills the
        last one is 0.
    """
    check_quantizable(x)
    groups = nvfp4.quantize(x.float())
    return nvfp4.pack(groups.numbers.flatten(-2)), groups.scales.squeeze(-1).to(torch.float8_e4m3fn)


@torch.no_grad()
def scale_and_quant_fp4_permute(x):
    """`scale_and_quant_fp4`, by the name that clients use for k: the kernels here need no other order of tokens."""
    return scale_and_quant_fp4(x)


@torch.no_grad()
def scale_and_quant_fp4_transpose(x):
    """`scale_and_quant_fp4` in groups of 16 tokens, as v is: uint8 ``[batch, heads, head_dim, 8 groups]`` and
    float8_e4m3fn ``[batch, heads, head_dim, groups]``, for ``ceil(tokens / 16)`` groups."""
    check_quantizable(x)
    return scale_and_quant_fp4(x.mT)


@torch.no_grad()
def blockscaled_fp4_attn(
    qlist, klist, vlist, delta_s, KL, is_causal=False, per_block_mean=True, is_bf16=True, *, sm_scale=None
):  # fmt: skip
    """Attention on what the functions above give, as an emulation in plain PyTorch on any device: slow.

    Args:
        qlist, klist, vlist: pairs of codes and scales, of q and k by `scale_and_quant_fp4`, of v by
            `scale_and_quant_fp4_transpose`.
        delta_s: the last result of `preprocess_qkv`.
        KL: number of keys; what lies behind takes no part.
        per_block_mean: as for `preprocess_qkv`.
        is_bf16: the dtype of the output is bf16, else fp16.
        sm_scale: None means ``head_dim ** -0.5`` for the head_dim of the codes.

    Returns:
        The output ``[batch, heads_q, len_q, head_dim of v]`` and the fp32 LSE ``[batch, heads_q, len_q]``, the latter
        of the smoothed keys: with the share that their mean has in the scores it would be `sageattn3_blackwell`'s.
    """
    check_flag("is_causal", is_causal)
    check_flag("per_block_mean", per_block_mean)
    check_flag("is_bf16", is_bf16)
    check_quantized(qlist, klist, vlist, delta_s, KL, per_block_mean)
    if sm_scale is not None:
        check_scale(sm_scale)
    dtype = torch.bfloat16 if is_bf16 else torch.float16
    return reference.attention_of_codes(qlist, klist, vlist, delta_s, KL, is_causal, per_block_mean, sm_scale, dtype)
