"""How sure proportions are, seen as samples: between which bounds the true ones lie, and whether two differ."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from statistics import NormalDist
from typing import TypeAlias

Proportion: TypeAlias = tuple[int, int]
"""So many of so many."""

DIGITS = 40
SIX_PLACES = Decimal("0.000001")
HALF = Decimal("0.5")
# Below, the bounds would sooner be wrong than right; beyond, the tails of no real sample are normal.
LOWEST, HIGHEST = HALF, Decimal("0.999999")
# Beyond this many standard deviations lie less than a millionth of a millionth.
FURTHEST = Decimal(8)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582")


def wilson(part: int, whole: int, level: Decimal) -> tuple[Decimal, Decimal]:
    """The bounds, in percent to six places, of the proportion `part` of `whole` at a level such as 0.95.

    The score interval of E. B. Wilson (1927), recommended for any size by R. G. Newcombe (1998): it never leaves
    0 to 100 and is not empty at either end. ValueError unless 0 <= part <= whole, whole > 0 and
    LOWEST <= level <= HIGHEST.
    """
    with localcontext(prec=DIGITS):
        low, high = (_percent(bound) for bound in _wilson(part, whole, level))
    return abs(low), high


def newcombe(a: Proportion, b: Proportion, level: Decimal) -> tuple[Decimal, Decimal]:
    """The bounds, in points of a percent to six places, of how much the proportion `a` is above `b`.

    The two are independent samples, each (part, whole). It is the hybrid score interval of R. G. Newcombe
    ("Interval estimation for the difference between independent proportions", 1998, method 10), which is made
    of the Wilson bounds of both. ValueError as of `wilson`.
    """
    with localcontext(prec=DIGITS):
        (p, low_p, high_p), (q, low_q, high_q) = ((_rate(*x), *_wilson(*x, level)) for x in (a, b))
        below = ((p - low_p) ** 2 + (high_q - q) ** 2).sqrt()
        above = ((high_p - p) ** 2 + (q - low_q) ** 2).sqrt()
        return _percent(p - q - below), _percent(p - q + above)


def p_value(a: Proportion, b: Proportion) -> Decimal:
    """How probable so great a difference of two samples of one proportion is, either way.

    The z-test of two independent proportions with their pooled variance, as of J. L. Fleiss ("Statistical
    Methods for Rates and Proportions", 1973), without a correction for continuity. Each is (part, whole).
    """
    with localcontext(prec=DIGITS):
        pooled = _rate(a[0] + b[0], a[1] + b[1])
        variance = pooled * (1 - pooled) * (Decimal(1) / a[1] + Decimal(1) / b[1])
        if not variance:
            return Decimal(1)
        z = abs(_rate(*a) - _rate(*b)) / variance.sqrt()
        return 2 * (1 - _below(min(z, FURTHEST)))


def _wilson(part: int, whole: int, level: Decimal) -> tuple[Decimal, Decimal]:
    if not (0 <= part <= whole and whole > 0 and LOWEST <= level <= HIGHEST):
        raise ValueError(f"{part} of {whole} at the level {level} is no proportion of a sample")
    z = normal_quantile(HALF + level / 2)
    middle = part + z * z / 2
    reach = z * (Decimal(part) * (whole - part) / whole + z * z / 4).sqrt()
    return (middle - reach) / (whole + z * z), (middle + reach) / (whole + z * z)


def _rate(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole


def _percent(proportion: Decimal) -> Decimal:
    return (100 * proportion).quantize(SIX_PLACES)


@cache
def normal_quantile(p: Decimal) -> Decimal:
    """The z below which a standard normal variable lies with probability p, 0.5 <= p < 1, to thirty digits."""
    with localcontext(prec=DIGITS + 10):
        z = Decimal(NormalDist().inv_cdf(float(p)))
        for _ in range(3):
            # Newton's method: each step doubles the digits that are right, of which a float has fifteen.
            z -= (_below(z) - p) / _density(z)
    with localcontext(prec=DIGITS):
        return +z


def _below(z: Decimal) -> Decimal:
    """The probability of less than z >= 0: a series without cancellation (Marsaglia, 2004)."""
    term = total = z
    n = 1
    while term > Decimal(10) ** -(DIGITS + 5):
        n += 2
        term *= z * z / n
        total += term
    return HALF + total * _density(z)


def _density(z: Decimal) -> Decimal:
    return (-z * z / 2).exp() / (2 * PI).sqrt()
