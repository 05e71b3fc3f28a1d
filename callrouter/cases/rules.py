"""What may happen to a case, as a table: someone who must be called back, once, by one member of a team."""

from __future__ import annotations

from enum import StrEnum

from callrouter.errors import RuleError

ANONYMOUS = "anonymous"


class State(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"


class Change(StrEnum):
    """``called``: the caller was missed again, or left a message."""

    CALLED = "called"
    CLAIM = "claim"
    RELEASE = "release"
    CLOSE = "close"
    REOPEN = "reopen"


_NEXT: dict[tuple[State, Change], State] = {
    (State.OPEN, Change.CALLED): State.OPEN,
    (State.OPEN, Change.CLAIM): State.CLAIMED,
    (State.OPEN, Change.CLOSE): State.CLOSED,
    (State.CLAIMED, Change.CALLED): State.CLAIMED,
    (State.CLAIMED, Change.RELEASE): State.OPEN,
    (State.CLAIMED, Change.CLOSE): State.CLOSED,
    (State.CLOSED, Change.REOPEN): State.OPEN,
}


def after(state: State, change: Change) -> State:
    """The state that *change* leads to; raises RuleError where it is not possible.

    A closed case does not take further calls: they open the next one.
    """
    try:
        return _NEXT[state, change]
    except KeyError:
        raise RuleError(f"a case that is {state} cannot be changed by {change}") from None


def caller_key(caller: str, uuid: str) -> str:
    """Who a case is about: the E.164 number or extension; every anonymous call is a caller of its own."""
    return f"{ANONYMOUS}:{uuid}" if caller in ("", ANONYMOUS) else caller
