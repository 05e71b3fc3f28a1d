"""Calls through a private FreeSWITCH with the simulator's phones and trunk peers: what these tests share."""

from __future__ import annotations

import contextlib
import json
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import gevent
import pytest

from callrouter import variables
from callrouter.ledger.cdr import Cdr, parse
from callrouter.settings import Settings
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.switch import DOMAIN, RenderedSwitch, rendered_switch

PASSWORDS = {"anna-desk": "4f1bX2-desk", "anna-soft": "4f1bX2-soft", "ben-desk": "9c7aQ1-desk"}


class World:
    """The switch, a trunk and the phones that a test registers."""

    def __init__(self, switch: RenderedSwitch, carrier: Phone) -> None:
        self.switch, self.trunk = switch, carrier
        self.others: list[Phone] = []

    def phone(self, user: str, behaviour: Any, password: str | None = None) -> Phone:
        server = ("127.0.0.1", self.switch.settings.freeswitch.phones_port)
        phone = Phone(user, password or PASSWORDS[user], DOMAIN, server, behaviour=behaviour)
        self.others.append(phone)
        return phone

    def registered(self, user: str, behaviour: Any) -> Phone:
        phone = self.phone(user, behaviour)
        assert phone.register() == 200
        return phone

    def peer(self, host: str) -> Phone:
        phone = Phone("trunk", server=("127.0.0.1", self.switch.settings.freeswitch.trunk_port), host=host)
        self.others.append(phone)
        return phone

    def record(self, call: PhoneCall, seconds: float = 10.0) -> dict[str, Any]:
        """The CDR of *call*, found by its Call-ID."""

        def find() -> dict[str, Any] | None:
            for path in self.switch.settings.spool.cdr.glob("a_*.json"):
                data = path.read_bytes()
                if data.endswith(b"\n") and call.id.encode() in data:
                    found: dict[str, Any] = json.loads(data.decode("utf-8", "replace"))
                    return found if found["variables"]["sip_call_id"] == call.id else None
            return None

        record: dict[str, Any] = soon(find, seconds)
        return record

    def cdr(self, call: PhoneCall) -> Cdr:
        """The CDR of *call* as the ledger reads it."""
        record = self.record(call)
        return parse(json.dumps(record).encode() + b"\n", f"a_{record['variables']['uuid']}.cdr.json")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for phone in self.others:
            phone.unregister() if phone.server[1] == self.switch.settings.freeswitch.phones_port else None
            phone.close()
        self.switch.api("hupall")
        soon(lambda: self.switch.api("show channels count").strip().startswith("0 total"), 5)


@contextlib.contextmanager
def switch_and_trunk(
    folder: Path,
    company: Callable[[int], Mapping[str, Any]],
    says: array[int] | None = None,
    settings: Settings | None = None,
) -> Iterator[tuple[RenderedSwitch, Phone]]:
    """A private switch for the *company* whose trunk has that port, and the trunk, which says *says*."""
    trunk = Phone("trunk", says=says)
    with rendered_switch(folder, company(trunk.port), settings) as switch:
        trunk.server = ("127.0.0.1", switch.settings.freeswitch.trunk_port)
        yield switch, trunk
    trunk.close()


def switch_of(company: Callable[[int], Mapping[str, Any]], says: array[int] | None = None) -> Any:
    """A module's fixture ``running``: :func:`switch_and_trunk` for all of its tests."""

    @pytest.fixture(scope="module")
    def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone]]:
        with switch_and_trunk(tmp_path_factory.mktemp("switch"), company, says) as found:
            yield found

    return running


def soon(ask: Callable[[], Any], seconds: float) -> Any:
    """What *ask* answers as soon as that is true, within *seconds*."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        gevent.sleep(0.02)
    return answer


def marks(record: dict[str, Any]) -> list[str]:
    """The steps of a CDR."""
    return variables.step_texts(record["variables"][variables.STEP])
