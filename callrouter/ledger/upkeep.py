"""What the worker does by the clock: tells who waits too long, and deletes what is kept no longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from callrouter import log
from callrouter.cases import digests
from callrouter.directory.database import TROUBLE, Database
from callrouter.directory.models import CompanyRow
from callrouter.ledger import filing, retention
from callrouter.mail.delivery import Stop
from callrouter.settings import Settings

#: So often it is looked whether there is something to do (seconds).
_EVERY = 30.0
#: Deletes at night, from this hour on, by the company's clock.
_AT_NIGHT = dt.timedelta(hours=2)


def _by_the_clock(what: Callable[[Stop], object], trouble: str, stop: Stop) -> None:
    """Do *what* again and again until *stop* is set; what goes wrong is told, and tried again."""
    while not stop.is_set():
        try:
            what(stop)
        except (*TROUBLE, OSError) as error:
            log.get("worker").warning(f"{trouble}, the next try is in {_EVERY:.0f} s: {error}")
        except Exception:
            log.get("worker").exception(trouble)
        stop.wait(_EVERY)


class Digests:
    """The loop that tells who is to know of callers that wait too long."""

    def __init__(self, database: Database, *, clock: Callable[[], dt.datetime], on_mail: Callable[[], None]) -> None:
        """*on_mail* is called when new mails wait in the outbox."""
        self._database = database
        self._clock = clock
        self._on_mail = on_mail

    def run(self, stop: Stop) -> None:
        """Tell it until *stop* is set."""
        _by_the_clock(self.run_once, "nobody can be told of callers who wait too long", stop)

    def run_once(self, _stop: Stop) -> int:
        """Tell whom it is due to tell; returns how many mails there are."""
        told = digests.tell(self._database, self._clock())
        if told:
            self._on_mail()
        return told


class Retention:
    """The loop that deletes, once a day, what the company keeps no longer, and old files of the spool's archive."""

    def __init__(self, database: Database, settings: Settings, *, clock: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._spool = settings.spool
        self._archive_days = settings.worker.archive_days or None
        self._clock = clock
        self._done: dt.date | None = None

    def run(self, stop: Stop) -> None:
        """Delete until *stop* is set."""
        _by_the_clock(self.run_once, "what is old cannot be deleted", stop)

    def run_once(self, stop: Stop) -> dict[str, int]:
        """Delete, unless that was done since last night; returns how much of each kind. Stopped, it goes on later."""
        now = self._clock()
        with self._database.read() as session:
            company = session.get(CompanyRow, 1)
            kept = retention.kept(session)
        zone = ZoneInfo(company.timezone) if company else dt.UTC
        day = (now.astimezone(zone).replace(tzinfo=None) - _AT_NIGHT).date()
        if day == self._done:
            return {}
        filing.forget(
            self._spool,
            now.date(),
            cdrs=_shorter(self._archive_days, kept.calls),
            recordings=_shorter(self._archive_days, kept.messages),
        )
        done = retention.run(self._database, now, stop)
        if any(done.values()):
            told = ", ".join(f"{number} {name}" for name, number in done.items())
            log.get("worker").info(f"deleted, because the company keeps them no longer: {told}")
        if not stop.is_set():
            self._done = day
        return done


def _shorter(*days: int | None) -> int | None:
    return min((some for some in days if some is not None), default=None)
