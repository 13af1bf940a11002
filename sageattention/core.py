"""The public functions.

Each is one operator call: the operator (csrc/torch) checks the tensors and picks the CUDA kernels or, for CPU
tensors, the reference emulation (reference.py). What they have in common:

Tensors are fp16, bf16 or fp32, all of one dtype, ``[batch, heads, tokens, head_dim]`` for ``tensor_layout="HND"`` and
``[batch, tokens, heads, head_dim]`` for ``"NHD"``, with any strides but contiguous channels. heads_q is a multiple of
heads_kv. head_dim is 1 to 256, and v may have another one than q and k.

The output has the dtype and layout of q, the head_dim of v, and is contiguous. With ``return_lse`` it comes in a pair
with the natural logarithm of each row's sum of exponentials, fp32 ``[batch, heads_q, len_q]``. An empty q has an empty
result. A row that sees no key, because of the mask, of causality or because there is none, gives zeros and an LSE of
-inf.

attn_mask: bool (True where the key takes part) or fp16, bf16, fp32 (added to ``q @ k.T * sm_scale``), broadcastable
    to ``[batch, heads_q, len_q, len_kv]`` whatever tensor_layout says; read in place with its strides, never expanded.
is_causal, causal_alignment: query i sees keys 0 to i (``"top_left"``, the default) or 0 to i + len_kv - len_q
    (``"bottom_right"``: the last query sees every key). Without is_causal the alignment means nothing.
spellings: keywords of scaled_dot_product_attention and flash-attention, which clients pass to any function they choose
    (not to `sageattn_varlen`): scale and softmax_scale are sm_scale, causal is is_causal, enable_gqa may be either;
    dropout_p, softcap, window_size, alibi_slopes and return_softmax only with the value that asks for nothing.

Errors: TypeError and ValueError name the argument, its value and what is expected. NotImplementedError: this build has
no kernel for the device or the option (the message says what to use instead), or a gradient is asked for (the quantized
attention has none).
"""

from __future__ import annotations

import torch

from sageattention import reference
from sageattention._checks import check_flag, check_length, check_tensor, check_text, check_types
from sageattention._spellings import merged_scale, refuse_dropout, understood

# Registrations end with their Library object: this one lives as long as the module.
_python_kernels = torch.library.Library("sageattention", "IMPL")
for _device in ("CPU", "CUDA"):  # on CUDA tensors when SAGEATTENTION_KERNEL=reference asks for it
    _python_kernels.impl("attention_reference", reference.attention, _device)
    _python_kernels.impl("attention_varlen_reference", reference.attention_varlen, _device)

_attention = torch.ops.sageattention.attention.default
_attention_varlen = torch.ops.sageattention.attention_varlen.default
_information = torch.ops.sageattention.build_information()


