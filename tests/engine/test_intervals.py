from decimal import Decimal
from fractions import Fraction
from math import erfc, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.intervals import newcombe, normal_quantile, p_value, wilson

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


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        # R. G. Newcombe, Interval estimation for the difference between independent proportions, 1998, method 10.
        ((56, 70), (48, 80), "5.24", "33.39"),
        ((9, 10), (3, 10), "17.05", "80.90"),
        ((6, 7), (2, 7), "5.82", "80.62"),
        ((5, 56), (0, 29), "-3.81", "19.26"),
        ((0, 10), (0, 20), "-16.11", "27.75"),
        ((0, 10), (0, 10), "-27.75", "27.75"),
        ((10, 10), (0, 20), "67.91", "100.00"),
        ((10, 10), (0, 10), "60.75", "100.00"),
    ],
)
def test_the_published_examples_of_differences_come_out(
    a: tuple[int, int], b: tuple[int, int], low: str, high: str
) -> None:
    assert [f"{bound:.2f}" for bound in newcombe(a, b, LEVEL)] == [low, high]


samples = st.integers(1, 10**5).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(samples, samples)
def test_a_difference_lies_between_its_bounds_and_turns_round_with_its_sides(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    low, high = newcombe(a, b, LEVEL)
    points = 100 * (Fraction(*a) - Fraction(*b))
    assert -100 <= low <= points + Fraction(1, 10**6)
    assert points - Fraction(1, 10**6) <= high <= 100
    assert newcombe(b, a, LEVEL) == (-high, -low)
    assert abs(p_value(a, b) - p_value(b, a)) < Decimal("1e-30")


def chi_squared_p(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Pearson's test of the table of both, which is the same test in another form."""
    (yes, all_a), (also, all_b) = a, b
    no, nor = all_a - yes, all_b - also
    margins = (yes + no) * (also + nor) * (yes + also) * (no + nor)
    return erfc(sqrt((all_a + all_b) * (yes * nor - no * also) ** 2 / margins / 2)) if margins else 1.0


@given(samples, samples)
def test_a_difference_is_as_probable_as_pearson_finds_it(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert abs(float(p_value(a, b)) - chi_squared_p(a, b)) < 1e-6


@pytest.mark.parametrize(
    ("a", "b", "p"),
    [
        ((56, 70), (48, 80), "0.008045"),
        ((5, 56), (0, 29), "0.097187"),
        ((0, 10), (0, 20), "1"),
        ((20, 20), (20, 20), "1"),
        ((10, 20), (5, 10), "1.000000"),
        ((10**6, 10**6), (0, 10**6), "0.000000"),
    ],
)
def test_chance_is_told_to_six_places(a: tuple[int, int], b: tuple[int, int], p: str) -> None:
    assert p_value(a, b).quantize(Decimal("0.000001")) == Decimal(p)
