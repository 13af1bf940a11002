"""What only Python can see of a call: arguments of the wrong type.

Shapes, dtypes, devices and strides are checked by the operator itself (csrc/torch/arguments.cpp), once for every
device and also under torch.compile.
"""

from __future__ import annotations

from numbers import Real

import torch


def check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse) -> None:
    """Raises TypeError naming the argument, its type and the type that is expected."""
    if not isinstance(q, torch.Tensor):
        raise wrong_type("q", q, "a torch.Tensor")
    if not isinstance(k, torch.Tensor):
        raise wrong_type("k", k, "a torch.Tensor")
    if not isinstance(v, torch.Tensor):
        raise wrong_type("v", v, "a torch.Tensor")
    if not isinstance(tensor_layout, str):
        raise wrong_type("tensor_layout", tensor_layout, "'HND' or 'NHD'")
    if not isinstance(is_causal, bool):
        raise wrong_type("is_causal", is_causal, "True or False")
    if sm_scale is not None and not isinstance(sm_scale, Real):
        raise wrong_type("sm_scale", sm_scale, "a number or None")
    if not isinstance(return_lse, bool):
        raise wrong_type("return_lse", return_lse, "True or False")


def wrong_type(name: str, value: object, expected: str) -> TypeError:
    return TypeError(f"sageattention: {name} is {value!r:.80} ({type(value).__name__}); expected {expected}")
