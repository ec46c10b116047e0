from pathlib import Path
from socket import socket

import pytest
from django.conf import settings
from django.core.management import CommandError

from kpiservice import demo


def test_a_port_that_another_program_holds_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPISERVICE_VAR", str(tmp_path))
    with socket() as another:
        another.bind((demo.HOST, 0))
        another.listen()
        monkeypatch.setattr(settings, "PORT", another.getsockname()[1])

        with pytest.raises(CommandError, match=r"PORT: expected a free port.*: Address already in use"):
            demo.claim_port()

    demo.claim_port()
