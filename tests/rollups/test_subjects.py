"""What people and accounts stood in, resolved from what was said of them, and the rollups that follow."""

from collections.abc import Iterable
from datetime import date, datetime

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from apps.audience.models import Account, ProductUser
from apps.engine.expressions import EntryNeed, StateNeed
from apps.engine.periods import Grain
from apps.engine.sets import Holders, Members, Space
from apps.rollups import queue, store, subjects
from apps.rollups.build.content import Bucket
from apps.rollups.marking import Waiting, mark
from apps.rollups.models import BucketFailure, Rollup, StateRow
from apps.rollups.subjects import Subject
from apps.rollups.worker import claim
from apps.workspaces.models import Marker, Workspace
from tests.world import act, alias, deliver, group, identify, opened, track

pytestmark = pytest.mark.django_db(transaction=True)


def ordinal(workspace: Workspace, who: str) -> int:
    return ProductUser.objects.get(workspace=workspace, external_id=who).ordinal


def names(workspace: Workspace, ordinals: Iterable[int]) -> set[str]:
    users = ProductUser.objects.filter(workspace=workspace, ordinal__in=list(ordinals))
    return set(users.values_list("external_id", flat=True))


def holders(workspace: Workspace, series: str, day: str) -> dict[str, set[str]]:
    """Who held which value at the end of a day, as answers are given it."""
    need = StateNeed(series, date.fromisoformat(day))
    state = store.load(workspace, [need]).state(need)
    return {value: names(workspace, members) for value, members in state.items()}


def stretches(workspace: Workspace, series: str) -> list[tuple[str, str, str | None]]:
    rows = StateRow.objects.filter(workspace=workspace, series=series).order_by("first_day")
    return [(row.value, str(row.first_day), str(row.end_day) if row.end_day else None) for row in rows]


@pytest.fixture
def acme() -> Workspace:
    return opened(zone="Europe/Berlin").workspace


def test_a_trait_is_replayed_at_any_day(acme: Workspace) -> None:
    deliver(
        acme,
        identify("alice", "2026-01-05T10:00:00", plan="free"),
        identify("alice", "2026-03-01T10:00:00", plan="pro"),
        identify("bob", "2026-02-10T10:00:00", plan="pro"),
    )
    queue.settle(acme.pk)
    assert holders(acme, "user:trait:plan", "2026-01-04") == {}
    assert holders(acme, "user:trait:plan", "2026-01-05") == {'"free"': {"alice"}}
    assert holders(acme, "user:trait:plan", "2026-02-28") == {'"free"': {"alice"}, '"pro"': {"bob"}}
    assert holders(acme, "user:trait:plan", "2026-03-01") == {'"pro"': {"alice", "bob"}}
    assert holders(acme, "user:trait:plan", "2027-12-31") == {'"pro"': {"alice", "bob"}}


@pytest.mark.parametrize(
    ("grain", "start", "day", "waits"),
    [
        ("day", "2026-04-30", "2026-04-30", True),
        ("day", "2026-05-01", "2026-04-30", False),
        # Who stood there at the end of April is said by the row of May.
        ("month", "2026-05-01", "2026-04-30", True),
        ("month", "2026-05-01", "2026-04-29", False),
        ("month", "2026-06-01", "2026-04-30", False),
    ],
)
def test_what_may_still_change_the_end_of_a_day_is_waited_for(
    grain: str, start: str, day: str, waits: bool
) -> None:
    acme = opened().workspace
    deliver(acme, identify("alice", "2026-04-05T10:00:00", plan="free"))
    queue.settle(acme.pk)
    at = datetime.fromisoformat(f"{start}T00:00:00Z")
    mark({Bucket(acme.pk, "user:trait:plan", 1, Grain(grain), at): Waiting(3, now())})
    need = StateNeed("user:trait:plan", date.fromisoformat(day))
    assert store.load(acme, [need]).waiting([need]).events == (3 if waits else 0)


def test_a_late_value_changes_the_days_between_and_no_row_that_says_the_same(acme: Workspace) -> None:
    deliver(
        acme,
        identify("alice", "2026-01-05T10:00:00", plan="free"),
        identify("alice", "2026-04-01T10:00:00", plan="pro"),
        identify("bob", "2026-01-05T10:00:00", role="designer"),
    )
    queue.settle(acme.pk)
    before = set(Rollup.objects.filter(workspace=acme, series="user:trait:role").values_list("pk", "closed_at"))
    deliver(acme, identify("alice", "2026-02-03T10:00:00", plan="team"))
    queue.settle(acme.pk)
    assert stretches(acme, "user:trait:plan") == [
        ('"free"', "2026-01-05", "2026-02-03"),
        ('"team"', "2026-02-03", "2026-04-01"),
        ('"pro"', "2026-04-01", None),
    ]
    assert holders(acme, "user:trait:plan", "2026-03-31") == {'"team"': {"alice"}}
    assert holders(acme, "user:trait:plan", "2026-04-01") == {'"pro"': {"alice"}}
    after = set(Rollup.objects.filter(workspace=acme, series="user:trait:role").values_list("pk", "closed_at"))
    assert after == before


