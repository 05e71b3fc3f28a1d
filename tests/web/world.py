"""The pages over the example company, and a browser without JavaScript that fills in their forms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lxml.html
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from callrouter.directory import accounts
from callrouter.directory.accounts import UserRow
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.errors import SwitchError
from callrouter.settings import Settings, Smtp, Web
from callrouter.web.application import create_application
from callrouter.web.applying import Applying
from callrouter.web.live import Live
from callrouter.web.parts import Parts

#: Saturday, 15:42 in Berlin.
NOW = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)
PASSWORD = "ein gutes langes Passwort"
#: Role → the user that tests sign in as: an administrator who is no employee, and two employees.
LOGINS = {"admin": "chefin", "employee": "anna", "other": "ben"}


def add_users(database: Database) -> None:
    """One user for each of LOGINS; anna and ben are the employees of that id."""
    with database.write() as session:
        accounts.add(session, "chefin", PASSWORD, role="admin", at=NOW)
        for login in ("anna", "ben"):
            accounts.add(session, login, PASSWORD, role="employee", at=NOW, employee=login)


@dataclass
class FakeSwitch:
    """A switch that is doing what the test says; it is not connected at first."""

    now: Live = field(default_factory=lambda: Live(problem="no switch in this test"))

    begun: list[str] = field(default_factory=list)

    def live(self) -> Live:
        return self.now

    def begin(self, command: str) -> None:
        if self.now.problem:
            raise SwitchError(self.now.problem)
        self.begun.append(command)


class Page:
    """An answer, with its forms and texts."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.text = response.text

    @property
    def tree(self) -> Any:
        return lxml.html.fromstring(self.text)

    @property
    def location(self) -> str:
        """Where it redirects to."""
        return self.response.headers.get("Location", "")

    def texts(self, css_class: str) -> list[str]:
        """What stands in the elements of a class: ``notice``, ``error``, ``badge`` …"""
        found = self.tree.xpath(f"//*[contains(concat(' ', @class, ' '), ' {css_class} ')]")
        return [" ".join(one.text_content().split()) for one in found]

    def form(self, action: str | None = None) -> Any:
        """The page's form that is sent to *action*; None: the one in its content."""
        if action is None:
            return self.tree.xpath("//main//form[contains(@class, 'form')]")[0]
        return next(form for form in self.tree.forms if form.get("action") == action)

    def values(self, action: str | None = None) -> dict[str, str]:
        """What the form would send as it stands, its hidden fields too."""
        return dict(self.form(action).form_values())


class Browser:
    """One person's browser: cookies, and forms sent as a person does, with what the page put into them."""

    def __init__(self, world: World, language: str = "en") -> None:
        self.world = world
        self.client = world.application.test_client()
        self.headers = {"Accept-Language": language}

    def get(self, path: str) -> Page:
        return Page(self.client.get(path, headers=self.headers))

    def post(self, path: str, values: Mapping[str, Any]) -> Page:
        """Send *values* and nothing else: no token, no version."""
        return Page(self.client.post(path, data=values, headers=self.headers))

    def send(self, path: str, changed: Mapping[str, Any] | None = None, *, action: str | None = None) -> Page:
        """Open the page *path*, change fields of its form (None: not sent, as an unchecked box), and send it."""
        return self.submit(self.get(path), changed, path=path, action=action)

    def submit(
        self, page: Page, changed: Mapping[str, Any] | None = None, *, path: str, action: str | None = None
    ) -> Page:
        """Send the form of a page opened before."""
        assert page.status in (200, 422), f"{path}: {page.status}"
        values: dict[str, Any] = {**page.values(action), **(changed or {})}
        return self.post(action or path, {name: value for name, value in values.items() if value is not None})

    def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        """Sign in through the form."""
        return self.send("/sign-in", {"login": login, "password": password})


@dataclass
class World:
    """An application and what it works with; ``applied`` counts configurations put into FreeSWITCH."""

    application: Flask
    parts: Parts
    switch: FakeSwitch
    applied: list[int]
    test_mails: list[str]

    @property
    def database(self) -> Database:
        return self.parts.database

    def browser(self, role: str | None = None, language: str = "en") -> Browser:
        """A browser in which ``admin``, ``employee`` (anna), ``other`` (ben) or nobody (None) is signed in."""
        browser = Browser(self, language)
        if role is not None:
            with self.database.read() as session:
                user = session.scalars(select(UserRow).where(UserRow.login == LOGINS[role])).one()
            with browser.client.session_transaction() as cookie:
                cookie["_user_id"] = f"{user.id}.{user.epoch}"
        return browser


def make_world(database: Database, folder: Path, *, base_url: str = "http://127.0.0.1:8080") -> World:
    """The pages over *database*; nothing is sent anywhere, the switch does what the test says."""
    settings = Settings(
        web=Web(secret_key="nur-zum-Testen-nur-zum-Testen-32", base_url=base_url),
        smtp=Smtp(sender="telefon@muster.example"),
        base=folder,
    )
    applied: list[int] = []
    mails: list[str] = []
    switch = FakeSwitch()

    def put() -> tuple[str, ...]:
        applied.append(len(applied) + 1)
        return ()

    parts = Parts(
        settings=settings,
        database=database,
        clock=lambda: NOW,
        checks={},
        apply=Applying(put, lambda: NOW),
        switch=switch,
        send_test_mail=mails.append,
        explain=Explainer(database),
    )
    application = create_application(parts)
    application.testing = True
    application.config["PROPAGATE_EXCEPTIONS"] = False
    return World(application, parts, switch, applied, mails)
