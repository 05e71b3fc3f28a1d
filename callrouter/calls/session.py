"""One inbound call, from the accepted socket to its end: read it as a table of contents.

Whatever goes wrong here stays with this call: the socket is closed and FreeSWITCH goes on into the static fallback,
so that the caller still reaches a phone or the mailbox.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import gevent
import structlog

from callrouter import log, metrics, variables
from callrouter.calls.incoming import incoming_call, steps_so_far
from callrouter.calls.live import with_counts
from callrouter.calls.steps import PlanRunner
from callrouter.errors import ChannelGone
from callrouter.esl.channel import Channel
from callrouter.notes import Note
from callrouter.routing import reasons
from callrouter.routing.decide import decide
from callrouter.routing.plan import IncomingCall, Reject, RoutePlan, Switch
from callrouter.routing.snapshot import Snapshot
from callrouter.settings import Settings
from callrouter.spool import write_whole

#: What a call, on a day in the company's time zone, needs of the directory.
LoadSnapshot = Callable[[IncomingCall, dt.date], Snapshot]


@dataclass(frozen=True, slots=True)
class CallHandler:
    """What handling a call needs from outside: the directory, the clock, the settings.

    ``read_directory`` begins to read before it is known whose call it is, and never waits. ``switch`` does what a
    phone's code asks for; it raises when that is not done. ``guard`` says whether a call out is warned first.
    """

    read_directory: Callable[[], LoadSnapshot]
    clock: Callable[[], dt.datetime]
    settings: Settings
    switch: Callable[[Switch], str]
    guard: Callable[[Channel, Mapping[str, str]], None]

    def __call__(self, channel: Channel) -> None:
        """Handle the call on *channel*; raises whatever the server should log and count."""
        accepted = time.monotonic()
        load_snapshot = self.read_directory()
        info = channel.connect()
        with structlog.contextvars.bound_contextvars(call=info.get("Unique-ID", "?")):
            if info.get(f"variable_{variables.GUARD}") == variables.GUARD_ASKS:
                self.guard(channel, info)
                return
            call = incoming_call(info)
            now = self.clock()
            snapshot = with_counts(channel, call, load_snapshot(call, now.date()))
            plan = decide(call, snapshot, now)
            planned = time.monotonic() - accepted
            gevent.spawn(self._keep, info, call, plan, snapshot.version, now, planned)
            runner = PlanRunner(
                channel, call, plan, self.settings, snapshot.sip_domain, self.switch, *steps_so_far(info)
            )
            try:
                runner.run()
            except ChannelGone as gone:
                self._log_gone(gone)

    def _keep(
        self,
        info: Mapping[str, str],
        call: IncomingCall,
        plan: RoutePlan,
        version: int,
        now: dt.datetime,
        planned: float,
    ) -> None:
        """All that need not be done before phones ring: runs while FreeSWITCH works on the first commands."""
        with structlog.contextvars.bound_contextvars(call=call.uuid):
            metrics.CALLS.labels("internal" if call.device else "inbound").inc()
            metrics.PLAN_SECONDS.observe(planned)
            self._log_plan(call, plan)
            if not call.feature:  # it is no call of anybody to anybody, and leaves no record
                self._write_note(self._note(info, call, plan, version, now))

    def _log_plan(self, call: IncomingCall, plan: RoutePlan) -> None:
        rejected = [step.reason.value for step in plan.steps if isinstance(step, Reject)]
        if not (rejected or log.get("router").is_enabled_for(logging.INFO)):
            return  # the reasons' texts take longer than the decision
        why = "; ".join(reasons.text(reason, "en") for reason in plan.reasons)
        source = f"phone {call.device}" if call.device else f"trunk {call.trunk}"
        if rejected:
            log.get("router").warning(f"rejecting a call from {source} to {call.dialed!r}: {rejected[0]}", why=why)
        else:
            log.get("router").info(f"a call from {source} to {plan.number or call.dialed} for {plan.owner}", why=why)

    def _log_gone(self, gone: ChannelGone) -> None:
        if gone.hung_up:
            log.get("router").info("the caller hung up")
        elif gone.here:
            log.get("router").info("the router stops; the call goes on in the static fallback")
        else:
            log.get("router").error("FreeSWITCH closed the call's socket without a word; its note stays in the spool")

    def _note(
        self, info: Mapping[str, str], call: IncomingCall, plan: RoutePlan, version: int, now: dt.datetime
    ) -> Note:
        return Note(
            uuid=call.uuid,
            core_uuid=info.get("Core-UUID", ""),
            number=plan.number or "",
            owner=plan.owner or "",
            caller=plan.caller,
            caller_name=plan.caller_name,
            private=call.private,
            direction="internal" if call.device else "inbound",
            trunk=call.trunk or "",
            dialed=variables.safe(call.dialed),
            started_at=now,
            version=version,
            reasons=tuple((reason.code, dict(reason.fields)) for reason in plan.reasons),
        )

    def _write_note(self, note: Note) -> None:
        """Leave *note*, from which the ledger can make a record if FreeSWITCH dies before it writes the CDR.

        Written in a thread: a slow disk holds neither this call nor others, and a full one costs a record only if the
        switch dies too.
        """
        write = (write_whole, (self.settings.spool.note(note.uuid), note.to_json()))
        try:
            gevent.get_hub().threadpool.apply(*write)
        except OSError as error:
            log.get("router").error(
                f"no note of the call: {error}; should FreeSWITCH die now, it is lost", call=note.uuid
            )
