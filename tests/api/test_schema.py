from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
)

from apps.api import schema
from tests.api.conftest import Api

COMMITTED = Path(schema.__file__).with_name("schema.graphql")


def test_the_committed_sdl_is_the_schema() -> None:
    assert COMMITTED.read_text() == schema.sdl() + "\n", (
        "write it anew: manage.py export_schema > apps/api/schema.graphql"
    )


def test_every_type_field_argument_and_enum_value_is_described() -> None:
    bare = []
    types = build_schema(COMMITTED.read_text()).type_map
    for name, kind in types.items():
        if name.startswith("__"):
            continue
        parts = {name: kind}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            parts |= {f"{name}.{field}": part for field, part in kind.fields.items()}
        if isinstance(kind, GraphQLEnumType):
            parts |= {f"{name}.{value}": part for value, part in kind.values.items()}
        for path, part in list(parts.items()):
            if isinstance(part, GraphQLField):
                parts |= {f"{path}({argument})": given for argument, given in part.args.items()}
        bare += [path for path, part in parts.items() if not part.description]

    assert len(types) > 20
    assert bare == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('(search: "sharing")', ["product_sharing_rate", "product_sharing_rate_by_session"]),
        (
            "(stage: ACQUISITION, indicator: LAGGING)",
            ["new_users_from_referrals", "product_sharing_rate", "referral_signup_rate"],
        ),
        (
            "(stage: REFERRAL, indicator: LEADING)",
            [
                "customized_referral_messages",
                "defined_share_events",
                "referral_messages_sent",
                "referral_prompt_interaction_rate",
                "referral_prompt_interaction_rate_by_impression",
                "referral_prompts_displayed",
                "share_actions",
            ],
        ),
        ("(stage: REVENUE)", ["referral_conversion_rate", "referral_conversions"]),
    ],
)
def test_kpis_are_found_by_stage_indicator_and_text(api: Api, arguments: str, expected: list[str]) -> None:
    assert [kpi["slug"] for kpi in api.data(f"{{ kpis{arguments} {{ slug }} }}")["kpis"]] == expected


def test_a_kpi_that_cannot_be_answered_says_what_it_requires(api: Api) -> None:
    waiting = {kpi["slug"]: kpi["requires"] for kpi in api.data("{ kpis { slug requires } }")["kpis"]}
    assert waiting["referral_churn_rate"] == "billing"
    assert waiting["product_sharing_rate"] is None


def test_all_kpis_are_listed_by_slug(api: Api) -> None:
    assert [kpi["slug"] for kpi in api.data("{ kpis { slug } }")["kpis"]] == [
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
