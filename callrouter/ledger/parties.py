"""Who called whom, as the directory knows them: what a CDR that never saw the router leaves open is filled in here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import phonenumbers
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callrouter.cases import guard
from callrouter.directory import contact_rows
from callrouter.directory.records import TABLES
from callrouter.ledger.cdr import Cdr

ANONYMOUS = "anonymous"
_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
_DIGITS = re.compile(r"[0-9*#]{1,20}")
_WRITTEN = re.compile(r"\+[0-9]+|[0-9]{7,}")

_OWNERS, _NUMBERS, _DEVICES, _MAILBOXES = (TABLES[name] for name in ("owners", "numbers", "devices", "mailboxes"))
_KINDS = ("employee", "pool")


@dataclass(frozen=True, slots=True)
class Parties:
    """``caller`` is E.164, an extension, or ``anonymous``; ``number`` E.164; ``owner`` an owner key."""

    caller: str
    caller_name: str
    number: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an owner wants to be told, where and how; a number of its own may say otherwise of the calls by it.

    ``language`` None: the company's; ``salutation`` empty: none.
    """

    about: str
    email: str | None
    language: str | None
    salutation: str
    internal: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """An employee or a pool: how it is named, and what it wants to be told. ``audio`` is what its mails carry."""

    id: int
    kind: str
    key: str
    name: str
    extension: str | None
    notify_about: str
    notify_email: str | None
    notify_language: str | None
    notify_salutation: str
    notify_internal: bool
    audio: str | None

    @property
    def owner_key(self) -> str:
        """``employee:anna``, ``pool:sales``."""
        return f"{self.kind}:{self.key}"

    @property
    def wishes(self) -> Wishes:
        """What it wants to be told of its calls, whatever number they came by."""
        return Wishes(
            self.notify_about, self.notify_email, self.notify_language, self.notify_salutation, self.notify_internal
        )


@lru_cache(1024)
def e164(text: str, country: str) -> str | None:
    """A number as a trunk writes it, in E.164; None for what is none (ITU-T E.164; *country* is ISO 3166).

    Codes of phones, and what is shorter than seven digits (emergencies, services, extensions), are none.
    """
    digits = re.sub(r"[ ()/.-]", "", text)
    if not _WRITTEN.fullmatch(digits):
        return None
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _number(cdr: Cdr, country: str) -> str | None:
    return cdr.number or (e164(cdr.dialed, country) if cdr.dialed else None)


def _caller_number(cdr: Cdr, country: str) -> str | None:
    if _E164.fullmatch(cdr.caller):
        return cdr.caller
    return e164(cdr.caller, country) if _DIGITS.fullmatch(cdr.caller) else None