def test_an_accounts_trait_reaches_its_members_and_follows_them(acme: Workspace) -> None:
    deliver(
        acme,
        group("alice", "initech", "2026-01-05T10:00:00", plan="pro"),
        group("bob", "initech", "2026-01-05T10:00:00"),
        identify("bob", "2026-01-06T10:00:00", plan="trial"),
    )
    queue.settle(acme.pk)
    assert holders(acme, "user:trait:plan", "2026-01-31") == {'"pro"': {"alice"}, '"trial"': {"bob"}}
    deliver(acme, group("carla", "initech", "2026-02-01T10:00:00", plan="team"))
    queue.settle(acme.pk)
    assert holders(acme, "user:trait:plan", "2026-02-01") == {'"team"': {"alice", "carla"}, '"trial"': {"bob"}}


def test_a_merged_user_stands_nowhere_and_the_survivor_in_both_histories(acme: Workspace) -> None:
    deliver(
        acme,
        identify("alice", "2026-01-05T10:00:00", plan="free"),
        identify("alice-old", "2026-02-05T10:00:00", plan="pro"),
        track("user.signed_up", "alice", "2026-01-05T09:00:00"),
        track("user.signed_up", "alice-old", "2025-12-24T09:00:00"),
    )
    queue.settle(acme.pk)
    deliver(acme, alias("alice-old", "alice", "2026-03-01T10:00:00"))
    queue.settle(acme.pk)
    merged = StateRow.objects.filter(workspace=acme, subject=ordinal(acme, "alice-old"))
    assert not merged.exists()
    assert stretches(acme, "user:trait:plan") == [
        ('"free"', "2026-01-05", "2026-02-05"),
        ('"pro"', "2026-02-05", None),
    ]
    assert stretches(acme, "user:registered") == [("true", "2025-12-24", None)]


def test_entries_are_told_day_by_day(acme: Workspace) -> None:
    deliver(
        acme,
        # Half past eleven in the evening of the day before, in UTC.
        track("user.signed_up", "alice", "2026-04-01T22:30:00"),
        track("user.signed_up", "bob", "2026-04-02T10:00:00"),
        track("user.signed_up", "carla", "2026-04-03T10:00:00"),
    )
    queue.settle(acme.pk)
    need = EntryNeed("user:registered", date(2026, 4, 1), date(2026, 4, 2))
    entered = store.load(acme, [need]).entered(need)
    assert {day: names(acme, who) for day, who in entered.items()} == {date(2026, 4, 2): {"alice", "bob"}}


def test_whoever_leaves_and_returns_is_open_twice(acme: Workspace) -> None:
    deliver(
        acme,
        track("user.signed_up", "alice", "2026-01-05T10:00:00"),
        track("user.deactivated", "alice", "2026-02-05T10:00:00"),
        track("user.signed_up", "alice", "2026-03-05T10:00:00"),
    )
    queue.settle(acme.pk)
    assert stretches(acme, "user:open") == [("true", "2026-01-05", "2026-02-05"), ("true", "2026-03-05", None)]
    assert stretches(acme, "user:registered") == [("true", "2026-01-05", None)]


def test_users_are_lifted_to_the_accounts_they_belong_to_on_a_day_and_back(acme: Workspace) -> None:
    deliver(
        acme,
        group("alice", "initech", "2026-01-05T10:00:00"),
        group("bob", "initech", "2026-01-05T10:00:00"),
        group("bob", "globex", "2026-02-05T10:00:00"),
    )
    queue.settle(acme.pk)
    facts = store.load(acme, [])
    bob = Holders(Members.of(Space.USER, [ordinal(acme, "bob")]))
    accounts = dict(Account.objects.filter(workspace=acme).values_list("ordinal", "external_id"))

    def of_bob(day: date) -> set[str]:
        return {accounts[one] for one in facts.lift(bob, Space.ACCOUNT, day)}

    assert of_bob(date(2026, 1, 4)) == set()
    assert of_bob(date(2026, 2, 4)) == {"initech"}
    assert of_bob(date(2026, 2, 5)) == {"initech", "globex"}
    initech = Holders(facts.lift(bob, Space.ACCOUNT, date(2026, 2, 4)))
    assert names(acme, facts.lift(initech, Space.USER, date(2026, 2, 4))) == {"alice", "bob"}
    assert names(acme, facts.lift(~initech, Space.USER, date(2026, 2, 5))) == {"bob"}


