import pytest

from apps.kpis.catalogue import entries
from apps.kpis.search import search


def test_without_a_condition_every_kpi_is_found_by_slug() -> None:
    assert search() == list(entries().values())


@pytest.mark.parametrize(
    ("stage", "indicator", "text", "expected"),
    [
        (
            "Acquisition",
            "lagging",
            None,
            ["new_users_from_referrals", "product_sharing_rate", "referral_signup_rate"],
        ),
        ("Acquisition", "leading", None, ["identified_icp_users", "new_accounts", "signups"]),
        ("Referral", "lagging", "icp", ["icp_users_who_shared", "share_rate_among_icps"]),
        ("Retention", "lagging", "referral", ["referral_churn_rate"]),
        (
            "Referral",
            "leading",
            None,
            [
                *("customized_referral_messages", "defined_share_events", "referral_messages_sent"),
                *("referral_prompt_interaction_rate", "referral_prompt_interaction_rate_by_impression"),
                *("referral_prompts_displayed", "share_actions"),
            ],
        ),
        (None, None, "ISO WEEK", ["wau"]),
        (None, None, "  rolling  ", ["mau_rolling_30d"]),
        (None, "lagging", "somebody else", ["product_sharing_rate", "product_sharing_rate_by_session"]),
        ("Revenue", None, None, ["referral_conversion_rate", "referral_conversions"]),
    ],
)
def test_a_kpi_is_found_when_it_meets_every_condition(
    stage: str | None, indicator: str | None, text: str | None, expected: list[str]
) -> None:
    assert [entry.slug for entry in search(stage, indicator, text)] == expected
