import pytest

from apps.engine.definitions import (
    Balance,
    Count,
    Distinct,
    Entries,
    InIcp,
    Ratio,
    RollingDistinct,
    Union,
    where,
)
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.kpis.catalogue import FOLDER, Unanswerable, UnknownKpi, answered, entries, find

SLUGS = [
    "customer_referrer_rate",
    "customized_referral_messages",
    "dau",
    "defined_share_events",
    "icp_users_who_shared",
    "identified_icp_users",
    "mau",
    "mau_rolling_30d",
    "new_accounts",
    "new_users_from_referrals",
    "personalized_referral_outreach_rate",
    "personalized_referral_outreach_rate_by_user",
    "product_adoption_rate",
    "product_sharing_rate",
    "product_sharing_rate_by_session",
    "referral_churn_rate",
    "referral_conversion_rate",
    "referral_conversions",
    "referral_messages_sent",
    "referral_prompt_interaction_rate",
    "referral_prompt_interaction_rate_by_impression",
    "referral_prompts_displayed",
    "referral_signup_rate",
    "share_actions",
    "share_rate_among_icps",
    "signups",
    "total_active_users",
    "total_icp_users_active",
    "total_sessions",
    "users_who_shared",
    "wau",
]


def test_the_catalogue_has_one_file_a_kpi_named_by_its_slug() -> None:
    assert list(entries()) == SLUGS
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == SLUGS


def test_a_rate_is_made_of_the_kpis_that_it_names() -> None:
    sharers = Distinct(Space.USER, "share.created", where({"share_scope": ["product"]}))
    active = Distinct(Space.USER, "ACTIVITY")
    assert find("product_sharing_rate").kpi.expression == Ratio(sharers, active, 100, subset=True)


def test_each_kind_of_declaration_is_read() -> None:
    assert find("share_actions").kpi.expression == Count("share.created", where({"share_scope": ["product"]}))
    assert find("mau_rolling_30d").kpi.expression == RollingDistinct(Space.USER, "ACTIVITY", 30)
    assert [find(slug).kpi.grain for slug in ("dau", "wau", "mau", "share_actions")] == [
        Grain.DAY,
        Grain.WEEK,
        Grain.MONTH,
        None,
    ]


def test_kpis_are_made_of_states_and_populations_as_well() -> None:
    matching, active = InIcp(), Distinct(Space.USER, "ACTIVITY")
    assert find("identified_icp_users").kpi.expression == Balance(Space.USER, "user:open", matching)
    assert find("signups").kpi.expression == Entries(Space.USER, "user:registered")
    assert find("new_accounts").kpi.expression == Entries(Space.ACCOUNT, "account:registered")
    assert find("share_rate_among_icps").kpi.expression == Ratio(
        Distinct(Space.USER, "share.created", population=matching),
        Distinct(Space.USER, "ACTIVITY", population=matching),
        subset=True,
    )
    registered = Union((Balance(Space.USER, "user:open"), active))
    assert find("product_adoption_rate").kpi.expression == Ratio(active, registered, subset=True)


@pytest.mark.parametrize(
    ("slug", "nearest"),
    [
        ("product_share_rate", "product_sharing_rate"),
        ("DAU", "dau"),
        ("monthly_active_users", "total_active_users"),
    ],
)
def test_an_unknown_slug_names_the_nearest(slug: str, nearest: str) -> None:
    with pytest.raises(UnknownKpi) as unknown:
        find(slug)
    assert unknown.value.nearest[0] == nearest


def test_every_entry_says_all_that_a_reader_needs() -> None:
    for entry in entries().values():
        assert entry.unit in ("count", "percent")
        assert entry.better in ("higher", "lower")
        assert entry.indicator in ("leading", "lagging")
        assert entry.stage in ("Awareness", "Acquisition", "Activation", "Retention", "Referral", "Revenue")
        assert all(text.endswith(".") for text in (entry.definition, entry.example)), entry.slug


def test_a_source_gives_the_labels_of_three_rates_of_which_one_has_two_readings() -> None:
    sourced = [entry.slug for entry in entries().values() if entry.indicator_source == "seed"]
    assert sourced == [
        "personalized_referral_outreach_rate",
        "personalized_referral_outreach_rate_by_user",
        "product_sharing_rate",
        "share_rate_among_icps",
    ]


REQUIRE_BILLING = {
    *("referral_conversions", "referral_conversion_rate", "customer_referrer_rate", "referral_churn_rate"),
}


def test_what_requires_billing_says_so_and_is_not_answered() -> None:
    assert {slug for slug, entry in entries().items() if entry.requires == "billing"} == REQUIRE_BILLING
    assert entries().keys() - answered().keys() == REQUIRE_BILLING
    with pytest.raises(Unanswerable) as why:
        find("referral_conversions").kpi.grain  # noqa: B018
    assert (why.value.code, why.value.field, why.value.text) == (
        "REQUIRES_BILLING",
        "slug",
        "referral_conversions requires billing data, which is not taken yet.",
    )
