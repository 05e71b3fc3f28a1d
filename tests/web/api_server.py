"""The API on a real port of loopback, and a program that talks to it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.directory import tokens
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow
from tests.web.world import NOW, World

UUID = "6f1d2c0e-0000-4000-8000-000000000001"
WAV = b"RIFF\x24\x00\x00\x00WAVE and so on"


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: Any, **_values: Any) -> None:
        """No line for each request."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.json.get("errors", ())]


@dataclass
class Program:
    """A client with a token (None: without one)."""

    port: int
    token: str | None

    def __call__(self, method: str, path: str, body: Any = None, /, **headers: str) -> Answer:
        """Send *body* as JSON (bytes: as they are); header names have ``_`` for ``-``."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, f"/api/v1{path}", data, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


@dataclass
class ApiServer:
    """The running server."""

    world: World
    port: int

    def token(self, *scopes: str, name: str = "test") -> str:
        with self.world.database.write() as session:
            return tokens.create(session, name, scopes, at=NOW, created_by="cli:test")[1]

    def program(self, *scopes: str, name: str = "test") -> Program:
        """A program whose token has *scopes*; none: without a token."""
        return Program(self.port, self.token(*scopes, name=name) if scopes else None)


@contextmanager
def serve(world: World) -> Iterator[ApiServer]:
    """The pages and the API of *world* on a free port."""
    server = make_server("127.0.0.1", 0, world.application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield ApiServer(world, server.server_port)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def put_call(session: Session) -> int:
    """A call that ended in anna's mailbox, its message, and case 1 with both; the id of the message."""
    anna = session.scalars(select(OwnerRow.id).where(OwnerRow.key == "anna")).one()
    call = CallRow(
        uuid=UUID,
        direction="inbound",
        number="+493023125010",
        dialed="+493023125010",
        caller="+4917604069001",
        outcome="voicemail",
        started_at=NOW,
    )
    call.steps.append(
        CallStepRow(
            n="1", position=0, kind="voicemail", owner="employee:anna", owner_id=anna, started_at=NOW,
            outcome="voicemail",
        )
    )  # fmt: skip
    session.add(call)
    session.flush()
    thread = Thread("<1@pbx.muster.example>", "Anruf von 0176 04069001 für Anna Schmidt")
    [case] = open_or_append(session, [Missed(anna, call.caller, UUID, NOW, 1, thread)])
    call.steps[0].case_id = case.id
    message = MessageRow(call_id=call.id, n="1", owner_id=anna, recorded_at=NOW, milliseconds=4000, audio=WAV)
    session.add(message)
    session.flush()
    return message.id
