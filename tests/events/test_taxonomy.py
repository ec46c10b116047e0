import re

import pytest

from apps.events import defaults, taxonomy
from apps.events.models import EventDefinition, ShareKind, ShareType
from kpiservice.embedded import PROJECT_FOLDER
from tests.world import opened

pytestmark = pytest.mark.django_db

# KPIS.md section 5: the rows marked A.
ACTIVE = {
    "user.signed_up",
    "session.started",
    "session.ended",
    "action.performed",
    "feature.used",
    "task.completed",
    "onboarding.started",
    "onboarding.completed",
    "share.created",
    "share.retracted",
    "referral_message.sent",
    "survey.responded",
}


def test_a_new_workspace_knows_the_default_taxonomy() -> None:
    acme = opened().workspace
    definitions = EventDefinition.objects.filter(workspace=acme, is_planned=True)
    assert set(definitions.filter(is_activity=True).values_list("name", flat=True)) == ACTIVE
    assert definitions.count() == 48
    assert not definitions.exclude(kind="").exclude(kind__in=defaults.kinds()).exists()


def test_the_documentation_lists_what_is_activity() -> None:
    text = (PROJECT_FOLDER / "docs" / "events.md").read_text()
    section = text.partition("## What makes someone active")[2].partition("That is how")[0]
    assert set(re.findall(r"`([a-z_.]+)`", section)) == ACTIVE


def test_a_new_workspace_knows_share_types_and_the_defined_kinds() -> None:
    acme = opened().workspace
    types = ShareType.objects.filter(workspace=acme).order_by("pk")
    assert [one.slug for one in types] == ["invite", "link", "export", "embed", "send", "other"]
    kinds = ShareKind.objects.filter(workspace=acme, is_defined=True).order_by("pk")
    assert [(one.share_type.slug, one.channel) for one in kinds] == [
        ("invite", "email"),
        ("link", "copy_link"),
        ("link", "button"),
        ("link", "social"),
    ]


def test_version_one_says_what_feeds_each_series() -> None:
    acme = opened().workspace
    versions = taxonomy.versions_of(acme)
    first_of_all = dict.fromkeys(
        (
            *("ACTIVITY", "share.created", "share.created@account", "referral_message.sent"),
            *("referral_prompt.shown", "referral_prompt.shown>referral_prompt.interacted", "STATES"),
            *("session.started>share.created", "share.created/object_type", "share.created/feature"),
            *("share.created/share_scope", "user.referred", "referral_message.sent>user.referred"),
        ),
        1,
    )
    assert (dict(versions.current), dict(versions.building)) == (first_of_all, {})
    first = taxonomy.load(acme.pk, 1)
    names = dict(EventDefinition.objects.filter(workspace=acme).values_list("pk", "name"))
    assert {names[pk] for pk in first.feeders("ACTIVITY")} == ACTIVE
    assert {names[pk] for pk in first.feeders("share.created")} == {"share.created"}
    assert first.zone == "UTC"
