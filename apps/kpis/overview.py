"""Every KPI of a workspace for one month, as lines of a table."""

from __future__ import annotations

from django.utils.timezone import now

from apps.engine.expressions import Question
from apps.engine.periods import parse_month
from apps.events.taxonomy import zone_of
from apps.kpis.catalogue import answered
from apps.kpis.evaluate import Asked, evaluate
from apps.workspaces.models import Workspace


def overview(slug: str, month: str) -> list[tuple[str, str, str, str]]:
    """(slug, value, numerator, denominator) of each KPI for a month such as 2026-04; – where there is none."""
    workspace = Workspace.objects.get(slug=slug)
    question = Question(parse_month(month, zone_of(workspace)), now())
    results = evaluate(workspace, [Asked(entry, question) for entry in answered().values()])
    return [
        (
            result.asked.entry.slug,
            "–" if result.answer.value is None else f"{result.answer.value:,}",
            f"{result.answer.numerator.amount:,}",
            "–" if result.answer.denominator is None else f"{result.answer.denominator.amount:,}",
        )
        for result in results
    ]
