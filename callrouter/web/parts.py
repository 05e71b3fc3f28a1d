"""What the pages work with, given once at start, and the two ways in which a page touches the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, current_app
from flask_login import current_user
from sqlalchemy.orm import Session

from callrouter.directory import audit, document, services
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explanation, InShort, WeekSpan
from callrouter.errors import RuleError
from callrouter.settings import Settings
from callrouter.web.applying import Applying
from callrouter.web.health import Checks
from callrouter.web.live import Switch

_NAME = "callrouter"


class Explain(Protocol):
    """Says what happens to a call to a number; see ``directory.explaining.Explainer``."""

    def __call__(
        self,
        number: str,
        at: dt.datetime,
        language: str,
        *,
        caller: str | None = None,
        device: str | None = None,
        anybody: bool = False,
    ) -> Explanation: ...
    def in_short(self, e164s: Collection[str], at: dt.datetime, language: str) -> dict[str, InShort]: ...
    def week(self, number: str, start: dt.datetime, language: str, *, days: int = 7) -> list[WeekSpan]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything from outside that pages use; ``app`` builds it.

    ``apply.request()`` has FreeSWITCH take over a changed directory, ``switch.live()`` is what goes on there now,
    ``send_test_mail(recipient)`` raises CallrouterError with the mail server's own words.
    """

    settings: Settings
    database: Database
    clock: Callable[[], dt.datetime]
    checks: Checks
    apply: Applying
    switch: Switch
    send_test_mail: Callable[[str], None]
    explain: Explain


def install(application: Flask, given: Parts) -> None:
    """Make *given* what :func:`parts` returns in this application's requests."""
    application.extensions[_NAME] = given


def parts() -> Parts:
    """The parts of the application that serves this request."""
    found: Parts = current_app.extensions[_NAME]
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """One consistent view of the database."""
    with parts().database.read() as session:
        yield session


def company_in(session: Session) -> tuple[document.Company, int] | None:
    """The company and its version, for a form over it; None before there is one."""
    try:
        return services.company(session)
    except RuleError:
        return None


@contextmanager
def changing(*, apply: bool = False) -> Iterator[Session]:
    """One transaction, put down to the signed-in user; *apply*: FreeSWITCH must know of the change."""
    with parts().database.write() as session:
        audit.act_as(session, f"web:{current_user.login}")
        yield session
    if apply:
        parts().apply.request()
