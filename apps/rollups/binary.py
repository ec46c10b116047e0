"""A cursor for sets and numbers: bytes come as they are, not as twice as many digits."""

from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format


def binary_cursor() -> CursorWrapper:
    """Like `connection.cursor()`, which takes three times as long to read rows of rollups.

    The server binds its parameters, so a list needs its type: `ANY(%s::bigint[])`.
    """
    connection.ensure_connection()
    # What Django wraps is a cursor of psycopg, which its stubs do not say.
    cursor: Any = psycopg.Cursor(connection.connection)
    cursor.format = Format.BINARY
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)
