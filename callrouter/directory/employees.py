"""People, from the first day to a new number: what the pages and commands about an employee do, one call each.

All is as in ``directory.services``; *version* is the one the record must still be at (None: any). Mailbox and
notifications are changed by ``directory.owners``, devices by ``directory.devices``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from callrouter.directory import document, outside, owners, services, store
from callrouter.directory.changing import made, revised
from callrouter.directory.devices import new_sip_user
from callrouter.directory.exporting import read_employees
from callrouter.directory.importing import new_password
from callrouter.errors import RuleError, say


def create(
    session: Session,
    *,
    name: str,
    key: str | None = None,
    devices: Sequence[Mapping[str, Any]] = (),
    **values: Any,
) -> document.Employee:
    """Add an employee; the answer has the devices' new passwords, which can be shown this once.

    *key* None: made of the name. A device has ``label``, ``kind``, ``enabled``, and a ``sip_user`` if it must be a
    certain one. *values* are other fields of the employee: personal_number, extension, email, mailbox …
    """
    store.hold(session)
    if key is not None and read_employees(session, [key]):
        text = say("there is an employee %(key)s already; take another id, or change that one", key=key)
        raise RuleError(text, [("id", text)])
    key = key or owners.new_id(session, "employee", name)
    accounts: list[dict[str, Any]] = []
    for device in devices:
        taken = {account["sip_user"] for account in accounts}
        sip_user = device.get("sip_user") or new_sip_user(session, key, device.get("kind", "desk"), taken)
        accounts.append({**device, "sip_user": sip_user, "sip_password": new_password()})
    new = made(document.Employee, id=key, name=name, devices=accounts, **values)
    services.save_employee(session, new)
    return new


def change(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Employee:
    """Change fields of an employee: name, email, extension, role …; the others stay."""
    found = owners.change(session, f"employee:{key}", version=version, **values)
    assert isinstance(found, document.Employee)
    return found


def set_ringing(
    session: Session, key: str, *, version: int | None = None, delays: Mapping[str, int] | None = None, **values: Any
) -> document.Employee:
    """Change how an employee's phones ring: do_not_disturb, calls_at_once, declining; what is as wanted stays.

    *delays* are ring delays (seconds) by account; phones that are not named keep theirs.
    """
    store.hold(session)
    known = services.employee(session, key)[0]
    delays = delays or {}
    devices = [
        revised(device, ring_delay=delays.get(device.sip_user, device.ring_delay)).model_dump()
        for device in known.devices
    ]
    new = revised(known, ringing=revised(known.ringing, **values), devices=devices)
    if new != known or version is not None:
        services.save_employee(session, new, expected_version=version)
    return new


def set_forwarding(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Employee:
    """Change where an employee's calls go: always, busy, no_answer, offline (None: nowhere), after (seconds).

    A number outside may be written as people dial it; the employee must be allowed to call it.
    """
    store.hold(session)
    known = services.employee(session, key)[0]
    targets = outside.written(session, known.name, known.destinations, "forwarding", values)
    new = revised(known, forwarding=revised(known.forwarding, **targets))
    if new != known or version is not None:
        services.save_employee(session, new, expected_version=version)
    return new


def assign_number(session: Session, key: str, e164: str, *, version: int | None = None) -> None:
    """Give an employee the personal number *e164*; it is active and nobody else's. The old one becomes free."""
    change(session, key, version=version, personal_number=e164)
