"""Every way a number can be written, in countries with and without trunk prefixes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callrouter.routing.numbers import Unresolved, candidates, clean_number, normalise, resolve
from callrouter.routing.plan import RejectReason
from callrouter.routing.snapshot import DigitRules, Number, NumberBlock, NumberState
from tests.routing.company import AMERICA, BLOCK, GERMANY, HUNGARY, ITALY, NORWAY, RUSSIA, SPAIN, existing

E164 = re.compile(r"\+[1-9][0-9]{2,14}")
OTHER = NumberBlock("+4940231250", "00", "49")
COUNTRIES = [GERMANY, SPAIN, ITALY, RUSSIA, HUNGARY, AMERICA, NORWAY]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("+493023125010", "+493023125010"),
        ("+49 (30) 23125-010", "+493023125010"),
        ("030/23125.010", "03023125010"),
        ("030\u00a023125\u2013010", "03023125010"),
        ("110", "110"),
        ("", None),
        ("+", None),
        ("()", None),
        ("anonymous", None),
        ("anna", None),
        ("12a", None),
        ("49+30", None),
        ("++4930", None),
        ("*31#0302312", None),
        ("tel:+4930", None),
        ("٠٣٠٢٣", None),
        ("12345\n", None),
        ("123\x00", None),
        ("${system(x)}", None),
        ("0" * 20, "0" * 20),
        ("0" * 21, None),
        ("1" + " " * 4096, None),
    ],
)
def test_clean_number(raw: str, clean: str | None) -> None:
    assert clean_number(raw) == clean


@pytest.mark.parametrize(
    ("digits", "number", "caller"),
    [
        (GERMANY, "+4917604069012", "+4917604069012"),
        (GERMANY, "004917604069012", "+4917604069012"),
        (GERMANY, "0043123456789", "+43123456789"),
        (GERMANY, "017604069012", "+4917604069012"),
        (GERMANY, "4917604069012", "+4917604069012"),
        (GERMANY, "110", "110"),
        (GERMANY, "112", "112"),
        (GERMANY, "116117", "116117"),
        (GERMANY, "3023125010", "3023125010"),  # national without prefix, or abroad: nobody can tell
        (GERMANY, "43123456789", "43123456789"),
        (GERMANY, "+03023125010", "03023125010"),
        (GERMANY, "+1234567890123456", "1234567890123456"),
        (GERMANY, "000123", "000123"),
        (GERMANY, "00012345678", "00012345678"),
        (GERMANY, "12a", None),
        (GERMANY, "", None),
        (SPAIN, "912345678", "+34912345678"),
        (SPAIN, "34912345678", "+34912345678"),
        (SPAIN, "0034912345678", "+34912345678"),
        (ITALY, "116117", "116117"),
        (ITALY, "0612345678", "+390612345678"),
        (ITALY, "3471234567", "+393471234567"),
        (ITALY, "3912345678", "3912345678"),  # a mobile number of Italy, or +39 12345678
        (RUSSIA, "84951234567", "+74951234567"),
        (RUSSIA, "8104930231250", "+4930231250"),
        (RUSSIA, "8121234567", "+78121234567"),
        (RUSSIA, "74951234567", "+74951234567"),
        (HUNGARY, "0612345678", "+3612345678"),
        (HUNGARY, "003612345678", "+3612345678"),
        (AMERICA, "2125550123", "+12125550123"),
        (AMERICA, "12125550123", "+12125550123"),
        (AMERICA, "011493023125010", "+493023125010"),
        (AMERICA, "911", "911"),
        (NORWAY, "4712345678", "+4712345678"),
        (NORWAY, "47123456", "+4747123456"),
    ],
)
def test_a_caller_is_recorded_as_e164_only_where_that_is_certain(
    digits: DigitRules, number: str, caller: str | None
) -> None:
    assert normalise(number, digits) == caller


@pytest.mark.parametrize(
    ("digits", "blocks", "dialed", "expected"),
    [
        (GERMANY, (BLOCK,), "+493023125010", ("+493023125010",)),
        (GERMANY, (BLOCK,), "00493023125010", ("+493023125010",)),
        (GERMANY, (BLOCK,), "10", ("+4910", "+493010", "+493023125010")),
        (GERMANY, (BLOCK,), "00", ("+490", "+4900", "+493000", "+493023125000")),
        (GERMANY, (BLOCK,), "100", ("+100", "+49100", "+4930100")),
        (GERMANY, (NumberBlock("+4930231250", "10", "19"),), "20", ("+4920", "+493020")),
        (GERMANY, (NumberBlock("+493023125", "000", "999"),), "001", ("+4901", "+49001", "+4930001", "+493023125001")),
        (GERMANY, (BLOCK, OTHER), "10", ("+4910", "+493010", "+493023125010", "+494023125010")),
        (GERMANY, (BLOCK,), "03023125010", ("+493023125010", "+4903023125010", "+493003023125010")),
        (SPAIN, (), "912345678", ("+912345678", "+34912345678")),
        (RUSSIA, (), "84951234567", ("+84951234567", "+74951234567", "+784951234567", "+749584951234567")),
        (GERMANY, (BLOCK,), "anna", ()),
        (GERMANY, (BLOCK,), "+0", ()),
        (GERMANY, (BLOCK,), "+10", ()),
    ],
)  # fmt: skip
def test_candidates_in_order_of_preference(
    digits: DigitRules, blocks: tuple[NumberBlock, ...], dialed: str, expected: tuple[str, ...]
) -> None:
    assert candidates(dialed, digits, blocks) == expected


@given(
    st.one_of(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True), st.text(max_size=30)),
    st.sampled_from(COUNTRIES),
    st.integers(1, 4),
)
def test_candidates_are_e164_and_explicit_forms_name_one_number(dialed: str, digits: DigitRules, width: int) -> None:
    found = candidates(dialed, digits, (NumberBlock("+4930231250", "0" * width, "9" * width),))
    assert all(E164.fullmatch(candidate) for candidate in found)
    assert len(set(found)) == len(found)
    if dialed.startswith("+"):
        assert len(found) <= 1


@given(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True), st.sampled_from(COUNTRIES))
@example("+0", GERMANY)
def test_a_normalised_number_is_e164_or_digits_and_stays_what_it_is(number: str, digits: DigitRules) -> None:
    caller = normalise(number, digits)
    assert caller is not None
    assert E164.fullmatch(caller) if caller.startswith("+") else caller.isdigit()
    if caller.startswith("+"):
        assert normalise(caller, digits) == caller


@st.composite
def _number_of_a_block(draw: st.DrawFn) -> tuple[DigitRules, NumberBlock, str, str]:
    digits = draw(st.sampled_from(COUNTRIES))
    area = digits.area_code or "91"
    ddi = draw(st.integers(0, 999))
    block = NumberBlock(f"+{digits.country_code}{area}234", "000", "999")
    return digits, block, area, f"{ddi:03}"


@given(_number_of_a_block(), st.data())
def test_every_spelling_of_every_number_of_a_block_finds_it(
    block_number: tuple[DigitRules, NumberBlock, str, str], data: st.DataObject
) -> None:
    digits, block, area, ddi = block_number
    e164 = block.prefix + ddi
    national = f"{area}234{ddi}"
    spellings = [
        e164,
        e164[1:],
        digits.international_prefix + e164[1:],
        digits.trunk_prefix + national,
        national,
        ddi,
        f"{e164[:3]} ({e164[3:5]}) {e164[5:7]}/{e164[7:]}",
    ]
    if digits.area_code:
        spellings.append(f"234{ddi}")
    numbers = {
        f"{block.prefix}{n:03}": Number(f"{block.prefix}{n:03}", NumberState.ACTIVE, "employee:anna")
        for n in range(1000)
    }
    spelling = data.draw(st.sampled_from(spellings))
    known = existing(spelling, digits, (block,), numbers)
    assert resolve(spelling, digits, (block,), known) == numbers[e164]


def _resolve(dialed: str, *numbers: tuple[str, NumberState]) -> Number | Unresolved:
    known = {e164: Number(e164, state, None) for e164, state in numbers}
    return resolve(dialed, GERMANY, (BLOCK, OTHER), existing(dialed, GERMANY, (BLOCK, OTHER), known))


ACTIVE, INACTIVE = NumberState.ACTIVE, NumberState.INACTIVE
HERE, THERE = "+493023125010", "+494023125010"


def test_ddi_digits_that_fit_two_active_numbers_are_ambiguous() -> None:
    assert _resolve("10", (HERE, ACTIVE), (THERE, ACTIVE)) == Unresolved(RejectReason.AMBIGUOUS_NUMBER, (HERE, THERE))


def test_ddi_digits_mean_the_only_active_number() -> None:
    assert _resolve("10", (HERE, INACTIVE), (THERE, ACTIVE)) == Number(THERE, ACTIVE, None)


def test_ddi_digits_of_inactive_numbers_are_inactive() -> None:
    assert _resolve("10", (HERE, INACTIVE), (THERE, INACTIVE)) == Unresolved(
        RejectReason.INACTIVE_NUMBER, (HERE, THERE)
    )


@pytest.mark.parametrize("dialed", [HERE, "00493023125010", "493023125010", "03023125010", "23125010"])
def test_a_full_reading_is_final_even_when_inactive(dialed: str) -> None:
    assert _resolve(dialed, (HERE, INACTIVE)) == Unresolved(RejectReason.INACTIVE_NUMBER, (HERE,))


def test_a_full_reading_goes_before_ddi_digits() -> None:
    blocks = (NumberBlock("+49402312", "30000000", "30999999"),)
    local = "30231250"
    numbers = {e164: Number(e164, ACTIVE, None) for e164 in ("+493030231250", f"+49402312{local}")}
    assert resolve(local, GERMANY, blocks, numbers) == numbers["+493030231250"]


def test_an_explicit_form_is_never_read_as_ddi_digits() -> None:
    block = NumberBlock("+49", "0000000000", "9999999999")
    assert candidates("0043123456", GERMANY, (block,)) == ("+43123456",)


@pytest.mark.parametrize("dialed", ["+494023125050", "60", "anna", "", "+10", "x" * 4096])
def test_what_is_not_the_companys_is_unknown(dialed: str) -> None:
    assert _resolve(dialed, (HERE, ACTIVE)) == Unresolved(RejectReason.UNKNOWN_NUMBER)
