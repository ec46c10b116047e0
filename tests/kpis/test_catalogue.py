import json
from pathlib import Path

import pytest
import yaml

from apps.engine.definitions import Count, Distinct, Ratio, RollingDistinct, where
from apps.engine.periods import Grain
from apps.engine.sets import Space
from apps.kpis.catalogue import FOLDER, UnknownKpi, entries, find

SLUGS = [
    "dau",
    "mau",
    "mau_rolling_30d",
    "product_sharing_rate",
    "share_actions",
    "total_active_users",
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


def test_no_file_has_a_field_that_nobody_reads() -> None:
    known = {"slug", "version", "title", "definition", "formula", "unit", "better", "stage", "secondary_stage"}
    known |= {"indicator", "indicator_source", "grain", "example", "value"}
    for path in Path(FOLDER).glob("*.yaml"):
        assert set(yaml.safe_load(path.read_text())) <= known, json.dumps(path.name)
