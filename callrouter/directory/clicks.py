"""Calls that begin with a click: an employee's own phones ring, and whoever answers is connected with a number.

The call itself is the dialplan's (context ``click``), with the rights and the identity of that employee.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from callrouter import variables
from callrouter.directory import services
from callrouter.errors import RuleError, say
from callrouter.routing import ringing
from callrouter.routing.numbers import clean_number

#: The employee's phones ring for so long (seconds).
RINGS = 30


def click(session: Session, key: str, number: str) -> str:
    """The API command that begins a call of employee *key* to *number*, as people write it.

    Raises UnknownError for an employee who does not exist, RuleError for one without phones and for what is no
    number. All that stands in the command was checked when it entered the directory, or is digits.
    """
    employee, _version = services.employee(session, key)
    called = clean_number(number)
    if called is None:
        text = say("%(number)r is no number to call; write digits, with + before a country code", number=number)
        raise RuleError(text, [("number", text)])
    devices = [device.sip_user for device in employee.devices if device.enabled and device.sip_password]
    if not devices:
        raise RuleError(say("%(name)s has no phone that could ring; add or enable a device", name=employee.name))
    company, _version = services.company(session)
    shown = f"origination_caller_id_number={called},origination_caller_id_name={called}"
    settings = f"ignore_early_media=true,outbound_redirect_fatal=true,originate_timeout={RINGS},{shown}"
    if employee.ringing.calls_at_once is not None:
        counted = f"execute_on_answer='limit hash callrouter {ringing.talks(f'employee:{key}')}'"
        settings = f"{settings},{counted},limit_ignore_transfer=true"
    legs = ",".join(f"[{variables.DEVICE}={device}]sofia/phones/{device}%{company.sip_domain}" for device in devices)
    return f"originate {{{settings}}}{legs} {called} XML click"
