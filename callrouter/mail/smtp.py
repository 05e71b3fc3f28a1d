"""One connection to the company's mail server, with one time limit over everything it does."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from callrouter.errors import CallrouterError
from callrouter.settings import Smtp


class DeliveryError(CallrouterError):
    """The mail was not taken. ``permanent``: the server will never take it; ``server``: not this mail's fault."""

    def __init__(self, message: str, *, permanent: bool = False, server: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.server = server


def _reply(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"


class SmtpConnection:
    """Opened by the first mail, used for those after it. Not for several threads at once."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    @property
    def _place(self) -> str:
        return f"mail server {self._settings.host}:{self._settings.port}"

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """Cut the connection ``smtp.timeout_seconds`` after the start: smtplib's own limit starts anew at each byte."""

        def cut() -> None:
            sock = self._smtp.sock if self._smtp else None
            if sock:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._settings.timeout_seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self._settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _connect(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        settings = self._settings
        name = settings.sender.rpartition("@")[2]
        timeout = max(1, settings.timeout_seconds)
        if settings.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=name, timeout=timeout, context=self._context())
        else:
            smtp = smtplib.SMTP(local_hostname=name, timeout=timeout)
        # What the certificate is checked against; the constructor would set it, but also connect, out of our reach.
        smtp._host = settings.host  # type: ignore[attr-defined]
        self._smtp = smtp
        code, text = smtp.connect(settings.host, settings.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        if settings.security == "starttls":
            smtp.starttls(context=self._context())
        if settings.username:
            smtp.login(settings.username, settings.password)
        return smtp

    def deliver(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand over one mail; on return the server has answered 250 to its final dot. Raises DeliveryError."""
        with self._time_limit():
            try:
                smtp = self._connect()
            except (smtplib.SMTPException, OSError) as error:
                self._drop()
                raise DeliveryError(f"{self._place} cannot be used: {error}", server=True) from error
            try:
                smtp.send_message(message, sender, [recipient])
            except smtplib.SMTPRecipientsRefused as error:
                code, text = error.recipients[recipient]
                said = f"refused {recipient}: {_reply(code, text)}"
                raise DeliveryError(f"{self._place} {said}", permanent=code >= 500) from error
            except smtplib.SMTPSenderRefused as error:  # a wrong setting, not a wrong mail
                said = f"refused the sender {sender}: {_reply(error.smtp_code, error.smtp_error)}"
                raise DeliveryError(f"{self._place} {said}", server=True) from error
            except smtplib.SMTPDataError as error:
                said = f"refused the mail: {_reply(error.smtp_code, error.smtp_error)}"
                raise DeliveryError(f"{self._place} {said}", permanent=error.smtp_code >= 500) from error
            except smtplib.SMTPNotSupportedError as error:
                raise DeliveryError(f"{self._place} cannot take {recipient}: {error}", permanent=True) from error
            except (smtplib.SMTPException, OSError) as error:
                self._drop()
                raise DeliveryError(f"{self._place} broke off: {error}", server=True) from error

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp:
            smtp.close()

    def close(self) -> None:
        """Say QUIT, if connected."""
        if self._smtp is None:
            return
        with self._time_limit(), suppress(smtplib.SMTPException, OSError):
            self._smtp.quit()
        self._drop()
