"""The documented queries are those that work."""

import re

import pytest

from kpiservice.embedded import PROJECT_FOLDER
from tests.api.conftest import Api
from tests.api.people import move_in
from tests.world import opened

TEXT = (PROJECT_FOLDER / "docs" / "queries.md").read_text()
EXAMPLES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)


def test_there_are_examples_of_each_kind_of_condition() -> None:
    assert len(EXAMPLES) == 14
    for word in ("trait:", "did:", "icp:", "segment:", "kpiSide:", "all:", "not:", "segmentAsOf:", "by:"):
        assert any(word in example for example in EXAMPLES), word


@pytest.mark.django_db(transaction=True)
def test_every_example_is_answered() -> None:
    acme = opened()
    move_in(acme.workspace)
    api = Api(acme.admin_key)
    for example in EXAMPLES:
        api.data(example)
