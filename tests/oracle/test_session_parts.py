"""Sessions by parts, among some, and when somebody is erased; shares by their objects: counted by hand."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.breakdown import Key, Split, breakdown
from tests.oracle.conditions import KpiSide, TraitIs
from tests.oracle.counting import OF_SESSIONS, carried
from tests.oracle.examples import LATER, anonymous, ask, began, called, did, held, shared, visited, worked
from tests.oracle.ledger import Ledger
from tests.oracle.messages import ERASED, Raw
from tests.oracle.oracle import Answer, Asked, Home, Oracle
from tests.oracle.test_sessions import ALL, EVERYTHING, NOON, RATE, STARTS, TOTAL

NOW, SOON_AFTER = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
PROFILE = [{"not": False, "all": [{"name": "plan", "op": "IN", "values": ["pro"], "not": False}]}]


def parts(kpi: str, by: str, raws: list[Raw] = EVERYTHING, first: int = 20, **asked: Any) -> dict[Key, Answer]:
    oracle = Oracle(held(raws), Home("UTC", profiles={"best": PROFILE}))
    return breakdown(oracle, Asked(kpi, "2026-04", LATER, "UTC", **asked), Split(by, first))


def sizes(found: Mapping[Key, Answer]) -> dict[Key, tuple[int, int]]:
    """The amounts of both sides of a rate's parts."""
    return {
        key: (sum(one.numerator.values()), sum((one.denominator or {}).values())) for key, one in found.items()
    }


def without(raws: list[Raw], *users: str, late: Collection[Raw] = ()) -> Ledger:
    """A ledger in which these are erased, one after the other, and then more comes in."""
    ledger = held(raws)
    for user, at in zip(users, (NOW, SOON_AFTER), strict=False):
        ledger.erase(user, at)
    for raw in late:
        ledger.take("web", raw)
    return ledger


def counted(ledger: Ledger, kpi: str = RATE) -> Answer:
    return Oracle(ledger, Home("UTC")).answer(Asked(kpi, "2026-04", LATER, "UTC"))


def test_sessions_are_parted_with_both_sides_by_platform_and_source_channel() -> None:
    assert sizes(parts(RATE, "platform")) == {"web": (1, 2), None: (1, 1), "ios": (0, 1)}
    assert sizes(parts(RATE, "sourceChannel")) == {"mail": (2, 2), None: (0, 2)}
    assert sizes(parts(TOTAL, "platform")) == {"web": (2, 0), "ios": (1, 0), None: (1, 0)}
    assert sizes(parts(TOTAL, "sourceChannel")) == {"mail": (2, 0), None: (2, 0)}


def test_a_session_is_of_the_platform_on_which_it_began_not_of_a_later_starts() -> None:
    raws = [*EVERYTHING, began("bob", "2026-04-10T13:00:00Z", "three", platform="android")]
    assert parts(TOTAL, "platform", raws) == parts(TOTAL, "platform")


def test_by_what_was_shared_only_the_numerator_is_parted_and_a_session_may_be_in_several_parts() -> None:
    quarters = {key: Answer(Decimal(25), {who: 1}, ALL) for key, who in (("button", "alice"), ("email", "alice"))}
    assert parts(RATE, "channel") == quarters | {None: Answer(Decimal(25), {"carla": 1}, ALL)}
    assert sizes(parts(RATE, "shareType")) == {"link": (2, 4), "invite": (1, 4)}
    assert sizes(parts(RATE, "objectType")) == {"doc": (1, 4), "report": (1, 4), None: (1, 4)}
    assert sizes(parts(RATE, "feature")) == {"menu": (1, 4), None: (2, 4)}
    assert sizes(parts(RATE, "shareScope")) == {"product": (2, 4)}


def test_of_the_other_kinds_together_a_session_counts_once() -> None:
    raws = [*EVERYTHING, *(shared("bob", NOON, session="three", channel=one) for one in ("button", "sms", "chat"))]
    assert sizes(parts(RATE, "channel", raws, first=1)) == {"button": (2, 4), "(other)": (3, 4)}


def test_what_was_shared_too_late_or_in_no_session_of_the_period_or_failed_makes_no_part() -> None:
    raws = [*EVERYTHING, shared("bob", "2026-04-12", session="three", channel="sms")]
    raws += [shared("bob", NOON, session="of nothing", channel="sms"), shared("bob", NOON, channel="sms")]
    raws += [shared("bob", NOON, session="three", channel="sms", status="failed")]
    raws += [began("bob", "2026-05-01", "may"), shared("bob", "2026-05-01", session="may", channel="sms")]
    assert parts(RATE, "channel", raws) == parts(RATE, "channel")
    assert parts(RATE, "channel", STARTS) == {}


