"""The switch's inbound event socket: authentication and the api commands that callrouter sends."""

from __future__ import annotations

import hmac
import json
import uuid
from typing import TYPE_CHECKING, Any

from gevent import Timeout
from gevent.server import StreamServer

from callrouter.simulator.outbound import Command, api_response, read_command, reply

if TYPE_CHECKING:
    from callrouter.simulator.switch import Switch

_AUTH_LIMIT = 25.0


def api(switch: Switch, line: str) -> str:
    """What FreeSWITCH answers to *line*, for the commands in use; others are unknown, in its words."""
    word, _, argument = line.partition(" ")
    if word in ("sofia", "reloadxml", "reloadacl", "fsctl"):
        return {
            "reloadxml": "+OK [Success]\n",
            "reloadacl": "+OK acl reloaded\n",
            "sofia": "Reload XML [Success]\n+OK scan complete\n",
        }.get(word, "true" if argument == "ready_check" else "+OK\n")
    if word == "status":
        return f"UP 0 years, 0 days\nFreeSWITCH (simulated) is ready\n{len(switch.calls)} session(s) - peak 1\n"
    if word == "version":
        return "FreeSWITCH Version 1.11.2-simulated\n"
    if word == "global_getvar":
        return switch.core_uuid if argument == "core_uuid" else ""
    if word == "show":
        rows = [{"uuid": name, "direction": "inbound"} for name in switch.calls]
        if argument.endswith("as json"):
            return json.dumps({"row_count": len(rows)} | ({"rows": rows} if rows else {})) + "\n"
        return f"\n{len(rows)} total.\n"
    if word == "uuid_exists":
        return "true" if argument in switch.calls else "false"
    if word in ("uuid_getvar", "uuid_setvar", "uuid_kill"):
        return _on_channel(switch, word, argument.split(" ", 2))
    return f"-ERR {word} Command not found!\n"


def _on_channel(switch: Switch, word: str, arguments: list[str]) -> str:
    placed = switch.calls.get(arguments[0])
    if placed is None:
        return "-ERR No such channel!\n"
    if word == "uuid_kill":
        placed.channel.hangup(arguments[1] if len(arguments) > 1 else "NORMAL_CLEARING")
        return "+OK\n"
    if word == "uuid_setvar" and len(arguments) > 1:
        placed.channel.set(arguments[1], arguments[2] if len(arguments) > 2 else "")
        return "+OK\n"
    return placed.channel.variables.get(arguments[1], "_undef_") if len(arguments) > 1 else "-USAGE\n"


class InboundServer:
    """Listens on ``address`` (port 0: any free one; read ``port`` after ``start``)."""

    def __init__(self, switch: Switch, address: tuple[str, int], password: str) -> None:
        self._switch, self._password = switch, password
        self._server = StreamServer(address, self._session)
        self.events: list[Command] = []

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def _session(self, connection: Any, _address: object) -> None:
        stream = connection.makefile("rb")
        try:
            connection.sendall(b"Content-Type: auth/request\n\n")
            with Timeout(_AUTH_LIMIT, False):
                command = read_command(stream)
                given = command.line.removeprefix("auth ") if command else ""
                if not hmac.compare_digest(given.encode(), self._password.encode()):
                    connection.sendall(reply("-ERR invalid"))
                    return
                connection.sendall(reply("+OK accepted"))
                command = None
            while (command := read_command(stream)) is not None:
                connection.sendall(self._answer(command))
                if command.line == "exit":
                    return
        except OSError:
            return  # the client is gone
        finally:
            connection.close()

    def _answer(self, command: Command) -> bytes:
        word, _, argument = command.line.partition(" ")
        if word == "api":
            return api_response(api(self._switch, argument))
        if word == "sendevent":
            self.events.append(command)
            return reply(f"+OK {uuid.uuid4()}")
        answers = {
            "event": "+OK event listener enabled plain",
            "noevents": "+OK no longer listening for events",
            "filter": f"+OK filter added. [{argument.replace(' ', ']=[', 1)}]",
            "nixevent": "+OK",
            "exit": "+OK bye",
        }
        return reply(answers.get(word, "-ERR command not found"))
