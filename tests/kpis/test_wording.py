import pytest

from apps.engine.conditions import All, Any, Condition, Did, InIcp, KpiSide, Not, SideName, TraitIs, TraitOp
from apps.engine.definitions import where
from apps.engine.periods import parse_month
from apps.kpis.catalogue import find
from apps.kpis.wording import words

PRO = TraitIs("plan", TraitOp.EQUALS, ("pro",))
LARGE = TraitIs("seats", TraitOp.AT_LEAST, ("50",))
APRIL = parse_month("2026-04", "UTC")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PRO, "plan is pro"),
        (TraitIs("plan", TraitOp.IN, ("pro", "team")), "plan is pro or team"),
        (TraitIs("plan", TraitOp.NOT_IN, ("pro", "team")), "plan is not pro nor team"),
        (TraitIs("seats", TraitOp.BETWEEN, ("5", "50")), "seats is between 5 and 50"),
        (TraitIs("role", TraitOp.IS_NOT_SET), "role is unknown"),
        (InIcp("mid-market"), "ICP mid-market"),
        (InIcp(), "ICP of any profile"),
        (KpiSide(find("dau").kpi, SideName.NUMERATOR), "numerator of dau"),
        (KpiSide(find("dau").kpi, SideName.NUMERATOR, APRIL), "numerator of dau in 2026-04"),
        (Did("share.created"), "did share.created"),
        (Did("share.created", 3, days=30), "did share.created at least 3 times in the last 30 days"),
        (
            Did(
                "share.created",
                period=APRIL,
                where=where({"channel": ["email", "in_app"], "share_type": ["link"]}),
            ),
            "did share.created in 2026-04 with channel email or in_app and share type link",
        ),
        (All((PRO, LARGE)), "plan is pro and seats is at least 50"),
        (Any((PRO, All((LARGE, InIcp("x"))))), "plan is pro or (seats is at least 50 and ICP x)"),
        (Not(PRO), "not plan is pro"),
        (Not(Any((All((PRO, LARGE)),))), "not (plan is pro and seats is at least 50)"),
    ],
)
def test_a_condition_is_put_into_words(condition: Condition, expected: str) -> None:
    assert words(condition) == expected
