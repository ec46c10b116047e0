"""Where somebody stands otherwise than before."""

from datetime import date

from apps.rollups.states import Change, State


def stood(value: str, first: str, end: str | None = None, subject: int = 1) -> State:
    days = date.fromisoformat(first), date.fromisoformat(end) if end else None
    return State("user:trait:plan", 1, subject, value, *days)


def stretches(gone: set[State], come: set[State]) -> list[tuple[str, str | None]]:
    found = Change(gone, come).stretches()
    assert {(series, version) for series, version, _, _ in found} <= {("user:trait:plan", 1)}
    return sorted((str(first), str(end) if end else None) for _, _, first, end in found)


def test_what_came_differs_over_its_whole_length() -> None:
    assert stretches(set(), {stood("pro", "2026-03-10"), stood("pro", "2026-01-02", "2026-02-03")}) == [
        ("2026-01-02", "2026-02-03"),
        ("2026-03-10", None),
    ]


def test_of_what_only_ended_otherwise_the_days_between_the_ends_differ() -> None:
    was, is_now = stood("pro", "2025-06-01"), stood("pro", "2025-06-01", "2026-04-01")
    assert stretches({was}, {is_now}) == [("2026-04-01", None)]
    assert stretches({is_now}, {stood("pro", "2025-06-01", "2026-04-03")}) == [("2026-04-01", "2026-04-03")]


def test_what_broke_in_two_differs_in_the_gap() -> None:
    halves = {stood("pro", "2026-01-01", "2026-02-01"), stood("pro", "2026-03-01")}
    assert stretches({stood("pro", "2026-01-01")}, halves) == [("2026-02-01", "2026-03-01")]


def test_another_value_or_somebody_else_differs_from_the_first_day_on() -> None:
    was = stood("free", "2026-01-01")
    assert stretches({was}, {stood("pro", "2026-01-01")}) == [("2026-01-01", None)]
    somebody_else = stood("free", "2026-01-01", "2026-02-01", subject=2)
    assert sorted(Change({was}, {somebody_else}).stretches(), key=str) == [
        ("user:trait:plan", 1, date(2026, 1, 1), None),
        ("user:trait:plan", 1, date(2026, 1, 1), date(2026, 2, 1)),
    ]


def test_nothing_differs_where_nothing_changed() -> None:
    assert stretches({stood("pro", "2026-01-01")}, {stood("pro", "2026-01-01")}) == []
