"""What FreeSWITCH is doing now: phones registered, trunks up, calls. A page never waits for a switch that is dead."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import gevent
from gevent.event import Event
from lxml import etree

from callrouter import log
from callrouter.errors import SwitchError

#: What was read is taken for so long, and for ten times what reading took (seconds).
_FRESH = 2.0
#: A page waits at most so long for the first answer (seconds); the switch itself may take longer.
_PATIENCE = 0.5
_TEXT = 200
#: States of a leg whose call was answered.
TALKING = frozenset(("ACTIVE", "HELD", "UNHELD"))


@dataclass(frozen=True, slots=True)
class Registration:
    """A phone that is registered; ``address`` is where its packets come from, ``until`` when it must renew."""

    sip_user: str
    address: str
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A trunk as the switch sees it; ``state`` in sofia's words: REGED, NOREG, FAIL_WAIT, TRYING …"""

    name: str
    up: bool
    state: str


@dataclass(frozen=True, slots=True)
class Channel:
    """One leg of a call; ``state`` in the switch's words: RINGING, EARLY, ACTIVE …

    ``calling`` is the account of the phone that it came from, empty where that is none of ours. ``context`` is the
    dialplan's, ``at`` the owner (a key) to whose phones the router has brought the call.
    """

    uuid: str
    call_uuid: str
    direction: str
    since: dt.datetime | None
    caller: str
    caller_name: str
    called: str
    state: str
    calling: str = ""
    context: str = ""
    at: str = ""

    @property
    def device(self) -> str:
        """The account of the phone this leg goes to (``anna-desk`` of ``anna-desk%pbx.muster.example``), else empty."""
        account, sign, _domain = self.called.partition("%")
        return account if sign and self.direction == "outbound" else ""

    @property
    def account(self) -> str:
        """The account of the phone at its other end, empty where that is none of ours."""
        return self.calling if self.direction == "inbound" else self.device


def gateway_name(trunk: str) -> str:
    """What the trunk of that name is called in FreeSWITCH, see ``rendering.view``."""
    return f"trunk-{trunk}"


@dataclass(frozen=True, slots=True)
class Live:
    """One look at the switch; ``problem`` says why nothing is known, for people, and is empty when all is."""

    problem: str = ""
    registrations: Mapping[str, Registration] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()

    @property
    def connected(self) -> bool:
        return not self.problem


class Switch(Protocol):
    """What pages ask about FreeSWITCH."""

    def live(self) -> Live:
        """What goes on now, at most some seconds old; never raises, and answers within half a second."""

    def begin(self, command: str) -> None:
        """Have FreeSWITCH run the API *command* by itself; raises SwitchError when it cannot be told."""


def _text(value: object) -> str:
    return str(value)[:_TEXT] if isinstance(value, str | int) else ""


def _moment(value: object) -> dt.datetime | None:
    text = _text(value)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**11:
        return None
    return dt.datetime.fromtimestamp(int(text), dt.UTC)


def _rows(answer: str, what: str) -> Iterator[dict[str, Any]]:
    """The rows of a ``show … as json``; an empty list has none. Raises SwitchError."""
    try:
        rows = json.loads(answer).get("rows", [])
    except (ValueError, AttributeError) as error:
        raise SwitchError(f"FreeSWITCH's answer to `{what}` cannot be read: {error}") from error
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())


def read_registrations(answer: str) -> dict[str, Registration]:
    """By account, from ``show registrations as json``; raises SwitchError."""
    found: dict[str, Registration] = {}
    for row in _rows(answer, "show registrations"):
        user = _text(row.get("reg_user"))
        if user:
            address = f"{_text(row.get('network_ip'))}:{_text(row.get('network_port'))}"
            found[user] = Registration(user, address.strip(":"), _moment(row.get("expires")))
    return found


def read_gateways(answer: str) -> dict[str, Gateway]:
    """By name, from ``sofia xmlstatus gateway``, whose values the switch does not escape; broken parts are left out."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    tree = etree.fromstring(answer.encode("utf-8", "replace").strip() or b"<gateways/>", parser)
    found: dict[str, Gateway] = {}
    for gateway in tree.iter("gateway") if tree is not None else ():
        name = _text(gateway.findtext("name"))
        if name:
            up = _text(gateway.findtext("status")) == "UP"
            found[name] = Gateway(name, up, _text(gateway.findtext("state")))
    return found


def read_channels(answer: str) -> tuple[Channel, ...]:
    """From ``show channels as json``, the oldest first; raises SwitchError."""
    channels = [_channel(row) for row in _rows(answer, "show channels")]
    return tuple(sorted(channels, key=lambda channel: channel.since or dt.datetime.max.replace(tzinfo=dt.UTC)))


def _channel(row: Mapping[str, Any]) -> Channel:
    return Channel(
        uuid=_text(row.get("uuid")),
        call_uuid=_text(row.get("call_uuid")) or _text(row.get("uuid")),
        direction=_text(row.get("direction")),
        since=_moment(row.get("created_epoch")),
        caller=_text(row.get("cid_num")),
        caller_name=_text(row.get("cid_name")),
        called=_text(row.get("dest")),
        state=_text(row.get("callstate")),
        calling=_text(row.get("accountcode")),
        context=_text(row.get("context")),
        at=_text(row.get("presence_data")),
    )


def calls_of(channels: Iterable[Channel]) -> list[tuple[Channel, list[Channel]]]:
    """The calls that *channels* are the legs of, the oldest first: the leg that came in, and the others."""
    legs: dict[str, list[Channel]] = {}
    for channel in channels:
        legs.setdefault(channel.call_uuid, []).append(channel)
    found = []
    for uuid, some in legs.items():
        first = next((leg for leg in some if leg.uuid == uuid), some[0])
        found.append((first, [leg for leg in some if leg is not first]))
    return found


def read_live(ask: Callable[[str], str]) -> Live:
    """One look at the switch through *ask* (one API command); raises SwitchError."""
    return Live(
        registrations=read_registrations(ask("show registrations as json")),
        gateways=read_gateways(ask("sofia xmlstatus gateway")),
        channels=read_channels(ask("show channels as json")),
    )


class LiveSwitch:
    """Asks through *ask* (one API command, raises SwitchError) in the background, and keeps the answer for a while."""

    def __init__(self, ask: Callable[[str], str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._known = Live(problem="FreeSWITCH was not asked yet")
        self._good_until = float("-inf")
        self._reading: Event | None = None

    def live(self) -> Live:
        """See ``Switch``; where an answer is a little old it is given, and a new one fetched for the next page."""
        if self._monotonic() >= self._good_until and self._reading is None:
            self._reading = Event()
            gevent.spawn(self._read, self._reading)
        if self._reading is not None and self._monotonic() >= self._good_until:
            self._reading.wait(_PATIENCE)
        return self._known

    def begin(self, command: str) -> None:
        """See ``Switch``."""
        self._ask(f"bgapi {command}")

    def _read(self, done: Event) -> None:
        began = self._monotonic()
        try:
            self._known = read_live(self._ask)
        except SwitchError as error:
            self._known = Live(problem=str(error))
        except Exception as error:
            log.get("web").exception("what FreeSWITCH is doing could not be read")
            self._known = Live(problem=f"{type(error).__name__}: {error}")
        finally:
            now = self._monotonic()
            self._good_until = now + max(_FRESH, 10 * (now - began))
            self._reading = None
            done.set()
