"""Who meets a condition at the end of a local day, in one space or the other (KPIS.md G9)."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime

from tests.oracle.conditions import (
    All,
    Condition,
    Did,
    InIcp,
    KpiSide,
    Leaf,
    Not,
    Saved,
    Some,
    TraitIs,
    meets,
)
from tests.oracle.links import Fields
from tests.oracle.people import ACCOUNT, USER
from tests.oracle.periods import DAY, days, span
from tests.oracle.traits import Traits


@dataclass(frozen=True)
class Deed:
    """Something done, on a local day of the workspace.

    What is not valid, as a share that failed or a message that is a draft, is none of what its event's name says.
    `drew` are the fields of each interaction that a prompt drew, of each share that was made in a session, of the
    referral of a first signup, or of those that a message led to; a start that does not `begin` its session comes
    after another one. A share in no session `is_stray`, and so is what is done with a prompt nobody was shown.
    No two have the same `key`.
    """

    user: str
    account: str | None
    event: str
    at: datetime
    day: date
    fields: Fields
    is_valid: bool
    drew: Sequence[Fields]
    begins: bool
    key: bytes
    is_stray: bool


Side = Callable[[KpiSide], tuple[str, Set[str]]]
"""Who is in a side of a KPI, after the space that they are in."""


class Segments:
    """Conditions about one question: `asked` are the local days that it is about, `side` answers for KPIs."""

    def __init__(self, traits: Traits, deeds: Sequence[Deed], asked: Iterable[date], side: Side) -> None:
        self.traits, self.people, self.side = traits, traits.people, side
        self.deeds, self.asked = deeds, set(asked)
        self._found: dict[tuple[Condition, str, date], set[str]] = {}

    def meeting(self, condition: Condition, space: str, day: date) -> set[str]:
        """The users, or accounts, that meet a condition at a day's end."""
        key = condition, space, day
        if key not in self._found:
            self._found[key] = self._meeting(condition, space, day)
        return self._found[key]

    def _meeting(self, condition: Condition, space: str, day: date) -> set[str]:
        everybody = self.people.users if space == USER else self.people.accounts
        if isinstance(condition, Saved):
            return self.meeting(condition.condition, space, day)
        if isinstance(condition, Not):
            return everybody - self.meeting(condition.part, space, day)
        if isinstance(condition, All):
            return everybody.intersection(*(self.meeting(part, space, day) for part in condition.parts))
        if isinstance(condition, Some):
            return set().union(*(self.meeting(part, space, day) for part in condition.parts))
        return self._leaf(condition, space, day)

    def _leaf(self, leaf: Leaf, space: str, day: date) -> set[str]:
        """A leaf is true of whom it is about: an account by any of its users, a user by any of their accounts."""
        if isinstance(leaf, TraitIs) and (space == USER or self.traits.has(ACCOUNT, leaf.name)):
            return self._having(leaf, space, day)
        home, members = self._at_home(leaf, day)
        return set(members) if home == space else self.people.lifted(members, space, day)

    def _at_home(self, leaf: Leaf, day: date) -> tuple[str, Set[str]]:
        if isinstance(leaf, TraitIs):
            return USER, self._having(leaf, USER, day)
        if isinstance(leaf, InIcp):
            return USER, self.traits.matching(leaf.profile, day)
        if isinstance(leaf, Did):
            return USER, self._doing(leaf, day)
        return self.side(leaf)

    def _having(self, leaf: TraitIs, space: str, day: date) -> set[str]:
        everybody = self.people.users if space == USER else self.people.accounts
        values = self.traits.values(space, leaf.name, day)
        return {who for who in everybody if meets(values.get(who), leaf)}

    def _doing(self, leaf: Did, day: date) -> set[str]:
        window = self.asked
        if leaf.period is not None:
            window = set(days(*span(leaf.period)))
        if leaf.days is not None:
            window = set(days(day - (leaf.days - 1) * DAY, day + DAY))
        done = Counter(deed.user for deed in self.deeds if deed.day in window and _fits(deed, leaf))
        return {user for user, times in done.items() if times >= leaf.at_least}


def _fits(deed: Deed, leaf: Did) -> bool:
    allows = all(deed.fields[name] in allowed for name, allowed in leaf.where)
    return deed.is_valid and deed.event == leaf.event and allows
