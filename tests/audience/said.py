"""What is said of people and accounts, in one line each; times without a zone are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from apps.audience.histories import AccountHistory, MembershipSaid, Moment, PersonHistory, TraitSaid
from apps.audience.timelines import Stretch, account, person
from apps.workspaces.exactjson import to_json

INITECH, HOOLI = 0, 1


def at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def trait(name: str, value: Any, when: str, message_id: str = "") -> TraitSaid:
    return TraitSaid(name, None if value is None else to_json(value), at(when), message_id)


def joined(account: int, when: str, message_id: str = "", **fields: Any) -> MembershipSaid:
    return MembershipSaid(
        account, True, fields.get("role"), fields.get("is_primary"), at=at(when), message_id=message_id
    )


def left(account: int, when: str, message_id: str = "") -> MembershipSaid:
    return MembershipSaid(account, False, None, None, at=at(when), message_id=message_id)


def came(when: str) -> Moment:
    return Moment(at(when), is_opening=True)


def went(when: str) -> Moment:
    return Moment(at(when), is_opening=False)


def accounts(initech: tuple[TraitSaid, ...] = (), hooli: tuple[TraitSaid, ...] = ()) -> dict[int, AccountHistory]:
    return {INITECH: AccountHistory("initech", initech), HOOLI: AccountHistory("hooli", hooli)}


def of_person(series: str, history: PersonHistory, zone: str = "UTC") -> list[tuple[str, str, str | None]]:
    """The stretches of one series: value, first day, end day."""
    return shown(series, person(history, zone))


def of_account(series: str, history: AccountHistory, zone: str = "UTC") -> list[tuple[str, str, str | None]]:
    return shown(series, account(history, zone))


def shown(series: str, stretches: list[Stretch]) -> list[tuple[str, str, str | None]]:
    return [
        (one.value, day(one.first_day), None if one.end_day is None else day(one.end_day))
        for one in stretches
        if one.series == series
    ]


def day(one: date) -> str:
    """A day of 2026 as month and day."""
    return one.strftime("%m-%d")
