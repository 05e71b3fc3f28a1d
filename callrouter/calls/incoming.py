"""From FreeSWITCH's channel data to an :class:`IncomingCall`: the edge where everything a caller sent is checked."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from callrouter import variables
from callrouter.routing import features
from callrouter.routing.numbers import clean_number
from callrouter.routing.plan import IncomingCall

#: Name of the phones' sofia profile; a channel of it was authenticated, or rung by us.
PHONES_PROFILE = "phones"
#: RFC 3323 and RFC 3325 values that ask for the number to be withheld.
_PRIVACY = frozenset(("id", "user", "header", "full", "critical", "yes", "name"))
_ANONYMOUS = frozenset(("anonymous", "restricted", "unavailable", "unknown", "private", "withheld", ""))


def _is_private(info: Mapping[str, str], number: str) -> bool:
    asked = {part.strip().lower() for part in info.get("variable_sip_Privacy", "").replace(",", ";").split(";")}
    return (
        info.get(f"variable_{variables.PRIVATE}") == "true"
        or bool(asked & _PRIVACY)
        or number.strip().lower() in _ANONYMOUS
    )


def incoming_call(info: Mapping[str, str]) -> IncomingCall:
    """Read the ``connect`` answer *info* (headers as FreeSWITCH names them, values already unquoted).

    A call of the phones' profile comes from its authenticated account; any other from a trunk, also after a phone
    transferred it. A leg that we made, and that its caller transferred here, is a call of whom it reached. What was
    dialled is the dialplan's number where it set one (it knows the trunk's ``did_from``).
    """
    device = None
    ours = info.get("Call-Direction") == "outbound"
    if info.get("variable_sofia_profile_name") == PHONES_PROFILE:
        account = f"variable_{variables.CALLING}" if ours else "variable_sip_auth_username"
        device = info.get(account) or None
    dialed = info.get("Caller-Destination-Number", "")
    if device is None:
        dialed = info.get(f"variable_{variables.NUMBER}") or dialed
    number = info.get(f"variable_{variables.CALLER}" if ours else "Caller-Caller-ID-Number", "")
    feature = info.get(f"variable_{variables.FEATURE}", "")
    private = device is None and _is_private(info, unquote(number))
    return IncomingCall(
        uuid=info["Unique-ID"],
        dialed=dialed[:128],
        trunk=None if device else info.get(f"variable_{variables.TRUNK}") or "unknown",
        device=device,
        caller_number=None if private else clean_number(number),
        caller_name="" if private or ours else info.get("Caller-Caller-ID-Name", "")[:256],
        private=private,
        transferred=info.get(f"variable_{variables.TURN}", "0") not in ("", "0"),
        back=info.get(f"variable_{variables.BACK}") or None,
        feature=feature if device and feature in features.ALL else "",
    )


def steps_so_far(info: Mapping[str, str]) -> tuple[int, bool]:
    """The number of the call's last numbered step (a transferred call comes again), and whether it has any mark."""
    texts = variables.step_texts(info.get(f"variable_{variables.STEP}", ""))
    marks = (variables.StepMark.parse(text) for text in texts)
    last = max((int(mark.n) for mark in marks if mark and mark.n.isascii() and mark.n.isdigit()), default=0)
    return last, bool(texts)
