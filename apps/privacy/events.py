"""The events of a person, which count on for nobody in particular, and the events of others that name them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import simplejson
from django.db import connection

from apps.audience import histories, places
from apps.audience.stitching import USER_OF_EVENT
from apps.events.models import EventDefinition, TaxonomyVersion
from apps.events.rows import LINKS, SESSIONS
from apps.events.taxonomy import REFERRAL_KINDS
from apps.privacy.columns import BATCH
from apps.privacy.person import Person
from apps.privacy.words import Words
from apps.workspaces.exactjson import to_json

OWN = f"""
    UPDATE events_event AS event SET user_id = {USER_OF_EVENT}
    WHERE workspace_id = %(workspace)s AND anonymous_id = ANY(%(visits)s) AND user_id IS NULL"""
SETTLE = """
    UPDATE events_event AS event SET account_id = account.id
    FROM unnest(%(accounts)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
         AS stay (account, since, until)
    JOIN audience_account AS account ON account.workspace_id = %(workspace)s AND account.ordinal = stay.account
    WHERE event.workspace_id = %(workspace)s AND event.user_id = ANY(%(users)s) AND event.account_id IS NULL
      AND event.occurred_at >= stay.since AND (stay.until IS NULL OR event.occurred_at < stay.until)"""
THEIRS = """
    workspace_id = %(workspace)s
    AND (user_id = ANY(%(users)s) OR (user_id IS NULL AND anonymous_id = ANY(%(visits)s)))"""
LEFT = "coalesce((SELECT jsonb_object_agg(key, {value}) FROM jsonb_each(event.properties) WHERE {keys}), '{{}}')"
# A client's session may stand in its context as well; what is called so need be no object.
UNNAMED = {
    "link": "value",
    "session": """CASE WHEN key = '$context' AND jsonb_typeof(value) = 'object'
        THEN value - 'sessionId' ELSE value END""",
}
# What the taxonomy reads into a column is what the event counts as, so it is no free property. A correction says
# what the columns of others are read from, whatever its own definition is.
CORRECTIONS = 0
COUNTS_AS = f"CASE WHEN event.corrects IS NULL THEN event.definition_id ELSE {CORRECTIONS} END"
IS_COUNTED = f"%(counted)s::jsonb -> ({COUNTS_AS})::text ? key"
# Whom somebody referred is part of what a referral counts as, of any other event it is a free property.
SCRUB = f"""
    UPDATE events_event AS event SET anonymous_id = NULL, body_digest = 0,
        session = md5(%(salt)s || session), link = md5(%(salt)s || link),
        referred_id = CASE WHEN definition_id = ANY(%(referrals)s) THEN referred_id END,
        referrer = CASE WHEN definition_id = ANY(%(referrals)s) THEN referrer END,
        properties = {LEFT.format(value="value", keys=IS_COUNTED)}
    WHERE {THEIRS}"""
DELETE = f"DELETE FROM events_event WHERE {THEIRS}"
ACCOUNTS = f"""
    SELECT DISTINCT account.counts_as FROM events_event AS event JOIN audience_account AS account
    ON account.id = event.account_id WHERE {THEIRS.replace("workspace_id", "event.workspace_id")}"""
# Others' corrections of theirs go on counting, and no longer say of which message or action they are.
UNNAME = f"""
    UPDATE events_event AS event SET
        link = CASE WHEN link = properties ->> 'action_id' THEN md5(%(salt)s || link) ELSE link END,
        properties = {LEFT.format(value="value", keys=f"key NOT IN ('corrects', 'action_id') OR {IS_COUNTED}")}
    WHERE workspace_id = %(workspace)s AND ({THEIRS}) IS NOT TRUE AND corrects IN (
        SELECT message_key FROM events_event WHERE {THEIRS}
        UNION ALL SELECT action_key FROM events_event WHERE {THEIRS} AND action_key IS NOT NULL)"""
SHARED = """
    UPDATE events_event SET anonymous_id = NULL
    WHERE workspace_id = %(workspace)s AND anonymous_id = ANY(%(visits)s)"""
NAMING = f"""
    SELECT id, {COUNTS_AS}, properties::text FROM events_event AS event
    WHERE workspace_id = %(workspace)s AND id > %(after)s AND (user_id IS NULL OR user_id <> ALL(%(users)s))
      AND EXISTS (
        SELECT FROM unnest(%(words)s::text[]) AS word WHERE strpos(lower(properties::text), word) > 0)
    ORDER BY id LIMIT %(batch)s"""

# The properties that say what others' events share with theirs.
NAMED = {"link": LINKS, "session": SESSIONS}

Counted = Mapping[int, set[str]]


def _keys(key: str) -> str:
    return f"SELECT {key} FROM events_event WHERE {THEIRS} AND {key} IS NOT NULL GROUP BY {key}"


def _relink(key: str) -> str:
    """What others' events share with theirs they go on sharing, by a name that leads to neither."""
    left = LEFT.format(value=UNNAMED[key], keys=f"key <> ALL(%(named)s) OR {IS_COUNTED}")
    return f"""
        UPDATE events_event AS event SET {key} = md5(%(salt)s || {key}), properties = {left}
        WHERE workspace_id = %(workspace)s AND {key} IN ({_keys(key)}) AND ({THEIRS}) IS NOT TRUE"""


def _relink_referrals() -> str:
    """What people signed up by, of every version, goes on naming the message that led to it."""
    return f"""
        UPDATE rollups_referral SET link = md5(%(salt)s || link)
        WHERE workspace_id = %(workspace)s AND link IN ({_keys("link")})"""


def settle_owners(person: Person) -> None:
    """Write down whose the anonymous events were, before nothing says so any more."""
    _execute(OWN, person)


def settle_accounts(person: Person) -> None:
    """Write down which accounts the events were of by the person's memberships, before those are forgotten."""
    (history,) = histories.load_people(person.workspace_id, [person.ordinal], {}).values()
    stays = places.primaries(history)
    accounts, since, until = zip(*stays, strict=True) if stays else ((), (), ())
    _execute(SETTLE, person, accounts=list(accounts), since=list(since), until=list(until))


def scrub(person: Person) -> int:
    """Leave of each event when it was, what it counts as and which others it shares a session or a link with."""
    terms = _terms(person)
    _execute(_relink_referrals(), person, **terms)
    for key, named in NAMED.items():
        _execute(_relink(key), person, named=list(named), **terms)
    _execute(UNNAME, person, **terms)
    return _execute(SCRUB, person, referrals=_referrals(person.workspace_id), **terms)


def delete(person: Person) -> int:
    """Leave nothing of the events."""
    _execute(UNNAME, person, **_terms(person))
    return _execute(DELETE, person)


def keys(person: Person, key: str) -> list[str]:
    """The sessions, or the links, that the events may share with others, or the keys of what they correct."""
    with connection.cursor() as cursor:
        cursor.execute(_keys(key), _whose(person))
        return [str(value) for (value,) in cursor.fetchall()]


def accounts(person: Person) -> set[int]:
    """The canonical accounts that the events are of."""
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, _whose(person))
        return {ordinal for (ordinal,) in cursor.fetchall()}


