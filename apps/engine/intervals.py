"""How sure a proportion is, seen as a sample: between which bounds the true one lies."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from statistics import NormalDist

DIGITS = 40
SIX_PLACES = Decimal("0.000001")
HALF = Decimal("0.5")
# Below, the bounds would sooner be wrong than right; beyond, the tails of no real sample are normal.
LOWEST, HIGHEST = HALF, Decimal("0.999999")
PI = Decimal("3.14159265358979323846264338327950288419716939937510582")


def wilson(part: int, whole: int, level: Decimal) -> tuple[Decimal, Decimal]:
    """The bounds, in percent to six places, of the proportion `part` of `whole` at a level such as 0.95.

    The score interval of E. B. Wilson (1927), recommended for any size by R. G. Newcombe (1998): it never leaves
    0 to 100 and is not empty at either end. ValueError unless 0 <= part <= whole, whole > 0 and
    LOWEST <= level <= HIGHEST.
    """
    if not (0 <= part <= whole and whole > 0 and LOWEST <= level <= HIGHEST):
        raise ValueError(f"{part} of {whole} at the level {level} is no proportion of a sample")
    with localcontext(prec=DIGITS):
        z = normal_quantile(HALF + level / 2)
        middle = part + z * z / 2
        reach = z * (Decimal(part) * (whole - part) / whole + z * z / 4).sqrt()
        bounds = [100 * (middle + side * reach) / (whole + z * z) for side in (-1, 1)]
        low, high = (bound.quantize(SIX_PLACES) for bound in bounds)
    return abs(low), high


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
