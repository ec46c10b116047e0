"""Mistakes that somebody could make about who signed up by a referral, and what led to it."""

from tests.oracle.mutants import Mutant

CHOICE = "apps/audience/referrals.py"
READER = "apps/rollups/build/referrals.py"

OF_SIGNUPS = (
    Mutant(
        "the first who ever referred somebody did",
        CHOICE,
        "return max(before, key=_order)",
        "return min(before, key=_order)",
    ),
    Mutant(
        "a sign-up is attributed for ever",
        CHOICE,
        "if one.at < signed_up_at + LATEST)",
        "if True)",
    ),
    Mutant(
        "people refer themselves",
        CHOICE,
        "if one.referrer != person and one.referrer not in rejected]",
        "if one.referrer not in rejected]",
    ),
    Mutant(
        "nobody in particular rejects nobody",
        CHOICE,
        "    if None in rejected:\n        return None\n",
        "",
    ),
    Mutant(
        "whom an event names was referred by nobody in particular",
        READER,
        "referrer = own if named is None",
        "referrer = None if named is None",
    ),
    Mutant(
        "a referrer is an id, whoever that was merged into",
        READER,
        "else named if canonical is None else canonical",
        "else named",
    ),
    Mutant(
        "a message leads to whoever had signed up before",
        READER,
        "AND led.signed_up_at >= event.occurred_at AND",
        "AND",
        seeds="3",
    ),
    Mutant(
        "a referral that comes late leaves its message as it was",
        "apps/rollups/referrals.py",
        "Counter(one.link for one in changed if one.link)",
        "Counter()",
    ),
    Mutant(
        "who was erased referred nobody but themselves",
        "apps/privacy/events.py",
        "referred_id = CASE WHEN definition_id = ANY(%(referrals)s) THEN referred_id END",
        "referred_id = NULL",
    ),
)
