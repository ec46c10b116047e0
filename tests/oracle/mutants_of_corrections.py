"""Mistakes that somebody could make about what is corrected and voided, and about what is doubtful."""

from tests.oracle.mutants import Mutant

READING = "apps/events/corrections.py"
CAUSES = "apps/rollups/causes.py"

OF_CORRECTIONS = (
    Mutant(
        "what was voided happened",
        READING,
        "    WHERE said.voids IS NOT TRUE)",
        "    )",
    ),
    Mutant(
        "the first correction is the last word",
        READING,
        "ORDER BY correction.occurred_at DESC, correction.message_key DESC)",
        "ORDER BY correction.occurred_at, correction.message_key)",
    ),
    Mutant(
        "a voided signup opens an account",
        READING,
        "AND correction.voids OFFSET 0",
        "AND correction.voids AND false OFFSET 0",
    ),
    Mutant(
        "a correction that comes late changes nothing",
        CAUSES,
        "    mark_hours(workspace_id, Whose(corrected=keys), since)\n",
        "",
    ),
    Mutant(
        "what was corrected is drawn as before",
        CAUSES,
        "for one in found if one.definition_id in joining}",
        "for one in found if one.definition_id not in joining}",
        seeds="5",
    ),
    Mutant(
        "a signup that is voided late stays one",
        CAUSES,
        "    mark_ordinals(workspace_id, Space.USER, people | groups.identified(workspace_id, visitors), since)\n",
        "",
        seeds="5",
    ),
    Mutant(
        "a share that was a mistake is retracted like any other",
        "apps/events/drafting.py",
        "return _action_key(source, one, RETRACTED) if is_mistake else None",
        "return None",
    ),
    Mutant(
        "what the erased corrected is as it was before",
        "apps/privacy/events.py",
        "anonymous_id = NULL, body_digest = 0,",
        "anonymous_id = NULL, body_digest = 0, corrects = NULL,",
    ),
    Mutant(
        "an interaction of the very instant is linked to nothing",
        "apps/rollups/build/events.py",
        "AND earlier.occurred_at <= event.occurred_at\n",
        "AND earlier.occurred_at < event.occurred_at\n",
    ),
    Mutant(
        "doubtful events are those of whoever shared through a channel",
        "apps/kpis/quality.py",
        "limits=limits, as_of",
        "limits=question.limits, as_of",
    ),
)
