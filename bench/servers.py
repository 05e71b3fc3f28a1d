"""The two event-socket servers that callrouter is compared with, each a process of its own.

``bare`` is the least a synchronous server can be; ``greenswitch`` is greenswitch as its own page shows it: its
server, an asynchronous socket, myevents. Both ring what ``--dial NUMBER=DIALSTRING`` says.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import Any

from gevent.server import StreamServer
from greenswitch.esl import OutboundESLServer, OutboundSessionHasGoneAway


def _read_block(stream: Any) -> dict[str, str]:
    headers = {}
    while (line := stream.readline()) not in (b"\n", b""):
        name, _, value = line.decode("utf-8", "replace").rstrip("\n").partition(": ")
        headers[name] = value
    return headers


def bare(address: tuple[str, int], dial: dict[str, str]) -> None:
    """``connect``, then ``bridge``: two exchanges a call."""

    def handle(sock: Any, _address: Any) -> None:
        with sock, sock.makefile("rb") as stream:
            sock.sendall(b"connect\n\n")
            number = _read_block(stream)["Caller-Destination-Number"].replace("%2B", "+")
            argument = dial[number].encode()
            head = b"sendmsg\ncall-command: execute\nexecute-app-name: bridge\ncontent-type: text/plain\n"
            sock.sendall(head + b"content-length: %d\n\n%b" % (len(argument), argument))
            _read_block(stream)

    StreamServer(address, handle).serve_forever()


def greenswitch(address: tuple[str, int], dial: dict[str, str]) -> None:
    """greenswitch's server with its session: connect, myevents, linger, bridge."""

    class Application:
        def __init__(self, session: Any) -> None:
            self.session = session

        def run(self) -> None:
            self.session.connect()
            self.session.myevents()
            self.session.linger()
            with suppress(OutboundSessionHasGoneAway):
                self.session.bridge(dial[self.session.session_data["Caller-Destination-Number"]])
            self.session.stop()

    OutboundESLServer(bind_address=address[0], bind_port=address[1], application=Application).listen()


def main() -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="bench.servers")
    parser.add_argument("kind", choices=("bare", "greenswitch"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dial", action="append", required=True, metavar="NUMBER=DIALSTRING")
    arguments = parser.parse_args()
    dial = dict(pair.split("=", 1) for pair in arguments.dial)
    serve = {"bare": bare, "greenswitch": greenswitch}[arguments.kind]
    serve(("127.0.0.1", arguments.port), dial)
    return 0


if __name__ == "__main__":
    sys.exit(main())