def forget_visits(person: Person) -> int:
    """Take their anonymous ids from the events of whoever used them too."""
    return _execute(SHARED, person)


def forget_mentions(person: Person, words: Words) -> int:
    """Put null for whatever names them in the properties of others' events; return how many events did."""
    counted, total, after = _counted(person.workspace_id), 0, 0
    while rows := _naming(person, words, after):
        changed = {}
        for pk, definition_id, text in rows:
            properties = simplejson.loads(text, use_decimal=True)
            left = {key: properties[key] for key in counted[definition_id] & properties.keys()}
            without = words.without(properties) | left
            if without != properties:
                changed[pk] = to_json(without)
        _write(changed)
        total, after = total + len(changed), rows[-1][0]
    return total


def _terms(person: Person) -> dict[str, str]:
    counted = {pk: sorted(names) for pk, names in _counted(person.workspace_id).items()}
    return {"counted": to_json(counted), "salt": secrets.token_hex()}


def _counted(workspace_id: int) -> Counted:
    """The properties that some version of the taxonomy reads into columns, by definition, or of CORRECTIONS."""
    names = defaultdict[int, set[str]](set)
    for pk, columns in EventDefinition.objects.filter(workspace=workspace_id).values_list("pk", "columns"):
        names[pk] |= set(columns.values())
    versions = TaxonomyVersion.objects.filter(workspace=workspace_id)
    for definitions in versions.values_list("definitions", flat=True).iterator():
        for pk, meaning in definitions.items():
            names[int(pk)] |= set(meaning["columns"].values())
    names[CORRECTIONS] = set[str]().union(*names.values())
    return names


def _referrals(workspace_id: int) -> list[int]:
    """The definitions that are of a referral, or were so in some version."""
    definitions = EventDefinition.objects.filter(workspace=workspace_id, kind__in=REFERRAL_KINDS)
    found = set(definitions.values_list("pk", flat=True))
    versions = TaxonomyVersion.objects.filter(workspace=workspace_id)
    for meanings in versions.values_list("definitions", flat=True).iterator():
        found |= {int(pk) for pk, meaning in meanings.items() if meaning["kind"] in REFERRAL_KINDS}
    return sorted(found)


def _naming(person: Person, words: Words, after: int) -> list[tuple[int, int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(NAMING, _whose(person) | {"words": words.in_json, "after": after, "batch": BATCH})
        rows: list[tuple[int, int, str]] = cursor.fetchall()
        return rows


def _write(changed: Mapping[int, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event AS event SET properties = changed.properties::jsonb"
            " FROM unnest(%s::bigint[], %s::text[]) AS changed (id, properties) WHERE event.id = changed.id",
            [list(changed), list(changed.values())],
        )


def _execute(statement: str, person: Person, **more: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, _whose(person) | more)
        return int(cursor.rowcount)


def _whose(person: Person) -> dict[str, Any]:
    visits = list(person.anonymous_ids)
    return {"workspace": person.workspace_id, "users": list(person.users), "visits": visits}
