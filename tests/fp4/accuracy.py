"""What FP4 may cost: bounds on the error against float64 for N(0, 1) inputs, on any device."""

from __future__ import annotations

import math

import torch
from attention.helpers import Case, exact_with_spread, score_deviation

# An e2m1 number has 2 significant bits: rounding a group of 16 from N(0, 1) changes its members by about 9 % of their
# root mean square, and one whose members are nearly alike (P, where scores hardly differ) by up to 12 %. P and V
# together put that on the output; Q and K together on each score, in units of the scores' standard deviation.
_VALUES = 0.18
_SCORES = 0.13


def score_error(case: Case) -> float:
    """Standard deviation of a score's error in nats. With few channels scores are far from normal: their errors are in
    proportion to them, and the largest ones, which count, are many deviations large."""
    return _SCORES * score_deviation(case) * max(1.0, math.sqrt(16 / case.head_dim))


def output_tolerance(case: Case) -> float:
    """Bound on the mean error, as a share of the output's spread (helpers.exact_with_spread)."""
    return math.hypot(_VALUES, score_error(case))


def lse_tolerance(case: Case) -> float:
    """Bound in nats on the largest error of the LSE: with one key it is a single score's error, here at 6 sigma."""
    return 6 * score_error(case) + 1e-5


def assert_accurate(case: Case, output, lse, q, k, v, mask=None, room: float = 1) -> None:
    """The result of a call is within the tolerances; rows without a key are zeros and -inf exactly."""
    expected, expected_lse, spread = exact_with_spread(q, k, v, mask=mask, **case.options)
    hidden = expected_lse == -math.inf
    assert torch.equal(lse == -math.inf, hidden)
    rows = output if case.tensor_layout == "HND" else output.transpose(1, 2)
    assert not rows[hidden].any()
    # A mean of few errors is less of a mean. Rows with nearly equal probabilities average the same values, and have the
    # same error: only those of the channels of v are independent.
    independent = max(1, min((~hidden).sum().item(), case.batch * case.heads_kv * v.shape[-1]))
    few = 1 + 2 / math.sqrt(independent)
    error = (output.double() - expected).abs().sum().item()
    assert error <= room * few * output_tolerance(case) * spread.sum().item()
    assert ((lse - expected_lse)[~hidden].abs() <= room * lse_tolerance(case)).all()
