"""Which number is called: tables of what people dial in several countries, and what any digits must keep to."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.directory.digits import digit_rules
from callrouter.routing import outgoing
from callrouter.routing.outgoing import Destination, Dialled, NumberFormat
from callrouter.routing.snapshot import NumberBlock

BERLIN = digit_rules("DE", "30")
NEW_YORK = digit_rules("US", "212")
ROME = digit_rules("IT", "06")
WITH_ZERO = digit_rules("DE", "30", outside_line="0")
OWN = [NumberBlock("+4930231250", "00", "99"), NumberBlock("+49302312", "5150", "5272")]
NATIONAL, MOBILE, ABROAD, PREMIUM = Destination
DE = "+49"


@pytest.mark.parametrize(
    ("rules", "dialed", "number", "kind"),
    [
        (BERLIN, "+493023125500", "+493023125500", NATIONAL),
        (BERLIN, "00493023125500", "+493023125500", NATIONAL),
        (BERLIN, "03023125500", "+493023125500", NATIONAL),
        (BERLIN, "23125500", "+493023125500", NATIONAL),
        (BERLIN, f"{DE}03023125500", "+493023125500", NATIONAL),  # "+49 (0)30 23125500"
        (BERLIN, "004903023125500", "+493023125500", NATIONAL),
        (BERLIN, "017604069001", "+4917604069001", MOBILE),
        (BERLIN, "+441632960001", "+441632960001", ABROAD),
        (BERLIN, "00441632960001", "+441632960001", ABROAD),
        (BERLIN, "115", "115", NATIONAL),
        (BERLIN, "116117", "116117", NATIONAL),
        (BERLIN, "11833", "11833", PREMIUM),
        (BERLIN, "09001000000", f"{DE}9001000000", PREMIUM),
        (BERLIN, "0900100000000", f"{DE}900100000000", PREMIUM),  # the network ignores digits too many
        (BERLIN, f"{DE}09001000000", f"{DE}9001000000", PREMIUM),
        (BERLIN, f"{DE}90012", f"{DE}90012", PREMIUM),  # too few are none of another kind
        (BERLIN, "09001", f"{DE}9001", PREMIUM),
        (BERLIN, "09009", f"{DE}9009", PREMIUM),
        (BERLIN, "013710", f"{DE}13710", PREMIUM),
        (BERLIN, "01803", f"{DE}1803", PREMIUM),
        (BERLIN, "011833", f"{DE}11833", PREMIUM),
        (BERLIN, f"{DE}11833", f"{DE}11833", PREMIUM),
        (BERLIN, "01805000000", f"{DE}1805000000", PREMIUM),
        (BERLIN, "008821234567", "+8821234567", PREMIUM),
        (BERLIN, "00979123456789", "+979123456789", PREMIUM),
        (BERLIN, "08001000000", f"{DE}8001000000", NATIONAL),
        (NEW_YORK, "2125550100", "+12125550100", NATIONAL),
        (NEW_YORK, "12125550100", "+12125550100", NATIONAL),
        (NEW_YORK, "5550100", "+12125550100", NATIONAL),
        (NEW_YORK, "18765550100", "+18765550100", ABROAD),  # Jamaica shares the country code
        (NEW_YORK, "19005550100", "+19005550100", PREMIUM),
        (NEW_YORK, "011441632960001", "+441632960001", ABROAD),
        (ROME, "0612345678", "+390612345678", NATIONAL),
        (ROME, "3331234567", "+393331234567", MOBILE),
        (WITH_ZERO, "003023125500", "+493023125500", NATIONAL),
        (WITH_ZERO, "023125500", "+493023125500", NATIONAL),
        (WITH_ZERO, "000441632960001", "+441632960001", ABROAD),
        (WITH_ZERO, "+493023125500", "+493023125500", NATIONAL),
        (WITH_ZERO, "0115", "115", NATIONAL),
    ],
)
def test_what_people_dial(rules: outgoing.DigitRules, dialed: str, number: str, kind: Destination) -> None:
    assert outgoing.read(dialed, rules) == Dialled(number, kind)


@pytest.mark.parametrize(
    ("rules", "dialed"),
    [
        (BERLIN, "12"),
        (BERLIN, "023"),
        (BERLIN, "+4930"),
        (BERLIN, "+"),
        (BERLIN, ""),
        (BERLIN, f"{DE}30231255007890123"),
        (BERLIN, "*21"),
        (BERLIN, "030 23125500"),
        (WITH_ZERO, "23125500"),
        (NEW_YORK, "555"),
    ],
)
def test_what_is_no_number(rules: outgoing.DigitRules, dialed: str) -> None:
    assert outgoing.read(dialed, rules) is None


@pytest.mark.parametrize("dialed", ["+493023125099", "03023125000", "23125000", "+493023125150", "+493023125272"])
def test_numbers_of_ours_never_go_out(dialed: str) -> None:
    assert outgoing.read(dialed, BERLIN, OWN) is None
    assert outgoing.read(dialed, BERLIN) is not None


def test_numbers_beside_a_block_go_out() -> None:
    assert outgoing.read("+493023125149", BERLIN, OWN)
    assert outgoing.read("+493023125273", BERLIN, OWN)


@pytest.mark.parametrize(
    ("form", "national", "abroad", "short"),
    [
        (NumberFormat.E164, "+493023125500", "+441632960001", "115"),
        (NumberFormat.DIGITS, "493023125500", "441632960001", "115"),
        (NumberFormat.PREFIXED, "00493023125500", "00441632960001", "115"),
        (NumberFormat.NATIONAL, "03023125500", "00441632960001", "115"),
    ],
)
def test_how_trunks_want_numbers(form: NumberFormat, national: str, abroad: str, short: str) -> None:
    numbers = "+493023125500", "+441632960001", "115"
    assert tuple(_written(number, BERLIN, form) for number in numbers) == (national, abroad, short)


def _written(number: str, rules: outgoing.DigitRules, form: NumberFormat) -> str | None:
    """*number* as the first rewrite that fits makes it, which is what a trunk of *form* gets."""
    return next((text for rewrite in outgoing.rewrites(rules, form) if (text := rewrite(number)) is not None), None)


@pytest.mark.parametrize("form", NumberFormat)
def test_no_number_cannot_be_written(form: NumberFormat) -> None:
    assert _written("anonymous", BERLIN, form) is None


_ENDS = st.integers(1, 4).flatmap(
    lambda length: st.tuples(st.integers(0, 10**length - 1), st.integers(0, 10**length - 1), st.just(length))
)


@given(_ENDS, st.integers(0, 9999))
def test_a_block_is_exactly_its_numbers(ends: tuple[int, int, int], number: int) -> None:
    first, last, length = min(ends[:2]), max(ends[:2]), ends[2]
    block = NumberBlock("+4930", f"{first:0{length}}", f"{last:0{length}}")
    expression = outgoing.block_expression(block)
    for value in {first - 1, first, last, last + 1, number}:
        if 0 <= value < 10**length:
            text = f"+4930{value:0{length}}"
            assert bool(re.fullmatch(expression, text)) == (first <= value <= last), (text, expression)


@given(st.from_regex(r"\A\+?[0-9]{1,20}\Z"), st.sampled_from([BERLIN, NEW_YORK, ROME, WITH_ZERO]))
def test_whatever_is_read_is_a_number_of_a_kind(dialed: str, rules: outgoing.DigitRules) -> None:
    found = outgoing.read(dialed, rules)
    if found:
        assert re.fullmatch(r"\+[1-9][0-9]{4,14}|1[0-9]{2,5}", found.number), found
        written = _written(found.number, rules, NumberFormat.NATIONAL)
        assert written is not None
        assert written.isdigit()


@given(st.from_regex(r"\A[0-9]{0,12}\Z"))
def test_what_begins_as_a_premium_number_is_one_whatever_follows(more: str) -> None:
    for prefix in (f"{DE}9001", "00499001", "09005", f"{DE}1805", "01378", "013716", "+979", "+8821"):
        if (found := outgoing.read((prefix + more)[:16], BERLIN)) is not None:
            assert found.kind is PREMIUM, (prefix + more, found)
