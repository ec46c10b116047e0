import logging
from typing import Any, NamedTuple

import pytest
from django.db import connection
from graphql import GraphQLError, parse

from apps.api.errors import presented
from apps.events.opening import Opened
from apps.rollups.cache import CACHE
from tests.api.conftest import Api

APRIL = '{month: "2026-04"}'


class Case(NamedTuple):
    """A query that cannot be answered, and all that its error says."""

    query: str
    code: str
    field: str
    expected: str
    nearest: tuple[str, ...] = ()


def kpi(fields: str, slug: str = "product_sharing_rate") -> str:
    return f'{{ kpi(slug: "{slug}") {{ {fields} }} }}'


def value(period: str = APRIL, arguments: str = "", fields: str = "value") -> str:
    return kpi(f"value(period: {period}, {arguments}) {{ {fields} }}")


def breakdown(arguments: str) -> str:
    return kpi(f"breakdown(period: {APRIL}, {arguments}) {{ key }}")


def people(arguments: str, slug: str = "product_sharing_rate") -> str:
    return kpi(f"value(period: {APRIL}) {{ people({arguments}) {{ totalCount }} }}", slug)


def between(first: str, end: str) -> str:
    return f'{{between: {{from: "{first}", to: "{end}"}}}}'


LEVEL = "a number from 0.5 to 0.999999"
UNPAID = "a KPI that requires no billing data"
NOT_NULL = "provided to non-null type 'Int!' not to be None."
SLUG = "the slug of a KPI"
CLOSE = ("product_sharing_rate", "product_sharing_rate_by_session", "product_adoption_rate")
TYPE, CHANNEL = "a share type of this workspace", "a channel of this workspace"
NAMES = "at least one name, or no list at all for any"
DAY, YEARS = 'a day such as "2026-04-30"', "days in the years 1 to 9998"
ORDER = "a first day before the end"
ZONE, ZONES = "an IANA time zone name", ("Europe/Berlin", "Europe/Dublin", "Europe/Belfast")
HOURS = "a zone whose days begin on the full hours of UTC"
POINTS = "a grain that gives at most 1,000 points"
BY = "channel, feature, objectType, shareScope, shareType, icp, segment or a trait of this workspace"
ENTRIES = "UTC: what depends on the day of an event or an entry is known by that zone's days"
BY_DAY = "at most 3,660 days where people are judged, or what they did is counted, day by day"
SHARED_BY_DAY = 'where: {did: {event: "share.created"}}, segmentAsOf: EVENT_DAY'
FIRST, CURSOR = "a number from 1 to 100", "the cursor of an edge, or an endCursor"
RATIO, SETS = "NUMERATOR: this KPI is no ratio", "another side: only a ratio of two sets of people has a remainder"
CENTURIES, THOUSAND_AND_ONE = between("0001-01-01", "9990-01-01"), between("2023-07-07", "2026-04-03")

CASES = [
    Case(kpi("slug", "product_sharing"), "UNKNOWN_KPI", "slug", SLUG, CLOSE),
    Case(kpi("slug", "zzz"), "UNKNOWN_KPI", "slug", SLUG),
    Case(value(arguments='shareTypes: ["link", "lnk"]'), "UNKNOWN_SHARE_TYPE", "shareTypes", TYPE, ("link",)),
    Case(value(arguments='channels: ["e-mail"]'), "UNKNOWN_CHANNEL", "channels", CHANNEL, ("email",)),
    Case(value(arguments='channels: ["\\u0000"]'), "UNKNOWN_CHANNEL", "channels", CHANNEL),
    Case(value(arguments="shareTypes: []"), "EMPTY_LIST", "shareTypes", NAMES),
    Case(value(arguments="channels: []"), "EMPTY_LIST", "channels", NAMES),
    Case(value('{day: "2026-02-30"}'), "BAD_PERIOD", "day", DAY),
    Case(value('{week: "2026-W54"}'), "BAD_PERIOD", "week", 'a week such as "2026-W18"'),
    Case(value('{month: "April"}'), "BAD_PERIOD", "month", 'a month such as "2026-04"'),
    Case(value('{quarter: "2026-Q5"}'), "BAD_PERIOD", "quarter", 'a quarter such as "2026-Q2"'),
    Case(value('{year: "0000"}'), "BAD_PERIOD", "year", 'a year such as "2026"'),
    Case(value(between("now", "2026-04-15")), "BAD_PERIOD", "from", DAY),
    Case(value(between("2026-04-01", "2026-04-31")), "BAD_PERIOD", "to", DAY),
    Case(value("{last: {n: 0, unit: DAY}}"), "BAD_PERIOD", "last", "a positive number of units"),
    Case(value("{last: {n: 2147483647, unit: YEAR}}"), "BAD_PERIOD", "period", YEARS),
    Case(value(between("2026-04-15", "2026-04-01")), "REVERSED_PERIOD", "between", ORDER),
    Case(value(arguments='timezone: "Europe/Berln"'), "UNKNOWN_TIMEZONE", "timezone", ZONE, ZONES),
    Case(value(arguments='timezone: "Asia/Kolkata"'), "TIMEZONE_NOT_ALIGNED", "timezone", HOURS),
    Case(
        kpi('value(period: {month: "2026-04"}, timezone: "Europe/Berlin") { value }', "signups"),
        "TIMEZONE_NOT_ALIGNED",
        "timezone",
        ENTRIES,
    ),
    Case(value(CENTURIES, SHARED_BY_DAY), "TOO_MANY_DAYS", "period", BY_DAY),
    Case(kpi(f"series(period: {CENTURIES}, grain: DAY) {{ value }}"), "TOO_MANY_POINTS", "grain", POINTS),
    Case(kpi(f"series(period: {THOUSAND_AND_ONE}, grain: DAY) {{ value }}"), "TOO_MANY_POINTS", "grain", POINTS),
    Case(kpi(f"value(period: {APRIL}) {{ value }}", "referral_churn_rate"), "REQUIRES_BILLING", "slug", UNPAID),
    Case(value(fields="interval(level: 1) { low }"), "BAD_LEVEL", "level", LEVEL),
    Case(value(fields="interval(level: 0.49) { low }"), "BAD_LEVEL", "level", LEVEL),
    Case(
        value(fields="change(to: {previous: PERIOD}) { interval(level: 2) { low } }"), "BAD_LEVEL", "level", LEVEL
    ),
    Case(value(fields='change(to: {period: {day: "x"}}) { absolute }'), "BAD_PERIOD", "day", DAY),
    Case(
        value('{year: "0001"}', fields="change(to: {previous: YEAR}) { absolute }"), "BAD_PERIOD", "period", YEARS
    ),
    Case(breakdown('by: "chanel"'), "UNKNOWN_DIMENSION", "by", BY, ("channel",)),
    Case(breakdown('by: "plan"'), "UNKNOWN_DIMENSION", "by", BY),
    Case(breakdown('by: "channel", first: 101'), "BAD_FIRST", "first", FIRST),
    Case(people("of: NUMERATOR, first: 0"), "BAD_FIRST", "first", FIRST),
    Case(people("of: NUMERATOR, first: -1"), "BAD_FIRST", "first", FIRST),
    Case(people("of: NUMERATOR, first: 101"), "BAD_FIRST", "first", FIRST),
    Case("{ eventDefinitions(first: 0) { name } }", "BAD_FIRST", "first", FIRST),
    Case(people('of: NUMERATOR, after: "0:forged"'), "BAD_CURSOR", "after", CURSOR),
    Case(people('of: NUMERATOR, after: ""'), "BAD_CURSOR", "after", CURSOR),
    Case('{ eventDefinitions(after: "\\u0000") { name } }', "BAD_CURSOR", "after", "the name of an event"),
    Case(people("of: DENOMINATOR", "dau"), "NO_DENOMINATOR", "of", RATIO),
    Case(people("of: REMAINDER", "dau"), "NOT_A_SET", "of", SETS),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.field}")
