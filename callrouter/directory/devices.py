"""An employee's devices, changed one at a time. Passwords are made here, and are in the answer only when they are new.

All is as in ``directory.services``; *version* is the one the employee's record must still be at (None: any).
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import document, services, store
from callrouter.directory.changing import made, revised
from callrouter.directory.importing import new_password
from callrouter.directory.models import DeviceRow
from callrouter.errors import RuleError, UnknownError, say


def device(employee: document.Employee, sip_user: str) -> document.Device:
    """The device of *employee* with that account; raises RuleError."""
    for known in employee.devices:
        if known.sip_user == sip_user:
            return known
    there = ", ".join(known.sip_user for known in employee.devices) or "none"
    raise UnknownError(
        say(
            "employee %(id)s has no device %(sip_user)s; there are: %(there)s",
            id=employee.id,
            sip_user=sip_user,
            there=there,
        )
    )


def add(
    session: Session,
    key: str,
    *,
    label: str,
    kind: str = "desk",
    sip_user: str | None = None,
    enabled: bool = True,
    ring_delay: int = 0,
    version: int | None = None,
) -> document.Device:
    """Add a device to the employee *key*; the answer has its password, to be shown this once."""
    employee = _held(session, key)
    sip_user = sip_user or new_sip_user(session, key, kind)
    if any(known.sip_user == sip_user for known in employee.devices):
        text = say("employee %(key)s has a device %(sip_user)s already", key=key, sip_user=sip_user)
        raise RuleError(text, [("sip_user", text)])
    password = new_password()
    values = {"label": label, "kind": kind, "enabled": enabled, "ring_delay": ring_delay}
    new = made(document.Device, sip_user=sip_user, sip_password=password, **values)
    _save(session, employee, [*employee.devices, new], version)
    return new


def change(
    session: Session,
    key: str,
    sip_user: str,
    *,
    label: str | None = None,
    kind: str | None = None,
    enabled: bool | None = None,
    ring_delay: int | None = None,
    version: int | None = None,
) -> None:
    """Change what is given (not None) of a device; a disabled one neither rings nor registers."""
    given = {"label": label, "kind": kind, "enabled": enabled, "ring_delay": ring_delay}
    employee = _held(session, key)
    new = revised(device(employee, sip_user), **{name: value for name, value in given.items() if value is not None})
    _replace(session, employee, new, version)


def renew_password(session: Session, key: str, sip_user: str, *, version: int | None = None) -> str:
    """Give a device a new password, which is the answer; the old one ends with the next apply."""
    employee = _held(session, key)
    password = new_password()
    _replace(session, employee, revised(device(employee, sip_user), sip_password=password), version)
    return password


def remove(session: Session, key: str, sip_user: str, *, version: int | None = None) -> None:
    """Remove a device."""
    employee = _held(session, key)
    gone = device(employee, sip_user)
    _save(session, employee, [known for known in employee.devices if known is not gone], version)


def new_sip_user(session: Session, key: str, kind: str, taken: Collection[str] = ()) -> str:
    """An account for a new device of the employee *key*: ``anna-desk``, then ``anna-desk-2``."""
    stem = f"{key}-{kind}"
    used = set(session.scalars(select(DeviceRow.sip_user).where(DeviceRow.sip_user.startswith(stem, autoescape=True))))
    found, number = stem, 2
    while found in used or found in taken:
        found = f"{stem}-{number}"
        number += 1
    return found


def _held(session: Session, key: str) -> document.Employee:
    """The employee, whom nobody else changes until this transaction ends."""
    store.hold(session)
    return services.employee(session, key)[0]


def _replace(session: Session, employee: document.Employee, new: document.Device, version: int | None) -> None:
    devices = [new if known.sip_user == new.sip_user else known for known in employee.devices]
    _save(session, employee, devices, version)


def _save(session: Session, employee: document.Employee, devices: list[document.Device], version: int | None) -> None:
    services.save_employee(session, employee.model_copy(update={"devices": devices}), expected_version=version)