def sageattn(
    q,
    k,
    v,
    tensor_layout="HND",
    is_causal=False,
    sm_scale=None,
    return_lse=False,
    *,
    attn_mask=None,
    scale=None,
    dropout_p=0.0,
    enable_gqa=False,
    smooth_k=True,
    causal_alignment="top_left",
    **spellings,
):
    """Attention with INT8 query-key products, by the kernel that suits the device: ``softmax(q @ k.T * sm_scale) @ v``.

    Where few queries share each key (on a GPU, 16-bit tensors, up to 64 queries of all the heads that share it; on
    compute capability 9.0 up to 128, with 2,048 keys and more 256, if head dims are at most 128 and no mask is given
    but one of keys), k and v are read once, as they are, and nothing is quantized. Elsewhere keys are smoothed (a
    per-head vector is subtracted, which leaves the softmax unchanged) and queries and keys are quantized to INT8 on the
    fly. Probabilities and values are FP8 where the kernel on wgmma runs and is the fastest (compute capability 9.0, see
    `sageattn_qk_int8_pv_fp8_cuda_sm90`) and stay in the dtype of the input elsewhere (fp16 for fp32); sums are fp32.
    ``torch.nn.functional.scaled_dot_product_attention = sageattn`` works for 4-dimensional
    tensors.

    The environment variable SAGEATTENTION_KERNEL takes the choice of kernel away from this function: ``fp16`` (INT8
    q and k, 16-bit p and v), ``fp8``, ``fp8_sm90`` (as the functions of those names), ``decode`` (nothing quantized;
    not for fp32 tensors, nor `sageattn_varlen`) or ``reference`` (the emulation in plain PyTorch, slow, on any device).
    `sageattention.explain` tells what a call runs. Tensors, attn_mask, causality, result, errors: see the module.

    Args:
        q: ``[batch, heads_q, len_q, head_dim]`` for ``tensor_layout="HND"``, ``[batch, len_q, heads_q, head_dim]``
            for ``"NHD"``.
        k, v: as q with heads_kv heads and len_kv tokens.
        sm_scale: multiplies ``q @ k.T``; None means ``head_dim ** -0.5``. `scale` is another name for it.
        dropout_p: only 0.0.
        enable_gqa: either; several query heads may always share a key head.
        smooth_k: either; this function smooths the keys whenever that helps. The explicit functions obey theirs.
    """
    if spellings:
        is_causal, sm_scale = understood(is_causal, sm_scale, spellings)
    if scale is not None:
        sm_scale = merged_scale(sm_scale, scale)
    if dropout_p != 0.0:
        refuse_dropout(dropout_p)
    if enable_gqa is not False or smooth_k is not True:
        check_flag("enable_gqa", enable_gqa)
        check_flag("smooth_k", smooth_k)
    check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    output, lse = _attention(q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    return (output, lse) if return_lse else output


def sageattn_qk_int8_pv_fp16_cuda(
    q,
    k,
    v,
    tensor_layout="HND",
    is_causal=False,
    qk_quant_gran="per_thread",
    sm_scale=None,
    pv_accum_dtype="fp32",
    smooth_k=True,
    smooth_v=False,
    return_lse=False,
    *,
    attn_mask=None,
    causal_alignment="top_left",
    **spellings,
):
    """INT8 query-key products, 16-bit probabilities and values.

    Tensors, attn_mask, causality, result, errors: see the module.

    Args:
        qk_quant_gran: how many scales the INT8 tensors have. ``"per_thread"``: four per 64 keys (the tokens that one
            thread of the matrix instruction holds) and one per query row, which is finer than SageAttention2's eight
            per 32 rows and costs nothing here. ``"per_warp"``: one per 64 keys, one per 32 query rows.
        pv_accum_dtype: ``"fp32"``: p and v keep the dtype of the input, sums are fp32. ``"fp16"``, ``"fp16+fp32"``: p
            and v in fp16 (v scaled by a power of two per channel, so that no sum overflows), fp16 accumulators, for the
            whole sequence or flushed to fp32 sums after each block of up to 64 keys. Over long sequences fp16 sums lose
            digits; they are faster only where fp16 accumulators double the rate of matrix instructions (GeForce).
        smooth_k: subtract a vector per batch entry and key head from the keys before they are quantized.
        smooth_v: subtract a vector per batch entry and key head from the values (about their mean), and add it to the
            output: for values far from zero beside their spread, where sums are fp16 or values FP8.

    fp32 inputs, ``"fp16"``, ``"fp16+fp32"`` and smooth_v read v twice and keep it in fp16 beside it for the call: two
    bytes per element. Otherwise v is multiplied as it is.
    """
    return _run(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
        smooth_k, smooth_v, "fp16", qk_quant_gran, pv_accum_dtype, spellings,
    )  # fmt: skip


def sageattn_qk_int8_pv_fp16_triton(
    q,
    k,
    v,
    tensor_layout="HND",
    quantization_backend="triton",
    is_causal=False,
    attn_mask=None,
    sm_scale=None,
    smooth_k=True,
    return_lse=False,
    *,
    causal_alignment="top_left",
    **spellings,
):
    """INT8 query-key products, 16-bit probabilities and values, fp32 sums.

    There is no Triton path yet: this runs what `sageattn_qk_int8_pv_fp16_cuda` runs with its defaults, which
    quantizes more finely, and `sageattention.explain` says so.

    Args:
        quantization_backend: ``"triton"`` or ``"cuda"``; the CUDA kernels quantize for themselves under both names.
        smooth_k: subtract a vector per batch entry and key head from the keys before they are quantized.
    """
    check_text("quantization_backend", quantization_backend, "'triton' or 'cuda'")
    if quantization_backend not in ("triton", "cuda"):
        raise ValueError(
            f"sageattention: quantization_backend is {quantization_backend!r:.80}; expected 'triton' or 'cuda'"
        )
    return _run(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
        smooth_k, False, "fp16", "per_thread", "fp32", spellings,
    )  # fmt: skip


def sageattn_qk_int8_pv_fp8_cuda(
    q,
    k,
    v,
    tensor_layout="HND",
    is_causal=False,
    qk_quant_gran="per_thread",
    sm_scale=None,
    pv_accum_dtype="fp32+fp16",
    smooth_k=True,
    smooth_v=False,
    return_lse=False,
    *,
    attn_mask=None,
    causal_alignment="top_left",
    **spellings,
):
    """INT8 query-key products, FP8 (e4m3) probabilities and values.

    v has one scale per channel: on the GPU for every 64 keys, on the CPU for all. Tensors, attn_mask, causality,
    result, errors: see the module.

    Args:
        qk_quant_gran, smooth_k: as for `sageattn_qk_int8_pv_fp16_cuda`.
        pv_accum_dtype: ``"fp32+fp16"``: fp16 accumulators (v scaled to at most 2.25, so that 64 products fit), flushed
            to fp32 sums; needs a build with CUDA 12.8 or later; on 9.0 summed in fp32, which is faster there.
            ``"fp32+fp32"``: the tensor core's accumulators, flushed to fp32 sums after each block of keys. ``"fp32"``
            runs as ``"fp32+fp32"``, which is the more accurate one.
        smooth_v: subtract a vector per batch entry and key head from the values, and add it to the output.
    """
    return _run(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
        smooth_k, smooth_v, "fp8", qk_quant_gran, pv_accum_dtype, spellings,
    )  # fmt: skip


def sageattn_qk_int8_pv_fp8_cuda_sm90(
    q,
    k,
    v,
    tensor_layout="HND",
    is_causal=False,
    qk_quant_gran="per_thread",
    sm_scale=None,
    pv_accum_dtype="fp32+fp32",
    smooth_k=True,
    return_lse=False,
    *,
    attn_mask=None,
    causal_alignment="top_left",
    **spellings,
):
    """INT8 query-key products, FP8 (e4m3) probabilities and values, on wgmma (compute capability 9.0).

    v has a scale per channel and 128 keys. Other capabilities run the kernels of `sageattn_qk_int8_pv_fp8_cuda`.
    ``qk_quant_gran="per_warp"`` has one scale per 16 query rows and 128 keys (on mma.sync 32 and 64); pv_accum_dtype is
    ``"fp32+fp32"`` or ``"fp32"``.
    """
    return _run(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
        smooth_k, False, "fp8_sm90", qk_quant_gran, pv_accum_dtype, spellings,
    )  # fmt: skip


def sageattn_varlen(
    q,
    k,
    v,
    cu_seqlens_q,
    cu_seqlens_k,
    max_seqlen_q,
    max_seqlen_k,
    is_causal=False,
    sm_scale=None,
    smooth_k=True,
    *,
    return_lse=False,
    attn_mask=None,
    causal_alignment="top_left",
):
    """Attention over sequences of different lengths, packed without padding.

    Sequence i has the queries ``cu_seqlens_q[i]`` to ``cu_seqlens_q[i + 1]`` (exclusive), and keys likewise; either may
    be none. Each is smoothed and quantized by itself, however few its queries. Causality counts within the sequence.

    On CUDA the lengths stay on the device: the call never waits for it, and a CUDA graph of it runs with other lengths
    later. Lengths that do not fit the tensors or the maxima give NaN in the rows of that sequence there, cumulative
    lengths that decrease give NaN in all rows; on the CPU both are a ValueError.

    Args:
        q: ``[tokens, heads_q, head_dim]``, fp16, bf16 or fp32; k, v: as q with heads_kv heads.
        cu_seqlens_q, cu_seqlens_k: int32, or int64 (copied to int32), ``[sequences + 1]``: 0 and the cumulative
            lengths, on q's device.
        max_seqlen_q, max_seqlen_k: the largest length, or more: the work is laid out for that.
        smooth_k: subtract a vector per sequence and key head from the keys before they are quantized.
        attn_mask: as for `sageattn`, broadcastable to ``[sequences, heads_q, max_seqlen_q, max_seqlen_k]``; each
            sequence uses the top left corner.

    Returns:
        The output ``[tokens, heads_q, head_dim of v]``. With return_lse a pair of it and the fp32 LSE ``[heads_q,
        tokens]``, contiguous. Tokens behind the last sequence have zeros and -inf.
    """
    check_types(q, k, v, "", is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    check_tensor("cu_seqlens_q", cu_seqlens_q)
    check_tensor("cu_seqlens_k", cu_seqlens_k)
    check_length("max_seqlen_q", max_seqlen_q)
    check_length("max_seqlen_k", max_seqlen_k)
    check_flag("smooth_k", smooth_k)
    output, lse = _attention_varlen(
        q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, is_causal, sm_scale, smooth_k, return_lse,
        attn_mask, causal_alignment,
    )  # fmt: skip
    return (output, lse) if return_lse else output


def _run(
    q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
    smooth_k, smooth_v, kernel, qk_quant_gran, pv_accum_dtype, spellings,
):  # fmt: skip
    if spellings:
        is_causal, sm_scale = understood(is_causal, sm_scale, spellings)
    check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment)
    check_flag("smooth_k", smooth_k)
    check_flag("smooth_v", smooth_v)
    check_text("qk_quant_gran", qk_quant_gran, "'per_thread' or 'per_warp'")
    check_text("pv_accum_dtype", pv_accum_dtype, "the name of a dtype, e.g. 'fp32'")
    output, lse = _attention(
        q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
        smooth_k, smooth_v, kernel, qk_quant_gran, pv_accum_dtype,
    )  # fmt: skip
    return (output, lse) if return_lse else output


def get_cuda_arch_versions() -> list[str]:
    """Compute capabilities of the visible CUDA devices, e.g. ``["sm90", "sm120"]``."""
    capabilities = (torch.cuda.get_device_capability(index) for index in range(torch.cuda.device_count()))
    return [f"sm{major}{minor}" for major, minor in capabilities]


# Which kernel families this build holds (the names that clients read). sm80: INT8 QK and 16-bit PV;
# sm89: FP8 PV; sm90: FP8 PV on wgmma.
SM80_ENABLED = bool(_information["architectures"])
SM89_ENABLED = any(float(capability) >= 8.9 for capability in _information["architectures"].split())
SM90_ENABLED = "9.0" in _information["architectures"].split()
