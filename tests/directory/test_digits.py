"""What a country's digits mean, and how its people write numbers."""

from __future__ import annotations

import pytest

from callrouter.directory.digits import digit_rules, emergency_numbers, format_number


@pytest.mark.parametrize(
    ("country", "code", "international", "trunk"),
    [
        ("DE", "49", "00", "0"),
        ("US", "1", "011", "1"),
        ("HU", "36", "00", "06"),
        ("IT", "39", "00", ""),
        ("RU", "7", "810", "8"),
        ("AU", "61", "0011", "0"),
        ("BR", "55", "00", "0"),
    ],
)
def test_prefixes(country: str, code: str, international: str, trunk: str):
    rules = digit_rules(country, "30")
    assert (rules.country_code, rules.international_prefix, rules.trunk_prefix) == (code, international, trunk)
    assert rules.area_code == "30"


def test_lengths_of_national_numbers():
    assert digit_rules("DK", "").national_lengths == {8}
    assert {7, 8, 10, 11} <= digit_rules("DE", "").national_lengths


def test_emergency_numbers_of_the_country_unless_told_otherwise():
    assert digit_rules("DE", "").emergency == ("110", "112")
    assert emergency_numbers("GB") == ("112", "999")
    assert digit_rules("DE", "", ["112", "19222"]).emergency == ("112", "19222")


def test_an_unknown_country():
    with pytest.raises(ValueError, match="two letters"):
        digit_rules("XX", "")


@pytest.mark.parametrize(
    ("number", "country", "written"),
    [
        ("+493023125010", "DE", "030 23125010"),
        ("+493023125010", "AT", "+49 30 23125010"),
        ("+4917604069012", "DE", "0176 04069012"),
        ("10", "DE", "10"),
        ("anonymous", "DE", "anonymous"),
        ("+999", "DE", "+999"),
    ],
)
def test_numbers_as_people_write_them(number: str, country: str, written: str):
    assert format_number(number, country) == written
