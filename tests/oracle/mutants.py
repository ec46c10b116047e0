"""Mistakes that somebody could make in the engine, the builder and ingest: each is one text put for another."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """In `file`, below the project, `new` stands where `old` stood, once."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "a period ends a day early",
        "apps/engine/periods/calendar.py",
        "end=day_start(end, zone),",
        "end=day_start(end - DAY, zone),",
    ),
    Mutant(
        "a period's last day is the one after it",
        "apps/engine/periods/calendar.py",
        "last=end - DAY,",
        "last=end,",
    ),
    Mutant(
        "weeks begin on Sunday",
        "apps/engine/periods/calendar.py",
        "day - DAY * day.weekday()",
        "day - DAY * (day.isoweekday() % 7)",
    ),
    Mutant(
        "the days after the last whole month are not read",
        "apps/engine/periods/cover.py",
        "(Grain.DAY, months_end, tail),",
        "(Grain.DAY, months_end, months_end),",
    ),
    Mutant(
        "hours are marked where UTC's begin",
        "apps/events/marking.py",
        "bucket_start(at, Grain.HOUR, meanings.zone)",
        'bucket_start(at, Grain.HOUR, "UTC")',
    ),
    Mutant(
        "days and months are marked where UTC's begin",
        "apps/engine/periods/buckets.py",
        "return day_start(day if _is_day(grain) else day.replace(day=1), zone)",
        'return day_start(day if _is_day(grain) else day.replace(day=1), "UTC")',
    ),
    Mutant(
        "the trailing window is a day short",
        "apps/engine/expressions.py",
        "days_later(end, -kpi.expression.days)",
        "days_later(end, 1 - kpi.expression.days)",
    ),
    Mutant(
        "a running period answers for its last day, not for today",
        "apps/engine/expressions.py",
        "local_day(question.now, period.zone) if running else period.last",
        "period.last",
    ),
    Mutant(
        "a definition's condition is ignored: any scope counts",
        "apps/engine/expressions.py",
        "both(leaf.where, own)",
        "own",
    ),
    Mutant(
        "the filters are mixed up",
        "apps/engine/expressions.py",
        '{"share_type": self.share_types, "channel": self.channels}',
        '{"share_type": self.channels, "channel": self.share_types}',
    ),
    Mutant(
        "filters do not restrict the active",
        "apps/engine/expressions.py",
        "sharers=sharers(period, others) if others else None",
        "sharers=None",
    ),
    Mutant(
        "a breakdown splits by the other facet",
        "apps/engine/expressions.py",
        'if facet == "channel" else',
        'if facet != "channel" else',
    ),
    Mutant(
        "a numerator is a union with its denominator",
        "apps/engine/evaluate.py",
        "people(numerator) & people(denominator)",
        "people(numerator) | people(denominator)",
    ),
    Mutant(
        "a subset is not one",
        "apps/engine/evaluate.py",
        "numerator = _within(a, b) if ratio.subset else a",
        "numerator = a",
    ),
    Mutant(
        "colleagues are counted",
        "apps/engine/answers.py",
        "(members if self.only is None else members & self.only) - self.without",
        "members if self.only is None else members & self.only",
    ),
    Mutant(
        "a quotient is cut, not rounded",
        "apps/engine/answers.py",
        "round(exact * MILLION)",
        "int(exact * MILLION)",
    ),
    Mutant(
        "addition loses its last carry",
        "apps/engine/numbers.py",
        "_trimmed([*slices, carry])",
        "_trimmed(slices)",
    ),
    Mutant(
        "addition forgets a carry that meets a bit",
        "apps/engine/numbers.py",
        "carry = (left & right) | (carry & either)",
        "carry = left & right",
    ),
    Mutant(
        "a sum takes every bit for one",
        "apps/engine/numbers.py",
        "part.overlap(within) << bit",
        "part.overlap(within)",
    ),
    Mutant(
        "any part of a condition is enough",
        "apps/rollups/store.py",
        "return all(self.facets.get(facet) in allowed",
        "return not condition or any(self.facets.get(facet) in allowed",
    ),
    Mutant(
        "the bucket after a period is read too",
        "apps/rollups/store.py",
        "bisect_left(rows, span.end, key=lambda row: row.start)",
        "bisect_left(rows, span.end, key=lambda row: row.start) + 1",
    ),
    Mutant(
        "an internal account hides the person of its ordinal",
        "apps/rollups/store.py",
        "'internal', ordinal, 'account'",
        "'internal', ordinal, 'user'",
    ),
    Mutant(
        "the cache holds a row under its neighbour's id",
        "apps/rollups/cache.py",
        "self._held[pk] = held",
        "self._held[pk + 1] = held",
    ),
    Mutant(
        "an hour holds the first instant of the next",
        "apps/rollups/build/events.py",
        "event.occurred_at < bucket.stop",
        "event.occurred_at <= bucket.stop",
    ),
    Mutant(
        "invalid shares count",
        "apps/rollups/build/events.py",
        "AND coalesce({}, '') NOT IN ('failed', 'cancelled')",
        "AND coalesce({}, '') IS NOT NULL",
    ),
    Mutant(
        "a share that is no error is taken for one",
        "apps/rollups/build/events.py",
        "event.is_error IS NOT TRUE",
        "event.is_error IS NULL",
    ),
    Mutant(
        "three shares of one hour are one",
        "apps/rollups/build/events.py",
        "count(*) AS times",
        "least(count(*), 1) AS times",
    ),
    Mutant(
        "facets are stored under each other's names",
        "apps/rollups/build/events.py",
        "zip(series.facets, values, strict=True)",
        "zip(series.facets[::-1], values, strict=True)",
    ),
    Mutant(
        "people have their neighbours' ordinals",
        "apps/rollups/build/events.py",
        "(SELECT ordinal FROM audience_productuser",
        "(SELECT ordinal + 1 FROM audience_productuser",
    ),
    Mutant(
        "the first part of a day or a month is missed",
        "apps/rollups/compose.py",
        "start >= bucket.start",
        "start > bucket.start",
    ),
    Mutant(
        "superseded parts are added again",
        "apps/rollups/compose.py",
        " AND closed_xid IS NULL",
        "",
    ),
    Mutant(
        "months are composed of the days of UTC's month",
        "apps/rollups/compose.py",
        "stops = [bucket_end(start, first.grain, zone) for start in starts]",
        'stops = [bucket_end(start, first.grain, "UTC") for start in starts]',
    ),
    Mutant(
        "a day does not mark its month",
        "apps/rollups/compose.py",
        "{Grain.HOUR: Grain.DAY, Grain.DAY: Grain.MONTH}",
        "{Grain.HOUR: Grain.DAY}",
    ),
    Mutant(
        "only the first bucket that changed marks its parent",
        "apps/rollups/worker.py",
        "for bucket in changed})",
        "for bucket in changed[:1]})",
    ),
    Mutant(
        "a row that is there is never replaced",
        "apps/rollups/writing.py",
        "if row is not None and row.checksum == checksum:",
        "if row is not None:",
    ),
    Mutant(
        "rows are not closed before new ones are written",
        "apps/rollups/writing.py",
        "_close([pk for pk, _ in stale])\n    ",
        "",
    ),
    Mutant(
        "an event a month old marks nothing",
        "apps/events/marking.py",
        "if definition_id in feeders:",
        "if definition_id in feeders and (datetime.now(at.tzinfo) - at).days < 31:",
    ),
    Mutant(
        "a new list of activity marks nothing",
        "apps/rollups/versions.py",
        "_mark_all(workspace_id, series, version)\n            ",
        "",
    ),
    Mutant(
        "a message id is unique to its minute",
        "apps/events/ingest.py",
        '_key("message", delivery.source, message.message_id)',
        '_key("message", delivery.source, message.message_id, message.occurred_at.isoformat()[:16])',
    ),
    Mutant(
        "a message id is unique over all sources",
        "apps/events/ingest.py",
        '_key("message", delivery.source, message.message_id)',
        '_key("message", message.message_id)',
    ),
    Mutant(
        "a share counts each time that it is told",
        "apps/events/ingest.py",
        'return _key("action", source, str(action_id))',
        "return None",
    ),
    Mutant(
        "the zone of a timestamp is dropped",
        "apps/events/messages.py",
        "return moment.astimezone(UTC)",
        "return moment.replace(tzinfo=UTC)",
    ),
    Mutant(
        "colleagues are whoever was called so last to arrive",
        "apps/audience/identity.py",
        "max(said[subject.pk])[1]",
        "max(told for _, told in said[subject.pk])",
    ),
)
