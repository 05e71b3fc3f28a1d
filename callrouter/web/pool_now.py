"""What goes on in a pool now: who of it is free, rung, on a call, and which of its calls ring or wait."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import document, services
from callrouter.directory.exporting import read_employees
from callrouter.directory.models import CompanyRow
from callrouter.directory.privacy import Viewer
from callrouter.web.live import TALKING, Channel, Live, calls_of

_OWNER_CONTEXT = re.compile(r"owner-(employee|pool)-([a-z0-9][a-z0-9_-]*)")

#: The dialplan's context of calls that wait (``dialplan/waiting.xml``).
_WAITING = "waiting"


class State(StrEnum):
    """What a member is doing; the first of these that is so."""

    TALKING = "talking"
    RINGING = "ringing"
    SIGNED_OUT = "signed_out"
    DO_NOT_DISTURB = "do_not_disturb"
    OFFLINE = "offline"
    FREE = "free"
    UNKNOWN = "unknown"


#: What a member does, in words, and the badge's kind.
STATES = {
    State.TALKING: (_l("on a call"), "warn"),
    State.RINGING: (_l("rings"), "warn"),
    State.SIGNED_OUT: (_l("signed out"), ""),
    State.DO_NOT_DISTURB: (_l("do not disturb"), ""),
    State.OFFLINE: (_l("no phone registered"), "bad"),
    State.FREE: (_l("free"), "good"),
    State.UNKNOWN: (_l("unknown"), ""),
}


@dataclass(frozen=True, slots=True)
class MemberNow:
    """A member: ``since`` when the state is so, as far as FreeSWITCH tells. ``offline``: no phone is registered.

    ``talking``: a phone of theirs is on a call of whatever kind, or makes one.
    """

    id: str
    name: str
    state: State
    signed_in: bool
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PoolCall:
    """A call that rings for the pool or waits there: it came in ``since``, so many ``seconds`` ago.

    ``members`` (ids) are rung; none where it waits and hears music, or where colleagues are, who are not told:
    ``rung`` is how many are.
    """

    uuid: str
    caller: str
    caller_name: str
    since: dt.datetime | None
    seconds: int
    members: tuple[str, ...]
    rung: int


@dataclass(frozen=True, slots=True)
class PoolNow:
    """One look at a pool; ``problem`` says why nothing is known of phones and calls, and is empty when all is.

    ``hidden``: what the other members do is not told.
    """

    problem: str
    members: tuple[MemberNow, ...]
    ringing: tuple[PoolCall, ...]
    hidden: bool = False

    def seen_by(self, viewer: Viewer) -> PoolNow:
        """The same, with those members alone whose doings *viewer* may know."""
        if viewer.live:
            return self
        members = tuple(one for one in self.members if viewer.watches(one.id))
        calls = (replace(call, members=tuple(filter(viewer.watches, call.members))) for call in self.ringing)
        return PoolNow(self.problem, members, tuple(calls), hidden=True)


@dataclass(frozen=True, slots=True)
class Team:
    """What the directory has of a pool and its members, in their order, at its *version*."""

    version: int
    pool: document.Pool
    members: tuple[document.Employee, ...]

    def now(self, live: Live, at: dt.datetime) -> PoolNow:
        """What its members and its calls do in *live*, as of the moment *at*."""
        members = tuple(self._member(member, live) for member in self.members)
        return PoolNow(live.problem, members, tuple(self._ringing(live.channels, at)))

    def _member(self, member: document.Employee, live: Live) -> MemberNow:
        phones = {device.sip_user for device in member.devices if device.enabled}
        legs = [channel for channel in live.channels if channel.account in phones]
        talks = [leg for leg in legs if leg.direction == "inbound" or leg.state in TALKING]
        signed_in = member.id not in self.pool.signed_out
        if not live.connected:
            state = State.UNKNOWN
        elif legs:
            state = State.TALKING if talks else State.RINGING
        elif not signed_in:
            state = State.SIGNED_OUT
        elif member.ringing.do_not_disturb:
            state = State.DO_NOT_DISTURB
        else:
            state = State.FREE if phones & live.registrations.keys() else State.OFFLINE
        since = min((leg.since for leg in talks or legs if leg.since), default=None)
        return MemberNow(member.id, member.name, state, signed_in, since)

    def _ringing(self, channels: Iterable[Channel], at: dt.datetime) -> Iterable[PoolCall]:
        whose = {device.sip_user: member.id for member in self.members for device in member.devices}
        for first, others in calls_of(channels):
            rung = [whose[leg.account] for leg in others if leg.account in whose]
            # A number outside has answered when it is asked for the key, and the phones ring on.
            talks = any(leg.state in TALKING for leg in others if leg.account)
            if (rung or first.context == _WAITING) and not talks and self._is_at(first):
                seconds = max(int((at - first.since).total_seconds()), 0) if first.since else 0
                members = tuple(dict.fromkeys(rung))
                yield PoolCall(first.uuid, first.caller, first.caller_name, first.since, seconds, members, len(members))

    def _is_at(self, channel: Channel) -> bool:
        """Whether the call is at this pool: as the dialplan's place for it says, or the router, or what was dialled."""
        key = f"pool:{self.pool.id}"
        if match := _OWNER_CONTEXT.fullmatch(channel.context):
            return f"{match[1]}:{match[2]}" == key
        if channel.at:
            return channel.at == key
        return channel.called in (*self.pool.numbers, self.pool.extension)


def team(session: Session, key: str, known: Team | None = None) -> Team:
    """The pool of that id with its members, *known* where nothing was changed since; raises RuleError."""
    version = session.scalar(select(CompanyRow.version)) or 0
    if known is not None and known.version == version:
        return known
    pool = services.pool(session, key)[0]
    found = {employee.id: employee for employee in read_employees(session, pool.members)}
    return Team(version, pool, tuple(found[member] for member in pool.members if member in found))
