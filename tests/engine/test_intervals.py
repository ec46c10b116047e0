from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.intervals import normal_quantile, wilson

LEVEL = Decimal("0.95")


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
        (81, 263, "25.53", "36.62"),
        (15, 148, "6.24", "16.05"),
        (0, 20, "0.00", "16.11"),
        (1, 29, "0.61", "17.18"),
    ],
)
def test_the_published_examples_come_out(part: int, whole: int, low: str, high: str) -> None:
    assert [f"{bound:.2f}" for bound in wilson(part, whole, LEVEL)] == [low, high]


@pytest.mark.parametrize(
    ("p", "z"),
    [
        ("0.975", "1.959963984540054235524594430520"),
        ("0.841344746068542948585232545632", "1"),
        ("0.5", "0"),
    ],
)
def test_quantiles_of_the_normal_distribution_are_known_to_thirty_digits(p: str, z: str) -> None:
    assert abs(normal_quantile(Decimal(p)) - Decimal(z)) < Decimal("1e-29")


@given(
    st.integers(1, 10**7).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))),
    st.sampled_from(["0.5", "0.8", "0.95", "0.99", "0.999999"]),
)
def test_a_bound_is_where_the_proportion_seen_is_just_as_likely_as_the_level_allows(
    seen: tuple[int, int], level: str
) -> None:
    part, whole = seen
    z = Fraction(normal_quantile(Decimal("0.5") + Decimal(level) / 2))
    for bound in wilson(part, whole, Decimal(level)):
        p = Fraction(bound) / 100
        # (p' - p)^2 = z^2 p (1 - p) / n, within what rounding to six places does to it.
        off = (Fraction(part, whole) - p) ** 2 - z**2 * p * (1 - p) / whole
        assert abs(off) < Fraction(1, 10**7) * (1 + z**2 / whole)


@given(st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_proportion_seen_lies_between_bounds_that_are_proportions(seen: tuple[int, int]) -> None:
    low, high = wilson(*seen, LEVEL)
    assert 0 <= low <= Decimal(100 * seen[0]) / seen[1] <= high <= 100
    assert low < high


@pytest.mark.parametrize(
    ("part", "whole", "level"), [(3, 2, "0.95"), (-1, 2, "0.95"), (0, 0, "0.95"), (1, 2, "0.4"), (1, 2, "1")]
)
def test_what_is_no_proportion_has_no_interval(part: int, whole: int, level: str) -> None:
    with pytest.raises(ValueError, match="is no proportion of a sample"):
        wilson(part, whole, Decimal(level))
