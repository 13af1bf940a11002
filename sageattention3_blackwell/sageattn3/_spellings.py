# Rendered from sageattention/_spellings.py by `feedstock rerender`: do not edit.
"""Arguments under the names that scaled_dot_product_attention and flash-attention have for them.

Clients that choose among attention functions pass such keywords to all of them.
"""

from __future__ import annotations

from numbers import Real

# Relative: this file serves sageattn3 as well.
from ._checks import NAME, check_flag, wrong_type

# What else such calls carry: accepted with the value that leaves plain attention as it is.
_PLAIN = {"softcap": 0.0, "window_size": (-1, -1), "alibi_slopes": None, "return_softmax": False}
_KNOWN = ("scale", "softmax_scale", "causal", "enable_gqa", "dropout_p", *_PLAIN)


def understood(is_causal, sm_scale, spellings: dict):
    """is_causal and sm_scale, whatever they are called.

    Raises:
        TypeError: a keyword is not known, or an argument came under two names.
        ValueError: a keyword asks for what this attention does not do.
    """
    for name, value in spellings.items():
        if name in ("scale", "softmax_scale"):
            sm_scale = sm_scale if value is None else merged_scale(sm_scale, value, name)
        elif name == "causal":
            check_flag(name, value)
            if is_causal is not False:
                raise TypeError(f"{NAME}: is_causal is {is_causal!r:.80} and causal is {value}; expected one of them")
            is_causal = value
        elif name == "enable_gqa":  # query heads may always share a key head
            check_flag(name, value)
        elif name == "dropout_p":
            refuse_dropout(value)
        elif name in _PLAIN:
            _refuse_unless_plain(name, value)
        else:
            raise TypeError(
                f"{NAME}: unexpected keyword argument '{name}'; beside its own arguments the function knows "
                f"{', '.join(_KNOWN)}"
            )
    return is_causal, sm_scale


def merged_scale(sm_scale, scale, name="scale"):
    """The one of both spellings that was given."""
    if sm_scale is None:
        return scale
    raise TypeError(
        f"{NAME}: sm_scale is {sm_scale!r:.80} and {name} is {scale!r:.80}; expected one of them ({name} is "
        "another name for sm_scale)"
    )


def refuse_dropout(dropout_p) -> None:
    """Unless it is 0."""
    if not isinstance(dropout_p, Real):
        raise wrong_type("dropout_p", dropout_p, "0.0")
    if dropout_p != 0:
        raise ValueError(
            f"{NAME}: dropout_p is {dropout_p!r:.80}; expected 0.0: this attention is for inference. Train with "
            "torch's scaled_dot_product_attention"
        )


def _refuse_unless_plain(name, value) -> None:
    plain = _PLAIN[name]
    if isinstance(value, (Real, tuple, type(None))) and value == plain:
        return
    raise ValueError(
        f"{NAME}: {name} is {value!r:.80}; expected {plain}: this attention does nothing else. Use another "
        "function for such calls"
    )
