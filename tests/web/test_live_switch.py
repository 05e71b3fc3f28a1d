"""What a real FreeSWITCH says of phones, trunks and calls is read as the pages mean it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.app import event_socket_client
from callrouter.cli.scratch import wait_until
from callrouter.directory import employees
from callrouter.esl.client import InboundClient
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.web.board import CallNow, calls_now
from callrouter.web.live import Live, LiveSwitch, read_live
from callrouter.web.pool_now import PoolNow, State, team
from tests.e2e.world import ANNA, CALLER, SALES, World

pytestmark = pytest.mark.freeswitch


@pytest.fixture
def client(tmp_path: Path) -> Iterator[tuple[World, InboundClient]]:
    """A switch with router and phones, and a connection to its event socket."""
    world = World(tmp_path)
    connection: InboundClient | None = None
    try:
        world.create()
        world.scratch.start()
        connection = event_socket_client(world.scratch.settings, "test")
        connection.start()
        assert connection.first_try(10)
        yield world, connection
    finally:
        if connection is not None:
            connection.stop()
        world.stop()


def test_a_call_is_at_the_pool_to_which_the_router_brought_it(client: tuple[World, InboundClient]):
    world, connection = client
    with world.scratch.database.write() as session:
        employees.set_forwarding(session, "anna", always="pool:sales")
    ben = world.phone("ben-desk", NoAnswer())

    def look() -> PoolNow:
        with world.scratch.database.read() as session:
            sales = team(session, "sales")
        return sales.now(read_live(lambda command: connection.api(command, timeout=5)), dt.datetime.now(dt.UTC))

    wait_until(lambda: look().members[1].state is State.FREE, "ben's phone")
    call = world.trunk.call(ANNA, CALLER, "Carla Beispiel")
    ringing: PoolNow = wait_until(lambda: (seen := look()).ringing and seen, "a call that rings for the pool")
    assert [(one.caller, one.members) for one in ringing.ringing] == [(CALLER, ("ben",))]
    assert [one.state for one in ringing.members] == [State.OFFLINE, State.RINGING]
    call.hangup()
    wait_until(lambda: look().members[1].state is State.FREE, "the end of the call")
    out = ben.call("10", "liar", "Liar")
    wait_until(lambda: look().members[1].state is State.TALKING, "ben's own call")
    assert look().ringing == ()
    out.hangup()


def test_phones_trunks_and_calls_are_read(client: tuple[World, InboundClient]):
    world, connection = client
    world.phone("anna-desk", NoAnswer())
    world.phone("ben-desk", Answer(after=0.1))

    def look() -> Live:
        return LiveSwitch(lambda command: connection.api(command, timeout=5)).live()

    def call_to(number: str, state: str) -> CallNow | None:
        return next((call for call in calls_now(look().channels) if (call.called, call.state) == (number, state)), None)

    # The switch writes registrations down a moment after it has answered the phone.
    live: Live = wait_until(lambda: len((seen := look()).registrations) == 2 and seen, "both phones")
    assert {user: one.address for user, one in live.registrations.items()} == {
        user: f"127.0.0.1:{phone.port}" for user, phone in world.phones.items()
    }
    assert all(one.until is not None for one in live.registrations.values())
    assert [(name, one.up, one.state) for name, one in live.gateways.items()] == [("trunk-carrier", True, "NOREG")]
    assert live.channels == ()

    world.trunk.call(ANNA, CALLER, "Carla Beispiel")
    ringing: CallNow = wait_until(lambda: call_to(ANNA, "rings"), "a call that rings")
    assert (ringing.caller, ringing.caller_name, ringing.phones) == (CALLER, "Carla Beispiel", ("anna-desk",))
    assert ringing.since is not None
    assert wait_until(lambda: call_to(ANNA, "served"), "the mailbox").phones == ()

    talk = world.trunk.call(SALES, CALLER, "Dora")
    assert wait_until(lambda: call_to(SALES, "talks"), "a call that was answered").phones == ("ben-desk",)
    talk.hangup()
    wait_until(lambda: not call_to(SALES, "talks"), "the end of the call")
