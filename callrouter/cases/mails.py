"""The mail that a case is done: one reply in its thread, for those who want it, in the transaction that closed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callrouter.cases.rules import Change
from callrouter.directory import viewers
from callrouter.directory.database import pages_of
from callrouter.directory.models import CompanyRow, NumberRow, OwnerRow
from callrouter.directory.overview import names_of
from callrouter.directory.privacy import COLLEAGUE
from callrouter.directory.records import CallRow, CallStepRow, CaseChangeRow, CaseRow
from callrouter.mail import compose, outbox

_CLOSED_BY = (Change.CLOSE, Change.CALLED_BACK, Change.CALLED_AGAIN)


def tell_done(session: Session, ids: Sequence[int], now: dt.datetime) -> bool:
    """Mail of each of the cases *ids*, which were closed just now, by whom and how; whether somebody wants that."""
    if not ids:
        return False
    last = (
        select(func.max(CaseChangeRow.id))
        .where(CaseChangeRow.case_id.in_(ids), CaseChangeRow.change.in_(_CLOSED_BY))
        .group_by(CaseChangeRow.case_id)
    )
    by = select(OwnerRow.id, OwnerRow.name).subquery()
    query = (
        select(CaseRow, OwnerRow, CaseChangeRow, by.c.name)
        .join(OwnerRow, OwnerRow.id == CaseRow.owner_id)
        .join(CaseChangeRow, CaseChangeRow.case_id == CaseRow.id)
        .outerjoin(by, by.c.id == CaseChangeRow.employee_id)
        .where(CaseChangeRow.id.in_(last))
    )
    rows = session.execute(query).all()
    if not rows:
        return False
    company = session.scalars(select(CompanyRow)).one()
    told = viewers.viewer(session, "employee").handlers
    said = compose.Company.of(company, pages_of(session))
    names = names_of(session, {row.caller for row, *_ in rows})
    of_numbers = _of_numbers(session, [row.id for row, *_ in rows])
    postings = []
    for row, owner, change, name in rows:
        wishes = {
            "about": owner.notify_about, "email": owner.notify_email, "language": owner.notify_language,
            "handled_mail": owner.handled_mail,
        } | of_numbers.get(row.id, {})  # fmt: skip
        if wishes["about"] == "none" or not wishes["handled_mail"] or not wishes["email"]:
            continue
        done = compose.Done(
            case=row.id,
            change=change.id,
            how=change.change,
            at=change.at,
            caller=row.caller,
            caller_name=names.get(row.caller, ""),
            owner_name=owner.name,
            by=name if told or change.employee_id == owner.id else name and COLLEAGUE,
            note=change.note,
            subject=row.subject,
            root_message_id=row.root_message_id,
        )
        mail = compose.done(done, said, wishes["language"] or company.language)
        postings.append(outbox.Posting(mail, "done", wishes["email"], None, row.id, None, audio="none"))
    outbox.add(session, postings, now)
    return bool(postings)


def _of_numbers(session: Session, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """What the numbers say, by which the last calls of the cases came, by case."""
    calls = (
        select(CallStepRow.case_id, NumberRow.notify)
        .join(CallRow, CallRow.id == CallStepRow.call_id)
        .join(NumberRow, (NumberRow.e164 == CallRow.number) & (NumberRow.owner_id == CallStepRow.owner_id))
        .where(CallStepRow.case_id.in_(ids))
        .order_by(CallRow.started_at)
    )
    return {case: notify or {} for case, notify in session.execute(calls)}
