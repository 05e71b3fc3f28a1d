"""What marks in a team's mailbox mean, as tables."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.cases.mailbox_rules import Marked, wanted
from callrouter.mail.mailbox import Mark, Signal

_, F, C = Mark.NONE, Mark.FLAGGED, Mark.COMPLETE
#: A mark that means done; a flag that somebody takes away; and what Outlook shows through Graph.
PLAIN, UNFLAGGED, OUTLOOK = Signal(C, _), Signal(_, F), Signal(C, F)


@pytest.mark.parametrize(
    ("signal", "state", "mails", "expected"),
    [
        # marked as done, or no longer
        (PLAIN, "open", [(False, C)], "close"),
        (PLAIN, "closed", [(True, _)], "reopen"),
        # one of several mails is enough
        (PLAIN, "open", [(False, C), (False, _)], "close"),
        (PLAIN, "closed", [(True, C), (True, _)], "reopen"),
        # nothing was changed
        (PLAIN, "open", [(False, _)], None),
        (PLAIN, "closed", [(True, C)], None),
        # what we marked comes back; what was changed here meanwhile stays
        (PLAIN, "open", [(True, C)], None),
        (PLAIN, "closed", [(False, _)], None),
        # both did the same
        (PLAIN, "closed", [(False, C)], None),
        (PLAIN, "open", [(True, _)], None),
        # new mails: marked is done, unmarked says nothing
        (PLAIN, "open", [(None, C)], "close"),
        (PLAIN, "closed", [(None, C)], None),
        (PLAIN, "open", [(None, _)], None),
        (PLAIN, "closed", [(None, _)], None),
        # a contradiction
        (PLAIN, "open", [(False, C), (True, _)], None),
        (PLAIN, "closed", [(False, C), (True, _)], None),
        # the flag is taken away; mails come without one
        (UNFLAGGED, "open", [(False, _)], "close"),
        (UNFLAGGED, "open", [(False, F)], None),
        (UNFLAGGED, "open", [(None, _)], None),
        (UNFLAGGED, "closed", [(True, F)], "reopen"),
        (UNFLAGGED, "closed", [(None, F)], None),
        # Graph: complete is done, flagged and without a flag are not
        (OUTLOOK, "open", [(False, C)], "close"),
        (OUTLOOK, "open", [(False, _)], None),
        (OUTLOOK, "open", [(None, F)], None),
        (OUTLOOK, "closed", [(True, F)], "reopen"),
        (OUTLOOK, "closed", [(True, _)], "reopen"),
    ],
)
def test_what_marks_mean(
    signal: Signal, state: str, mails: list[tuple[bool | None, Mark]], expected: str | None
) -> None:
    for order in itertools.permutations(mails):
        assert wanted([Marked(*mail) for mail in order], signal, closed=state == "closed") == expected


def test_a_call_that_came_meanwhile_keeps_the_case_open() -> None:
    assert wanted([Marked(False, C)], PLAIN, closed=False, newer=True) is None
    assert wanted([Marked(True, _)], PLAIN, closed=True, newer=True) == "reopen"


@given(st.sampled_from([PLAIN, UNFLAGGED, OUTLOOK]), st.lists(st.sampled_from(Mark)), st.booleans())
def test_what_was_seen_before_is_no_change(signal: Signal, marks: list[Mark], closed: bool) -> None:
    """So nothing that we marked ourselves is ever taken for somebody's wish."""
    assert wanted([Marked(mark is signal.done, mark) for mark in marks], signal, closed=closed) is None
