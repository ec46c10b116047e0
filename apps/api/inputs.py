"""Input objects as JSON: what is read from JSON elsewhere is read by the same code here."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case


def written(said: Any) -> Any:
    """An input object as the JSON that it was written as, without what was left out."""
    if isinstance(said, list):
        return [written(part) for part in said]
    if isinstance(said, Enum):
        return said.name
    definition = get_object_definition(said)
    if definition is None:
        return said
    parts = {
        field.graphql_name or to_camel_case(field.python_name): getattr(said, field.python_name)
        for field in definition.fields
    }
    return {
        name: written(part) for name, part in parts.items() if part is not None and part is not strawberry.UNSET
    }
