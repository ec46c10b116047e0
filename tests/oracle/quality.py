"""What is doubtful about the events behind an answer: the counters beside it (KPIS.md G4, the result's shape)."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.oracle.counting import CARRIED, KPIS, OF_LINKS, RATES, counts_events
from tests.oracle.messages import INTERACTION, MESSAGE, SHARE
from tests.oracle.oracle import Asked, Item, Oracle
from tests.oracle.people import USER
from tests.oracle.segments import Deed


@dataclass(frozen=True)
class Doubt:
    """Valid events of a name that are doubtful for one reason, counted beside the answers of some KPIs."""

    name: str
    event: str
    kpis: frozenset[str]

    def holds(self, deed: Deed) -> bool:
        """Whether it is one of these: a message of which nobody knows whether it was changed, or what is stray."""
        if deed.event != self.event or not deed.is_valid:
            return False
        if self.event == MESSAGE:
            return deed.fields["customized"] is None
        return deed.is_stray and (self.event != SHARE or deed.fields["share_scope"] == "product")


OUTREACH = ("personalized_referral_outreach_rate", "personalized_referral_outreach_rate_by_user")
DOUBTS = (
    Doubt("unknown_count", MESSAGE, frozenset({"customized_referral_messages", *OUTREACH})),
    Doubt("unsessioned_shares", SHARE, frozenset({"product_sharing_rate_by_session"})),
    Doubt("unlinked_interactions", INTERACTION, frozenset(OF_LINKS)),
)
DROPPED = "dropped_numerator"


def counters(oracle: Oracle, asked: Asked) -> Mapping[str, int | None]:
    """Each counter of an answer, None where its KPI has none."""
    doubtful = {one.name: _times(oracle, asked, one) if asked.kpi in one.kpis else None for one in DOUBTS}
    return doubtful | {DROPPED: _dropped(oracle, asked) if asked.kpi in RATES else None}


def _times(oracle: Oracle, asked: Asked, doubt: Doubt) -> int:
    """How often people who count did it; their conditions are taken as of the days on which the answer's are.

    A question restricts only those fields that the events have.
    """
    carried = CARRIED.get(doubt.event, frozenset())
    limits = [(name, allowed) for name, allowed in asked.limits if name in carried]
    end, each = oracle.as_of(asked).end, counts_events(asked.kpi)
    items = (
        Item(deed.user, deed.day, deed.day if each else end)
        for deed in oracle.done(asked)
        if doubt.holds(deed) and all(deed.fields[name] in allowed for name, allowed in limits)
    )
    return sum(1 for _ in oracle.kept(items, oracle.people.users - oracle.people.internal[USER], asked))


def _dropped(oracle: Oracle, asked: Asked) -> int:
    """How many are in a numerator, but not in its denominator."""
    above, below = KPIS[asked.kpi]
    whole = {item.who for item in oracle.items(str(below), asked)}
    return len({item.who for item in oracle.items(above, asked)} - whole)
