"""How far a long command is: a bar on a terminal, now and then a line in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0

# How much is done, of how much, and a few words.
Show: TypeAlias = Callable[[int, int, str], None]


@contextmanager
def meter(console: Console, title: str) -> Iterator[Show]:
    """Shows what it is called with, as a bar where the console is a terminal."""
    if not console.is_terminal:
        yield _lines(console, title)
        return
    words = TextColumn("{task.fields[words]}")
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), words, TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None, words="")
        yield lambda done, total, words: progress.update(task, completed=done, total=total, words=words)


def _lines(console: Console, title: str) -> Show:
    due = 0.0

    def show(done: int, total: int, words: str) -> None:
        nonlocal due
        if time.monotonic() >= due or done == total:
            due = time.monotonic() + SECONDS_BETWEEN_LINES
            console.print(f"{title}: {100 * done // max(total, 1)} %, {words}", highlight=False, soft_wrap=True)

    return show
