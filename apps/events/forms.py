"""The form in which people say what an event means."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from apps.events import defaults, taxonomy
from apps.events.drafting import JSON_TYPES
from apps.events.models import FACET_LENGTH, EventDefinition
from apps.events.rows import TEXT_COLUMNS

KINDS = [("", "– none –"), *((kind, kind) for kind in defaults.kinds())]


class EventDefinitionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks each mapping: its keys, its values, and that no column is filled twice."""

    class Meta:
        model = EventDefinition
        fields = (*taxonomy.MEANING, "types", "description")
        widgets: ClassVar = {"kind": forms.Select(choices=KINDS)}

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind:
            _check(kind, defaults.kinds(), "kind")
        return kind

    def clean_constants(self) -> dict[str, str]:
        return self._columns("constants")

    def clean_columns(self) -> dict[str, str]:
        return self._columns("columns")

    def clean_types(self) -> dict[str, str]:
        types = self._texts("types")
        for kind in types.values():
            _check(kind, JSON_TYPES, "type")
        return types

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        twice = sorted(cleaned.get("constants", {}).keys() & cleaned.get("columns", {}).keys())
        if twice:
            raise ValidationError(f"{twice[0]} is a constant and a column: expected one of them.", "FILLED_TWICE")
        return cleaned

    def _columns(self, field: str) -> dict[str, str]:
        columns = self._texts(field)
        for name in columns:
            _check(name, TEXT_COLUMNS, "column")
        return columns

    def _texts(self, field: str) -> dict[str, str]:
        """The mapping in a JSON field, of texts to texts."""
        value = self.cleaned_data[field] or {}
        texts = value.items() if isinstance(value, dict) else [(None, None)]
        if not all(isinstance(text, str) and 0 < len(text) <= FACET_LENGTH for pair in texts for text in pair):
            expected = f"an object whose values are texts of 1 to {FACET_LENGTH} characters"
            raise ValidationError(f"Expected {expected}, such as {{“channel”: “email”}}.", "NOT_TEXTS")
        return dict(texts)


def _check(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
        raise ValidationError(
            f"“{name}” is no {what}: expected one of {', '.join(known)}; the nearest is {nearest}.",
            f"UNKNOWN_{what.upper()}",
        )
