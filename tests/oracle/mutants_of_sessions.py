"""Mistakes that somebody could make about sessions, and about facets that are told apart in rows of their own."""

from tests.oracle.mutants import Mutant

BUILDER = "apps/rollups/build/events.py"

OF_SESSIONS = (
    Mutant(
        "a session begins with each of its starts",
        BUILDER,
        "        FIRST_OF.get(kind_of(series.name)),\n",
        "",
    ),
    Mutant(
        "a session begins with its last start",
        BUILDER,
        "(earlier.occurred_at, earlier.message_key) <",
        "(earlier.occurred_at, earlier.message_key) >",
    ),
    Mutant(
        "of two starts of one instant the one that came first begins the session",
        BUILDER,
        "(earlier.occurred_at, earlier.message_key) < (event.occurred_at, event.message_key)",
        "(earlier.occurred_at, earlier.id) < (event.occurred_at, event.id)",
        seeds="6",
    ),
    Mutant(
        "what comes late into a session changes nothing",
        "apps/rollups/causes.py",
        "Whose(sessions=values)",
        "Whose()",
        seeds="8",
    ),
    Mutant(
        "an earlier start that comes late moves no session",
        "apps/events/taxonomy.py",
        "return drawn | {",
        "return drawn or {",
        seeds="11-20",
    ),
    Mutant(
        "what comes late joins the sessions of the erased",
        "apps/privacy/events.py",
        'NAMED = {"link": LINKS, "session": SESSIONS}',
        'NAMED = {"link": LINKS}',
    ),
    Mutant(
        "any share is one of the product in its session",
        "apps/kpis/catalogue/product_sharing_rate_by_session.yaml",
        ", where: {share_scope: [product]}",
        ", where: {share_scope: [product, content, referral]}",
    ),
    Mutant(
        "raw events count whatever else they are",
        "apps/rollups/store.py",
        "if one.row.meets(need.where))",
        "if one.row.meets(need.where[-1:]))",
    ),
    Mutant(
        "whoever is in some rows meets any condition on them",
        "apps/rollups/store.py",
        "need.where if isinstance(need, Need) else ()",
        "()",
    ),
    Mutant(
        "what was looked for last is found again",
        "apps/rollups/finding.py",
        "tuple((need, place.version(need.series)) for need in told)",
        "tuple(need.series for need in told)",
    ),
    Mutant(
        "rows are read that do not tell what is asked",
        "apps/engine/plan.py",
        "if wanted.issubset(one.facets)]",
        "if not wanted.isdisjoint(one.facets)]",
    ),
)
