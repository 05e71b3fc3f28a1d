"""What happens to a call to a number, at any time, in sentences: for ``callrouter explain`` and the pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from callrouter.directory.database import Database
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.routing import reasons
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, describe_emergency
from callrouter.routing.plan import IncomingCall, Reject

_NO_CALL = "00000000-0000-0000-0000-000000000000"


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


class Explainer:
    """Decides as the router does, with the directory as it is now, and rings nobody."""

    def __init__(self, database: Database) -> None:
        self._loader = SnapshotLoader(database)

    def __call__(
        self,
        number: str,
        at: dt.datetime,
        language: str | None = None,
        *,
        caller: str | None = None,
        device: str | None = None,
    ) -> Explanation:
        """A call to *number* at *at* from *caller* (E.164; None: anonymous) or the phone *device* (its ``sip_user``).

        *at* without an offset is in the company's time zone. *language* is de or en; None: the company's.
        """
        call = IncomingCall(
            uuid=_NO_CALL,
            dialed=number,
            trunk=None if device else "explain",
            device=device,
            caller_number=caller,
            private=caller is None and device is None,
        )
        zone = ZoneInfo(self._loader.load(call, at.date()).timezone)
        moment = at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
        snapshot = self._loader.load(call, moment.date())
        plan = decide(call, snapshot, moment)
        language = language or snapshot.language
        steps = describe(plan, language)
        why = [reasons.text(reason, language) for reason in plan.reasons]
        refused = any(isinstance(step, Reject) for step in plan.steps)
        if device in snapshot.devices and number in snapshot.digits.emergency:
            # The dialplan sends these to the trunks before it would ask the router.
            steps, why, refused = describe_emergency(number, language), why[:1], False
        return Explanation(plan.number, plan.owner, plan.caller, moment, refused, tuple(steps), tuple(why))