def test_filters_restrict_what_is_shared_in_a_session_and_leave_the_sessions_whole() -> None:
    assert ask(RATE, EVERYTHING, share_types=frozenset({"invite"})) == Answer(Decimal(25), {"alice": 1}, ALL)
    assert ask(RATE, EVERYTHING, channels=frozenset({None})) == Answer(Decimal(25), {"carla": 1}, ALL)
    assert ask(RATE, EVERYTHING, channels=frozenset({"pigeon"})) == Answer(Decimal(0), {}, ALL)


def test_one_share_alone_has_to_be_all_that_is_asked_for() -> None:
    invites, buttons, emails = frozenset({"invite"}), frozenset({"button"}), frozenset({"email"})
    assert ask(RATE, EVERYTHING, share_types=invites, channels=buttons) == Answer(Decimal(0), {}, ALL)
    assert sizes(parts(RATE, "shareType", channels=emails)) == {"invite": (1, 4)}
    assert sizes(parts(RATE, "feature", channels=emails)) == {"menu": (1, 4)}
    assert sizes(parts(RATE, "objectType", channels=emails)) == {None: (1, 4)}
    where = (("object_type", frozenset({"doc"})), ("feature", frozenset({"menu"})))
    assert ask(RATE, EVERYTHING, where=where).numerator == {}


def test_a_share_on_a_platform_is_one_in_a_session_that_began_there() -> None:
    where = (("platform", frozenset({"web"})),)
    links = ask(RATE, EVERYTHING, share_types=frozenset({"link"}), where=where)
    assert links == Answer(Decimal(50), {"alice": 1}, {"alice": 1, "bob": 1})


def test_filters_restrict_whose_sessions_are_counted_by_what_they_shared_anywhere() -> None:
    raws = [*EVERYTHING, shared("bob", "2026-04-20", channel="email", share_scope="content")]
    assert ask(TOTAL, raws, channels=frozenset({"email"})) == Answer(Decimal(3), {"alice": 2, "bob": 1})
    assert ask(TOTAL, raws, share_types=frozenset({"invite"})) == Answer(Decimal(2), {"alice": 2})


def test_sessions_have_no_field_of_shares_without_any() -> None:
    assert carried(TOTAL) == {"platform", "source_channel"}
    with pytest.raises(ValueError, match="nothing that"):
        parts(TOTAL, "objectType")


def test_conditions_are_taken_on_the_day_on_which_a_session_begins() -> None:
    pro = TraitIs("plan", "EQUALS", ("pro",))
    raws = [*EVERYTHING, called("alice", "2026-04-11", plan="pro"), called("carla", "2026-04-12", plan="pro")]
    raws += [called("carla", "2026-04-13", plan="free")]
    by_day = Answer(Decimal(50), {"carla": 1}, {"alice": 1, "carla": 1})
    assert ask(RATE, raws, segment=pro) == by_day
    assert ask(RATE, raws, segment=pro, as_of="PERIOD_END") == Answer(Decimal(50), {"alice": 1}, {"alice": 2})
    assert sizes(parts(RATE, "plan", raws)) == {'"pro"': (1, 2), None: (1, 2)}
    assert sizes(parts(TOTAL, "icp", raws)) == {"best": (2, 0), None: (2, 0)}


def test_whose_sessions_had_a_share_is_a_condition() -> None:
    raws = [*EVERYTHING, *(worked(user, "2026-04-20") for user in ("alice", "bob", "carla", "dana"))]
    for side, people in (("NUMERATOR", {"alice", "carla"}), ("DENOMINATOR", {"alice", "bob", "carla"})):
        assert ask("mau", raws, segment=KpiSide(RATE, side)).numerator.keys() == people
    assert ask("mau", raws, segment=KpiSide(TOTAL, "NUMERATOR")).numerator.keys() == {"alice", "bob", "carla"}


def test_shares_are_parted_by_the_object_and_by_the_feature_that_they_came_from() -> None:
    assert sizes(parts("share_actions", "objectType")) == {"doc": (1, 0), "report": (1, 0), None: (1, 0)}
    assert sizes(parts("users_who_shared", "feature")) == {None: (2, 0), "menu": (1, 0)}
    assert sizes(parts("product_sharing_rate", "objectType")) == {"doc": (1, 4), "report": (1, 4), None: (1, 4)}
    assert sizes(parts("defined_share_events", "feature")) == {None: (1, 0), "menu": (1, 0)}
    icp = [*EVERYTHING, called("alice", "2026-04-01", plan="pro")]
    assert sizes(parts("icp_users_who_shared", "objectType", icp)) == {"doc": (1, 0), None: (1, 0)}
    assert sizes(parts("share_rate_among_icps", "feature", icp)) == {"menu": (1, 1), None: (1, 1)}
    emails = frozenset({"email"})
    assert sizes(parts("share_actions", "feature", channels=emails)) == {"menu": (1, 0)}
    assert sizes(parts("share_actions", "objectType", [shared("bob", NOON, object_type="")])) == {None: (1, 0)}


