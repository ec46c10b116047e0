"""What events mean: edited as rows, frozen into versions, looked up when events are stored and counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

from django.db import connection, transaction

from apps.audience.models import IcpStatus, IcpVersion
from apps.engine.definitions import Link, Merge, Series, accounts_of, drawing, kind_of
from apps.engine.sets import Space
from apps.events import defaults
from apps.events.models import EventDefinition, ShareKind, ShareType, TaxonomyVersion
from apps.workspaces.models import Workspace

ACTIVITY = Series("ACTIVITY", Space.USER)
SHARING = ("share_type", "share_scope", "channel")
# Whether a share's type and channel are one of the workspace's defined kinds (KPIS.md A8).
IS_DEFINED = "is_defined"
# Whether a share names a session, and whether an interaction came within a day of a prompt that it names.
IN_SESSION, IS_LINKED = "in_session", "is_linked"
SHARES = Series(
    "share.created",
    Space.USER,
    (*SHARING, IS_DEFINED),
    merge=Merge.ADD,
    # Most questions are about the scope alone: a row each, not one for each kind of share.
    others=(("share_scope",), ("share_scope", "object_type"), ("share_scope", "feature")),
    raw_facets=(IN_SESSION,),
)
SHARING_ACCOUNTS = Series(accounts_of(SHARES.name), Space.ACCOUNT, SHARING)
MESSAGES = Series(
    "referral_message.sent",
    Space.USER,
    ("source_channel", "channel", "template", "customized"),
    merge=Merge.ADD,
)
PROMPTS = Series("referral_prompt.shown", Space.USER, ("prompt", "placement", "variant"), merge=Merge.ADD)
# Up to a day later, by the impression (KPIS.md B, referral_prompt_interaction_rate).
INTERACTION = Link("referral_prompt.interacted", "link", timedelta(days=1), ("kind",))
INTERACTED = replace(PROMPTS, name=drawing(PROMPTS.name, INTERACTION), link=INTERACTION)
# A session runs past midnight, but no longer than a day (KPIS.md A, product_sharing_rate_by_session).
SHARED_IN = Link(SHARES.name, "session", timedelta(days=1), (*SHARING, "object_type", "feature"))
SESSIONS = Series(
    drawing("session.started", SHARED_IN),
    Space.USER,
    ("platform", "source_channel"),
    merge=Merge.ADD,
    link=SHARED_IN,
)
# Who signed up by a referral, when they did: nobody sends that, it follows from what is said of them (KPIS.md B).
REFERRED = Series("user.referred", Space.USER, ("referral_kind", "campaign", "source_channel"))
# A message leads to a sign-up up to thirty days later, by its id (KPIS.md B, referral_signup_rate).
SIGNUP = Link(REFERRED.name, "link", timedelta(days=30), ("signed_up",))
REFERRING = replace(MESSAGES, name=drawing(MESSAGES.name, SIGNUP), link=SIGNUP)
SERIES = {
    series.name: series
    for some in (
        *(ACTIVITY, SHARES, SHARING_ACCOUNTS, MESSAGES, PROMPTS, INTERACTED, SESSIONS),
        *(REFERRED, REFERRING),
    )
    for series in some.sets()
}
INTERACTIONS = Series(INTERACTION.kind, Space.USER, merge=Merge.ADD, raw_facets=(IS_LINKED,))
# Whatever can be asked of: interactions by themselves are in no rows.
REGISTRY = SERIES | {INTERACTIONS.name: INTERACTIONS}
DRAWING = {name: series.link for name, series in SERIES.items() if series.link}
# What begins may be said to have begun again: of the events of a kind with the same key only the first counts.
FIRST_OF = {kind_of(SESSIONS.name): "session"}
# By which keys of events others count, and the series that those are in.
JOINED = {key: [name for name, link in DRAWING.items() if link.key == key] for key in ("link", "session")}
# Everything that is known of people and accounts by the day has one version together.
STATES = "STATES"
SIGNED_UP = "user.signed_up"
STATE_KINDS = frozenset({SIGNED_UP, "user.deactivated", "account.created", "account.closed"})
# What says by whom somebody was referred, and that it was no referral; and the series that follow from it.
ATTRIBUTED, REJECTED = "referral.attributed", "referral.rejected"
REFERRAL_KINDS = frozenset({ATTRIBUTED, REJECTED})
OF_REFERRALS = frozenset({REFERRED.name, REFERRING.name})
# Each approved ICP profile has a version of its own: "icp:mid-market".
ICP = "icp:"

LONGEST_WAIT = "5s"

# The fields of a definition that a version freezes.
MEANING = ("kind", "is_activity", "constants", "columns")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one event definition says, as of one taxonomy version."""

    kind: str
    is_activity: bool
    constants: Mapping[str, str]
    columns: Mapping[str, str]

    def feeds(self) -> frozenset[str]:
        """The names of the series that such an event counts in."""
        return _fed(self.kind) | {ACTIVITY.name} if self.is_activity else _fed(self.kind)