class Directory:
    """The part of the directory that a batch of calls touches, read in four statements."""

    def __init__(self, session: Session, cdrs: Iterable[Cdr], country: str) -> None:
        self._country = country
        numbers: set[str | None] = set()
        accounts, extensions, keys = set(), set(), set()
        for cdr in cdrs:
            numbers |= {_number(cdr, country), _caller_number(cdr, country), e164(cdr.dialed, country)}
            accounts |= {cdr.account, cdr.device, *(mark.device for mark in cdr.steps)}
            extensions.add(cdr.caller)
            keys |= {guarded[1] for guarded in [guard.told(cdr.steps)] if guarded}
            keys |= {(owner or "").rpartition(":")[2] for owner in (cdr.owner, *(mark.owner for mark in cdr.steps))}
        owned = session.execute(
            select(_NUMBERS.c.e164, _NUMBERS.c.owner_id, _NUMBERS.c.notify).where(
                _NUMBERS.c.e164.in_(sorted(filter(None, numbers))), _NUMBERS.c.owner_id.is_not(None)
            )
        ).all()
        devices = session.execute(
            select(_DEVICES.c.sip_user, _DEVICES.c.employee_id, _NUMBERS.c.e164)
            .outerjoin(_NUMBERS, _NUMBERS.c.owner_id == _DEVICES.c.employee_id)
            .where(_DEVICES.c.sip_user.in_(sorted(accounts - {""})))
            .order_by(_NUMBERS.c.e164.desc())
        ).all()
        ids = {row.owner_id for row in owned} | {row.employee_id for row in devices}
        owners = session.execute(
            select(*(_OWNERS.c[name] for name in Owner.__slots__[:-1]), _MAILBOXES.c.audio)
            .outerjoin(_MAILBOXES, _MAILBOXES.c.owner_id == _OWNERS.c.id)
            .where(
                or_(
                    _OWNERS.c.id.in_(sorted(ids)),
                    _OWNERS.c.kind.in_(_KINDS) & _OWNERS.c.key.in_(sorted(keys)),
                    _OWNERS.c.extension.in_(sorted(extensions)),
                )
            )
        ).all()
        self._contacts = contact_rows.names(session, sorted(filter(None, numbers)))
        by_id = {row.id: Owner(**row._mapping) for row in owners}
        self._by_key = {owner.owner_key: owner for owner in by_id.values()}
        self._by_number = {row.e164: by_id[row.owner_id] for row in owned}
        self._notify = {row.e164: row.notify for row in owned if row.notify}
        self._by_extension = {owner.extension: owner for owner in by_id.values() if owner.extension}
        self._by_account = {row.sip_user: (by_id[row.employee_id], row.e164) for row in devices}

    def owner(self, key: str) -> Owner | None:
        """The owner that ``employee:anna`` or ``pool:sales`` names, or, without a kind, the only one of that id."""
        if ":" in key:
            return self._by_key.get(key)
        found = [owner for kind in _KINDS if (owner := self._by_key.get(f"{kind}:{key}"))]
        return found[0] if len(found) == 1 else None

    def employee_at(self, device: str | None) -> Owner | None:
        """Whose phone *device* is, an account that called or was rung for a call of the batch."""
        return self._by_account[device][0] if device in self._by_account else None

    def wishes(self, owner: Owner, cdr: Cdr) -> Wishes:
        """What *owner* wants to be told of the call *cdr*, one of the batch: as its number says that was called."""
        number = None if cdr.by_extension else _number(cdr, self._country)
        if number is None or self._by_number.get(number) is not owner:
            return owner.wishes
        said = self._notify.get(number, {})
        return replace(owner.wishes, **{name: said[name] for name in Wishes.__slots__ if name in said})

    def dialed(self, cdr: Cdr) -> str:
        """The number or extension of ours that the caller of *cdr*, one of the batch, dialled; empty if none.

        ``Cdr.number`` is where the call came to last.
        """
        number = e164(cdr.dialed, self._country)
        if number in self._by_number:
            return number or ""
        return cdr.dialed if cdr.direction == "internal" and _DIGITS.fullmatch(cdr.dialed) else ""

    def parties(self, cdr: Cdr) -> Parties:
        """Caller, name, number and owner of *cdr*, one of the batch."""
        number = _number(cdr, self._country)
        owner = cdr.owner
        if owner is None and number and number in self._by_number:
            owner = self._by_number[number].owner_key
        if cdr.private:
            return Parties(ANONYMOUS, "", number, owner)
        caller, name = self._caller(cdr)
        if caller != ANONYMOUS:
            known = self._by_number.get(caller) or self._by_extension.get(caller)
            name = known.name if known else self._contacts.get(caller, name)
        return Parties(caller, "" if name == caller else name, number, owner)

    def _caller(self, cdr: Cdr) -> tuple[str, str]:
        if cdr.account in self._by_account:  # whatever the phone says it is
            employee, personal = self._by_account[cdr.account]
            return employee.extension or personal or ANONYMOUS, employee.name
        if _E164.fullmatch(cdr.caller):
            return cdr.caller, cdr.caller_name
        if cdr.direction in ("internal", "outbound", "emergency") and _DIGITS.fullmatch(cdr.caller):
            return cdr.caller, cdr.caller_name
        number = _caller_number(cdr, self._country)
        return (number, cdr.caller_name) if number else (ANONYMOUS, "")
