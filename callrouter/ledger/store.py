"""Enters ended calls into the database, many at once: calls, steps, cases, messages and mails, in one transaction.

Idempotent by (UUID, step): entering a call twice leaves one. Each kind of row is read and written by one statement
for all calls, because the statements, not the rows, are what costs.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from callrouter import log
from callrouter.cases import late, mails, talks
from callrouter.cases import store as cases
from callrouter.directory import document
from callrouter.directory.database import pages_of
from callrouter.directory.records import TABLES
from callrouter.errors import CallrouterError
from callrouter.ledger import alarms, retention
from callrouter.ledger.entry import Call, Heard, Step, to_call, to_steps, to_talks
from callrouter.ledger.outcome import Outcome
from callrouter.ledger.parties import Directory
from callrouter.mail import compose, outbox

_COMPANY, _CALLS, _STEPS, _LINKS, _MESSAGES = (
    TABLES[name] for name in ("company", "calls", "call_steps", "call_links", "messages")
)


class NoCompany(CallrouterError):
    """There is no company in the database yet, so nobody can be told of calls; they wait."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What entering calls did: the outcome of each (None: it was in the ledger already), and whether a mail waits."""

    outcomes: list[Outcome | None]
    mails: bool


def enter(session: Session, calls: Sequence[Heard], *, now: dt.datetime) -> Entered:
    """Enter *calls*, all or (on an exception) none of them. A CDR replaces a note's record.

    A call that is kept no longer is not entered: its CDR comes again, and nobody is to call back who called last year.
    Raises NoCompany, and whatever the database refuses them with, which may be the fault of a single one; an
    IntegrityError may also mean that another worker entered one of them just now.
    """
    company = session.execute(select(_COMPANY)).first()
    if company is None:
        raise NoCompany("there is no company yet: `callrouter import FILE` makes one")
    uuids = [heard.cdr.uuid for heard in calls]
    rows = session.execute(select(_CALLS.c.uuid, _CALLS.c.id, _CALLS.c.source).where(_CALLS.c.uuid.in_(uuids))).all()
    noted = {row.uuid: row.id for row in rows if row.source == "note"}
    known = {row.uuid for row in rows}
    forgotten = retention.forgotten(document.Retention(**company.retention), now)
    again = {h.cdr.uuid for h in calls if h.cdr.uuid in noted and h.cdr.source == "cdr"}
    old = {h.cdr.uuid for h in calls if (h.cdr.started_at or h.written_at) < forgotten} - known
    if old:
        log.get("ledger").warning(f"not entered, as calls that are so old are not kept: {', '.join(sorted(old))}")
    new = [h for h in calls if h.cdr.uuid in again or h.cdr.uuid not in known | old]
    if not new:
        return Entered([None] * len(calls), mails=False)
    directory = Directory(session, [heard.cdr for heard in new], company.country)
    batch = _Batch(
        session,
        compose.Company.of(company, pages_of(session)),
        company.language,
        company.limits,
        document.Cases(**company.cases),
        [to_call(heard, directory, noted.get(heard.cdr.uuid)) for heard in new],
    )
    mails = batch.enter(directory, now)
    outcomes = {call.uuid: call.record.outcome for call in batch.calls}
    return Entered([outcomes.get(uuid) for uuid in uuids], mails)


