"""Calls that begin with a click: an employee's own phones ring, and whoever answers is connected with a number.

The call itself is the dialplan's (context ``click``), with the rights and the identity of that employee.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter import variables
from callrouter.directory import document, services
from callrouter.directory.digits import digits_of
from callrouter.directory.exporting import read_blocks
from callrouter.directory.models import OwnerRow
from callrouter.errors import RuleError, say
from callrouter.routing import outgoing
from callrouter.routing.numbers import clean_number
from callrouter.routing.snapshot import NumberBlock

#: The employee's phones ring for so long (seconds).
RINGS = 30


def click(session: Session, key: str, number: str) -> str:
    """The API command that begins a call of employee *key* to *number*, as people write it.

    Raises UnknownError for an employee who does not exist, RuleError for one without phones, for what is no number, and
    for one that may not be called. All that stands in the command was checked when it entered the directory, or is
    digits.
    """
    employee, _version = services.employee(session, key)
    called = clean_number(number)
    if called is None:
        text = say("%(number)r is no number to call; write digits, with + before a country code", number=number)
        raise RuleError(text, [("number", text)])
    company, _version = services.company(session)
    emergency = called in digits_of(company).emergency
    if not emergency:
        _refuse_what_is_barred(session, company, employee, called)
    devices = [device.sip_user for device in employee.devices if device.enabled and device.sip_password]
    if not devices:
        raise RuleError(say("%(name)s has no phone that could ring; add or enable a device", name=employee.name))
    shown = f"origination_caller_id_number={called},origination_caller_id_name={called}"
    settings = f"ignore_early_media=true,outbound_redirect_fatal=true,originate_timeout={RINGS},{shown}"
    legs = ",".join(
        f"[{variables.DEVICE}={device}{'' if emergency else _once(device)}]sofia/phones/{device}%{company.sip_domain}"
        for device in devices
    )
    return f"originate {{{settings}}}{legs} {called} XML click"


def _once(device: str) -> str:
    """Who clicks twice, or on two pages, is called once: a phone rings for one click at a time."""
    return f",execute_on_originate='limit hash callrouter clicks-{device} 1 !USER_BUSY',limit_ignore_transfer=true"


def _refuse_what_is_barred(
    session: Session, company: document.Company, employee: document.Employee, called: str
) -> None:
    """Nobody's phone is to ring for a call that the dialplan refuses; it judges the hour and the counts alone."""
    digits = digits_of(company)
    ours = session.scalar(select(OwnerRow.id).where(OwnerRow.extension == called))
    blocks = [NumberBlock(block.prefix, block.first, block.last) for block in read_blocks(session)]
    meant = None if ours else outgoing.read(called, digits, blocks)
    if meant and meant.kind not in company.limits.allowed(employee.destinations):
        text = say("%(name)s may not call %(number)s", name=employee.name, number=called)
        raise RuleError(text, [("number", text)])
