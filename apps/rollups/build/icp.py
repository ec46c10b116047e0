"""Who matches an ICP profile, day by day: its rule over the traits of the day, unless somebody said otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from apps.audience.icp import rule_condition
from apps.audience.identity import ICP_TRAIT
from apps.audience.timelines import KNOWN, TRUE, Stretch
from apps.engine.rules import Verdict, names, verdict
from apps.rollups.build.content import ICP

USER_TRAIT = "user:trait:"


def matches(told: Mapping[int, Sequence[Stretch]], slug: str, rule: Sequence[Any]) -> list[tuple[int, Stretch]]:
    """The stretches of days in which people match a profile, from everything else that they stood in.

    A rule holds of people of whom anything is known. A manual word beats it (KPIS.md, `identified_icp_users`).
    """
    condition = rule_condition(rule)
    holds, word = verdict(condition), f"{ICP_TRAIT}{slug}"
    inputs = {KNOWN, *(f"{USER_TRAIT}{name}" for name in (word, *names(condition)))}

    def is_match(values: Mapping[str, str]) -> bool:
        return values[word] == TRUE if word in values else KNOWN in values and holds(values)

    return [
        (ordinal, Stretch(f"{ICP}{slug}", TRUE, *days))
        for ordinal, stretches in told.items()
        for days in _matched(stretches, inputs, is_match)
    ]


def _matched(
    stretches: Sequence[Stretch], inputs: Collection[str], is_match: Verdict
) -> Iterator[tuple[date, date | None]]:
    """The first day and the end of each stretch of days in which somebody with these states is a match."""
    since = None
    for day, values in _days([one for one in stretches if one.series in inputs]):
        if is_match(values) and since is None:
            since = day
        elif since is not None and not is_match(values):
            yield since, day
            since = None
    if since is not None:
        yield since, None


def _days(stretches: Sequence[Stretch]) -> Iterator[tuple[date, Mapping[str, str]]]:
    """The days on which a state changes, in order, with the values from each on, by trait; KNOWN is one more."""
    changes = [(one.first_day, one.series, one.value) for one in stretches]
    changes += [(one.end_day, one.series, "") for one in stretches if one.end_day]
    values: dict[str, str] = {}
    # Of one day what ended comes before what began.
    changes.sort(key=lambda change: (change[0], change[2] != ""))
    for day, of_day in groupby(changes, lambda change: change[0]):
        for _, series, value in of_day:
            name = series.removeprefix(USER_TRAIT)
            values.pop(name, None)
            if value:
                values[name] = value
        yield day, values
