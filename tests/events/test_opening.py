import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from apps.workspaces.models import Workspace
from apps.workspaces.policy import authenticate

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command("workspace", "create", *arguments, stdout=out)
    said: dict[str, str] = json.loads(out.getvalue())
    return said


def test_the_command_opens_a_workspace_and_prints_its_keys() -> None:
    said = create("acme", "--name", "Acme Inc.", "--timezone", "Asia/Kolkata", "--currency", "INR")
    assert list(said) == ["slug", "read_key", "ingest_key", "admin_key"]
    acme = Workspace.objects.get(slug="acme")
    assert (acme.name, acme.timezone, acme.reporting_currency) == ("Acme Inc.", "Asia/Kolkata", "INR")
    for scope in ("read", "ingest", "admin"):
        caller = authenticate(said[f"{scope}_key"], now())
        assert (caller.workspace, caller.scope) == (acme, scope)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["acme", "--timezone", "Europe/Berln"],
            "“Europe/Berln” is no IANA time zone. The nearest: Europe/Berlin",
        ),
        (["acme", "--currency", "euro"], "reporting_currency: Three capital letters"),
        (["not a slug"], "slug: Enter a valid “slug”"),
        (["taken"], "slug: Workspace with this Slug already exists"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_opened(arguments: list[str], problem: str) -> None:
    create("taken")
    with pytest.raises(CommandError) as error:
        create(*arguments)
    assert problem in str(error.value)
    assert Workspace.objects.count() == 1
