import time
from io import StringIO

import pytest
from rich.console import Console

from kpiservice.meter import meter


def test_a_terminal_shows_a_bar() -> None:
    screen = StringIO()
    with meter(Console(file=screen, force_terminal=True, width=120, legacy_windows=False), "Importing") as show:
        show(50, 200, "7 messages")
        show(200, 200, "28 messages")
    assert "Importing" in screen.getvalue()
    assert "100%" in screen.getvalue()
    assert "28 messages" in screen.getvalue()
    assert "━━━━" in screen.getvalue()


def test_a_log_gets_the_first_line_the_last_and_one_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    log = StringIO()
    with meter(Console(file=log, width=20), "Importing") as show:
        for second, done in ((100.0, 0), (101.0, 50), (109.9, 60), (110.1, 100), (111.0, 200)):
            clock[0] = second
            show(done, 200, f"{done:,} messages of many")
    assert log.getvalue().splitlines() == [
        "Importing: 0 %, 0 messages of many",
        "Importing: 50 %, 100 messages of many",
        "Importing: 100 %, 200 messages of many",
    ]


def test_nothing_to_do_is_shown_too() -> None:
    log = StringIO()
    with meter(Console(file=log), "Rolling up") as show:
        show(0, 0, "0 buckets")
    assert log.getvalue() == "Rolling up: 0 %, 0 buckets\n"
