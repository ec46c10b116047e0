from decimal import Decimal

import pytest

from apps.events.decoding import Malformed, decode


def test_decimals_stay_exact() -> None:
    assert decode(b'{"price": 0.10, "big": 12345678901234567890.123456789}') == {
        "price": Decimal("0.10"),
        "big": Decimal("12345678901234567890.123456789"),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "not_json"),
        (b'{"a": 1', "not_json"),
        (b'{"a": 1} x', "not_json"),
        (b"\xff{}", "not_utf8"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'[{"x": {"a": 1, "a": 1}}]', "duplicate_key"),
        (b'{"a": NaN}', "not_a_number"),
        (b'{"a": -Infinity}', "not_a_number"),
        (b'{"a": 1e999}', "number_too_large"),
        (b'{"a": -1e309}', "number_too_large"),
        (b'{"a": 1e99999999999999999999}', "number_too_large"),
        (b'{"a": 1e-1000000000}', "number_too_large"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "number_too_large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number_too_large"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_what_has_two_readings_or_none_is_malformed(text: bytes, code: str) -> None:
    with pytest.raises(Malformed) as malformed:
        decode(text)
    assert malformed.value.code == code
    assert malformed.value.reason.endswith(".")


def test_a_large_object_with_a_key_twice_is_refused_at_once() -> None:
    # Looking for the key by comparing each with each took minutes.
    keys = ",".join(f'"{number}":0' for number in range(40_000))
    with pytest.raises(Malformed, match="'7' stands twice"):
        decode(f'{{{keys},"7":0}}'.encode())
