"""Tells who is to know of the callers who wait too long: one mail to each address, and what it told, as one change."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from callrouter.cases import inbox, waiting
from callrouter.cases.escalation import Team, due, limit
from callrouter.directory import document
from callrouter.directory.database import Database, insert_into, pages_of
from callrouter.directory.exporting import read_company
from callrouter.directory.models import CompanyRow, OwnerRow
from callrouter.directory.records import TABLES, CaseRow, DigestRow
from callrouter.mail import compose, outbox
from callrouter.mail import digest as mails

#: So many callers are in one mail; of the others it says how many there are.
MOST = 100
_SINCE = func.coalesce(CaseRow.reopened_at, CaseRow.opened_at)


@dataclass(frozen=True, slots=True)
class Late:
    """Callers of ``owner`` (a key; empty, and no ``row``: the owner is gone) who wait since ``before`` or longer."""

    owner: str
    row: int | None
    name: str
    before: dt.datetime
    team: Team

    @property
    def cases(self) -> ColumnElement[bool]:
        """Those callers' cases."""
        return and_(inbox.WAITING, CaseRow.owner_id.is_not_distinct_from(self.row), *_since(self.before))


@dataclass(frozen=True, slots=True)
class Address:
    """Who is told of the callers of ``teams``, in which language; ``last``: when they were told before."""

    recipient: str
    language: str
    teams: Sequence[Late]
    last: dt.datetime | None

    def due(self, now: dt.datetime, zone: dt.tzinfo) -> bool:
        """Whether they are to be told at *now*."""
        return due([late.team for late in self.teams], self.last, now, zone)


def tell(database: Database, now: dt.datetime) -> int:
    """Put the mails that are due at *now* into the outbox, each in a transaction of its own; returns how many."""
    with database.read() as session:
        company = session.get(CompanyRow, 1)
        if company is None:
            return 0
        zone = ZoneInfo(company.timezone)
        wanted = [address for address in addresses(session, now) if address.due(now, zone)]
    told = 0
    for address in wanted:
        with database.write() as session:
            told += _tell(session, address, now)
    return told


def addresses(session: Session, now: dt.datetime) -> list[Address]:
    """Everybody who is told of callers that wait too long at *now*, whether or not that is due."""
    company = read_company(session)
    rules = company.cases
    if not rules.escalate_minutes:
        return []
    query = select(CaseRow.owner_id, func.min(_SINCE)).group_by(CaseRow.owner_id)
    waits = inbox.WAITING, *_since(now - dt.timedelta(minutes=rules.escalate_minutes))
    since = dict(session.execute(query.where(*waits)).all())
    rows = session.scalars(select(OwnerRow).where(OwnerRow.id.in_([row for row in since if row is not None])))
    owners: dict[int | None, OwnerRow | None] = {row.id: row for row in rows}
    told = defaultdict(list)
    for number in since:
        if to := _address(owners.get(number), rules):
            told[to].append(number)
    keys = {number: owner.owner_key if (owner := owners.get(number)) else "" for number in since}
    spans = waiting.open_spans(session, {keys[number]: first for number, first in since.items()}, now)
    last = dict(session.execute(select(DigestRow.recipient, DigestRow.sent_at)).all())
    found = []
    for to, numbers in sorted(told.items()):
        teams = []
        language: str = company.language
        for number in numbers:
            owner, hours = owners.get(number), spans.get(keys[number])
            before = limit(hours, rules.escalate_minutes, now, waiting.FURTHEST)
            is_open = hours is None or bool(hours and hours[-1][1] == now)
            late = Late(keys[number], number, owner.name if owner else "", before, Team(is_open, hours is None, 0, 0))
            teams.append(_counted(session, late))
            if owner and owner.notify_escalate_to and owner.notify_language:
                language = owner.notify_language
        found.append(Address(to, language, sorted(teams, key=lambda late: (late.name, late.owner)), last.get(to)))
    return found


def _since(before: dt.datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The second says it; the first is what an index knows."""
    return CaseRow.opened_at <= before, before >= _SINCE


def _address(owner: OwnerRow | None, rules: document.Cases) -> str | None:
    """Whom to tell of an owner's callers. Those of an employee are nobody else's, if they do not say so."""
    if owner is not None and (owner.notify_escalate_to or owner.kind == "employee"):
        return owner.notify_escalate_to
    return rules.escalate_to


def _counted(session: Session, late: Late) -> Late:
    """*late* with its callers as they are now."""
    count = select(func.count(), func.count(CaseRow.escalated_at)).select_from(CaseRow).where(late.cases)
    total, told = session.execute(count).one()
    return replace(late, team=replace(late.team, new=total - told, told=told))


def _tell(session: Session, found: Address, now: dt.datetime) -> bool:
    """Tell *found*, if it is due still: another worker may have been faster, or somebody has called back."""
    company = read_company(session)
    session.execute(insert_into(session, TABLES["digests"]).values(recipient=found.recipient).on_conflict_do_nothing())
    row = session.scalars(select(DigestRow).where(DigestRow.recipient == found.recipient).with_for_update()).one()
    address = replace(found, teams=[_counted(session, late) for late in found.teams], last=row.sent_at)
    if not address.due(now, ZoneInfo(company.timezone)):
        return False
    said = compose.Company.of(company, pages_of(session))
    mail = mails.digest(digest(session, address, row.id, company.cases.escalate_minutes, now), said, address.language)
    for late in address.teams:
        newly = update(CaseRow).where(late.cases, CaseRow.escalated_at.is_(None)).values(escalated_at=now)
        session.execute(newly.execution_options(synchronize_session=False))
    outbox.add(session, [outbox.Posting(mail, "digest", address.recipient, None, None, None, audio="none")], now)
    row.sent_at = now
    return True


def digest(session: Session, address: Address, key: int, minutes: int, now: dt.datetime) -> mails.Digest:
    """What *address* (row *key*) is told at *now*: its oldest callers, by team. *minutes* are too long."""
    oldest: list[tuple[dt.datetime, int]] = []
    for late in address.teams:
        query = select(_SINCE, CaseRow.id).where(late.cases).order_by(_SINCE, CaseRow.id).limit(MOST)
        oldest = sorted([*oldest, *session.execute(query)])[:MOST]
    lines = inbox.lines(session, [number for _, number in oldest])
    waits = waiting.waited(session, lines, now)
    teams = []
    for late in address.teams:
        callers = [_waiting(line, waits[line.id]) for line in lines if line.owner == late.owner]
        if total := late.team.new + late.team.told:
            teams.append(mails.Team(late.name, callers, total - len(callers)))
    new = sum(late.team.new for late in address.teams)
    return mails.Digest(key, now, minutes, teams, new + sum(late.team.told for late in address.teams), new)


def _waiting(line: inbox.CaseLine, wait: waiting.Wait) -> mails.Waiting:
    return mails.Waiting(
        case=line.id,
        caller=line.caller,
        caller_name=line.caller_name,
        since=line.waits_since,
        seconds=wait.seconds,
        business=wait.business,
        more=wait.more,
        calls=line.calls,
        messages=line.messages,
        attempts=line.attempts,
        call_back=line.call_back,
        claimed=line.claimed_name or "",
        new=line.escalated_at is None,
    )
