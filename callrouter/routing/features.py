"""The codes that phones dial to change something: what each does, and what is said of it (the prompt of that name)."""

from __future__ import annotations

import re

DND_ON, DND_OFF = "dnd_on", "dnd_off"
SIGNED_IN, SIGNED_OUT = "signed_in", "signed_out"
#: Signs in who is signed out, and out who is signed in.
SIGN = "sign"
#: Closes a pool by hand that is not closed so, and lets its hours hold again where it is.
TOGGLE = "pool_toggle"
POOL_CLOSED, POOL_OPEN, POOL_SCHEDULED = "pool_closed", "pool_open", "pool_scheduled"
#: As on most private exchanges since the AT&T System 75; phones have them on keys.
CODES = {"*78": DND_ON, "*79": DND_OFF}
#: Before the extension of a pool: of the one who dials, there.
POOL_CODES = {"*60": SIGN, "*61": SIGNED_IN, "*62": SIGNED_OUT}
#: The same, but of the pool itself: until it is switched again.
SWITCHES = frozenset({TOGGLE, POOL_CLOSED, POOL_OPEN, POOL_SCHEDULED})
POOL_CODES |= {"*63": TOGGLE, "*64": POOL_CLOSED, "*65": POOL_OPEN, "*66": POOL_SCHEDULED}
#: Before the extension of a pool, ``*`` and a number: a call there that shows the pool's number.
SHOW = "*50"
#: The same as an expression, with the extension and the number.
SHOWING = re.escape(SHOW) + r"([0-9]{2,8})\*(\+?[0-9]{1,20})"
ALL = frozenset({*CODES.values(), *POOL_CODES.values()})
#: What is dialled, as an expression, with what it does. Behind the pool's extension may stand that of the one who
#: dials: a lamp key has one address, and it shows this one's state.
DIALLED = {re.escape(code): feature for code, feature in CODES.items()} | {
    re.escape(code) + r"[0-9]{2,8}(?:\*[0-9]{2,8})?": feature for code, feature in POOL_CODES.items()
}
#: What the dialplan does without anybody's help: a call goes into the mailbox of an extension; a ringing call is picked
#: up, that of an extension or any of one's pools.
INTO_MAILBOX, PICK_UP, PICK_UP_ANY = r"\*9([0-9]{2,8})", r"\*\*([0-9]{2,8})", r"\*8"
#: Said of a code that there is not, of a pool that whoever dials is not in, and of what could not be done now.
UNKNOWN, NO_MEMBER, FAILED = "unknown_code", "no_member", "not_now_possible"


def asked(dialled: str) -> str:
    """What a phone that dials this asks for, one of :data:`ALL`; empty for what is none of these codes."""
    return next((feature for code, feature in DIALLED.items() if re.fullmatch(code, dialled)), "")


def shows(dialed: str) -> tuple[str, str]:
    """The extension of the pool whose number is to be shown, empty where none is, and what else is dialled."""
    match = re.fullmatch(SHOWING, dialed)
    return (match[1], match[2]) if match else ("", dialed)


def lamp(pool: str, employee: str) -> str:
    """What the lamp key of a member subscribes to and dials, of both extensions."""
    return f"*60{pool}*{employee}"


def closed_lamp(pool: str, *, by_hand: bool) -> str:
    """What a lamp key subscribes to and dials that shows whether a pool is closed, *by_hand* or at all."""
    return f"*63{pool}" if by_hand else f"*64{pool}"
