"""What people do to cases: claim, release, close, reopen, note. Of two at once one does it, and one is told who."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callrouter.cases import mails
from callrouter.cases.rules import Change, State, after, unknown
from callrouter.directory import audit
from callrouter.directory.models import EmployeeRow, OwnerRow, PoolMemberRow
from callrouter.directory.privacy import EVERYTHING, Viewer
from callrouter.directory.records import CaseChangeRow, CaseRow
from callrouter.errors import RuleError, StateError, UnknownError, say

#: The longest note (characters).
LONGEST_NOTE = 500
_CLAIMS = (Change.CLAIM, Change.TAKE_OVER)


def case(session: Session, number: int) -> CaseRow:
    """The case with that id, as it is until the transaction ends; raises UnknownError."""
    row = session.scalar(
        select(CaseRow).where(CaseRow.id == number).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise unknown(number)
    return row


def change(
    session: Session,
    number: int,
    what: Change,
    employee: str | None = None,
    *,
    at: dt.datetime,
    note: str = "",
    viewer: Viewer = EVERYTHING,
) -> CaseRow:
    """Do *what* to the case with the id *number*, for *employee* (an id), if it is one who does it.

    Doing again what is done so already changes nothing. Raises RuleError, which names who was faster, as
    far as *viewer* may know.
    """
    note = _checked(note)
    row = case(session, number)
    who, actor = _employee(session, employee), audit.actor(session)
    if what in _CLAIMS:
        if who is None:
            raise RuleError(say("only an employee can claim a case: whoever claims it calls back"))
        _refuse_strangers(session, row, who)
        if row.state == State.CLAIMED and row.claimed_by == who.id:
            return row
        if row.state == State.CLAIMED and what is Change.CLAIM:
            raise StateError(_claimed(session, row))
        if row.state == State.OPEN:
            what = Change.CLAIM
    if row.state == State.OPEN and what in (Change.RELEASE, Change.REOPEN):
        return row
    if row.state == State.CLOSED and what is Change.CLOSE:
        return _closed(session, row, actor, viewer)
    if what is Change.NOTE and not note:
        text = say("a note needs a text")
        raise RuleError(text, [("note", text)])
    state = after(State(row.state), what)
    if what is Change.REOPEN:
        _reopen(session, row, at)
    row.state = state
    if what in _CLAIMS:
        row.claimed_by, row.claimed_at = who.id if who else None, at
    elif what in (Change.RELEASE, Change.REOPEN):
        row.claimed_by = row.claimed_at = None
    if what is not Change.NOTE:
        row.closed_at = at if what is Change.CLOSE else None
    session.add(
        CaseChangeRow(case_id=row.id, at=at, change=what, actor=actor, employee_id=who.id if who else None, note=note)
    )
    session.flush()
    if row.state == State.CLOSED and what is Change.CLOSE:
        mails.tell_done(session, [row.id], at)
    return row


def _checked(note: str) -> str:
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE or not note.isprintable():
        text = say("a note has up to %(most)s characters that can be shown", most=LONGEST_NOTE)
        raise RuleError(text, [("note", text)])
    return note


def _employee(session: Session, key: str | None) -> EmployeeRow | None:
    if key is None:
        return None
    row = session.scalar(select(EmployeeRow).where(EmployeeRow.key == key))
    if row is None:
        raise UnknownError(say("there is no employee %(key)s", key=key))
    return row


def _refuse_strangers(session: Session, row: CaseRow, who: EmployeeRow) -> None:
    """Who is on a case is of its team, or it is the own one: their calls close it."""
    if row.owner_id in (None, who.id):
        return
    member = select(PoolMemberRow.pool_id).where(
        PoolMemberRow.pool_id == row.owner_id, PoolMemberRow.employee_id == who.id
    )
    if session.scalar(member) is None:
        raise RuleError(say("%(name)s is not of the team whose case it is", name=who.name))


def _claimed(session: Session, row: CaseRow) -> str:
    name = session.scalar(select(OwnerRow.name).where(OwnerRow.id == row.claimed_by))
    if name is None:
        return say("the case is claimed already; release it first")
    return say("%(name)s is on it already, since %(at)s", name=name, at=row.claimed_at)


def _closed(session: Session, row: CaseRow, actor: str, viewer: Viewer) -> CaseRow:
    last = session.scalar(
        select(CaseChangeRow)
        .where(CaseChangeRow.case_id == row.id, CaseChangeRow.change != Change.NOTE)
        .order_by(CaseChangeRow.id.desc())
        .limit(1)
    )
    if last is not None and last.change == Change.CLOSE and last.actor == actor:
        return row
    who = select(OwnerRow.key, OwnerRow.name).where(OwnerRow.id == last.employee_id) if last else None
    key, name = (session.execute(who).first() if who is not None else None) or (None, None)
    name = name if viewer.names(key) else None
    raise StateError(
        say("the case is closed already, by %(name)s", name=name)
        if name
        else say("the case is closed already, at %(at)s", at=row.closed_at)
    )


def _reopen(session: Session, row: CaseRow, at: dt.datetime) -> None:
    """Open it again, unless the caller has called meanwhile: of one caller and owner only one case is not closed."""
    _refuse_a_second(session, row)
    try:
        with session.begin_nested():
            row.state, row.closed_at = State.OPEN, None
            row.reopened_at, row.escalated_at = at, None
    except IntegrityError:  # the call was entered at the same moment
        _refuse_a_second(session, row)
        raise


def _refuse_a_second(session: Session, row: CaseRow) -> None:
    same = select(CaseRow.id).where(
        CaseRow.owner_id.is_not_distinct_from(row.owner_id),
        CaseRow.caller_key == row.caller_key,
        CaseRow.state != State.CLOSED,
        CaseRow.id != row.id,
    )
    if (other := session.scalar(same)) is not None:
        raise StateError(say("case %(number)s of the same caller is open; go on with that one", number=other))
