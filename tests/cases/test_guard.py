"""Who is warned before a second call-back, as a table; and what is read of the cases for it."""

from __future__ import annotations

import datetime as dt

import pytest

from callrouter.cases import guard
from callrouter.cases.guard import Known, Warn, What, warn
from callrouter.variables import StepMark

NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
ME, BEN, CEM = 1, 2, 3
SALES, DESK, OWN = 10, 11, ME


def ago(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


WAITS = Known(SALES, None)
BENS = Known(SALES, What.CLAIMED, BEN, ago(40))
MINE = Known(SALES, What.CLAIMED, ME, ago(5))
DONE = Known(SALES, What.CALLED_BACK, BEN, ago(14))


@pytest.mark.parametrize(
    ("cases", "talking", "said"),
    [
        ([], [], None),
        ([], [BEN], None),  # no case: whoever talks to them calls nobody back
        ([WAITS], [], None),
        ([WAITS], [ME], None),  # the own other phone
        ([WAITS], [BEN], (What.TALKING, BEN, None)),
        ([WAITS], [ME, BEN], (What.TALKING, BEN, None)),
        ([BENS], [], (What.CLAIMED, BEN, ago(40))),
        ([BENS], [CEM], (What.TALKING, CEM, None)),  # what is now comes first
        ([MINE], [], None),
        ([MINE], [BEN], None),
        ([MINE, Known(DESK, What.CLAIMED, BEN, ago(1))], [], None),
        ([WAITS, Known(DESK, What.CLAIMED, BEN, ago(1))], [], (What.CLAIMED, BEN, ago(1))),
        ([BENS, Known(DESK, What.CLAIMED, CEM, ago(1))], [], (What.CLAIMED, CEM, ago(1))),
        ([Known(SALES, What.CLAIMED, None, ago(1))], [], None),  # the claimer has left the company
        ([Known(SALES, What.CLAIMED, BEN, None)], [], (What.CLAIMED, BEN, None)),
        ([DONE], [], (What.CALLED_BACK, BEN, ago(14))),
        ([DONE], [CEM], (What.TALKING, CEM, None)),
        ([Known(SALES, What.CALLED_BACK, BEN, ago(15))], [], (What.CALLED_BACK, BEN, ago(15))),
        ([Known(SALES, What.CALLED_BACK, BEN, ago(15.1))], [], None),
        ([Known(SALES, What.CALLED_BACK, BEN, ago(15.1))], [CEM], None),
        ([Known(SALES, What.CALLED_BACK, ME, ago(1))], [], None),
        ([Known(SALES, What.CALLED_AGAIN, BEN, ago(1))], [], (What.CALLED_AGAIN, BEN, ago(1))),
        ([Known(SALES, What.CLOSED, None, ago(1))], [], (What.CLOSED, None, ago(1))),
        ([Known(SALES, What.CLOSED, ME, ago(1))], [], None),
        ([DONE, Known(DESK, What.CALLED_BACK, CEM, ago(2))], [], (What.CALLED_BACK, CEM, ago(2))),
        ([DONE, WAITS], [], None),  # missed again since
        ([DONE, Known(OWN, None)], [], (What.CALLED_BACK, BEN, ago(14))),
        ([DONE, Known(DESK, What.CLAIMED, CEM, ago(50))], [], (What.CLAIMED, CEM, ago(50))),
    ],
)
def test_who_is_warned(
    cases: list[Known], talking: list[int], said: tuple[What, int | None, dt.datetime | None] | None
) -> None:
    assert warn(cases, talking, ME, 15, NOW) == (Warn(*said) if said else None)
    assert warn(cases, talking, ME, 0, NOW) is None, "no guard"


@pytest.mark.parametrize(
    ("said", "extension", "names"),
    [
        (Warn(What.TALKING, BEN), "11", ["guard_talking", "guard_extension", "digit_1", "digit_1", "guard_press"]),
        (Warn(What.CLAIMED, BEN, ago(0.9)), None, ["guard_claimed", "ago_0", "guard_press"]),
        (Warn(What.CLAIMED, BEN, ago(-3)), None, ["guard_claimed", "ago_0", "guard_press"]),  # another clock
        (Warn(What.CALLED_BACK, BEN, ago(14)), None, ["guard_called_back", "ago_10", "guard_press"]),
        (Warn(What.CALLED_AGAIN, BEN, ago(119)), None, ["guard_called_again", "ago_60", "guard_press"]),
        (Warn(What.CLOSED, None, ago(9999)), None, ["guard_closed", "ago_1440", "guard_press"]),
    ],
)
def test_what_is_heard(said: Warn, extension: str | None, names: list[str]) -> None:
    assert guard.prompts(said, extension, NOW) == names


def test_the_mark_tells_it_again() -> None:
    text = guard.mark(Warn(What.CALLED_BACK, BEN, ago(7)), "anna", "ben", NOW)
    assert text == "guard;guard;employee:anna;called_back;ben@7"
    mark = StepMark.parse(text)
    assert mark is not None
    assert guard.told([mark]) == (What.CALLED_BACK, "ben", "7", False)
    assert guard.told([mark, StepMark("d-carrier", "dial")]) == (What.CALLED_BACK, "ben", "7", True)
    assert guard.told([StepMark("guard", "guard", "", "whatever")]) is None
