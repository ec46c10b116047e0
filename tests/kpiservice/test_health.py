import pytest
from django.db import connection
from django.test import Client


@pytest.mark.django_db
def test_healthy_while_the_database_answers(client: Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"database": "reachable"}


@pytest.mark.django_db(transaction=True)
def test_unhealthy_where_no_database_answers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json() == {"database": "unreachable"}
