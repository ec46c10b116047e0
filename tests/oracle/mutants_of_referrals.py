"""Mistakes about referral messages, prompts and defined shares (KPIS.md B, A8)."""

from tests.oracle.mutants import Mutant

OF_REFERRALS = (
    Mutant(
        "drafts are messages sent",
        "apps/rollups/build/events.py",
        "IN ('sent', 'delivered', 'bounced')",
        "IN ('sent', 'delivered', 'bounced', 'draft')",
    ),
    Mutant(
        "what bounced was not sent",
        "apps/rollups/build/events.py",
        "IN ('sent', 'delivered', 'bounced')",
        "IN ('sent', 'delivered')",
    ),
    Mutant(
        "a message without a status was not sent",
        "apps/rollups/build/events.py",
        "coalesce({status}, 'sent')",
        "coalesce({status}, 'draft')",
    ),
    Mutant(
        "a prompt of which nobody knows whether it was seen was not",
        "apps/rollups/build/events.py",
        "{event}.viewable IS NOT FALSE",
        "{event}.viewable",
    ),
    Mutant(
        "what is not known to be customized is",
        "apps/rollups/build/events.py",
        'SQL("event.{}::text")',
        'SQL("coalesce(event.{}, true)::text")',
    ),
    Mutant(
        "a kind is defined whatever the channel",
        "apps/rollups/build/events.py",
        'for name in ("share_type", "channel")]',
        'for name in ("share_type", "share_type")]',
    ),
    Mutant(
        "shares of no known kind are defined",
        "apps/rollups/build/events.py",
        "IN ({}), false)",
        "IN ({}), true)",
    ),
    Mutant(
        "defined shares are of the product alone",
        "apps/kpis/catalogue/defined_share_events.yaml",
        'where: {is_defined: ["true"]}',
        'where: {is_defined: ["true"], share_scope: [product]}',
    ),
    Mutant(
        "the channel of a message is asked of its sender's shares too",
        "apps/engine/plan.py",
        "for facet, allowed in question.limits if facet not in carried)",
        'for facet, allowed in question.limits if facet not in carried or "template" in carried)',
    ),
)
