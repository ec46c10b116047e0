"""JSON whose numbers stay exact: decimals are Decimal on the way in, in the database, and on the way out."""

from __future__ import annotations

from typing import Any

import simplejson
from django.db import models
from psycopg.types.json import Jsonb

# Made once: simplejson.dumps makes one for each call, which takes longer than a small message.
_ENCODER = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    """Compact JSON text; Decimals keep every digit."""
    text: str = _ENCODER.encode(value)
    return text


class ExactJSONField(models.JSONField):
    """A jsonb column that never turns a decimal into a float."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        return Jsonb(value, dumps=to_json)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return simplejson.loads(value, use_decimal=True) if isinstance(value, str) else value
