"""The two switches behind one face, so that each contract test says once what both must do."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import gevent
import gevent.socket

from callrouter.simulator.behaviour import Behaviour, Offline
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import tone
from callrouter.simulator.scenario import Call
from callrouter.simulator.switch import PlacedCall, Switch
from callrouter.spool import Spool
from tests.simulator.bare_router import LIMIT, BareRouter, Connection
from tests.simulator.real_switch import DOMAIN, PASSWORDS, RealSwitch

NUMBER, CALLER = "+493023125010", "+4917604069001"


@dataclass
class Side:
    """The caller's side of one call, and the router's connection for it."""

    connection: Connection
    data: dict[str, str]
    handle: Any
    uuid: str = field(init=False)

    def __post_init__(self) -> None:
        self.uuid = self.data["Unique-ID"]


class World(Protocol):
    router: BareRouter
    recordings: Path
    cdr_dir: Path

    def place(self, phones: Mapping[str, Behaviour], says: array[int]) -> Any: ...
    def hang_up(self, handle: Any) -> None: ...
    def status(self, handle: Any) -> int: ...
    def types(self, handle: Any, digits: str) -> None: ...
    def speaks(self, recording: Path, size: int) -> None:
        """Return when the caller has spoken about a second and *recording* has *size* bytes if read now."""

    def stop_switch(self, *, kill: bool) -> None: ...
    def esl(self) -> tuple[int, str]: ...


class Simulated:
    def __init__(self, root: Path) -> None:
        self.router = BareRouter()
        spool = Spool(root / "spool")
        spool.create()
        self.recordings, self.cdr_dir = spool.recordings, spool.cdr
        self.switch = Switch(spool, ("127.0.0.1", self.router.port), password="only-for-this-test", speed=20)
        self.switch.start()

    def place(self, phones: Mapping[str, Behaviour], says: array[int]) -> PlacedCall:
        owner = {"callrouter_owner": "employee:anna"}
        return self.switch.place(
            Call(NUMBER, CALLER, "Zoë", phones=phones, says=says, variables=owner, fallback_mailbox=False)
        )

    def hang_up(self, handle: PlacedCall) -> None:
        handle.hang_up()

    def status(self, handle: PlacedCall) -> int:
        handle.wait(LIMIT)
        return handle.status

    def types(self, handle: PlacedCall, digits: str) -> None:
        handle.channel.digits.append(digits)

    def speaks(self, recording: Path, size: int) -> None:
        gevent.sleep(1.2 / self.switch.speed)  # it writes when the recording ends: nothing to wait for

    def stop_switch(self, *, kill: bool) -> None:
        (self.switch.kill if kill else self.switch.shut_down)()

    def esl(self) -> tuple[int, str]:
        return self.switch.inbound.port, "only-for-this-test"

    def close(self) -> None:
        self.switch.kill()
        self.router.close()


class Real:
    def __init__(self, root: Path) -> None:
        self.router = BareRouter()
        self.switch = RealSwitch(root, self.router.port)
        self.recordings, self.cdr_dir = root / "recordings", root / "cdr"
        self._open: list[Phone] = []

    def place(self, phones: Mapping[str, Behaviour], says: array[int]) -> Any:
        self.hang_up_everything()
        for user, password in PASSWORDS.items():
            behaviour = phones.get(user, Offline())
            phone = Phone(user, password, DOMAIN, ("127.0.0.1", self.switch.phones_port), behaviour=behaviour)
            self._open.append(phone)
            assert phone.register() == 200
            if isinstance(behaviour, Offline):
                assert phone.unregister() == 200
        caller = Phone("trunk", "", DOMAIN, ("127.0.0.1", self.switch.trunk_port), says=says)
        self._open.append(caller)
        return caller.call(NUMBER, CALLER, "Zoë")

    def hang_up(self, handle: Any) -> None:
        handle.hangup()

    def status(self, handle: Any) -> int:
        handle.wait_for("ended", LIMIT)
        return int(handle.status)

    def types(self, handle: Any, digits: str) -> None:
        gevent.spawn_later(0.6, handle.audio.send_digits, digits)

    def speaks(self, recording: Path, size: int) -> None:
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if recording.exists() and recording.stat().st_size >= size:
                return gevent.sleep(0.5)  # of what is kept in memory there is nothing to wait for
            gevent.sleep(0.005)
        raise AssertionError(f"{recording} has not {size} bytes")

    def stop_switch(self, *, kill: bool) -> None:
        # In a thread: the caller's phone must be able to answer the BYE meanwhile.
        gevent.get_hub().threadpool.apply(self.switch.kill if kill else self.switch.stop)

    def esl(self) -> tuple[int, str]:
        return self.switch.esl_port, "only-for-this-test"

    def hang_up_everything(self) -> None:
        for phone in self._open:
            phone.close()
        self._open.clear()

    def close(self) -> None:
        self.hang_up_everything()
        self.switch.stop()
        self.router.close()


def place(world: World, phones: Mapping[str, Behaviour] | None = None, says: array[int] | None = None) -> Side:
    """Let a call come in and say ``connect`` for the router."""
    handle = world.place(phones or {}, says if says is not None else tone(600, 30))
    connection = world.router.accept()
    return Side(connection, connection.connect(), handle)


def dial_string(*users: str, seconds: int = 3) -> str:
    """As the router dials: all at once, each leg with its device."""
    legs = ",".join(f"[callrouter_device={user}]sofia/phones/{user}%{DOMAIN}" for user in users)
    return f"{{ignore_early_media=true,originate_timeout={seconds}}}{legs}"


def cdr(world: World, uuid: str) -> dict[str, Any]:
    """The call's CDR once it is whole (ends with a line feed)."""
    path, end = world.cdr_dir / f"a_{uuid}.cdr.json", time.monotonic() + LIMIT
    while time.monotonic() < end:
        if path.exists() and (data := path.read_bytes()).endswith(b"\n"):
            document: dict[str, Any] = json.loads(data.decode("utf-8", "replace"))
            return document
        gevent.sleep(0.01)
    raise AssertionError(f"no CDR at {path}")


def variables(world: World, side: Side) -> dict[str, str]:
    """The variables in the call's CDR."""
    found: dict[str, str] = cdr(world, side.uuid)["variables"]
    return found


def causes(value: str) -> list[str]:
    """``originate_causes`` without the random UUIDs, in the order of the legs."""
    return [part.split(";")[1] for part in value.removeprefix("ARRAY::").split("|:") if part]


def wait_for_app(world: World, side: Side, app: str) -> None:
    """Wait until the channel runs *app*, asked on the inbound socket."""
    port, password = world.esl()
    inbound = Connection(gevent.socket.create_connection(("127.0.0.1", port), timeout=LIMIT))
    inbound.read()
    inbound.command(f"auth {password}")
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        inbound.send(f"api uuid_getvar {side.uuid} current_application\n\n")
        if inbound.read()[1] == app:
            inbound.close()
            return
        gevent.sleep(0.005)
    raise AssertionError(f"the channel does not run {app}")