@cache
def _fed(kind: str) -> frozenset[str]:
    return frozenset(name for name in REGISTRY if kind_of(name) == kind)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """One frozen version: meanings by definition id, and the zone whose hours are the buckets.

    Of each approved ICP profile, by slug, `icp` has the rule and `icp_numbers` that rule's number. `share_kinds`
    are the share types and channels of the defined share events.
    """

    version: int
    zone: str
    meanings: Mapping[int, Meaning]
    icp: Mapping[str, Any]
    icp_numbers: Mapping[str, int]
    share_kinds: frozenset[tuple[str, str]]

    def version_keys(self) -> list[str]:
        """Whatever has a version: the keys of the workspace's version map."""
        return [*SERIES, STATES, *(ICP + slug for slug in sorted(self.icp))]

    def basis(self, key: str) -> tuple[Any, ...]:
        """All that the rows of a key are made by: where two versions agree in it, so do the rows."""
        if key == STATES:
            return self.zone, self.state_kinds()
        if key.startswith(ICP):
            slug = key.removeprefix(ICP)
            return self.zone, self.state_kinds(), self.icp_numbers[slug], self.icp[slug]
        kinds = self.share_kinds if IS_DEFINED in SERIES[key].facets else frozenset()
        told = (self.signups(), self.referrals()) if key in OF_REFERRALS else ()
        return self.zone, self.feeders(key), self.drawn(key), kinds, *told

    def feeders(self, series: str) -> dict[int, Meaning]:
        """The definitions that feed a series."""
        return {pk: meaning for pk, meaning in self.meanings.items() if series in meaning.feeds()}

    def drawn(self, series: str) -> dict[int, Meaning]:
        """The definitions of what the events of a series may draw."""
        link = DRAWING.get(series)
        return {pk: one for pk, one in self.meanings.items() if one.kind == link.kind} if link else {}

    def joining(self, key: str) -> set[int]:
        """The definitions of the events by which others with the same key count, or count as what they do."""
        drawn = {pk for series in JOINED[key] for pk in self.drawn(series)}
        return drawn | {pk for pk, one in self.meanings.items() if FIRST_OF.get(one.kind) == key}

    def state_kinds(self) -> dict[int, str]:
        """The definitions that open or close users and accounts, and of which kind each is."""
        return {pk: meaning.kind for pk, meaning in self.meanings.items() if meaning.kind in STATE_KINDS}

    def signups(self) -> set[int]:
        """The definitions of sign-ups."""
        return {pk for pk, kind in self.state_kinds().items() if kind == SIGNED_UP}

    def referrals(self) -> dict[int, Meaning]:
        """The definitions that say by whom users were referred, or that they were not."""
        return {pk: meaning for pk, meaning in self.meanings.items() if meaning.kind in REFERRAL_KINDS}


@dataclass(frozen=True, slots=True)
class Versions:
    """Of each series the version that answers are read from, and one that may be building."""

    current: Mapping[str, int]
    building: Mapping[str, int]

    def pairs(self) -> set[tuple[str, int]]:
        """Every (series, version) that writers mark and workers build."""
        return set(self.current.items()) | set(self.building.items())


def versions_of(workspace: Workspace) -> Versions:
    """The version map of a workspace as it was read."""
    return Versions(workspace.versions["current"], workspace.versions["building"])


def zone_of(workspace: Workspace) -> str:
    """The zone whose days answers are in: while a new one is being built, still the old one."""
    return load(workspace.pk, versions_of(workspace).current[ACTIVITY.name]).zone


def profiles_of(workspace: Workspace) -> dict[str, int]:
    """The ICP profiles that answers know, by slug, each with the number of the version that is in force."""
    keys = [(key, version) for key, version in versions_of(workspace).current.items() if key.startswith(ICP)]
    slugs = [(key.removeprefix(ICP), version) for key, version in sorted(keys)]
    return {slug: load(workspace.pk, version).icp_numbers[slug] for slug, version in slugs}


@lru_cache(maxsize=1024)
def load(workspace_id: int, version: int) -> Taxonomy:
    """A frozen taxonomy version; versions never change, so the process keeps them."""
    return _thawed(TaxonomyVersion.objects.get(workspace=workspace_id, version=version))


