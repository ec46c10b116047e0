"""Mistakes about whose account an event is of (KPIS.md G8)."""

from tests.oracle.mutants import Mutant

OF_ACCOUNTS = (
    Mutant(
        "an account that an event names is none",
        "apps/rollups/build/events.py",
        "(SELECT counts_as FROM audience_account WHERE id = event.account_id),",
        "NULL,",
    ),
    Mutant(
        "a primary account is that of the instant after",
        "apps/rollups/build/events.py",
        "stay.since <= event.occurred_at",
        "stay.since < event.occurred_at",
        seeds="3",
    ),
    Mutant(
        "what colleagues share counts for an account",
        "apps/rollups/build/events.py",
        " AND NOT person.is_internal",
        "",
        seeds="6-20",
    ),
    Mutant(
        "the shares of whoever moved are not counted anew",
        "apps/rollups/subjects.py",
        "mark_moved(workspace.pk, flagged | moved, since)",
        "pass",
    ),
    Mutant(
        "the shares in an account that was merged are not counted anew",
        "apps/rollups/causes.py",
        "told(MERGED[Space.ACCOUNT], Space.ACCOUNT)",
        "[]",
        seeds="35",
    ),
    Mutant(
        "an erasure forgets in which accounts somebody shared",
        "apps/privacy/erase.py",
        "events.settle_accounts(person)",
        "pass",
        seeds="7-20",
    ),
)
