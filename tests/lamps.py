"""A phone's lamp keys: what it subscribes to, and what it is told of it."""

from __future__ import annotations

import re

from callrouter.simulator.phone import Phone
from tests.switch import DOMAIN


def subscribe(phone: Phone, extension: str) -> int:
    """Have a lamp of *phone* show *extension*; returns the status of the answer."""
    who = f"<sip:{phone.user}@{DOMAIN}>"
    headers = [
        ("From", f"{who};tag=lamp"),
        ("To", f"<sip:{extension}@{DOMAIN}>"),
        ("Call-ID", f"lamp-{extension}-{phone.port}"),
        ("Contact", phone.contact),
        ("Event", "dialog"),
        ("Accept", "application/dialog-info+xml"),
        ("Expires", "600"),
    ]
    answer, _ = phone.exchange("SUBSCRIBE", f"sip:{extension}@{DOMAIN}", phone.server, 1, headers)
    return answer.status


def lamps(phone: Phone, extension: str) -> list[str]:
    """The states that *phone* was told of *extension*, in order."""
    told = [
        m.body.decode() for m in phone.received if m.method == "NOTIFY" and f"lamp-{extension}-" in m.get("Call-ID")
    ]
    return [state for body in told for state in re.findall(r"<state>(\w+)</state>", body)]


def dark(phone: Phone, extension: str) -> bool:
    """Whether the lamp is off by the latest that *phone* was told: no dialog at all, or one that has ended."""
    told = [m.body for m in phone.received if m.method == "NOTIFY" and f"lamp-{extension}-" in m.get("Call-ID")]
    return b"<state>" not in told[-1] or b"<state>terminated<" in told[-1]
