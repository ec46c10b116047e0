"""What fills a column of an event: SQL that goes by what its definition says."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.sql import SQL, Composable, Identifier, Literal

from apps.events.models import FACET_LENGTH
from apps.events.taxonomy import Meaning


def column(name: str, feeders: Mapping[int, Meaning], event: str = "event") -> Composable:
    """What fills a column: the event's column of that name, unless a definition says otherwise."""
    cases = [case for pk, meaning in feeders.items() if (case := _case(name, pk, meaning, event)) is not None]
    plain = Identifier(event, name)
    if not cases:
        return plain
    definition = Identifier(event, "definition_id")
    return SQL("CASE {} {} ELSE {} END").format(definition, SQL(" ").join(cases), plain)


def _case(name: str, definition_id: int, meaning: Meaning, event: str) -> Composable | None:
    if name in meaning.constants:
        return SQL("WHEN {} THEN {}").format(Literal(definition_id), Literal(meaning.constants[name]))
    if name in meaning.columns:
        text = SQL("left(nullif({}.properties ->> {}, ''), {})").format(
            Identifier(event), Literal(meaning.columns[name]), Literal(FACET_LENGTH)
        )
        return SQL("WHEN {} THEN {}").format(Literal(definition_id), text)
    return None
