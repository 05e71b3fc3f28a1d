"""When pools are open: switched by hand, and told to pages and to phones' lamps.

Rules and versions are those of ``directory.services``; the hours themselves are a field of the pool.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import document, pools, schedules, services, store
from callrouter.directory.exporting import read_company, read_pools
from callrouter.directory.models import PoolRow
from callrouter.errors import RuleError, say
from callrouter.routing import features, opening
from callrouter.routing.snapshot import Opening, Schedule

_DIALLED = {
    features.POOL_CLOSED: opening.CLOSED,
    features.POOL_OPEN: opening.OPEN,
    features.POOL_SCHEDULED: opening.SCHEDULED,
}


@dataclass(frozen=True, slots=True)
class PoolNow:
    """Whether a pool is open at a moment, and because of what; ``until`` (company's zone): None, not foreseeably.

    ``place`` is that of the switch that holds: of one that has ended it is ``scheduled``.
    """

    state: opening.State
    place: str
    until: dt.datetime | None


def switch(
    session: Session, key: str, place: str, *, until: dt.datetime | None = None, now: dt.datetime
) -> document.Pool:
    """Switch a pool ``open`` or ``closed`` by hand, before the moment *until* (None: until it is switched again).

    ``scheduled``: its hours hold. Raises RuleError for a moment that is not after *now*.
    """
    if until is not None and until <= now:
        text = say("that moment has passed; give a later one, or none")
        raise RuleError(text, [("until", text)])
    return pools.change(session, key, switch=place, switch_until=None if place == opening.SCHEDULED else until)


def dialled(session: Session, pool: document.Pool, feature: str, now: dt.datetime) -> str:
    """Switch *pool* as the code *feature* (of ``features.SWITCHES``) says; returns what it did, as a feature."""
    if feature == features.TOGGLE:
        by_hand = opening.by_hand(Opening(None, pool.switch, pool.switch_until), now)
        closed = by_hand and pool.switch == opening.CLOSED
        feature = features.POOL_SCHEDULED if closed else features.POOL_CLOSED
    switch(session, pool.id, _DIALLED[feature], now=now)
    return feature


def moment(text: str, timezone: str, now: dt.datetime) -> dt.datetime:
    """``14:00`` (the next), ``2026-11-24 08:00`` (also with ``T``, an offset) as a moment; without one in *timezone*.

    Raises RuleError.
    """
    zone = ZoneInfo(timezone)
    try:
        if match := re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip(), re.ASCII):
            local = now.astimezone(zone).replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
            return local if local > now else local + dt.timedelta(days=1)
        found = dt.datetime.fromisoformat(text.strip())
        return found if found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        said = say("%(text)r is no time; write 14:00 or 2026-11-24 08:00", text=text[:40])
        raise RuleError(said, [("until", said)]) from None


def opening_of(
    session: Session, company: document.Company, pool: document.Pool, now: dt.datetime, language: str | None = None
) -> Opening:
    """When *pool* of *company* is open, for the years around *now*; holidays are told in *language* (None: its)."""
    hours = pool.hours
    schedule: Schedule | None = None
    if hours is not None:
        rules: document.ScheduleRules = hours
        if hours.name is not None:
            rules = services.schedule(session, hours.name)[0]
        schedule = schedules.around(hours.name or "", rules, company, now, language)
    return Opening(schedule, pool.switch, pool.switch_until)


def pool_now(session: Session, pool: document.Pool, now: dt.datetime, language: str | None = None) -> PoolNow:
    """What holds of *pool* at the aware moment *now*."""
    company = read_company(session)
    found, timezone = opening_of(session, company, pool, now, language), company.timezone
    until = opening.until(found, now, now + schedules.AHEAD)
    place = found.switch if opening.by_hand(found, now) else opening.SCHEDULED
    return PoolNow(
        opening.state(found, pool.name, timezone, now), place, until.astimezone(ZoneInfo(timezone)) if until else None
    )


def lamps(session: Session, now: dt.datetime) -> dict[str, bool]:
    """Which pools are closed by hand, and which at all, by the addresses (``NAME@DOMAIN``) that show it."""
    rows = session.execute(select(PoolRow).where(PoolRow.extension.is_not(None))).scalars().all()
    if not rows:
        return {}
    company = read_company(session)
    closes = [row.key for row in rows if row.switch != opening.SCHEDULED or row.hours_id or row.hours_rules]
    states = {
        pool.id: opening.state(opening_of(session, company, pool, now), pool.name, "UTC", now)
        for some in store.chunks(closes)
        for pool in read_pools(session, some)
    }
    always = opening.State(True)
    found: dict[str, bool] = {}
    for row in rows:
        state = states.get(row.key, always)
        for by_hand in (True, False):
            lit = not state.open and (state.by_hand or not by_hand)
            found[f"{features.closed_lamp(str(row.extension), by_hand=by_hand)}@{company.sip_domain}"] = lit
    return found
