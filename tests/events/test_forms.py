from typing import Any

import pytest

from apps.events.forms import EventDefinitionForm
from apps.events.models import EventDefinition

GOOD = {
    "kind": "share.created",
    "is_activity": "on",
    "constants": '{"share_type": "link"}',
    "columns": '{"channel": "medium"}',
    "types": '{"medium": "string", "size": "integer", "is_draft": "boolean"}',
    "description": "",
}
NOT_TEXTS = "Expected an object whose values are texts of 1 to 200 characters, such as {“channel”: “email”}."


def errors(**changes: str) -> dict[str, Any]:
    return EventDefinitionForm(GOOD | changes, instance=EventDefinition(name="Doc Shared")).errors


def test_a_mapping_is_taken() -> None:
    form = EventDefinitionForm(GOOD, instance=EventDefinition(name="Doc Shared"))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["constants"] == {"share_type": "link"}
    assert form.cleaned_data["columns"] == {"channel": "medium"}
    assert form.cleaned_data["types"] == {"medium": "string", "size": "integer", "is_draft": "boolean"}


def test_empty_mappings_are_taken() -> None:
    assert errors(kind="", constants="", columns="{}", types="") == {}


def test_an_unknown_kind_is_told_the_nearest() -> None:
    (text,) = errors(kind="share.create")["kind"]
    assert text.startswith("“share.create” is no kind: expected one of user.signed_up, ")
    assert text.endswith("; the nearest is share.created.")


@pytest.mark.parametrize("field", ["constants", "columns"])
def test_an_unknown_column_is_told_the_nearest(field: str) -> None:
    (text,) = errors(**{field: '{"share_tipe": "x"}'})[field]
    assert text == (
        "“share_tipe” is no column: expected one of share_type, share_scope, channel, source_channel, object_type,"
        " feature, status, template, prompt, placement, variant, platform, kind, campaign;"
        " the nearest is share_type."
    )


def test_an_unknown_type_is_told_the_nearest() -> None:
    (text,) = errors(types='{"size": "int"}')["types"]
    assert text == "“int” is no type: expected one of string, boolean, integer; the nearest is integer."


@pytest.mark.parametrize("field", ["constants", "columns", "types"])
@pytest.mark.parametrize(
    "value", ['["channel"]', '"channel"', "7", '{"channel": 7}', '{"channel": ""}', '{"channel": null}']
)
def test_a_mapping_is_of_texts_to_texts(field: str, value: str) -> None:
    assert errors(**{field: value})[field] == [NOT_TEXTS]


def test_a_text_too_long_for_its_column_is_refused() -> None:
    assert errors(constants=f'{{"channel": "{"x" * 201}"}}')["constants"] == [NOT_TEXTS]


def test_no_json_is_refused() -> None:
    assert errors(constants="{channel: email}")["constants"] == ["Enter a valid JSON."]


def test_a_column_is_filled_once() -> None:
    both = errors(constants='{"channel": "email"}')["__all__"]
    assert both == ["channel is a constant and a column: expected one of them."]