def test_after_a_thousand_values_the_others_are_told_apart_by_the_state_rows(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.rollups.listing.MOST", 2)
    deliver(acme, identify("alice", "2026-01-05T10:00:00", city="Ulm"))
    queue.settle(acme.pk)
    deliver(
        acme,
        identify("bob", "2026-01-06T10:00:00", city="Bonn"),
        identify("carla", "2026-01-06T10:00:00", city="Cadiz"),
        identify("dora", "2026-01-07T10:00:00", city="Delft"),
    )
    queue.settle(acme.pk)
    assert holders(acme, "user:trait:city", "2026-01-31") == {
        '"Ulm"': {"alice"},
        '"Bonn"': {"bob"},
        "(other)": {"carla", "dora"},
    }
    need = StateNeed("user:trait:city", date(2026, 1, 6))
    others = store.load(acme, [need]).unlisted(need)
    assert {value: names(acme, who) for value, who in others.items()} == {'"Cadiz"': {"carla"}}


def test_our_own_are_known_by_their_latest_word_or_by_the_admin(acme: Workspace) -> None:
    deliver(
        acme,
        identify("alice", "2026-01-05T10:00:00", is_internal=True),
        identify("alice-old", "2026-02-05T10:00:00", is_internal=False),
        identify("bob", "2026-01-05T10:00:00", is_internal=True),
        identify("bob", "2026-01-04T10:00:00", is_internal=False),
        alias("alice-old", "alice", "2026-02-06T10:00:00"),
    )
    queue.settle(acme.pk)
    internal = ProductUser.objects.filter(workspace=acme, is_internal=True)
    assert set(internal.values_list("external_id", flat=True)) == {"bob"}


def test_a_subject_that_another_worker_holds_is_left_to_it(acme: Workspace) -> None:
    deliver(acme, identify("alice", "2026-01-05T10:00:00", plan="free"))
    subject = Subject(acme.pk, Space.USER, ordinal(acme, "alice"))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [subject.lock_key])
            assert subjects.resolve([subject]) == 0
            assert Marker.objects.filter(workspace=acme, family="subject").count() == 1
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert subjects.resolve([subject]) == 1


def test_a_subject_that_fails_lets_the_others_pass(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(
        acme,
        identify("alice", "2026-01-05T10:00:00", plan="free"),
        identify("bob", "2026-01-05T10:00:00", plan="pro"),
    )
    broken, resolve = ordinal(acme, "alice"), subjects._bring_up_to_date  # noqa: SLF001

    def failing(workspace: Workspace, space: Space, ordinals: Iterable[int], since: object) -> object:
        if broken in ordinals:
            raise RuntimeError("a history that cannot be folded")
        return resolve(workspace, space, ordinals, since)  # type: ignore[arg-type]

    monkeypatch.setattr(subjects, "_bring_up_to_date", failing)
    queue.settle(acme.pk)
    assert stretches(acme, "user:trait:plan") == [('"pro"', "2026-01-05", None)]
    failure = BucketFailure.objects.get(workspace=acme)
    assert (failure.series, failure.subject, failure.attempts) == ("user", broken, 1)
    monkeypatch.undo()
    BucketFailure.objects.filter(workspace=acme).update(next_try_at=failure.next_try_at.replace(year=2020))
    queue.settle(acme.pk)
    assert (queue.pending(acme.pk), BucketFailure.objects.filter(workspace=acme).count()) == (0, 0)


def test_a_statement_that_commits_while_its_subject_is_resolved_keeps_its_marker(acme: Workspace) -> None:
    """The worker deletes before it reads: what it does not see keeps its marker (RELIABILITY section 2)."""
    deliver(acme, identify("alice", "2026-01-05T10:00:00", plan="free"))
    subject = Subject(acme.pk, Space.USER, ordinal(acme, "alice"))
    with transaction.atomic():
        claim([subject])
        subjects._take_markers([subject])  # noqa: SLF001
    deliver(acme, identify("alice", "2026-02-05T10:00:00", plan="pro"), act("alice", "2026-02-05T10:00:00"))
    assert Marker.objects.filter(workspace=acme, family="subject", subject=subject.ordinal).count() == 1
    queue.settle(acme.pk)
    assert holders(acme, "user:trait:plan", "2026-02-05") == {'"pro"': {"alice"}}