def test_sessions_of_the_erased_go_on_counting_with_what_was_shared_in_them() -> None:
    erased = without(EVERYTHING, "alice")
    assert counted(erased) == Answer(Decimal(50), {ERASED: 1, "carla": 1}, {ERASED: 2, "bob": 1, "carla": 1})
    assert counted(erased, TOTAL).value == 4
    asked = Asked(RATE, "2026-04", LATER, "UTC")
    by_channel = breakdown(Oracle(erased, Home("UTC")), asked, Split("channel"))
    assert sizes(by_channel) == sizes(parts(RATE, "channel"))


def test_what_the_erased_shared_in_anothers_session_stays_shared() -> None:
    assert counted(without(EVERYTHING, "dana")) == ask(RATE, EVERYTHING)
    both = Answer(Decimal(50), {ERASED: 2}, {ERASED: 3, "bob": 1})
    assert counted(without(EVERYTHING, "carla", "alice")) == both
    starter_and_sharer = Answer(Decimal(50), {"alice": 1, ERASED: 1}, {"alice": 2, "bob": 1, ERASED: 1})
    assert counted(without(EVERYTHING, "carla", "dana")) == starter_and_sharer


def test_nothing_that_comes_late_is_joined_to_a_session_of_the_erased() -> None:
    late = [shared("bob", "2026-04-11T13:00:00Z", session="two")]
    assert counted(without(EVERYTHING, "alice", late=late)) == counted(without(EVERYTHING, "alice"))
    # An earlier start begins a session of its own: it moves none.
    late = [began("bob", "2026-04-10T11:00:00Z", "one")]
    whole = {ERASED: 2, "bob": 2, "carla": 1}
    assert counted(without(EVERYTHING, "alice", late=late)) == Answer(Decimal(40), {ERASED: 1, "carla": 1}, whole)


def test_of_two_starts_of_whom_one_is_erased_the_first_still_begins_the_only_session() -> None:
    raws = [*EVERYTHING, began("erin", "2026-04-10T13:00:00Z", "one")]
    assert counted(without(raws, "alice"), TOTAL).numerator == {ERASED: 2, "bob": 1, "carla": 1}
    assert counted(without(raws, "erin")) == ask(RATE, EVERYTHING)
    # The name is free now, even though the session was Alice's, who is not erased.
    late = [began("bob", "2026-04-10T11:00:00Z", "one"), shared("bob", "2026-04-10T11:30:00Z", session="one")]
    freed = Answer(Decimal(60), {"alice": 1, "bob": 1, "carla": 1}, ALL | {"bob": 2})
    assert counted(without(raws, "erin", late=late)) == freed
    moved = Answer(Decimal(50), {"bob": 1, "carla": 1}, {"alice": 1, "bob": 2, "carla": 1})
    assert ask(RATE, [*raws, *late]) == moved


def test_a_session_in_which_the_erased_did_anything_at_all_is_known_to_nobody() -> None:
    raws = [*EVERYTHING, did("erin", "action.performed", NOON, session="three")]
    late = [shared("bob", NOON, session="three")]
    assert counted(without(raws, "erin", late=late)) == ask(RATE, EVERYTHING)
    assert counted(without(raws, "dana", late=late)).numerator == {"alice": 1, "bob": 1, "carla": 1}


def test_what_a_machine_of_the_erased_did_in_a_session_joins_nothing_that_comes_late() -> None:
    raws = [*EVERYTHING, worked("erin", "2026-04-09") | {"anonymousId": "phone"}]
    raws.append(visited("phone", NOON) | {"context": {"sessionId": "three"}})
    late = [shared("bob", NOON, session="three")]
    assert counted(without(raws, "erin", late=late)) == ask(RATE, EVERYTHING)
    on_the_phone = [*raws, anonymous(shared("v", NOON, session="three"), "phone")]
    assert counted(without(on_the_phone, "erin")).numerator == {"alice": 1, "bob": 1, "carla": 1}


@pytest.mark.parametrize("kpi", sorted(OF_SESSIONS))
def test_a_colleague_who_is_erased_stays_one(kpi: str) -> None:
    raws = [*EVERYTHING, called("alice", "2026-05-01", is_internal=True)]
    assert counted(without(raws, "alice"), kpi) == ask(kpi, raws)
