"""A call into the public network, as the rendered dialplan makes it: what is said here is done there.

How many calls there are is counted in FreeSWITCH alone.
"""

from __future__ import annotations

import datetime as dt

from callrouter.routing import hours
from callrouter.routing.outgoing import Destination, Dialled
from callrouter.routing.plan import Dial, Reason, Reject, RejectReason, reason
from callrouter.routing.snapshot import Employee, Outside, Owner

ANONYMOUS = "anonymous"

_KINDS = {
    Destination.NATIONAL: "outside_national",
    Destination.MOBILE: "outside_mobile",
    Destination.INTERNATIONAL: "outside_international",
    Destination.PREMIUM: "outside_premium",
}


def allowed(owner: Owner, outside: Outside) -> tuple[str, ...]:
    """The kinds of numbers that may be called for *owner*."""
    own = owner.destinations if isinstance(owner, Employee) else None
    return outside.destinations if own is None else own


def call_out(
    dialled: Dialled, owner: Owner, outside: Outside, now: dt.datetime, reasons: list[Reason]
) -> Dial | Reject:
    """Call *dialled* for *owner*, or refuse to; why goes behind *reasons*."""
    reasons.append(reason(_KINDS[dialled.kind], number=dialled.number))
    if dialled.kind not in allowed(owner, outside):
        company = not isinstance(owner, Employee) or owner.destinations is None
        reasons.append(reason("not_allowed_company" if company else "not_allowed_employee", employee=owner.name))
        return Reject(RejectReason.NOT_ALLOWED)
    if outside.schedule is not None:
        found = hours.state(outside.schedule, now)
        if not found.open and dialled.kind not in outside.closed_destinations:
            reasons += [found.why, reason("not_allowed_closed")]
            return Reject(RejectReason.NOT_NOW)
    if not outside.trunks:
        return Reject(RejectReason.NO_TRUNK)
    shown = (owner.shown if isinstance(owner, Employee) else None) or owner.number or ANONYMOUS
    reasons.append(reason("shown_nothing") if shown == ANONYMOUS else reason("shown_number", number=shown))
    return Dial(dialled.number, shown, outside.trunks)
