"""What only Python can see of a call: arguments of the wrong type, and nested tensors.

Values, shapes, dtypes, devices and strides are checked by the operators themselves (csrc/torch/shared/tensors.cpp),
once for every device and also under torch.compile.
"""

from __future__ import annotations

from numbers import Integral, Real

import torch

# Of the package: messages begin with it. This file serves sageattn3 as well.
NAME = __name__.partition(".")[0]


def check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse, attn_mask, causal_alignment) -> None:
    """Raises TypeError naming the argument, its type and the type that is expected; ValueError for nested tensors."""
    if not isinstance(q, torch.Tensor):
        raise wrong_type("q", q, "a torch.Tensor")
    if not isinstance(k, torch.Tensor):
        raise wrong_type("k", k, "a torch.Tensor")
    if not isinstance(v, torch.Tensor):
        raise wrong_type("v", v, "a torch.Tensor")
    if q.is_nested or k.is_nested or v.is_nested:
        raise nested({"q": q, "k": k, "v": v})
    if not isinstance(tensor_layout, str):
        hint = " (a mask goes in by name: attn_mask=...)" if isinstance(tensor_layout, torch.Tensor) else ""
        raise wrong_type("tensor_layout", tensor_layout, "'HND' or 'NHD'" + hint)
    if not isinstance(is_causal, bool):
        raise wrong_type("is_causal", is_causal, "True or False")
    if sm_scale is not None and (not isinstance(sm_scale, Real) or isinstance(sm_scale, bool)):
        raise wrong_type("sm_scale", sm_scale, "a number or None")
    if not isinstance(return_lse, bool):
        raise wrong_type("return_lse", return_lse, "True or False")
    if attn_mask is not None and not isinstance(attn_mask, torch.Tensor):
        raise wrong_type("attn_mask", attn_mask, "a torch.Tensor or None")
    if not isinstance(causal_alignment, str):
        raise wrong_type("causal_alignment", causal_alignment, "'top_left' or 'bottom_right'")


def check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise wrong_type(name, value, "True or False")


def check_text(name: str, value: object, known: str) -> None:
    if not isinstance(value, str):
        raise wrong_type(name, value, known)


def check_length(name: str, value: object) -> None:
    if not isinstance(value, (Integral, torch.SymInt)) or isinstance(value, bool):
        raise wrong_type(name, value, "an integer")


def check_tensor(name: str, value: object) -> None:
    if not isinstance(value, torch.Tensor):
        raise wrong_type(name, value, "a torch.Tensor")


def nested(tensors: dict) -> ValueError:
    """For tensors among which one is nested: no operator gets to see it."""
    name = next(name for name, tensor in tensors.items() if tensor.is_nested)
    return ValueError(
        f"{NAME}: {name} is a nested tensor; expected an ordinary (strided) one: pack the sequences along one axis, "
        "for the function that takes cu_seqlens"
    )


def wrong_type(name: str, value: object, expected: str) -> TypeError:
    return TypeError(f"{NAME}: {name} is {value!r:.80} ({type(value).__name__}); expected {expected}")
