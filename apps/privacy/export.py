"""Everything that is held of a person, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from apps.audience.models import IdentityAlias, MembershipChange, ProductUser, TraitChange
from apps.events.models import Event, RejectedEvent
from apps.events.rows import CORRECTABLE
from apps.privacy.columns import REJECTED
from apps.privacy.person import Person, devices, find
from apps.privacy.words import Words
from apps.rollups.models import Referral, StateRow
from apps.workspaces.exactjson import to_json

Row = Mapping[str, Any]

USER = ("external_id", "created_at", "is_internal", "merged_into__external_id", "merged_at", "erased_at")
ALIAS = ("anonymous_id", "user__external_id", "valid_from", "message_id", "recorded_at")
SAID = ("valid_from", "message_id", "recorded_at")
TRAIT = ("user__external_id", "name", "value", *SAID)
MEMBERSHIP = ("user__external_id", "account__external_id", "is_member", "role", "is_primary", *SAID)
HAPPENED = ("definition__name", "occurred_at", "received_at", "source")
WHO = ("user__external_id", "account__external_id", "anonymous_id", "session", "link")
REFERRING = ("referred__external_id", "referrer")
EVENT = (*HAPPENED, *WHO, *REFERRING, *CORRECTABLE, "properties")
# Without whoever sent it.
BY_OTHERS = (*HAPPENED, *CORRECTABLE)
REFERRAL = ("version", "signed_up_at", "kind", "campaign", "source_channel", "link")
STATE = ("series", "version", "value", "first_day", "end_day")
REJECT = ("received_at", "code", "reason", "message_id", "body")
# Django's paths to what the reader knows by plainer names.
PLAIN = {
    "definition__name": "event",
    "user__external_id": "user",
    "account__external_id": "account",
    "referred__external_id": "referred",
}


def export(workspace_id: int, external_id: str) -> Iterator[str]:
    """The document, piece by piece: ids, traits, aliases, memberships, events, states, referrals, rejections.

    What others corrected of the events, and said of who referred the person or whom they referred, is there, but
    not who they were.

    Times are UTC instants, states the local days of the workspace's zone at whose ends they held. Raises
    UnknownPerson before the first piece.
    """
    found = find(workspace_id, external_id)
    return _document(find(workspace_id, external_id, devices(found)))


def _document(person: Person) -> Iterator[str]:
    yield f'{{"ids":{to_json(list(person.external_ids))},"anonymous_ids":{to_json(list(person.anonymous_ids))}'
    for name, rows in _parts(person):
        yield f',\n"{name}":['
        yield from _listed(rows)
        yield "]"
    yield "}\n"


def _parts(person: Person) -> Iterator[tuple[str, Iterable[Row]]]:
    own = {"workspace": person.workspace_id, "user__in": person.users}
    here = {"workspace": person.workspace_id}
    yield "users", ProductUser.objects.filter(**here, pk__in=person.users).order_by("ordinal").values(*USER)
    yield "aliases", IdentityAlias.objects.filter(**own).order_by("valid_from", "pk").values(*ALIAS).iterator()
    yield "traits", TraitChange.objects.filter(**own).order_by("valid_from", "pk").values(*TRAIT).iterator()
    memberships = MembershipChange.objects.filter(**own).order_by("valid_from", "pk")
    yield "memberships", memberships.values(*MEMBERSHIP).iterator()
    theirs = Q(user__in=person.users) | Q(user=None, anonymous_id__in=person.anonymous_ids)
    events = Event.objects.filter(theirs, **here).order_by("occurred_at", "pk")
    yield "events", events.values(*EVENT).iterator()
    said = Event.objects.filter(
        Q(corrects__in=events.values("message_key"))
        | Q(corrects__in=events.filter(action_key__isnull=False).values("action_key")),
        **here,
        corrects__isnull=False,
    )
    others = said.exclude(pk__in=events.values("pk")).order_by("occurred_at", "pk")
    yield "corrections", others.values(*BY_OTHERS).iterator()
    named = Q(referred__in=person.users) | Q(referrer__in=person.external_ids)
    told = Event.objects.filter(named, **here).exclude(pk__in=events.values("pk")).order_by("occurred_at", "pk")
    yield "attributions", told.values(*BY_OTHERS).iterator()
    stood = StateRow.objects.filter(**here, subject__in=person.ordinals, series__startswith="user:")
    yield "states", stood.order_by("version", "series", "first_day", "pk").values(*STATE).iterator()
    referrals = Referral.objects.filter(**here, subject__in=person.ordinals)
    yield "referrals", referrals.order_by("version", "signed_up_at", "pk").values(*REFERRAL).iterator()
    yield "rejected", _rejected(person)


def _rejected(person: Person) -> Iterator[Row]:
    words = Words.of(person)
    rejected = RejectedEvent.objects.filter(workspace=person.workspace_id)
    for rows in REJECTED.mentioning(person, words):
        named = [pk for pk, text in rows if words.are_in(text)]
        yield from rejected.filter(pk__in=named).order_by("pk").values(*REJECT)


def _listed(rows: Iterable[Row]) -> Iterator[str]:
    separator = "\n"
    for row in rows:
        yield separator + to_json({PLAIN.get(name, name): _plain(value) for name, value in row.items()})
        separator = ",\n"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime | date) else value
