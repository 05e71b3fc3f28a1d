"""The inbound socket: what callrouter asks a switch, of both alike."""

from __future__ import annotations

import gevent.socket

from tests.simulator.bare_router import Connection
from tests.simulator.worlds import World, place


def connect(world: World, password: str | None = None) -> tuple[Connection, str]:
    port, right = world.esl()
    connection = Connection(gevent.socket.create_connection(("127.0.0.1", port), timeout=5))
    assert connection.read()[0] == {"Content-Type": "auth/request"}
    return connection, connection.command(f"auth {password or right}")


def api(connection: Connection, command: str) -> str:
    connection.send(f"api {command}\n\n")
    headers, body = connection.read()
    assert headers["Content-Type"] == "api/response"
    return body


def test_password(world: World) -> None:
    assert connect(world)[1] == "+OK accepted"
    assert connect(world, "wrong")[1] == "-ERR invalid"


def test_api(world: World) -> None:
    connection, _ = connect(world)
    side = place(world)
    assert api(connection, "global_getvar core_uuid") == side.data["Core-UUID"]
    assert api(connection, f"uuid_exists {side.uuid}") == "true"
    assert api(connection, "uuid_exists 00000000-0000-0000-0000-000000000000") == "false"
    assert api(connection, "uuid_kill 00000000-0000-0000-0000-000000000000") == "-ERR No such channel!\n"
    assert api(connection, "nonsense x") == "-ERR nonsense Command not found!\n"
    assert api(connection, "reloadxml") == "+OK [Success]\n"
    assert api(connection, "reloadacl") == "+OK acl reloaded\n"
    assert api(connection, "sofia profile phones rescan").endswith("+OK scan complete\n")
    assert api(connection, "status").startswith("UP ")
    assert api(connection, "version").startswith("FreeSWITCH Version ")
    assert api(connection, f"uuid_getvar {side.uuid} nothing") == "_undef_"
    assert api(connection, f"uuid_setvar {side.uuid} given value") == "+OK\n"
    assert side.connection.getvar("given") == "value"
    assert api(connection, f"uuid_kill {side.uuid} USER_BUSY") == "+OK\n"
    assert world.status(side.handle) == 486


def test_events_and_sendevent(world: World) -> None:
    connection, _ = connect(world)
    assert connection.command("event plain CUSTOM sofia::register") == "+OK event listener enabled plain"
    assert connection.command("noevents") == "+OK no longer listening for events"
    sent = connection.command(
        "sendevent MESSAGE_WAITING\nMWI-Messages-Waiting: yes\nMWI-Message-Account: sip:x@y.example"
    )
    assert sent.startswith("+OK ")
    assert connection.command("exit") == "+OK bye"
