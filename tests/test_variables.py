"""Channel variables carry nothing that FreeSWITCH could interpret, and the step list survives the way to the CDR."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.variables import SAFE, StepMark, safe, step_texts

PART = st.from_regex(r"[A-Za-z0-9._:@+*#-]*", fullmatch=True)
WORD = st.from_regex(r"[A-Za-z0-9._:@+*#-]+", fullmatch=True)


@given(st.text())
def test_safe_leaves_only_what_cannot_be_interpreted(text: str):
    cleaned = safe(text)
    assert SAFE.fullmatch(cleaned)
    assert not set(cleaned) & set("${}[]<>,|'\"\\^%&!`()\r\n\0")
    assert safe(cleaned) == cleaned


def test_safe_takes_the_sting_out_of_a_hostile_name():
    assert safe("${system(rm -rf /)}, 'x'|y^z%0A\r\n") == "systemrm -rf / xyz0A"


@given(WORD, WORD, PART, PART, PART)
def test_a_mark_is_read_back_as_it_was_written(n: str, kind: str, owner: str, result: str, device: str):
    mark = StepMark(n, kind, owner, result, device)
    if kind == "was" or n == "was":
        return
    assert StepMark.parse(mark.text()) == mark


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (StepMark("1", "ring", "employee:anna"), "1;ring;employee:anna"),
        (StepMark("1", "ring", "employee:anna", "answered", "anna-desk"), "1;ring;employee:anna;answered;anna-desk"),
        (StepMark("2", "reject", result="unknown_number"), "2;reject;;unknown_number"),
        (StepMark("", "was", device="anna-desk"), "was;anna-desk"),
    ],
)
def test_the_wire_text(mark: StepMark, text: str):
    assert mark.text() == text
    assert StepMark.parse(text) == mark


@pytest.mark.parametrize("owner", ["a;b", "a|:b", "${x}", "a b", "a\nb"])
def test_a_part_that_would_not_survive_is_refused(owner: str):
    with pytest.raises(ValueError, match="cannot carry"):
        StepMark("1", "ring", owner).text()
    with pytest.raises(ValueError, match="cannot carry"):
        StepMark("", "was", device=owner).text()


@pytest.mark.parametrize("text", ["", ";", "1", "1;", ";ring", "1;ring;o;r;d;more"])
def test_what_is_no_mark_is_none(text: str):
    assert StepMark.parse(text) is None


@given(st.lists(WORD, min_size=2, max_size=6))
def test_a_pushed_list_is_split_again(texts: list[str]):
    assert step_texts("ARRAY::" + "|:".join(texts)) == texts


def test_a_single_entry_is_bare():
    assert step_texts("1;ring;employee:anna") == ["1;ring;employee:anna"]
    assert step_texts("") == []
