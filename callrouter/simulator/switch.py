"""A small software switch that plays FreeSWITCH to callrouter: both event sockets on real connections, CDRs, WAVs.

What it does is what the contract tests saw FreeSWITCH 1.11.2 do; it carries no SIP and no media.
"""

from __future__ import annotations

import uuid

import gevent
from gevent.event import Event

from callrouter.errors import SwitchTimeout
from callrouter.simulator import apps
from callrouter.simulator.behaviour import Offline
from callrouter.simulator.channel import Channel
from callrouter.simulator.inbound import InboundServer, api
from callrouter.simulator.outbound import OutboundSocket
from callrouter.simulator.scenario import Call, Happening
from callrouter.spool import Spool, write_whole
from callrouter.variables import DIRECTION, FALLBACK, NUMBER, OWNER, STAGE, STEP, TRUNK

_FALLBACK_RING_SECONDS = 30
_RESULTS = {
    "NO_ANSWER": "no_answer",
    "USER_BUSY": "busy",
    "USER_NOT_REGISTERED": "offline",
    "CALL_REJECTED": "rejected",
}


class PlacedCall:
    """A call in the switch: hang up from outside, wait for its end, read what happened."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._done = Event()

    @property
    def uuid(self) -> str:
        return self.channel.uuid

    @property
    def status(self) -> int:
        """The SIP status that the caller got: 200, a refusal, 487 for a CANCEL; 0: none yet."""
        return self.channel.status

    @property
    def timeline(self) -> tuple[Happening, ...]:
        return tuple(self.channel.timeline)

    def hang_up(self) -> None:
        """The caller hangs up now."""
        self.channel.caller_hangs_up()

    def wait(self, timeout: float = 30.0) -> None:
        """Wait (real seconds) until the call has ended and its CDR is written; raises SwitchTimeout."""
        if not self._done.wait(timeout):
            last = self.channel.timeline[-1] if self.channel.timeline else "nothing happened"
            raise SwitchTimeout(f"call {self.uuid} did not end within {timeout:g} s; last: {last}")

    def finish(self) -> None:
        """The switch is done with the call (used by Switch)."""
        self._done.set()


class Switch:
    """One node's switch. ``speed`` divides every time of a scenario: at 100 a ring of 20 s takes 0.2 s."""

    def __init__(
        self,
        spool: Spool,
        router: tuple[str, int],
        *,
        event_socket: tuple[str, int] = ("127.0.0.1", 0),
        password: str = "",
        speed: float = 1.0,
    ) -> None:
        self.spool, self.router, self.speed = spool, router, speed
        self.core_uuid = str(uuid.uuid4())
        self.calls: dict[str, PlacedCall] = {}
        self.inbound = InboundServer(self, event_socket, password)
        self._greenlets: dict[str, gevent.Greenlet] = {}

    def start(self) -> None:
        """Open the inbound event socket."""
        self.inbound.start()

    def place(self, call: Call) -> PlacedCall:
        """Let *call* come in; it runs by itself."""
        channel = Channel(call, self.core_uuid, self.speed)
        placed = self.calls[channel.uuid] = PlacedCall(channel)
        self._greenlets[channel.uuid] = gevent.spawn(self._run, placed)
        return placed

    def shut_down(self, timeout: float = 10.0) -> None:
        """End as SIGTERM does: each call gets SYSTEM_SHUTDOWN, the router its notice, the spool its CDR."""
        for placed in list(self.calls.values()):
            placed.channel.hangup("SYSTEM_SHUTDOWN")
        gevent.joinall(list(self._greenlets.values()), timeout=timeout)
        self.inbound.stop()

    def kill(self) -> None:
        """End as kill -9 does: connections break off, no CDR is written."""
        gevent.killall(list(self._greenlets.values()))
        self.calls.clear()
        self.inbound.stop()

    def _run(self, placed: PlacedCall) -> None:
        channel = placed.channel
        call = channel.call
        channel.set_sip_variables()
        channel.note("caller", f"{call.from_} calls {call.to}")
        helpers = []
        if call.hang_up_after is not None:
            helpers.append(gevent.spawn_later(call.hang_up_after / self.speed, channel.caller_hangs_up))
        try:
            self._dialplan(channel)
            channel.hangup("NORMAL_CLEARING")
            self._write_cdr(channel)
        finally:
            gevent.killall(helpers, block=False)
            self.calls.pop(channel.uuid, None)
            self._greenlets.pop(channel.uuid, None)
            placed.finish()

    def _dialplan(self, channel: Channel) -> None:
        call = channel.call
        apps.run(channel, "set", f"{NUMBER}={call.to}")
        apps.run(channel, "set", f"{DIRECTION}={'internal' if call.device else 'inbound'}")
        if not call.device:
            apps.run(channel, "set", f"{TRUNK}={call.trunk}")
        for name, value in call.variables.items():
            apps.run(channel, "set", f"{name}={value}")
        if OutboundSocket(channel, self.router, lambda line: api(self, line)).run():
            self._fallback(channel)

    def _fallback(self, channel: Channel) -> None:
        """The least a rendered fallback does: ring the phones unless that was done, then take a message."""
        stage, owner = channel.variables.get(STAGE, ""), channel.variables.get(OWNER, "")
        if stage == "done":
            channel.hangup("NORMAL_CLEARING")
            return
        channel.note("switch", "the dialplan goes on into the fallback")
        apps.run(channel, "set", f"{FALLBACK}=true")
        step = f"f-{owner.rpartition(':')[2] or 'none'}"
        disposition = channel.variables.get("originate_disposition", "")
        if stage not in ("mailbox", "recording") and not disposition:
            disposition = self._fallback_ring(channel, step, owner)
        if disposition == "SUCCESS" or channel.hung_up.is_set():
            channel.hangup("NORMAL_CLEARING")
        elif stage != "recording" and channel.call.fallback_mailbox:
            self._fallback_mailbox(channel, step, owner)
        else:
            channel.hangup(disposition or "NORMAL_CLEARING")

    def _fallback_ring(self, channel: Channel, step: str, owner: str) -> str:
        devices = [name for name, behaviour in channel.call.phones.items() if not isinstance(behaviour, Offline)]
        apps.run(channel, "push", f"{STEP}={step};ring;{owner}")
        apps.run(channel, "ring_ready", "")
        for assignment in ("continue_on_fail=true", "hangup_after_bridge=true", "import=callrouter_device"):
            apps.run(channel, "set", assignment)
        legs = ",".join(f"[callrouter_device={name}]sofia/phones/{name}%fallback" for name in devices)
        limit = channel.variables.get("callrouter_ring_seconds", str(_FALLBACK_RING_SECONDS))
        apps.run(channel, "bridge", f"{{originate_timeout={limit}}}{legs or 'sofia/phones/none%fallback'}")
        disposition = channel.variables.get("originate_disposition", "")
        if not channel.hung_up.is_set():
            result = _RESULTS.get(disposition, "failed")
            apps.run(channel, "push", f"{STEP}={step};ring;{owner};{result}")
        return disposition

    def _fallback_mailbox(self, channel: Channel, step: str, owner: str) -> None:
        apps.run(channel, "set", f"{STAGE}=recording")
        apps.run(channel, "push", f"{STEP}={step}-v;voicemail;{owner}")
        apps.run(channel, "answer", "")
        apps.run(channel, "record", f"{self.spool.recording(channel.uuid, step + '-v')} 180 200 5")
        apps.run(channel, "push", f"{STEP}={step}-v;voicemail;{owner};recorded")
        channel.hangup("NORMAL_CLEARING")

    def _write_cdr(self, channel: Channel) -> None:
        write_whole(self.spool.cdr / f"a_{channel.uuid}.cdr.json", channel.cdr())
        channel.note("switch", "wrote the CDR")
