"""Whatever the reference cubes have is where the documentation says that it is (KPIS.md section 8)."""

import re
from functools import reduce
from typing import Any

import pytest

from apps.rollups import queue
from kpiservice.embedded import PROJECT_FOLDER
from tests.api.conftest import Api
from tests.api.people import move_in
from tests.world import deliver, opened, track

TEXT = (PROJECT_FOLDER / "docs" / "cubes.md").read_text()
CUBES = re.findall(r"^## (\w+)\n\n```graphql\n(.*?)```\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
MEMBERS = {
    f"{cube}.{member}": (query, path)
    for cube, query, rest in CUBES
    for member, path in re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", rest, re.MULTILINE)
}
# What is told of Alice, Bob, Carol and Dora; OPAQUE is any id of ours.
OPAQUE = object()
TOLD = {
    "UserActivity.totalActiveUsers": "4",
    "UserActivity.usersWhoShared": "2",
    "UserActivity.id": OPAQUE,
    "UserActivity.userId": "bob",
    "UserActivity.actionType": "referral_message.sent",
    "UserActivity.createdAt": "2026-04-22T11:00:00+00:00",
    "ProductSharing.shareActions": "4",
    "ProductSharing.id": OPAQUE,
    "ProductSharing.actionId": "the last share",
    "ProductSharing.shareType": "invite",
    "ProductSharing.sharedAt": "2026-04-21T10:00:00+00:00",
    "IcpUsers.totalIcpUsersActive": "1",
    "IcpUsers.icpUsersWhoShared": "1",
    "IcpUsers.shareRateAmongIcps": "100",
    "IcpUsers.id": OPAQUE,
    "IcpUsers.userId": "alice",
    "IcpUsers.eventTime": "2026-04-01",
    "ShareEvents.definedShareEvents": "4",
    "ShareEvents.id": OPAQUE,
    "ShareEvents.eventType": "invite",
    "ShareEvents.eventTime": "2026-04-21T10:00:00+00:00",
    "ReferralMessages.totalMessagesSent": "3",
    "ReferralMessages.customizedMessages": "1",
    "ReferralMessages.personalizedReferralOutreachRate": "33.333333",
    "ReferralMessages.referralMessageId": "m-3",
    "ReferralMessages.userId": "bob",
    "ReferralMessages.messageCustomized": "false",
    "ReferralMessages.createdAt": "2026-04-22T11:00:00+00:00",
}


def test_all_ten_measures_and_eighteen_dimensions_are_there() -> None:
    assert MEMBERS.keys() == TOLD.keys()
    assert len(MEMBERS) == 28


@pytest.mark.django_db(transaction=True)
def test_every_member_is_where_the_table_says() -> None:
    acme = opened()
    move_in(acme.workspace)
    deliver(
        acme.workspace,
        track(
            "share.created",
            "carol",
            "2026-04-21T10:00:00",
            share_type="invite",
            channel="email",
            share_scope="content",
            action_id="the last share",
        ),
        *(
            track("referral_message.sent", who, f"2026-04-22T{hour}:00:00", message_id=f"m-{number}", **said)
            for number, (who, hour, said) in enumerate(
                [
                    ("alice", "09", {"message_customized": True}),
                    ("alice", "10", {"message_customized": False}),
                    ("bob", "11", {"message_customized": False}),
                ],
                1,
            )
        ),
    )
    queue.settle(acme.workspace.pk)
    api = Api(acme.read_key)
    answers = {query: api.data(query) for query, _ in MEMBERS.values()}
    found = {member: reduce(_into, path.split("."), answers[query]) for member, (query, path) in MEMBERS.items()}
    assert {
        member: OPAQUE if TOLD[member] is OPAQUE and value else value for member, value in found.items()
    } == TOLD


def _into(answer: Any, part: str) -> Any:
    return answer[int(part)] if part.isdigit() else answer[part]
