"""Which digits are a number, where the router has not said."""

from __future__ import annotations

import pytest

from callrouter.ledger.parties import e164


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+493023125010", "+493023125010"),
        ("030 / 231 25-010", "+493023125010"),
        ("00493023125010", "+493023125010"),
        ("0044 (1632) 960001", "+441632960001"),
        ("110", None),
        ("112", None),
        ("10", None),
        ("**11", None),
        ("*910", None),
        ("*6120", None),
        ("anna", None),
        ("+", None),
        ("", None),
    ],
)
def test_codes_and_short_numbers_are_none(text: str, number: str | None) -> None:
    assert e164(text, "DE") == number
