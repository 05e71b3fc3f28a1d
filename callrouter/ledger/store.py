"""Enters one ended call into the database: call, steps, cases, messages and mails, in the caller's transaction.

Idempotent by (UUID, step): entering a call twice, or by two workers at once, leaves one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from callrouter.cases import store as cases
from callrouter.directory.models import CompanyRow, OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, CaseRow, MessageRow
from callrouter.errors import CallrouterError
from callrouter.ledger.audio import Audio
from callrouter.ledger.cdr import Cdr
from callrouter.ledger.outcome import CallRecord, Outcome, Part, outcome
from callrouter.ledger.parties import Parties, owner_row, resolve
from callrouter.mail import compose, outbox

_TO_CALL_BACK = (Outcome.MISSED, Outcome.VOICEMAIL)


class NoCompany(CallrouterError):
    """There is no company in the database yet, so nobody can be told of calls; they wait."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entered:
    """What entering a call did. ``outcome`` None: it was in the ledger already."""

    outcome: Outcome | None
    mails: int = 0


def enter(
    session: Session, cdr: Cdr, recordings: Mapping[str, Audio | None], *, now: dt.datetime, written_at: dt.datetime
) -> Entered:
    """Enter *cdr* with its recordings by step mark (None: one that cannot be read). A CDR replaces a note's record.

    *written_at*, the spool file's time, stands in where the CDR tells none. Raises NoCompany.
    """
    company = session.get(CompanyRow, 1)
    if company is None:
        raise NoCompany("there is no company yet: `callrouter import FILE` makes one")
    call = session.scalars(select(CallRow).where(CallRow.uuid == cdr.uuid).options(selectinload(CallRow.steps))).first()
    if call is not None and not (call.source == "note" and cdr.source == "cdr"):
        return Entered(None)
    parties = resolve(session, cdr, company.country)
    record = outcome(dataclasses.replace(cdr, owner=parties.owner), recordings)
    known = {step.n: step for step in call.steps} if call else {}
    if call is None:
        call = CallRow(uuid=cdr.uuid)
        session.add(call)
    _fill(call, cdr, parties, record, written_at)
    session.flush()
    return _Entry(session, cdr, call, parties, company, recordings, now).enter(record, known)


def _fill(call: CallRow, cdr: Cdr, parties: Parties, record: CallRecord, written_at: dt.datetime) -> None:
    call.node = cdr.node
    call.source = cdr.source
    call.direction = cdr.direction or "inbound"
    call.number = parties.number
    call.dialed = cdr.dialed
    call.caller = parties.caller
    call.caller_name = parties.caller_name
    call.trunk = cdr.trunk
    call.outcome = record.outcome
    call.interrupted = record.interrupted
    call.cause = cdr.cause
    call.started_at = cdr.started_at or written_at
    call.answered_at = cdr.answered_at
    call.ended_at = cdr.ended_at


@dataclasses.dataclass(slots=True)
class _Entry:
    """One call being entered: what its parts need in common."""

    session: Session
    cdr: Cdr
    call: CallRow
    parties: Parties
    company: CompanyRow
    recordings: Mapping[str, Audio | None]
    now: dt.datetime

    def enter(self, record: CallRecord, known: Mapping[str, CallStepRow]) -> Entered:
        mails = 0
        steps = []
        for position, part in enumerate(record.parts):
            owner = owner_row(self.session, part.owner) if part.owner else None
            step = known.get(part.n) or CallStepRow(n=part.n)
            step.position, step.kind, step.outcome, step.detail = position, part.kind, part.outcome, part.detail
            step.owner = owner.owner_key if owner else part.owner
            step.owner_id = owner.id if owner else None
            step.device = part.device
            steps.append(step)
            if part.outcome in _TO_CALL_BACK and self.call.direction in ("inbound", "internal"):
                mails += self._to_call_back(part, step, owner, alone=len(record.parts) == 1)
        self.call.steps = steps
        return Entered(record.outcome, mails)

    def _event(self, part: Part, owner: OwnerRow | None, *, alone: bool) -> compose.Event:
        call = self.call
        audio = self.recordings.get(part.recording) if part.recording else None
        waited = None
        if alone and part.detail == "abandoned" and call.ended_at and self.cdr.started_at:
            waited = max(0, round((call.ended_at - self.cdr.started_at).total_seconds()))
        return compose.Event(
            kind="voicemail" if audio else "missed",
            uuid=call.uuid,
            n=part.n,
            at=call.started_at,
            owner_name=owner.name if owner else self.company.name,
            number=self.parties.number or self.cdr.dialed,
            caller=call.caller,
            caller_name=call.caller_name,
            detail=part.detail,
            waited=waited,
            milliseconds=audio.milliseconds if audio else 0,
            repaired=bool(audio and audio.repaired),
            interrupted=call.interrupted,
            audio=owner.mailbox.audio if audio and owner and owner.mailbox else "none",
        )

    def _to_call_back(self, part: Part, step: CallStepRow, owner: OwnerRow | None, *, alone: bool) -> int:
        row = self.company
        company = compose.Company(row.name, row.timezone, row.country, row.sip_domain)
        language = (owner.notify_language if owner else None) or row.language
        event = self._event(part, owner, alone=alone)
        case = self.session.get(CaseRow, step.case_id) if step.case_id else None
        if case is None:
            case = cases.open_or_append(
                self.session,
                owner.id if owner else None,
                caller=event.caller,
                uuid=event.uuid,
                at=event.at,
                messages=1 if part.recording else 0,
                thread=cases.Thread(
                    compose.message_id(event.uuid, event.n, company.sip_domain),
                    compose.subject(event, company, language),
                ),
            )
            step.case_id = case.id
        message_id = self._message(part, owner, case) if part.recording else None
        if owner is None or owner.notify_email is None or not self._wanted(owner, event.kind):
            return 0
        mail = compose.compose(
            event,
            company,
            case_id=case.id,
            case_subject=case.subject,
            root_message_id=case.root_message_id,
            language=language,
        )
        return outbox.add(
            self.session,
            mail,
            kind=event.kind,
            recipient=owner.notify_email,
            now=self.now,
            call_id=self.call.id,
            case_id=case.id,
            message_id=message_id,
            audio=event.audio,
        )

    def _wanted(self, owner: OwnerRow, kind: str) -> bool:
        """Internal missed calls are mailed only if asked for; a message always counts as asked for."""
        if kind == "missed" and self.call.direction == "internal" and not owner.notify_internal:
            return False
        return owner.notify_about in ("all", kind)

    def _message(self, part: Part, owner: OwnerRow | None, case: CaseRow) -> int:
        n = part.recording or ""
        audio = self.recordings[n]
        assert audio is not None
        found = self.session.scalar(select(MessageRow.id).where(MessageRow.call_id == self.call.id, MessageRow.n == n))
        if found is not None:
            return found
        message = MessageRow(
            call_id=self.call.id,
            n=n,
            owner_id=owner.id if owner else None,
            case_id=case.id,
            recorded_at=self.call.ended_at or self.call.started_at,
            milliseconds=audio.milliseconds,
            repaired=audio.repaired,
            audio=audio.wav,
        )
        self.session.add(message)
        self.session.flush()
        return message.id
