"""What may happen to a case, as a table: someone who must be called back, once, by one member of a team."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from callrouter.errors import StateError, UnknownError, say

ANONYMOUS = "anonymous"


class State(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Change(StrEnum):
    """What people do, and what calls do.

    ``called``: the caller was missed again, or left a message. ``attempted``: a member called back, and nobody talked,
    or not for long enough. ``called_back``, ``called_again`` (the caller, who was answered): they talked.
    """

    CALLED = "called"
    CLAIM = "claim"
    TAKE_OVER = "take_over"
    RELEASE = "release"
    NOTE = "note"
    CLOSE = "close"
    REOPEN = "reopen"
    ATTEMPTED = "attempted"
    CALLED_BACK = "called_back"
    CALLED_AGAIN = "called_again"


_O, _CLAIMED, _CLOSED = State.OPEN, State.CLAIMED, State.CLOSED
_NEXT: dict[tuple[State, Change], State] = {
    (_O, Change.CALLED): _O,
    (_O, Change.CLAIM): _CLAIMED,
    (_O, Change.NOTE): _O,
    (_O, Change.CLOSE): _CLOSED,
    (_O, Change.ATTEMPTED): _O,
    (_O, Change.CALLED_BACK): _CLOSED,
    (_O, Change.CALLED_AGAIN): _CLOSED,
    (_CLAIMED, Change.CALLED): _CLAIMED,
    (_CLAIMED, Change.TAKE_OVER): _CLAIMED,
    (_CLAIMED, Change.RELEASE): _O,
    (_CLAIMED, Change.NOTE): _CLAIMED,
    (_CLAIMED, Change.CLOSE): _CLOSED,
    (_CLAIMED, Change.ATTEMPTED): _CLAIMED,
    (_CLAIMED, Change.CALLED_BACK): _CLOSED,
    (_CLAIMED, Change.CALLED_AGAIN): _CLOSED,
    (_CLOSED, Change.NOTE): _CLOSED,
    (_CLOSED, Change.REOPEN): _O,
}


def after(state: State, change: Change) -> State:
    """The state that *change* leads to; raises StateError where it is not possible.

    A closed case does not take further calls: they open the next one.
    """
    try:
        return _NEXT[state, change]
    except KeyError:
        text = say("a case that is %(state)s cannot be changed by %(change)s", state=state.value, change=change.value)
        raise StateError(text) from None


def unknown(number: int) -> UnknownError:
    """That there is no case with the id *number*, to be raised."""
    return UnknownError(say("there is no case %(number)s; `callrouter case list` shows them", number=number))


def caller_key(caller: str, uuid: str) -> str:
    """Who a case is about: the E.164 number or extension; every anonymous call is a caller of its own."""
    return f"{ANONYMOUS}:{uuid}" if caller in ("", ANONYMOUS) else caller


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that was no missed one: a member called somebody (``back``), or somebody was answered by a member.

    ``employee`` and ``owner`` are row ids: who talked, and whose number was called. ``seconds`` they talked, of a call
    that began at ``at``; without end where the other side was connected with a colleague, and talked on.
    """

    call_id: int
    caller: str
    employee: int | None
    owner: int | None
    back: bool
    answered: bool
    seconds: float
    at: dt.datetime


def change_by(talk: Talk, least_seconds: int) -> Change | None:
    """What *talk* does to a case that it concerns; None: nothing.

    Who is called back must be talked to for *least_seconds*: a mailbox that answers is no talk.
    """
    if not talk.back:
        return Change.CALLED_AGAIN if talk.answered else None
    return Change.CALLED_BACK if talk.answered and talk.seconds >= least_seconds else Change.ATTEMPTED
