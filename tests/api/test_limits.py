from itertools import pairwise

import pytest

from tests.api.conftest import Api

# Each fragment spreads the next one twice: four million fields in less than 731 characters.
NAMES = "abcdefghijklmnopqrstu"
DOUBLED = "".join(f"fragment {name} on Query{{...{after} ...{after}}}" for name, after in pairwise(NAMES + "v"))
BOMB = f"{{...a}} {DOUBLED} fragment v on Query{{freshness{{rolledUpTo}}}}"


def nested(depth: int) -> str:
    """A document that deep."""
    return "{ __typename " + "".join("a { " * (depth - 1)) + "b" + " }" * depth


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ("#" * 10_241, "DOCUMENT_TOO_LONG", "The document has 10,241 characters; at most 10,240 are taken."),
        (
            "{" + " freshness{rolledUpTo}" * 250 + "}",
            "TOO_MANY_TOKENS",
            "Syntax Error: Document contains more than 1000 tokens. Parsing aborted.",
        ),
        (nested(13), "TOO_DEEP", "The operation is too large: depth 13, at most 12."),
        (nested(300), "TOO_DEEP", "Syntax Error: Document is nested too deeply. Parsing aborted."),
        (
            '{ kpi(slug: "dau") {' + "".join(f" a{n}: slug" for n in range(101)) + " } }",
            "TOO_MANY_ALIASES",
            "The operation is too large: aliases 101, at most 100.",
        ),
        (BOMB, "TOO_MANY_FIELDS", "The operation is too large: fields 4,194,304, at most 1,000."),
    ],
)
def test_a_document_that_is_too_large_is_refused_before_it_is_executed(
    api: Api, document: str, code: str, message: str
) -> None:
    answer = api.post(document).json()

    assert "data" not in answer
    assert (answer["errors"][0]["message"], answer["errors"][0]["extensions"]) == (message, {"code": code})


def test_circular_fragments_have_an_error_of_their_own(api: Api) -> None:
    error = api.error("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }")

    assert error["message"] == "Cannot spread fragment 'a' within itself via 'b'."


def test_what_is_within_the_limits_is_answered(api: Api) -> None:
    aliases = "".join(f" a{n}: slug" for n in range(100))

    assert len(api.data(f'{{ kpi(slug: "dau") {{{aliases} }} }}')["kpi"]) == 100
