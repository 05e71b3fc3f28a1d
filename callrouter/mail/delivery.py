"""Delivers what is due in the outbox. Knows nothing of calls: a slow or dead mail server delays mails alone."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Protocol

from callrouter import log, metrics
from callrouter.directory.database import TROUBLE, Database
from callrouter.mail import message, outbox
from callrouter.mail.smtp import DeliveryError, SmtpConnection
from callrouter.settings import Settings

#: Looks into the outbox at least so often (seconds); ``wake`` makes it look at once.
_POLL = 1.0
#: So many mails are leased at a time.
_LEASED = 10
#: Lets calls that have piled up go first for so long (seconds).
_LONGEST_HOLD = 5.0
#: Rests so long (seconds) when the mail server or the database cannot be used.
_PAUSE = 10.0


class Stop(Protocol):
    """A threading.Event, or gevent's."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> object: ...


class Delivery:
    """The mail loop of one worker process."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Callable[[], dt.datetime],
        hold: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """*hold* waits, at most so many seconds, while there is something more urgent than mail."""
        self._database = database
        self._smtp = settings.smtp
        self._clock = clock
        self._hold = hold
        self._owner = outbox.lease_owner()
        self._lease = dt.timedelta(seconds=60 + (_LEASED + 3) * settings.smtp.timeout_seconds)
        self._unmarked: list[int] = []
        self._woken = threading.Event()
        self._log = log.get("mail")

    def wake(self) -> None:
        """There is a new mail: look now."""
        self._woken.set()

    def run(self, stop: Stop) -> None:
        """Deliver until *stop* is set; notices it within a second, or when the mail under way is done."""
        started = False
        while not stop.is_set():
            self._woken.clear()
            pause = _POLL
            try:
                if not started:
                    freed = outbox.free_dead_leases(self._database)
                    started = True
                    if freed:
                        self._log.info(f"{freed} mails of a worker that died are delivered now")
                self.run_once(stop)
            except DeliveryError as error:
                self._log.warning(f"{error}; mails wait")
                pause = _PAUSE
            except TROUBLE as error:
                self._log.warning(f"the database cannot be used, mails wait: {error}")
                pause = _PAUSE
            if pause == _PAUSE:
                stop.wait(pause)
            else:
                self._woken.wait(pause)

    def run_once(self, stop: Stop | None = None) -> int:
        """Deliver all mails that are due, over one connection; returns how many the server took.

        Raises DeliveryError when the mail server itself cannot be used (the mail under way is tried later).
        """
        connection = SmtpConnection(self._smtp)
        delivered = 0
        try:
            while stop is None or not stop.is_set():
                self._mark()
                self._hold(_LONGEST_HOLD)
                mails = outbox.lease(self._database, self._owner, self._clock(), self._lease, _LEASED)
                if not mails:
                    break
                delivered += self._deliver_all(mails, connection, stop)
        finally:
            connection.close()
        return delivered

    def _deliver_all(self, mails: list[outbox.Leased], connection: SmtpConnection, stop: Stop | None) -> int:
        """Deliver what was leased; what is not tried (the server cannot be used, or we stop) is given back."""
        delivered = tried = 0
        try:
            for mail in mails:
                if stop is not None and stop.is_set():
                    break
                # A worker that stood still for longer than its lease finds its mails with another one, or sent.
                held = outbox.holds(self._database, mail, self._owner, self._clock())
                tried += 1
                delivered += self._deliver(mail, connection) if held else 0
        finally:
            if tried < len(mails):
                outbox.give_back(self._database, mails[tried:], self._owner)
        return delivered

    def _mark(self) -> None:
        """Write down what was taken; what cannot be written now is kept and written before anything else is sent."""
        while self._unmarked:
            outbox.mark_sent(self._database, self._unmarked[0], self._clock())
            del self._unmarked[0]

    def _deliver(self, mail: outbox.Leased, connection: SmtpConnection) -> int:
        sender = self._smtp.sender
        try:
            connection.deliver(message.build(mail, sender), sender, mail.recipient)
        except DeliveryError as error:
            self._failed(mail, str(error), permanent=error.permanent)
            if error.server:
                raise
            return 0
        except ValueError as error:
            self._failed(mail, f"the mail cannot be built: {error}", permanent=True)
            return 0
        except Exception as error:  # one mail never stops those behind it
            self._log.exception(f"mail {mail.id} failed in a way that was not foreseen")
            self._failed(mail, f"{type(error).__name__}: {error}", permanent=False)
            return 0
        self._unmarked.append(mail.id)
        self._mark()
        metrics.MAILS.labels("sent").inc()
        return 1

    def _failed(self, mail: outbox.Leased, error: str, *, permanent: bool) -> None:
        dead = outbox.mark_failed(self._database, mail.id, self._owner, self._clock(), error, permanent=permanent)
        metrics.MAILS.labels("dead" if dead else "failed").inc()
        if dead:
            self._log.error(f"mail {mail.id} to {mail.recipient} is given up: {error}")
        else:
            self._log.warning(f"mail {mail.id} to {mail.recipient} is tried again later: {error}")
