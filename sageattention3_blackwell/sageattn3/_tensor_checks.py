"""Checks of what no operator sees: the arguments of the steps, and of `explain`. Whole calls are checked by the
operators themselves (csrc/torch/shared/tensors.cpp). Errors name the argument, its value and what is expected."""

from __future__ import annotations

import math
from numbers import Real

import torch

from sageattn3._checks import check_length, check_tensor, check_types, wrong_type
from sageattn3.nvfp4 import GROUP
from sageattn3.reference import QUERY_BLOCK

_attention = torch.ops.sageattn3.attention.default


def check_inputs(q, k, v) -> None:
    """As a call of `sageattn3_blackwell` would; any device will do."""
    check_types(q, k, v, "HND", False, None, False, None, "top_left")
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        check_strided(name, tensor)
        check_device(name, tensor, "q", q)
    _attention(*(tensor.to("meta") for tensor in (q, k, v)))  # computes nothing, and says what does not fit


def check_quantizable(x) -> None:
    check_tensor("x", x)
    check_strided("x", x)
    if not x.is_floating_point():
        raise TypeError(f"sageattn3: x has dtype {_name(x.dtype)}; expected a floating point one")
    if x.dim() != 4:
        raise ValueError(
            f"sageattn3: x has {x.dim()} dimensions (shape {list(x.shape)}); expected 4: [batch, heads, tokens, "
            "head_dim]"
        )


def check_quantized(qlist, klist, vlist, delta_s, len_kv, per_block_mean) -> None:
    """That these belong together; `len_kv` is the argument KL."""
    pairs = {"qlist": qlist, "klist": klist, "vlist": vlist}
    for name, pair in pairs.items():
        _check_pair(name, pair)
        check_device(name, pair[0], "qlist", qlist[0])
    query, key, value = (pair[0] for pair in pairs.values())
    for name, codes in (("klist", key), ("vlist", value)):
        _check_equal(name, codes.shape[0], "qlist", query.shape[0], "batch entries")
    _check_equal("vlist", value.shape[1], "klist", key.shape[1], "heads")
    _check_equal("klist", 2 * key.shape[3], "qlist", 2 * query.shape[3], "channels, filled up to groups of 16")
    heads_q, heads_kv = query.shape[1], key.shape[1]
    if heads_q % max(heads_kv, 1) or heads_q > heads_kv == 0:
        raise ValueError(
            f"sageattn3: klist and vlist have {heads_kv} heads but qlist has {heads_q}; expected a multiple of them"
        )
    check_length("KL", len_kv)
    longest = min(key.shape[2], 2 * value.shape[3])
    if not 0 <= len_kv <= longest:
        raise ValueError(
            f"sageattn3: KL is {len_kv}; expected 0 to {longest} (klist has {key.shape[2]} tokens, vlist "
            f"{2 * value.shape[3] // GROUP} groups of {GROUP})"
        )
    _check_delta(delta_s, query, len_kv, per_block_mean)


def check_scale(sm_scale) -> None:
    if not isinstance(sm_scale, Real) or isinstance(sm_scale, bool):
        raise wrong_type("sm_scale", sm_scale, "a number or None")
    if not math.isfinite(sm_scale):
        raise ValueError(f"sageattn3: sm_scale is {sm_scale}; expected a finite number")


def check_strided(name, tensor) -> None:
    if tensor.layout != torch.strided:
        raise ValueError(f"sageattn3: {name} has layout {_name(tensor.layout)}; expected an ordinary (strided) tensor")


def check_device(name, tensor, other_name, other) -> None:
    if tensor.device != other.device:
        raise ValueError(
            f"sageattn3: {name} is on {tensor.device} but {other_name} is on {other.device}; expected one device"
        )


def _check_pair(name, pair) -> None:
    """That it is what `scale_and_quant_fp4` gives."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"sageattn3: {name} is a {type(pair).__name__}; expected a pair of tensors, codes and scales")
    codes, scales = pair
    check_tensor(f"{name}[0]", codes)
    check_tensor(f"{name}[1]", scales)
    if (codes.dtype, scales.dtype) != (torch.uint8, torch.float8_e4m3fn):
        raise TypeError(
            f"sageattn3: {name} has dtypes {_name(codes.dtype)}, {_name(scales.dtype)}; expected uint8, float8_e4m3fn"
        )
    if codes.dim() != 4 or codes.shape != (*scales.shape[:-1], 8 * scales.shape[-1]):
        raise ValueError(
            f"sageattn3: {name} has shapes {list(codes.shape)}, {list(scales.shape)}; expected "
            "[batch, heads, ., 8 groups] and [batch, heads, ., groups]"
        )
    check_device(f"{name}[1]", scales, f"{name}[0]", codes)


def _check_delta(delta_s, query, len_kv, per_block_mean) -> None:
    check_tensor("delta_s", delta_s)
    check_device("delta_s", delta_s, "qlist", query)
    if delta_s.dtype != torch.float32:
        raise TypeError(f"sageattn3: delta_s has dtype {_name(delta_s.dtype)}; expected float32")
    batch, heads, len_q, _ = query.shape
    blocks = -(-len_q // QUERY_BLOCK) if per_block_mean else 1
    if delta_s.dim() != 4 or delta_s.shape[:3] != (batch, heads, blocks) or delta_s.shape[3] < len_kv:
        raise ValueError(
            f"sageattn3: delta_s has shape {list(delta_s.shape)}; expected {[batch, heads, blocks, len_kv]}, as "
            f"preprocess_qkv returns it for per_block_mean={per_block_mean}"
        )


def _check_equal(name, size, other_name, other, what) -> None:
    if size != other:
        raise ValueError(f"sageattn3: {name} has {size} {what}, but {other_name} has {other}; expected the same")


def _name(kind) -> str:
    """Of a dtype or layout, as torch's without its prefix."""
    return str(kind).removeprefix("torch.")
