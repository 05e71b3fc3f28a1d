"""What happens to a call to a number, at any time, in sentences: for ``callrouter explain`` and the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callrouter.directory import asked
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_company, read_pools
from callrouter.directory.models import EmployeeRow
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.routing import codes, features, reasons
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, describe_emergency, in_short
from callrouter.routing.plan import IncomingCall, Reject
from callrouter.routing.snapshot import Employee, Snapshot
from callrouter.routing.week import spans

_NO_CALL = "00000000-0000-0000-0000-000000000000"
#: Says that the caller is anonymous, which of no call in particular says nothing.
_OF_CALLER = "caller_anonymous"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``steps`` say what is done, ``why`` the reasons; ``owner`` is an owner key, ``at`` in the company's zone."""

    number: str | None
    owner: str | None
    caller: str
    at: dt.datetime
    refused: bool
    steps: tuple[str, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InShort:
    """What a number does, in one sentence; ``kind`` as ``routing.explain.in_short`` says."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class WeekSpan:
    """What happens to calls from ``start`` up to, not including, ``end`` (in the company's zone), and why."""

    start: dt.datetime
    end: dt.datetime
    kind: str
    text: str
    steps: tuple[str, ...]
    why: tuple[str, ...]


def _for_anybody(snapshot: Snapshot) -> Snapshot:
    """*snapshot* without the rules that turn certain callers away."""
    numbers = {e164: replace(number, reject_anonymous=False) for e164, number in snapshot.numbers.items()}
    return replace(snapshot, blocked=frozenset(), numbers=numbers)


class Explainer:
    """Decides as the router does, with the directory as it is now, and rings nobody."""

    def __init__(self, database: Database) -> None:
        self._database, self._loader = database, SnapshotLoader(database)

    def __call__(
        self,
        number: str,
        at: dt.datetime,
        language: str | None = None,
        *,
        caller: str | None = None,
        device: str | None = None,
        anybody: bool = False,
    ) -> Explanation:
        """A call to *number* at *at* from *caller* (E.164; None: anonymous) or the phone *device* (its ``sip_user``).

        *anybody*: from outside, and from nobody who is turned away. *at* without an offset is in the company's time
        zone. *language* is de or en; None: the company's.
        """
        shows, number = features.shows(number) if device else ("", number)
        call = IncomingCall(
            uuid=_NO_CALL,
            dialed=number,
            trunk=None if device else "explain",
            device=device,
            caller_number=caller,
            private=caller is None and device is None,
            feature=features.asked(number) if device else "",
            shows=shows,
        )
        moment = self._local(call, at)
        snapshot = asked.with_ledger(self._database, call, self._loader.load(call, moment.date()))
        if anybody:
            snapshot = _for_anybody(snapshot)
        plan = decide(call, snapshot, moment)
        language = language or snapshot.language
        steps = describe(plan, language)
        why = [reasons.text(reason, language) for reason in plan.reasons if not (anybody and reason.code == _OF_CALLER)]
        refused = any(isinstance(step, Reject) for step in plan.steps)
        if device in snapshot.devices and number in snapshot.digits.emergency:
            # The dialplan sends these to the trunks before it would ask the router.
            steps, why, refused = describe_emergency(number, language), why[:1], False
        colleague = snapshot.devices.get(device or "")
        if colleague and codes.extension(number) is not None:
            done = self._code(call, colleague, moment)
            steps, refused = [f"1. {reasons.text(done.step, language)}"], done.refused
            why = [*why[:1], reasons.text(done.why, language)]
        return Explanation(plan.number, plan.owner, plan.caller, moment, refused, tuple(steps), tuple(why))

    def _code(self, call: IncomingCall, caller: Employee, moment: dt.datetime) -> codes.Does:
        """What comes of the code that *caller* dials."""
        extension = codes.extension(call.dialed) or ""
        meant = self._loader.load(replace(call, dialed=extension), moment.date())
        with self._database.read() as session:
            pickup, pools = read_company(session).pickup, read_pools(session)
            admins = session.scalars(select(EmployeeRow.key).where(EmployeeRow.role == "admin")).all()
        teams = codes.Teams(
            pickup,
            {f"pool:{pool.id}": {f"employee:{member}" for member in pool.members} for pool in pools},
            {f"pool:{pool.id}": pool.name for pool in pools},
            {f"employee:{admin}" for admin in admins},
        )
        return codes.does(call.dialed, caller, meant.owners.get(meant.extensions.get(extension, "")), teams)

    def week(self, number: str, start: dt.datetime, language: str | None = None, *, days: int = 7) -> list[WeekSpan]:
        """What happens to anybody's calls to *number* in the *days* from *start* on, from one change to the next.

        *start* without an offset is in the company's time zone; the end is at the same time of the wall clock.
        """
        call = IncomingCall(uuid=_NO_CALL, dialed=number, trunk="explain", private=True)
        first = self._local(call, start)
        snapshot = _for_anybody(asked.with_ledger(self._database, call, self._loader.load(call, first.date())))
        language = language or snapshot.language
        return [
            WeekSpan(
                span.start.astimezone(first.tzinfo),
                span.end.astimezone(first.tzinfo),
                *in_short(span.plan, language),
                tuple(describe(span.plan, language)),
                tuple(reasons.text(reason, language) for reason in span.plan.reasons if reason.code != _OF_CALLER),
            )
            for span in spans(call, snapshot, first, first + dt.timedelta(days=days))
        ]

    def in_short(self, e164s: Collection[str], at: dt.datetime, language: str | None = None) -> dict[str, InShort]:
        """What each of the company's numbers *e164s* does at *at* (aware) with anybody's calls, for a list of them."""
        known = self._loader.load_numbers(e164s, at.date())
        moment = at.astimezone(ZoneInfo(known.timezone))
        snapshot = _for_anybody(known)
        found: dict[str, InShort] = {}
        for e164 in e164s:
            plan = decide(IncomingCall(uuid=_NO_CALL, dialed=e164, trunk="explain", private=True), snapshot, moment)
            found[e164] = InShort(*in_short(plan, language or snapshot.language))
        return found

    def _local(self, call: IncomingCall, at: dt.datetime) -> dt.datetime:
        zone = ZoneInfo(self._loader.load(call, at.date()).timezone)
        return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
