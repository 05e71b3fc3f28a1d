"""A mail server that delivers nowhere: each mail becomes a file. For the demo and for tests at the far end."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from callrouter.spool import write_whole


class MailCatcher:
    """An SMTP server on loopback, in a thread of its own; mails are numbered files in *folder*.

    ``answer``, while set, is what every DATA is answered instead (for example ``451 try again later``).
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.answer = ""
        self._count = 0
        self._arrived = threading.Condition()
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server((host, 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mailcatcher", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to accept mails."""
        self._thread.start()

    def stop(self) -> None:
        """Close the server, started or not; harmless if repeated."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()
        self._socket.close()

    def _run(self) -> None:
        server = self._loop.create_server(lambda: SMTP(self, loop=self._loop), sock=self._socket)
        self._loop.run_until_complete(server)
        self._loop.run_forever()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd's hook: one mail has come."""
        if self.answer:
            return self.answer
        with self._arrived:
            self._count += 1
            write_whole(self.folder / f"{self._count:04d}.eml", envelope.content)
            self._arrived.notify_all()
        return "250 kept"

    def mails(self) -> list[EmailMessage]:
        """All mails so far, in the order they came."""
        found = []
        for path in sorted(self.folder.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    def wait_for(self, count: int, timeout: float) -> list[EmailMessage]:
        """Wait until *count* mails have come; raises TimeoutError after *timeout* seconds."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._count >= count, timeout):
                raise TimeoutError(f"{self._count} of {count} mails came within {timeout:g} s")
        return self.mails()
