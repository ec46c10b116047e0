"""Columns in which somebody may have written a person's id or address, and how their rows are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import simplejson
from django.db import connection

from apps.privacy.person import Person
from apps.privacy.words import Words
from apps.workspaces.exactjson import to_json

BATCH = 1000

FIND = """
    SELECT id, {read} FROM {table} WHERE workspace_id = %(workspace)s AND id > %(after)s AND {others}
      AND EXISTS (SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(lower({read}), word) > 0)
    ORDER BY id LIMIT %(batch)s"""
UPDATE = "UPDATE {table} AS this SET {write} FROM (SELECT %s::text AS text) AS changed WHERE this.id = %s"
OTHER_USERS = "(user_id IS NULL OR user_id <> ALL(%(users)s))"

# A value is listed once; where the opaque one is there already, the place is kept for nobody.
ONCE = """
    CASE WHEN EXISTS (
        SELECT FROM audience_traitvalue AS kept WHERE kept.trait_id = this.trait_id AND kept.value = changed.text
    ) THEN '"(erased ' || this.id || ')"' ELSE changed.text END"""

Rows = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A text, or JSON, of a table: the SQL that reads it, that which writes it back, and whose rows are meant."""

    table: str
    read: str
    write: str = ""
    is_json: bool = True
    others: str = "true"

    def rewrite(self, person: Person, words: Words) -> int:
        """Put the opaque texts in place of the words, wherever they are; return how many rows had any."""
        change = (lambda text: _json(words, text)) if self.is_json else words.blanked
        return sum(self._write(_changed(rows, change)) for rows in self.mentioning(person, words))

    def mentioning(self, person: Person, words: Words) -> Iterator[Rows]:
        """The rows, with their texts, in which a word may be, a batch at a time."""
        statement = FIND.format(read=self.read, table=self.table, others=self.others)
        after = 0
        while rows := self._batch(statement, person, words, after):
            yield rows
            after = rows[-1][0]

    def _batch(self, statement: str, person: Person, words: Words, after: int) -> Rows:
        wanted = words.in_json if self.is_json else words.written
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {
                    "workspace": person.workspace_id,
                    "users": list(person.users),
                    "words": wanted,
                    "after": after,
                    "batch": BATCH,
                },
            )
            rows: Rows = cursor.fetchall()
            return rows

    def _write(self, rows: Rows) -> int:
        with connection.cursor() as cursor:
            for pk, text in rows:
                cursor.execute(UPDATE.format(table=self.table, write=self.write), [text, pk])
        return len(rows)


# What was said of others, and what is set up by hand.
SAID = (
    Column("audience_traitchange", "value::text", "value = changed.text::jsonb", others=OTHER_USERS),
    Column("audience_traitchange", "message_id", "message_id = left(changed.text, 255)", is_json=False),
    Column("audience_membershipchange", "message_id", "message_id = left(changed.text, 255)", is_json=False),
    Column("audience_identityalias", "message_id", "message_id = left(changed.text, 255)", is_json=False),
    Column("audience_segment", "condition::text", "condition = changed.text::jsonb"),
    Column("audience_icpversion", "rule::text", "rule = changed.text::jsonb"),
    Column("events_taxonomyversion", "icp::text", "icp = changed.text::jsonb"),
    Column(
        "events_eventdefinition",
        "to_jsonb(name)::text",
        "name = left(changed.text::jsonb #>> '{}', 200)",
        others="NOT is_planned",
    ),
)
# What follows from what was said.
STOOD = Column("rollups_staterow", "value", "value = changed.text")
LISTED = Column("audience_traitvalue", "value", f"value = {ONCE}")
ROLLED_UP = Column(
    "rollups_rollup", "facets ->> 'value'", "facets = jsonb_set(facets, '{value}', to_jsonb(changed.text))"
)
# What went wrong.
FAILED = Column("rollups_bucketfailure", "error", "error = changed.text", is_json=False)
REJECTED = Column("events_rejectedevent", "concat_ws(' ', message_id, reason, body)", is_json=False)


def _changed(rows: Rows, change: Callable[[str], str]) -> Rows:
    return [(pk, new) for pk, text in rows if (new := change(text)) != text]


def _json(words: Words, text: str) -> str:
    value = simplejson.loads(text, use_decimal=True)
    replaced = words.renamed(value)
    # As it was written where nothing is to be replaced: PostgreSQL writes JSON in a way of its own.
    return text if replaced == value else to_json(replaced)