def _thawed(row: TaxonomyVersion) -> Taxonomy:
    meanings = {int(pk): Meaning(**meaning) for pk, meaning in row.definitions.items()}
    rules = {slug: frozen["rule"] for slug, frozen in row.icp.items()}
    numbers = {slug: frozen["number"] for slug, frozen in row.icp.items()}
    kinds = frozenset((share_type, channel) for share_type, channel in row.share_kinds)
    return Taxonomy(row.version, row.zone, meanings, rules, numbers, kinds)


def install(workspace: Workspace) -> None:
    """Give a new workspace the default taxonomy (KPIS.md section 5) as version 1 of every series."""
    EventDefinition.objects.bulk_create(defaults.definitions(workspace))
    types = {
        slug: ShareType.objects.create(workspace=workspace, slug=slug, name=slug.title())
        for slug in defaults.SHARE_TYPES
    }
    ShareKind.objects.bulk_create(
        ShareKind(workspace=workspace, share_type=types[slug], channel=channel)
        for slug, channel in defaults.SHARE_KINDS
    )
    first = _freeze(workspace, 1)
    current = dict.fromkeys(_thawed(first).version_keys(), first.version)
    workspace.versions = {"current": current, "building": {}, "marked": True, "retired": []}
    workspace.save(update_fields=["versions"])


def writer_lock(workspace_id: int) -> None:
    """Held by whoever stores events until it commits, so that a new version never misses one in flight."""
    _advisory("pg_advisory_xact_lock_shared", workspace_id)


def editor_lock(workspace_id: int) -> None:
    """Held by whoever changes the taxonomy or the zone, from before its first write until it commits.

    Taken after a write, it could wait for a writer that waits for the row just written.
    """
    _advisory("pg_advisory_xact_lock", workspace_id)


def _advisory(function: str, workspace_id: int) -> None:
    with connection.cursor() as cursor:
        # Whoever waits longer gives up and is asked to come again: the door promises an answer.
        cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'")
        cursor.execute(f"SELECT {function}(hashtextextended('taxonomy', %s))", [workspace_id])


@transaction.atomic
def publish(workspace_id: int) -> Collection[str]:
    """Freeze the taxonomy and the zone as they stand; return the series whose meaning changed, now building.

    Waits for the transactions that store events under the old version: whoever comes later marks both
    versions, so after this commits every event is either marked for the new version or already stored
    when `rollups.versions.advance` marks all buckets (KPIS.md G18, DESIGN section 2).
    """
    editor_lock(workspace_id)
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    latest = TaxonomyVersion.objects.filter(workspace=workspace).latest("version").version
    # Not by `load`: were this transaction rolled back, its cache would keep a version that never was.
    new, current = _thawed(_freeze(workspace, latest + 1)), versions_of(workspace).current
    changed = [
        key
        for key in new.version_keys()
        # A series that is new to the product has no version yet, nor has a new profile.
        if key not in current or load(workspace_id, current[key]).basis(key) != new.basis(key)
    ]
    workspace.versions = {
        "current": current,
        "building": dict.fromkeys(changed, new.version),
        "marked": not changed,
        "retired": sorted(current.keys() - new.version_keys()),
    }
    if not changed:
        workspace.versions = switched(workspace.versions)
    workspace.save(update_fields=["versions"])
    return changed


def switched(versions: Mapping[str, Any]) -> dict[str, Any]:
    """A version map once what was building is in force, and what was retired is not any more."""
    current = versions["current"] | versions["building"]
    kept = {key: version for key, version in current.items() if key not in versions.get("retired", ())}
    return {"current": kept, "building": {}, "marked": True, "retired": []}


def _freeze(workspace: Workspace, version: int) -> TaxonomyVersion:
    rows = EventDefinition.objects.filter(workspace=workspace, is_planned=True).values("pk", *MEANING)
    rules = IcpVersion.objects.filter(workspace=workspace, status=IcpStatus.APPROVED)
    approved = rules.values_list("profile__slug", "number", "rule")
    kinds = ShareKind.objects.filter(workspace=workspace, is_defined=True)
    return TaxonomyVersion.objects.create(
        workspace=workspace,
        version=version,
        zone=workspace.timezone,
        definitions={row["pk"]: {field: row[field] for field in MEANING} for row in rows},
        icp={slug: {"number": number, "rule": rule} for slug, number, rule in approved},
        share_kinds=sorted(kinds.values_list("share_type__slug", "channel")),
    )
