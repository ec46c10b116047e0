import pytest

from apps.privacy.person import find
from apps.privacy.words import Words
from tests import world
from tests.world import deliver, opened

ALICE = Words.all(1, ["alice", "alice@acme.test", "al", "4711", "123456"])
TOKEN = ALICE.tokens


def test_a_word_always_gets_the_same_opaque_text_and_another_word_another() -> None:
    assert Words.all(1, ["alice"]).tokens == {"alice": TOKEN["alice"]}
    assert len(set(TOKEN.values())) == len(TOKEN)
    assert Words.all(2, ["alice"]).tokens != {"alice": TOKEN["alice"]}


def test_whole_texts_are_replaced_at_any_depth_and_as_keys() -> None:
    said = {"to": ["alice", "bob"], "seats": {"alice": 3}, "count": 4711}

    assert ALICE.without(said) == {"to": [None, "bob"], "seats": {TOKEN["alice"]: 3}, "count": 4711}


def test_within_a_text_an_address_is_replaced_and_a_word_of_the_language_is_not() -> None:
    assert ALICE.without("ask Alice@ACME.test, or alice") == "ask (erased), or alice"
    assert ALICE.without("malice@acme.test") == "malice@acme.test"


def test_what_people_are_counted_by_is_renamed_only_where_it_can_mean_nothing_else() -> None:
    said = ["alice@acme.test", "123456", {"123456": "alice"}, "al", "4711"]

    assert ALICE.renamed(said) == [
        TOKEN["alice@acme.test"],
        TOKEN["123456"],
        {TOKEN["123456"]: "alice"},
        "al",
        "4711",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "message 'm-alice-1' came again",
        "Key (external_id)=(alice@acme.test) already exists",
        '{"userId": "al"}',
        '{"userId":4711}',
        '{"previousId": 4711}',
        '{"userId": "4711"}',
        "123456 came again",
    ],
)
def test_a_line_names_somebody(line: str) -> None:
    assert ALICE.are_in(line)


@pytest.mark.parametrize("line", ["malice aforethought", "al dente", "pid=4711", '{"count": 4711}', "1234567", ""])
def test_a_line_names_nobody(line: str) -> None:
    assert not ALICE.are_in(line)


def test_a_blanked_text_has_none_of_the_words() -> None:
    assert ALICE.blanked("from alice@acme.test to alice") == "from (erased) to (erased)"


def test_words_are_found_however_json_writes_them() -> None:
    words = Words.all(1, ['Zoë "Z" Ü'])

    assert words.are_in(r'{"name": "Zo\u00eb \"Z\" \u00dc"}')
    assert words.are_in(r'{"name": "Zoë \"Z\" Ü"}')


def test_without_a_word_nothing_is_found() -> None:
    assert not Words.all(1, []).are_in("anything")
    assert Words.all(1, []).without({"to": "anything"}) == {"to": "anything"}


@pytest.mark.django_db
def test_what_leads_to_somebody_is_what_only_their_traits_say_of_who_they_are() -> None:
    acme = opened().workspace
    deliver(
        acme,
        world.identify("alice", "2026-04-01T00:00:00", email="alice@acme.test", name="May Day", username="May"),
        world.identify(
            "alice", "2026-04-02T00:00:00", phone="+44 20 1", work="a@b.test", plan="pro plan", name="Al Gore"
        ),
        world.identify("bob", "2026-04-01T00:00:00", name="Al Gore", manager="alice@acme.test"),
    )

    words = Words.of(find(acme.pk, "alice"))

    assert set(words.tokens) == {"alice", "alice@acme.test", "May Day", "+44 20 1", "a@b.test"}
