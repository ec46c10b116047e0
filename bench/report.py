"""What a race prints: medians, and how many times as long as kpiservice a rival takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.questions import Question
from bench.synthetic import Size
from bench.timing import Side, Timing

if TYPE_CHECKING:
    from bench.ours import Loaded

MEANING = """\
[bold]warm[/bold]: asked again, over the connection and in the process that answered before. \
[bold]cold[/bold]: kpiservice is told, as by an erasure, to forget all rollups that its processes hold and what \
they made of them; of a rival it is the first run of a fresh connection (DuckDB and ClickHouse close and open \
their files, and so drop what they held). Opening is not timed. PostgreSQL's and the system's buffers stay as \
they are, for everybody. A figure is the fastest way's median, in ms; × is how many times as long as kpiservice \
at kpis.evaluate."""


def show_load(console: Console, loaded: Loaded, size: Size) -> None:
    """What it took to have the data, and to keep it."""
    table = Table(title="kpiservice: events and their rollups", show_header=False)
    million = size.events / 1_000_000
    for what, figure in (
        ("events, people, days", f"{size.events:,}, {size.users:,}, {size.days}"),
        ("COPY of raw events", f"{size.events / loaded.copying:,.0f} events a second"),
        ("rolled up by one worker", f"{size.events / loaded.building:,.0f} events a second"),
        (
            "buckets of hours, days, months",
            f"{loaded.buckets:,}, {loaded.buckets / loaded.building:,.0f} a second",
        ),
        ("raw events with indexes", f"{loaded.raw_bytes / million / 1e6:,.1f} MB a million events"),
        ("rollups with indexes", f"{loaded.rollup_bytes / million / 1e6:,.1f} MB a million events"),
    ):
        table.add_row(what, figure)
    console.print(table)
    console.print(MEANING)


def show_question(console: Console, question: Question, timings: Sequence[Timing]) -> None:
    """A line for each contestant, with its fastest way."""
    table = Table(title=question.title)
    for heading in ("", "fastest way, warm"):
        table.add_column(heading)
    for heading in ("cold", "×", "warm", "×"):
        table.add_column(heading, justify="right")
    ours = _of(timings, Side.EVALUATE)
    for contestant in dict.fromkeys(timing.way.contestant for timing in timings):
        ways = [timing for timing in timings if timing.way.contestant == contestant]
        cold, best = min(timing.cold for timing in ways), min(ways, key=_warm)
        times = (cold / _best(ours, _cold), best.warm / _best(ours, _warm))
        figures = (f"{cold:,.1f}", f"{times[0]:,.1f}", f"{best.warm:,.2f}", f"{times[1]:,.1f}")
        table.add_row(contestant, best.way.name, *figures)
    console.print(table)


def show_summary(console: Console, found: Sequence[tuple[Question, Sequence[Timing]]]) -> int:
    """How many times as long as kpiservice the best rival takes; 1 if two answers to a question differ."""
    table = Table(title="The best rival's time ÷ kpiservice's at kpis.evaluate")
    table.add_column("")
    for heading in ("raw, warm", "raw, cold", "raw: its warm, our cold", "rollups, warm"):
        table.add_column(heading, justify="right")
    for question, timings in found:
        ours, raw, rollups = (_of(timings, side) for side in (Side.EVALUATE, Side.RAW, Side.ROLLUPS))
        ratios = (
            _best(raw, _warm) / _best(ours, _warm),
            _best(raw, _cold) / _best(ours, _cold),
            _best(raw, _warm) / _best(ours, _cold),
            _best(rollups, _warm) / _best(ours, _warm),
        )
        table.add_row(question.label, *(f"{ratio:,.1f}" for ratio in ratios))
    console.print(table)
    differing = [question for question, timings in found if _differ(console, question, timings)]
    return int(bool(differing))


def _differ(console: Console, question: Question, timings: Sequence[Timing]) -> bool:
    answers = {answer for timing in timings for answer in timing.answers}
    if len(answers) == 1:
        console.print(f"All {len(timings)} ways answer alike: {question.label}: {_short(answers.pop())}")
        return False
    console.print(f"[bold red]Answers differ:[/bold red] {question.label}")
    for timing in timings:
        given = "; ".join(_short(answer) for answer in sorted(timing.answers))
        console.print(f"  {timing.way.contestant}, {timing.way.name}: {given}")
    return True


def _short(answer: Sequence[Sequence[int]]) -> str:
    rows = [" of ".join(f"{side:,}" for side in row) for row in answer]
    return rows[0] if len(rows) == 1 else f"{rows[0]}, … {rows[-1]} ({len(rows)} days)"


def _of(timings: Sequence[Timing], side: Side) -> list[Timing]:
    return [timing for timing in timings if timing.way.side is side]


def _best(timings: Sequence[Timing], figure: Callable[[Timing], float]) -> float:
    return min(map(figure, timings))


def _cold(timing: Timing) -> float:
    return timing.cold


def _warm(timing: Timing) -> float:
    return timing.warm
