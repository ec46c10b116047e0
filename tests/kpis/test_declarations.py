from typing import Any

import pytest

from apps.engine.definitions import Balance, Distinct, InIcp, Ratio, Union
from apps.engine.sets import Space
from apps.kpis.declarations import BadDeclaration, Reader

ACTIVE = {"distinct": "user", "series": "ACTIVITY"}
OPEN = {"balance": "user", "state": "user:open"}
RATE = {"ratio": ["active", "active"], "scale": 1, "subset": False}
READER = Reader({"active": ACTIVE, "rate": RATE})


def test_the_sides_of_a_ratio_are_named_or_said_in_place() -> None:
    active, matching = Distinct(Space.USER, "ACTIVITY"), {**OPEN, "population": "icp"}
    said = {"ratio": ["active", {"union": [matching, "active"]}], "scale": 100, "subset": True}
    union = Union((Balance(Space.USER, "user:open", InIcp()), active))
    assert READER.expression(said) == Ratio(active, union, 100, subset=True)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "expected one of distinct, rolling_distinct, count, balance, entries, ratio, union first"),
        ({"distinctive": "user"}, "expected one of distinct, "),
        ({**ACTIVE, "popluation": "icp"}, "distinct: popluation: expected series or where or population"),
        ({"count": "share.created", "population": "icp"}, "count: population: expected where"),
        ({**ACTIVE, "population": "vip"}, "KeyError"),
        ({"distinct": "user"}, "KeyError"),
        ({"distinct": "session", "series": "ACTIVITY"}, "not a valid Space"),
        ({**RATE, "ratio": ["active"]}, "not enough values"),
        ({**RATE, "ratio": ["active", "activity"]}, "KeyError"),
        ({**RATE, "ratio": ["active", "rate"]}, "expected no ratio and no window of its own as a side of a ratio"),
        ({"union": [OPEN, {"count": "share.created"}]}, "expected a distinct or a balance as a part of a union"),
    ],
)
def test_a_declaration_that_says_nothing_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(BadDeclaration, match=message):
        READER.expression(said)
