"""A real SMTP server in a thread of its own, on a free port of loopback, that does as a test tells it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class _Session(SMTP):
    """Says when its client is gone."""

    event_handler: MailServer

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.lost.set()


class MailServer:
    """``replies`` are given to mails in turn (then ``250 OK``); ``drop``: close after so many mails instead."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.users: list[str | None] = []
        self.sessions = 0
        self.replies: list[str] = []
        self.recipient_reply = ""
        self.drops = 0
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.lost = threading.Event()
        self.go_on.set()
        self._tls = tls
        self._options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "mail.muster.example"}
        if starttls:
            self._options |= {"tls_context": starttls, "require_starttls": True}
        if tls or starttls:
            self._options |= {"auth_required": True, "auth_require_tls": tls is None, "authenticator": self._check}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> MailServer:
        self._thread.start()
        start = self._loop.create_server(self._session, "127.0.0.1", 0, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()

        async def stop() -> None:
            self._server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.taken]

    def _session(self) -> _Session:
        self.sessions += 1
        return _Session(self, loop=self._loop, **self._options)

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _method: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"geheim", auth_data=data.login.decode())

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient_reply:
            return self.recipient_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.reached.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append(email.message_from_bytes(content, policy=email.policy.default))
            self.recipients += envelope.rcpt_tos
            self.users.append(session.auth_data if session.authenticated else None)
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return reply
