"""Who called whom, as the directory knows them: what a CDR that never saw the router leaves open is filled in here."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.models import DeviceRow, EmployeeRow, NumberRow, OwnerRow
from callrouter.ledger.cdr import Cdr

ANONYMOUS = "anonymous"
_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
_DIGITS = re.compile(r"[0-9*#]{1,20}")


@dataclass(frozen=True, slots=True)
class Parties:
    """``caller`` is E.164, an extension, or ``anonymous``; ``number`` E.164; ``owner`` an owner key."""

    caller: str
    caller_name: str
    number: str | None
    owner: str | None


def e164(text: str, country: str) -> str | None:
    """A number as a trunk writes it, in E.164; None for what is none (ITU-T E.164; *country* is ISO 3166)."""
    digits = re.sub(r"[^0-9+]", "", text)
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def owner_row(session: Session, key: str) -> OwnerRow | None:
    """The owner that ``employee:anna`` or ``pool:sales`` names, or, without a kind, the only one of that id."""
    kind, _, name = key.rpartition(":")
    query = select(OwnerRow).where(OwnerRow.key == name)
    if kind:
        query = query.where(OwnerRow.kind == kind)
    found = session.scalars(query).all()
    return found[0] if len(found) == 1 else None


def _calling_device(session: Session, account: str) -> tuple[str, str] | None:
    """Extension (or personal number) and name of the employee whose phone called."""
    row = session.scalars(
        select(EmployeeRow)
        .join(DeviceRow, DeviceRow.employee_id == EmployeeRow.id)
        .where(DeviceRow.sip_user == account)
    ).first()
    if row is None:
        return None
    personal = next((number.e164 for number in row.numbers), "")
    return row.extension or personal or ANONYMOUS, row.name


def _name_of(session: Session, caller: str) -> str:
    """The colleague or team that *caller* belongs to, or nothing."""
    query = select(OwnerRow.name)
    if caller.startswith("+"):
        query = query.join(NumberRow, NumberRow.owner_id == OwnerRow.id).where(NumberRow.e164 == caller)
    else:
        query = query.where(OwnerRow.extension == caller)
    return session.scalar(query) or ""


def resolve(session: Session, cdr: Cdr, country: str) -> Parties:
    """Fill in caller, name, number and owner of *cdr* from the directory."""
    number = cdr.number or (e164(cdr.dialed, country) if cdr.dialed else None)
    owner = cdr.owner
    if owner is None and number:
        row = session.scalars(
            select(OwnerRow).join(NumberRow, NumberRow.owner_id == OwnerRow.id).where(NumberRow.e164 == number)
        ).first()
        owner = row.owner_key if row else None
    if cdr.private:
        return Parties(ANONYMOUS, "", number, owner)
    if _E164.fullmatch(cdr.caller):
        caller, name = cdr.caller, cdr.caller_name
    elif cdr.account and (called := _calling_device(session, cdr.account)):
        caller, name = called
    elif cdr.direction in ("internal", "outbound", "emergency") and _DIGITS.fullmatch(cdr.caller):
        caller, name = cdr.caller, cdr.caller_name
    else:
        known = e164(cdr.caller, country) if _DIGITS.fullmatch(cdr.caller) else None
        caller, name = (known, cdr.caller_name) if known else (ANONYMOUS, "")
    if caller != ANONYMOUS:
        name = _name_of(session, caller) or name
    return Parties(caller, "" if name == caller else name, number, owner)
