"""Erase a person: nothing leads to them any more, and what was counted stays, or is counted anew (KPIS.md G7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils.crypto import get_random_string
from django.utils.timezone import now

from apps.audience import suppression
from apps.audience.marking import ANONYMOUS, CORRECTED, LINKED, mark_keys, mark_moved, mark_ordinals
from apps.audience.models import IdentityAlias, MembershipChange, ProductUser, Suppression, TraitChange
from apps.engine.sets import Space
from apps.events import referring, taxonomy
from apps.events.hours import Whose
from apps.events.models import RejectedEvent
from apps.privacy import derived, events, files, older, referrers
from apps.privacy.columns import FAILED, REJECTED, SAID
from apps.privacy.person import Person, devices, find
from apps.privacy.words import Words
from apps.rollups import causes
from apps.rollups.models import PrimaryAccount
from apps.workspaces.models import Marker

# The planner keeps samples of what was in them.
SAMPLED = (
    *("audience_productuser", "audience_identityalias", "audience_traitchange", "audience_membershipchange"),
    *("audience_traitvalue", "audience_segment", "audience_icpversion", "rollups_staterow", "rollups_rollup"),
    *("events_event", "events_rejectedevent", "events_eventdefinition", "events_taxonomyversion"),
    *("rollups_bucketfailure", "rollups_referral", "workspaces_marker", "django_admin_log"),
)


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased, by ordinal, and how many rows, or lines of files, of each kind were rewritten or removed."""

    ordinal: int
    is_hard: bool
    counts: Mapping[str, int]


def erase(workspace_id: int, external_id: str, *, hard: bool = False) -> Erased:
    """Erase whoever has this id, under all ids that were ever merged or recognised as theirs.

    What was counted of them stays counted, for an ordinal that leads to nobody; `hard` deletes their events,
    and workers count anew. Not from within a transaction. What was broken off is done again from the start:
    the ids go last, and each step finds what it left.

    Raises UnknownPerson; OperationalError where those who store events do not let it in; and StillWriting,
    after which the same call goes on.
    """
    person = _suppress(workspace_id, external_id)
    words = Words.of(person)
    counts = {"mentions": sum(column.rewrite(person, words) for column in SAID)}
    counts["mentions"] += events.forget_mentions(person, words) + referrers.forget(person, words)
    # Each step begins when nobody is left who could still write what the step before took away.
    older.wait()
    counts["states"] = derived.forget_states(person, words)
    older.wait()
    # Once more: whoever was just resolving them may have listed what they stood in.
    counts["values"] = derived.forget_values(person, words)
    counts["rollups"] = derived.forget_rollups(person, words)
    counts["failures"] = FAILED.rewrite(person, words)
    counts["rejected"] = _forget_rejected(person, words)
    counts["lines"] = files.blank(words)
    counts |= _forget(person, hard=hard)
    _sample()
    return Erased(person.ordinal, hard, counts)


def _suppress(workspace_id: int, external_id: str) -> Person:
    """From here on nothing more comes in of them; the lock waits for what is just coming in."""
    own = devices(find(workspace_id, external_id))
    with transaction.atomic(durable=True):
        taxonomy.editor_lock(workspace_id)
        person = find(workspace_id, external_id, own)
        digests = [suppression.digest(workspace_id, one) for one in person.ids]
        Suppression.objects.bulk_create(
            (Suppression(workspace_id=workspace_id, digest=digest) for digest in digests), ignore_conflicts=True
        )
        users = ProductUser.objects.filter(workspace=workspace_id, pk__in=person.users)
        users.filter(erased_at=None).update(erased_at=now())
        mark_ordinals(workspace_id, Space.USER, [person.ordinal], now())
    return person


def _forget_rejected(person: Person, words: Words) -> int:
    rejected = RejectedEvent.objects.filter(workspace=person.workspace_id)
    total = 0
    for rows in REJECTED.mentioning(person, words):
        named = [pk for pk, text in rows if words.are_in(text)]
        total += rejected.filter(pk__in=named).delete()[0]
    return total


def _forget(person: Person, *, hard: bool) -> dict[str, int]:
    """The person's own rows: all at once, or what stayed would not be found again."""
    own = {"workspace": person.workspace_id, "user__in": person.users}
    with transaction.atomic(durable=True):
        _mark_hours(person, hard=hard)
        events.settle_owners(person)
        if not hard:
            events.settle_accounts(person)
        counts = {"events": _delete_events(person) if hard else events.scrub(person)}
        counts["events"] += events.forget_visits(person)
        counts["aliases"] = IdentityAlias.objects.filter(**own).delete()[0] + _forget_shared(person)
        counts["memberships"] = MembershipChange.objects.filter(**own).delete()[0]
        counts["traits"] = TraitChange.objects.filter(**own).delete()[0]
        counts["ids"] = _rename(person)
        PrimaryAccount.objects.filter(workspace=person.workspace_id, subject__in=person.ordinals).delete()
        # A worker that read the memberships just before would write down once more where they led to, and what
        # is settled now may be more than what had been counted.
        mark_ordinals(person.workspace_id, Space.USER, [person.ordinal], now())
        mark_moved(person.workspace_id, [person.ordinal], now())
    return counts


def _mark_hours(person: Person, *, hard: bool) -> None:
    """What an anonymous id, a session or a link still led a worker to is said here: it will lead nowhere."""
    joined = {key: events.keys(person, key) for key in LINKED}
    waiting = Marker.objects.filter(workspace=person.workspace_id, family="cause")
    waiting.filter(series=ANONYMOUS, key__in=person.anonymous_ids).delete()
    for key, values in joined.items():
        waiting.filter(series=LINKED[key], key__in=values).delete()
        causes.mark_linked(person.workspace_id, key, values, now())
    causes.mark_hours(person.workspace_id, Whose(person.users if hard else (), person.anonymous_ids), now())
    # Whoever reads their referrals just now reads what they are called, and what led to them, as it was.
    whose = Whose(person.users, person.anonymous_ids, links=joined["link"])
    mark_ordinals(person.workspace_id, Space.USER, referring.referred_by(person.workspace_id, whose), now())


def _delete_events(person: Person) -> int:
    mark_ordinals(person.workspace_id, Space.ACCOUNT, events.accounts(person), now())
    # What they had corrected counts as it was sent.
    mark_keys(person.workspace_id, CORRECTED, Counter(events.keys(person, "corrects")))
    return events.delete(person)


def _forget_shared(person: Person) -> int:
    """An anonymous id that was somebody else's too: they stay known by it, but not what it was."""
    shared = IdentityAlias.objects.filter(workspace=person.workspace_id, anonymous_id__in=person.anonymous_ids)
    return shared.update(anonymous_id=f"erased-{get_random_string(8)}")


def _rename(person: Person) -> int:
    users = ProductUser.objects.filter(workspace=person.workspace_id, pk__in=person.users)
    content_type = ContentType.objects.get_for_model(ProductUser)
    LogEntry.objects.filter(content_type=content_type, object_id__in=person.users).update(object_repr="(erased)")
    # The end is drawn by chance: a sender might have called somebody else by the rest.
    end = f"-{get_random_string(8)}"
    referrers.rename(person, end)
    return users.update(external_id=Concat(Value("erased-"), Cast("ordinal", CharField()), Value(end)))


def _sample() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(SAMPLED)}")