def test_an_argument_that_cannot_be_taken_is_named_with_what_was_expected(api: Api, case: Case) -> None:
    error = api.error(case.query)

    hint = f"; did you mean {' or '.join(case.nearest)}?" if case.nearest else ""
    assert error["message"] == f"{case.field}: expected {case.expected}{hint}"
    assert error["extensions"] == {
        "code": case.code,
        "field": case.field,
        "expected": case.expected,
        "nearest": list(case.nearest),
    }


def test_a_thousand_points_are_answered(api: Api) -> None:
    period = between("2023-07-08", "2026-04-03")
    points = api.data(kpi(f"series(period: {period}, grain: DAY) {{ value }}"))["kpi"]["series"]

    assert len(points) == 1000


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{", "BAD_SYNTAX", "Syntax Error: Expected Name, found <EOF>."),
        ("{ nope }", "BAD_DOCUMENT", "Cannot query field 'nope' on type 'Query'."),
        ("{ ...nope }", "BAD_DOCUMENT", "Unknown fragment 'nope'."),
        ("mutation { erase }", "BAD_DOCUMENT", "Cannot query field 'erase' on type 'Mutation'."),
        ("subscription { erase }", "BAD_DOCUMENT", "The subscription operation is not supported by the schema."),
        (
            value('{day: "2026-04-01", month: "2026-04"}'),
            "BAD_DOCUMENT",
            "OneOf Input Object 'PeriodInput' must specify exactly one key.",
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_said_as_it_is(api: Api, query: str, code: str, message: str) -> None:
    error = api.error(query)

    assert (error["message"], error["extensions"]) == (message, {"code": code})


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"first": None}, f"Argument 'first' has invalid value: Expected variable '$first' {NOT_NULL}"),
        ({"first": "many"}, "Variable '$first' has invalid value: Int cannot represent non-integer value: 'many'"),
    ],
)
def test_what_is_wrong_with_a_variable_is_said_as_it_is(api: Api, variables: Any, message: str) -> None:
    error = api.error("query ($first: Int) " + people("of: NUMERATOR, first: $first"), **variables)

    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_DOCUMENT"})


def test_any_other_error_is_masked_with_an_id_that_the_log_has(
    acme: Opened, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rollups_rollup SET members = 'damaged'")
    CACHE.clear()

    with caplog.at_level(logging.ERROR, logger="apps.api.errors"):
        error = api.error(value())

    (record,) = caplog.records
    error_id = error["extensions"]["errorId"]
    assert error["extensions"] == {"code": "INTERNAL", "errorId": error_id}
    assert error["message"] == f"Something went wrong on our side. The log has it as {error_id}."
    assert error_id in record.getMessage()
    assert "does not match its checksum" in (record.exc_text or "")


def test_an_answer_that_cannot_be_written_is_our_error() -> None:
    field = parse("{ unit }").definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]

    shown = presented(GraphQLError("Enum 'Unit' cannot represent value: 5", field, path=["unit"]))

    assert shown.extensions is not None
    assert shown.extensions["code"] == "INTERNAL"
