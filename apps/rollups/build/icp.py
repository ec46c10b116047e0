"""Who matches an ICP profile, day by day: its rule over the traits of the day, unless somebody said otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from apps.audience.icp import rule_condition
from apps.audience.identity import ICP_TRAIT
from apps.audience.timelines import KNOWN, TRUE, Stretch, stretches
from apps.engine.rules import names, verdict
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
        (ordinal, match)
        for ordinal, stood in told.items()
        for match in stretches(
            f"{ICP}{slug}",
            (
                (day, TRUE if is_match(values) else None)
                for day, values in _days([one for one in stood if one.series in inputs])
            ),
        )
    ]


def _days(stood: Sequence[Stretch]) -> Iterator[tuple[date, Mapping[str, str]]]:
    """The days on which a state changes, in order, with the values from each on, by trait; KNOWN is one more."""
    changes = [(one.first_day, one.series, one.value) for one in stood]
    changes += [(one.end_day, one.series, "") for one in stood if one.end_day]
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
