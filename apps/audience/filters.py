"""The vocabulary of conditions: what each kind of one may say, checked by django-filter (DESIGN section 6).

Nothing is filtered in SQL: what a condition means, the engine alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import CharFilter, Filter, FilterSet

from apps.audience.models import TRAIT_LENGTH, Trait
from apps.engine.conditions import Did, TraitIs, TraitOp
from apps.engine.definitions import where
from apps.engine.refusals import ConditionError, nearest
from apps.engine.sets import Space
from apps.engine.traits import check

MOST_VALUES = 100
LONGEST_VALUE = 1000
MOST_TIMES = 2**31 - 1
MOST_DAYS = 3660
A_TRAIT, AN_OPERATOR, AN_EVENT = "a trait of this workspace", "a comparison of traits", "a planned event"
A_NAME = f"the name of a trait, of at most {TRAIT_LENGTH} characters"
VALUES = f"a list of at most {MOST_VALUES} texts of at most {LONGEST_VALUE:,} characters"
# How many values each comparison takes; the others take one.
TAKEN = {
    TraitOp.IN: (1, MOST_VALUES, f"1 to {MOST_VALUES} values"),
    TraitOp.NOT_IN: (1, MOST_VALUES, f"1 to {MOST_VALUES} values"),
    TraitOp.BETWEEN: (2, 2, "two values"),
    TraitOp.IS_SET: (0, 0, "no values"),
    TraitOp.IS_NOT_SET: (0, 0, "no values"),
}

Traits = Mapping[str, frozenset[Space]]
"""The traits of a workspace, each with those whose it is: users', accounts' or both."""


class Texts(forms.Field):
    """A list of texts."""

    def to_python(self, value: Any) -> tuple[str, ...]:
        texts = [] if value is None else value
        if not isinstance(texts, list) or len(texts) > MOST_VALUES or not all(map(_is_text, texts)):
            raise ValidationError(VALUES)
        return tuple(texts)


class Name(forms.Field):
    """One of the names that are `known`; another one is refused with a `code` and what was `expected`."""

    def __init__(self, code: str, expected: str, known: Collection[str] = (), **options: Any) -> None:
        super().__init__(error_messages={"required": expected}, **options)
        self.code, self.expected, self.known = code, expected, known

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not isinstance(value, str) or value not in self.known:
            raise ValidationError(self.expected, self.code, {"nearest": nearest(str(value), self.known)})


class NameFilter(Filter):  # type: ignore[misc]
    """One of the names that a vocabulary has; there is always one."""

    field_class = Name

    def __init__(self, code: str, expected: str) -> None:
        super().__init__(required=True, code=code, expected=expected)


class TextsFilter(Filter):  # type: ignore[misc]
    """Any of a list of texts."""

    field_class = Texts


class WholeNumberFilter(Filter):  # type: ignore[misc]
    """A whole number from 1 to `max_value`."""

    field_class = forms.IntegerField

    def __init__(self, max_value: int) -> None:
        expected = dict.fromkeys(("invalid", "min_value", "max_value"), f"a whole number from 1 to {max_value:,}")
        super().__init__(min_value=1, max_value=max_value, error_messages=expected)


class Said(FilterSet):  # type: ignore[misc]
    """One kind of condition, as it was written, with the names that its NameFilters know."""

    def __init__(self, said: Any, path: str, **known: Collection[str]) -> None:
        if not isinstance(said, dict):
            raise ConditionError("BAD_CONDITION", path, "an object")
        super().__init__({_snake(name): value for name, value in said.items()}, Trait.objects.none())
        self.said, self.path = said, path
        for name, names in known.items():
            self.filters[name].extra["known"] = names

    def read(self) -> dict[str, Any]:
        """What it says, by field. Raises ConditionError for the first field that cannot be taken."""
        names = [_camel(name) for name in self.filters]
        for name in self.said:
            if name not in names:
                expected = f"one of {', '.join(names)}"
                raise ConditionError("BAD_CONDITION", f"{self.path}.{name}", expected, nearest(name, names))
        for name, errors in self.form.errors.as_data().items():
            self._refuse(name, errors[0])
        return dict(self.form.cleaned_data)

    def _refuse(self, name: str, error: ValidationError) -> None:
        field, (expected,), told = f"{self.path}.{_camel(name)}", error.messages, error.params or {}
        code = str(error.code) if "nearest" in told else "BAD_CONDITION"
        raise ConditionError(code, field, expected, told.get("nearest", ()))


class TraitForm(forms.Form):
    """Checks a comparison as a whole."""

    def clean(self) -> None:
        op, values = self.cleaned_data.get("op"), self.cleaned_data.get("values")
        if op is None or values is None:
            return
        least, most, expected = TAKEN.get(TraitOp(op), (1, 1, "one value"))
        if not least <= len(values) <= most:
            self.add_error("values", expected)


class AnyTraitFilter(Said):
    """A comparison of a trait of any name."""

    name = CharFilter(
        required=True,
        max_length=TRAIT_LENGTH,
        strip=False,
        error_messages=dict.fromkeys(("required", "max_length"), A_NAME),
    )
    op = NameFilter("UNKNOWN_OPERATOR", AN_OPERATOR)
    values = TextsFilter()

    class Meta:
        form = TraitForm


class TraitFilter(AnyTraitFilter):
    """A comparison of a trait that the workspace has."""

    name = NameFilter("UNKNOWN_TRAIT", A_TRAIT)


class DidForm(forms.Form):
    """Checks a deed as a whole."""

    def clean(self) -> None:
        if self.cleaned_data.get("last_days") and self.cleaned_data.get("period"):
            self.add_error("period", "lastDays or period, not both")


class DidFilter(Said):
    """Who did something, how often, how lately. A list of texts restricts the event field that it is over."""

    event = NameFilter("UNKNOWN_EVENT", AN_EVENT)
    at_least = WholeNumberFilter(MOST_TIMES)
    last_days = WholeNumberFilter(MOST_DAYS)
    period = Filter()
    share_types = TextsFilter("share_type")
    share_scopes = TextsFilter("share_scope")
    channels = TextsFilter("channel")
    features = TextsFilter("feature")
    object_types = TextsFilter("object_type")
    source_channels = TextsFilter("source_channel")

    class Meta:
        form = DidForm


def trait_is(said: Any, path: str, traits: Traits | None = None) -> TraitIs:
    """The comparison of a trait that was written; with `traits` given, of one of these. Raises ConditionError."""
    ops = list(TraitOp)
    filters = (
        AnyTraitFilter(said, path, op=ops) if traits is None else TraitFilter(said, path, op=ops, name=traits)
    )
    read = filters.read()
    spaces = (traits or {}).get(read["name"], frozenset()) | {Space.USER}
    comparison = TraitIs(read["name"], TraitOp(read["op"]), read["values"], spaces)
    try:
        check(comparison)
    except ConditionError as error:
        raise error.within(path) from error
    return comparison


def did(said: Any, path: str, events: Collection[str]) -> tuple[Did, Any]:
    """The deed that was written, of one of these events, and its period as it was. Raises ConditionError."""
    filters = DidFilter(said, path, event=events)
    read = filters.read()
    facets = {filters.filters[name].field_name: texts for name, texts in read.items() if isinstance(texts, tuple)}
    limits = where({facet: texts for facet, texts in facets.items() if texts})
    deed = Did(read["event"], at_least=read["at_least"] or 1, days=read["last_days"], where=limits)
    return deed, read["period"]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_VALUE and is_storable(value)


def is_storable(text: str) -> bool:
    """Whether the database could hold a text: neither NUL nor half a surrogate pair is in it."""
    return "\0" not in text and text == text.encode(errors="ignore").decode()


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda letter: letter[1].upper(), name)
