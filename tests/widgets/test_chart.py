from decimal import Decimal

from apps.widgets.chart import Point, draw


def test_the_largest_touches_the_top_and_zero_the_base() -> None:
    chart = draw([Decimal(0), Decimal(5), Decimal(10)])
    assert chart.points == (Point(0, 6, 114), Point(1, 240, 60), Point(2, 474, 6))
    assert chart.lines == ("6,114 240,60 474,6",)
    assert chart.areas == ("6,114 6,114 240,60 474,6 474,114",)
    assert (chart.width, chart.height, chart.base) == (480, 120, 114)


def test_a_missing_value_is_a_gap() -> None:
    chart = draw([Decimal(1), Decimal(1), None, Decimal(1)])
    assert [point.at for point in chart.points] == [0, 1, 3]
    assert chart.lines == ("6,6 162,6", "474,6")


def test_nothing_but_zeros_lies_on_the_base() -> None:
    assert {point.y for point in draw([Decimal(0)] * 12).points} == {114}


def test_nothing_at_all_has_no_line() -> None:
    chart = draw([None] * 12)
    assert (chart.points, chart.lines, chart.areas) == ((), (), ())
