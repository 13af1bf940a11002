"""The keywords of scaled_dot_product_attention that `sageattn` takes under their own names."""

from __future__ import annotations

from numbers import Real

from sageattention._checks import wrong_type


def merged_scale(sm_scale, scale):
    """The one of both spellings that was given."""
    if sm_scale is None:
        return scale
    raise TypeError(
        f"sageattention: sm_scale is {sm_scale!r:.80} and scale is {scale!r:.80}; expected one of them (scale is "
        "scaled_dot_product_attention's name for sm_scale)"
    )


def refuse_dropout(dropout_p) -> None:
    if not isinstance(dropout_p, Real):
        raise wrong_type("dropout_p", dropout_p, "0.0")
    if dropout_p != 0:
        raise ValueError(
            f"sageattention: dropout_p is {dropout_p!r:.80}; expected 0.0: this attention is for inference. Train with "
            "torch's scaled_dot_product_attention"
        )
