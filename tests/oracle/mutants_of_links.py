"""Mistakes that somebody could make about what prompts draw: which events are linked, when, and for how long."""

from tests.oracle.mutants import Mutant

BUILDER = "apps/rollups/build/events.py"

OF_LINKS = (
    Mutant(
        "a prompt draws for ever",
        BUILDER,
        " AND drawn.occurred_at < event.occurred_at + {within}",
        "",
    ),
    Mutant(
        "a prompt draws for an instant more",
        BUILDER,
        "drawn.occurred_at < event.occurred_at + {within}",
        "drawn.occurred_at <= event.occurred_at + {within}",
    ),
    Mutant(
        "a prompt draws before it is shown",
        BUILDER,
        "drawn.occurred_at >= event.occurred_at AND",
        "",
    ),
    Mutant(
        "a prompt draws only whoever saw it",
        BUILDER,
        "AND drawn.definition_id = ANY({definitions}) AND {valid}",
        "AND drawn.definition_id = ANY({definitions}) AND {valid} AND drawn.user_id = event.user_id",
    ),
    Mutant(
        "a prompt that was dismissed was not answered",
        "apps/kpis/catalogue/referral_prompt_interaction_rate.yaml",
        ", dismiss]",
        "]",
    ),
    Mutant(
        "what comes late changes no prompt",
        "apps/rollups/causes.py",
        "Whose(links=values)",
        "Whose()",
    ),
    Mutant(
        "of several answers one is known",
        "apps/rollups/rows.py",
        "for one in parsed(drew)]",
        "for one in parsed(drew)[:1]]",
    ),
    Mutant(
        "of several answers one is kept",
        BUILDER,
        "jsonb_agg(DISTINCT jsonb_build_object({facets}))::text FROM",
        "min(jsonb_build_array(jsonb_build_object({facets}))::text) FROM",
    ),
    Mutant(
        "whoever is erased takes what they are linked to along",
        "apps/privacy/events.py",
        "_execute(_relink(key), person, named=list(named), **terms)",
        "pass",
    ),
)
