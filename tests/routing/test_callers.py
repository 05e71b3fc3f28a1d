"""Callers who are refused: the rules as they are asked, and as expressions for the dialplan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.directory.digits import digit_rules
from callrouter.routing import callers
from callrouter.routing.numbers import normalise
from callrouter.routing.snapshot import DigitRules
from tests.routing.company import AMERICA, GERMANY, HUNGARY, ITALY, NORWAY, RUSSIA, SPAIN

_STEM = st.from_regex(r"\A\+49[0-9]{1,6}\Z")
_RULES = st.sets(st.one_of(_STEM, _STEM.map(lambda stem: stem + "*"), st.just("anonymous")), max_size=12)


def fits(rules: set[str], caller: str) -> bool:
    return any(re.fullmatch(expression, caller) for expression in callers.expressions(rules))


@given(_RULES, st.from_regex(r"\A\+49[0-9]{1,8}\Z"))
def test_the_expressions_fit_whom_the_rules_refuse(rules: set[str], caller: str) -> None:
    assert fits(rules, caller) is (callers.blocked_by(caller, rules) is not None)


@given(_RULES)
def test_whom_a_rule_names_it_refuses(rules: set[str]) -> None:
    for rule in rules:
        assert callers.blocked_by(rule.removesuffix("*") + ("7" if rule.endswith("*") else ""), rules)


def test_many_rules_make_few_expressions() -> None:
    rules = [f"+4917604{n:06}" for n in range(1000)]
    assert len(callers.expressions(rules)) == 4
    assert callers.expressions([*rules, "+49176*", "anonymous"]) == (r"\+49176[0-9]*",)
    assert callers.expressions(["anonymous"]) == ()


_REAL = [digit_rules(country, "") for country in ("DE", "AT", "FR", "US", "IT", "HU", "GB", "CH", "DK")]


@pytest.mark.parametrize(
    "digits", [GERMANY, SPAIN, ITALY, RUSSIA, HUNGARY, AMERICA, NORWAY, *_REAL], ids=lambda digits: digits.country_code
)
@given(data=st.data())
def test_the_dialplan_reads_callers_as_the_router_does(digits: DigitRules, data: st.DataObject) -> None:
    starts = ("", "+", digits.international_prefix, digits.trunk_prefix, digits.country_code, "0", "00", "000")
    start = data.draw(st.sampled_from(sorted(set(starts))))
    number = start + data.draw(st.from_regex(r"\A[0-9]{1,17}\Z"))
    read = [found for reading in callers.readings(digits) if (found := reading(number))]
    expected = normalise(number, digits)
    assert read == ([expected] if expected and expected.startswith("+") else [])
