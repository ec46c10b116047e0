"""Questions about April 2026, as tests of conditions ask them."""

from datetime import UTC, date, datetime

from apps.engine.conditions import AsOf, Condition, TraitIs, TraitOp
from apps.engine.evaluate import evaluate
from apps.engine.expressions import Home, Question
from apps.engine.periods import parse_month
from tests.engine.brute import ALICE, BOB, CHARLIE, KPIS, BruteFacts, Event, plan

APRIL = parse_month("2026-04", "UTC")
LATER = datetime(2026, 6, 10, 12, tzinfo=UTC)
HOME = Home("UTC", ("small", "large"))
PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",))


def on(day: int, month: int = 4) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def april(day: int) -> date:
    return date(2026, 4, day)


def asked(segment: Condition | None, as_of: AsOf | None = None) -> Question:
    return Question(APRIL, LATER, home=HOME, segment=segment, as_of=as_of)


def who(slug: str, facts: BruteFacts, question: Question) -> list[int]:
    return list(evaluate(KPIS[slug], question, facts).numerator.everybody())


def active(facts: BruteFacts, segment: Condition, as_of: AsOf | None = None) -> list[int]:
    return who("total_active_users", facts, asked(segment, as_of))


EVERYBODY = [Event(user, on(2)) for user in (ALICE, BOB, CHARLIE)]
PLANS = BruteFacts(EVERYBODY, stays=[plan(ALICE, "pro", april(1)), plan(BOB, "free", april(1))])
