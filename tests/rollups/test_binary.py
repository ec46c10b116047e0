"""Sets and numbers are read as bytes, over Django's own connection."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.rollups.binary import binary_cursor


@pytest.mark.django_db
def test_bytes_come_as_they_are() -> None:
    stored = bytes(range(256))
    with binary_cursor() as cursor:
        cursor.execute("SELECT %s::bytea, array_length(%s::bigint[], 1)", [stored, [1, 2**40]])
        assert cursor.fetchone() == (stored, 2)


@pytest.mark.django_db(transaction=True)
def test_it_reads_within_the_transaction_and_its_statements_are_counted() -> None:
    with transaction.atomic(), connection.cursor() as writing, CaptureQueriesContext(connection) as counted:
        writing.execute("CREATE TEMPORARY TABLE held ON COMMIT DROP AS SELECT 'who'::bytea AS members")
        with binary_cursor() as reading:
            reading.execute("SELECT members FROM held")
            assert reading.fetchall() == [(b"who",)]
    assert [query["sql"] for query in counted] == ["SELECT members FROM held"]


@pytest.mark.django_db(transaction=True)
def test_it_opens_the_connection_where_none_is_open() -> None:
    connection.close()
    with binary_cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