@dataclass(slots=True)
class _Batch:
    """Calls on their way into the database: what the statements about them have in common."""

    session: Session
    company: compose.Company
    language: str
    limits: Mapping[str, Any]
    rules: document.Cases
    calls: list[Call]

    def enter(self, directory: Directory, now: dt.datetime) -> bool:
        """Write everything; whether there are mails."""
        replaced = [call.id for call in self.calls if call.id is not None]
        self._write_calls()
        steps = [step for call in self.calls for step in to_steps(call, directory, self.company)]
        own = [talk for step in steps for talk in to_talks(step, directory)]
        cases.hold(self.session, {talk.caller for talk in own} | {step.event.caller for step in steps if step.event})
        missed_now = self._find_cases(steps, replaced)
        if steps:
            self._run(insert(_STEPS), [step.row() for step in steps])
        links = [{"call_id": call.id, "leg": leg} for call in self.calls for leg in call.heard.cdr.links]
        if links:
            self._run(insert(_LINKS), links)
        missed = {step.call.id for step in steps if step.event}  # transferred, and not taken there: no end of a wait
        talked = [talk for talk in own if talk.call_id not in missed]
        talked += late.talks(self.session, missed_now, {step.call.id for step in steps if step.call.id})
        done = talks.settle(self.session, talked, self.rules.talk_seconds)
        postings = self._postings(steps, self._write_messages(steps, replaced))
        callers = [step.owner for step in steps if step.owner and step.went_out]
        if callers:
            postings += alarms.alarms(self.session, self.company, self.limits, callers, self.language, now)
        outbox.add(self.session, postings, now)
        return mails.tell_done(self.session, done, now) or bool(postings)

    def _run(self, statement: Any, rows: list[dict[str, Any]]) -> Any:
        return self.session.connection().execute(statement, rows)

    def _write_calls(self) -> None:
        again = [{"call_id": call.id} | call.row() for call in self.calls if call.id is not None]
        for row in again:
            del row["reasons"]  # the note that told them went when its record was made
        if again:
            values: dict[str, Any] = {name: bindparam(name) for name in again[0] if name != "call_id"}
            self._run(update(_CALLS).where(_CALLS.c.id == bindparam("call_id")).values(values), again)
        new = {call.uuid: call for call in self.calls if call.id is None}
        if new:
            returning = insert(_CALLS).returning(_CALLS.c.uuid, _CALLS.c.id)
            for row in self._run(returning, [call.row() for call in new.values()]):
                new[row.uuid].id = row.id

    def _find_cases(self, steps: Sequence[Step], replaced: Sequence[int]) -> dict[str, dt.datetime]:
        """Give each step to call back its case: the one that its call's note had, else one that counts it.

        Returns whose cases are new, and when each called first.
        """
        if replaced:
            rows = self.session.execute(select(_STEPS).where(_STEPS.c.call_id.in_(replaced))).all()
            self.session.execute(delete(_STEPS).where(_STEPS.c.call_id.in_(replaced)))
            had = cases.find(self.session, {row.case_id for row in rows if row.case_id})
            counted = {(row.call_id, row.n): had.get(row.case_id) for row in rows}
            for step in steps:
                step.case = counted.get(step.key)
        missed = [(step, step.event) for step in steps if step.event and step.case is None]
        opened = cases.open_or_append(self.session, [self._missed(step, event) for step, event in missed])
        for (step, _), case in zip(missed, opened, strict=True):
            step.case = case
        now = Counter(case.id for case in opened)
        new: dict[str, dt.datetime] = {}
        for (_, event), case in zip(missed, opened, strict=True):
            if case.calls == now[case.id]:
                new[event.caller] = min(event.at, new.get(event.caller, event.at))
        return new

    def _missed(self, step: Step, event: compose.Event) -> cases.Missed:
        root = compose.message_id(event.uuid, event.n, self.company.sip_domain)
        thread = cases.Thread(root, compose.subject(event, self.company, self._language(step)))
        messages = 1 if step.message else 0
        return cases.Missed(step.owner_id, event.caller, event.uuid, event.at, messages, thread, event.call_back)

    def _language(self, step: Step) -> str:
        return (step.wishes.language if step.wishes else None) or self.language

    def _write_messages(self, steps: Sequence[Step], replaced: Sequence[int]) -> dict[tuple[int, str], int]:
        """Write the messages that are not there yet; returns the ids of all, by call and mark."""
        columns = (_MESSAGES.c.call_id, _MESSAGES.c.n, _MESSAGES.c.id)
        ids: dict[tuple[int, str], int] = {}
        if replaced:
            rows = self.session.execute(select(*columns).where(_MESSAGES.c.call_id.in_(replaced)))
            ids = {(row.call_id, row.n): row.id for row in rows}
        new = []
        for step in steps:
            if not step.event or not step.message:
                continue
            call_id, n, audio = step.message
            if (call_id, n) not in ids:
                new.append(
                    {
                        "call_id": call_id,
                        "n": n,
                        "owner_id": step.owner_id,
                        "case_id": step.case_id,
                        "recorded_at": step.call.heard.cdr.ended_at or step.call.started_at,
                        "milliseconds": audio.milliseconds,
                        "repaired": audio.repaired,
                        "audio": audio.wav,
                    }
                )
        if new:
            ids |= {(row.call_id, row.n): row.id for row in self._run(insert(_MESSAGES).returning(*columns), new)}
        return ids

    def _postings(self, steps: Sequence[Step], messages: Mapping[tuple[int, str], int]) -> list[outbox.Posting]:
        """The mails that are wanted."""
        postings = []
        told: dict[int, dt.datetime] = {}
        claimers = cases.claimers(self.session, [step.case for step in steps if step.case and step.recipient])
        interval = dt.timedelta(minutes=self.rules.mail_minutes)
        for step in steps:
            event, case, recipient = step.event, step.case, step.recipient
            if event is None or case is None or recipient is None:
                continue
            last = told.get(case.id) or case.mailed_at
            if event.kind == "missed" and not event.call_back and last and abs(event.at - last) < interval:
                continue
            told[case.id] = event.at
            mail = compose.compose(
                event,
                self.company,
                case_id=case.id,
                case_subject=case.subject,
                root_message_id=case.root_message_id,
                standing=compose.Standing(
                    case.calls, case.messages, case.attempts, case.opened_at, claimers.get(case.id)
                ),
                language=self._language(step),
                salutation=step.wishes.salutation if step.wishes else "",
            )
            message = messages.get(step.message[:2]) if step.message else None
            postings.append(
                outbox.Posting(mail, event.kind, recipient, step.call.id, case.id, message, audio=event.audio)
            )
        cases.mailed(self.session, told)
        return postings
