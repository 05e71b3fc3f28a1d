"""What became of a call, in words of the page's language; each is also a template filter of the same name.

How ringing ended and why a call was refused are told in the sentences that mails and explanations have for it.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from callrouter.cases.guard import GIVEN_UP
from callrouter.directory.privacy import COLLEAGUE
from callrouter.directory.timeline import PhoneLine
from callrouter.mail.words import WORDS
from callrouter.routing import reasons
from callrouter.routing.forwarding import FORWARDED
from callrouter.routing.plan import Reason, RejectReason
from callrouter.web.format import duration
from callrouter.web.languages import language

#: Outcome → word, and the kind of its badge.
OUTCOMES = {
    "answered": (_l("answered"), "good"),
    "missed": (_l("missed"), "bad"),
    "voicemail": (_l("message"), "warn"),
    "rejected": (_l("turned away"), ""),
    "unanswered": (_l("not answered"), ""),
}
DIRECTIONS = {
    "inbound": _l("incoming"),
    "internal": _l("internal"),
    "outbound": _l("outgoing"),
    "emergency": _l("emergency call"),
}
#: FreeSWITCH's causes that people meet; of others the code is told as it is.
_CAUSES = {
    "NORMAL_CLEARING": _l("hung up"),
    "ORIGINATOR_CANCEL": _l("the caller gave up"),
    "NO_ANSWER": _l("nobody answered"),
    "NO_USER_RESPONSE": _l("no phone responded"),
    "USER_BUSY": _l("busy"),
    "CALL_REJECTED": _l("declined"),
    "USER_NOT_REGISTERED": _l("no phone was registered"),
    "SUBSCRIBER_ABSENT": _l("no phone was registered"),
    "UNALLOCATED_NUMBER": _l("there is no such number"),
    "NUMBER_CHANGED": _l("there is no such number"),
    "INVALID_NUMBER_FORMAT": _l("there is no such number"),
    "NO_ROUTE_DESTINATION": _l("there is no way to this number"),
    "OUTGOING_CALL_BARRED": _l("not permitted"),
    "ATTENDED_TRANSFER": _l("transferred"),
    FORWARDED: _l("forwarded"),
    GIVEN_UP: _l("not called, as somebody else is on it already"),
    "BLIND_TRANSFER": _l("transferred"),
    "MEDIA_TIMEOUT": _l("the connection broke off"),
    "RECOVERY_ON_TIMER_EXPIRE": _l("the other side did not respond"),
    "PROGRESS_TIMEOUT": _l("the other side did not respond"),
    "GATEWAY_DOWN": _l("a fault on the way"),
    "NORMAL_TEMPORARY_FAILURE": _l("a fault on the way"),
    "NETWORK_OUT_OF_ORDER": _l("a fault on the way"),
    "SYSTEM_SHUTDOWN": _l("the telephone system was stopped"),
}
#: What a phone did that was to ring.
_PHONES = {
    "answered": _l("answered"),
    "elsewhere": _l("stopped ringing: answered at another phone"),
    "abandoned": _l("rang until the caller gave up"),
    "no_answer": _l("rang, nobody answered"),
    "busy": _l("was busy"),
    "rejected": _l("the call was declined"),
    "offline": _l("was not registered"),
    "failed": _l("could not be rung"),
    "unknown": _l("rang"),
}
_REFUSALS = frozenset(reason.value for reason in RejectReason)


def outcome(name: str) -> str:
    """What became of a call or its part, in a word."""
    return str(OUTCOMES[name][0]) if name in OUTCOMES else name


def handler(name: str | None) -> str:
    """Who answered a call or dealt with a case: a colleague whose name is not told (empty) is called so."""
    return str(_("a colleague")) if name == COLLEAGUE else name or ""


def outcome_kind(name: str) -> str:
    """The kind of badge for an outcome."""
    return OUTCOMES[name][1] if name in OUTCOMES else ""


def direction(name: str) -> str:
    """Which way a call went."""
    return str(DIRECTIONS.get(name, name))


def cause(code: str) -> str:
    """Why a call ended."""
    return str(_CAUSES.get(code, code))


def phone(line: PhoneLine) -> str:
    """What a phone did, and after how long if that is known."""
    said = str(_PHONES.get(line.end, line.end))
    if not line.rang_at or not line.ended_at:
        return said
    seconds = duration(max(round((line.ended_at - line.rang_at).total_seconds()), 0))
    return str(_("%(what)s (after %(time)s)", what=said, time=seconds))


def detail(code: str) -> str:
    """How a part of a call ended, in a sentence; empty where there is nothing to add."""
    said = WORDS["de" if language() == "de" else "en"]
    if code in _REFUSALS:
        return reasons.text(Reason(f"reject_{code}"), language())
    if code in said:
        return f"{said[code]}."
    return cause("ATTENDED_TRANSFER") if code == "transferred" else cause(code)


def add_filters(application: Flask) -> None:
    """Make all of these template filters."""
    for function in (outcome, outcome_kind, handler, direction, cause, phone, detail):
        application.add_template_filter(function)
