"""Every form and every list of the pages is sent what nobody should send: no accident, and a directory that is sound.

The forms are those that the pages show, found from the table of routes; each field by itself gets each odd text.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from sqlalchemy import update
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from callrouter.directory import tokens
from callrouter.directory.records import OutboxRow
from callrouter.web.security import limiter
from tests.web.ended_calls import put_call, put_contact, tone
from tests.web.hostile import RAW, TEXTS, directory_is_sound, in_a_hurry, some, timed
from tests.web.test_routes import ROUTES
from tests.web.world import NOW, Browser, World

#: So many pairs of a field, or an argument, and a text are tried on each form and each address.
_MOST = 8
#: What forms send that no page shows without a script, or by a button alone.
_MORE = (
    *("next", "back", "then", "owner", "number", "add", "remove", "hours-do", "closed-do", "note"),
    *("closed-0-first", "closed-0-last", "closed-0-reason", "closed-0-yearly"),
)


@pytest.fixture(autouse=True)
def _streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callrouter.web.following._LONGEST", 0.0)


@pytest.fixture
def full(world: World) -> World:
    """The example company with a message for anna, a dead mail, a token, and a phone book entry: each number 1."""
    in_a_hurry(world.database)
    put_call(world, "call-1", "employee:anna", message=tone(0.1))
    put_contact(world)
    with world.database.write() as session:
        tokens.create(session, "test", ["read"], at=NOW, created_by="cli:test")
        session.execute(update(OutboxRow).values(state="dead"))
    return world


def _takes(world: World, endpoint: str, method: str) -> bool:
    return any(
        method in (rule.methods or ()) for rule in world.application.url_map.iter_rules() if rule.endpoint == endpoint
    )


def _form(browser: Browser, path: str) -> Any:
    """The form that is sent to *path*: on that page, or on one above it."""
    target, above = urlsplit(path).path, path
    while above:
        page = browser.get(above)
        if page.status == 200 and "html" in page.response.mimetype:
            for form in page.tree.forms:
                if form.method == "POST" and urlsplit(form.get("action") or above).path == target:
                    return form
        above = above.partition("?")[0].rpartition("/")[0]
    return None


def _fields(form: Any) -> dict[str, str]:
    """What the form sends as it stands; what only a button sends is empty."""
    values = dict.fromkeys(_MORE, "")
    if form is not None:
        values |= dict.fromkeys(form.xpath(".//*[@name]/@name"), "")
        values |= dict(form.form_values())
    return values


class _Sender:
    """Sends one form in every way it should not be."""

    def __init__(self, world: World, path: str, role: str) -> None:
        self.browser, self.path = world.browser(role), path
        form = _form(self.browser, path)
        self.fields = _fields(form)
        self.known = set(form.xpath(".//*[@name]/@name")) if form is not None else set()
        token = self.browser.get("/account").values("/sign-out") if role else self.browser.get("/sign-in").values()
        self.fixed = {"csrf_token": token["csrf_token"], "version": ""}

    def values(self, changed: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """The form as a person would send it, but for *changed*."""
        own = {name: value for name, value in self.fields.items() if value or name in self.known}
        once = {"once": secrets.token_urlsafe(8)} if "once" in self.known else {}
        return {**own, **self.fixed, **once, **changed}

    def send(self, what: str, **how: Any) -> TestResponse:
        limiter.reset()
        asked = f"POST {self.path} {what[:200]}"
        return timed(lambda: self.browser.client.post(self.path, **how), asked)

    def each_field(self) -> None:
        names = sorted({*self.fields, "version", "csrf_token"})
        pairs = [(name, text) for name in names for text in TEXTS]
        for name, text in some(self.path, pairs, _MOST):
            self.send(f"{name}={text!r}", data=self.values({name: text}))

    def all_at_once(self) -> None:
        for text in some(self.path, TEXTS, 4):
            self.send(f"all={text!r}", data=self.values({**dict.fromkeys(self.fields, text), **self.fixed}))

    def no_text(self) -> None:
        names = [name for name in self.fields if name not in self.fixed]
        for raw in some(self.path, RAW, 3):
            body = b"&".join([urlencode(self.fixed).encode(), *(quote(name).encode() + b"=" + raw for name in names)])
            self.send(f"raw {raw!r}", data=body, content_type="application/x-www-form-urlencoded")

    def other_kinds(self) -> None:
        values = self.values()
        twice = [(name, value) for name, value in values.items() for value in (value, "other")]
        self.send("twice", data=urlencode(twice), content_type="application/x-www-form-urlencoded")
        files = {name: (io.BytesIO(b"x"), f"{name}\0.txt") for name in values if name not in self.fixed}
        self.send("files", data={**self.fixed, **files}, content_type="multipart/form-data")
        header = {"X-CSRFToken": self.fixed["csrf_token"]}
        for told in (values, {name: [1, {"a": None}] for name in values}, dict.fromkeys(values, 7), [1], 7, None):
            self.send(f"JSON {told!r}", json=told, headers=header)
        for kind in ("text/plain", "application/xml", "application/json", "multipart/form-data", "x" * 300, ""):
            self.send(f"as {kind}", data=urlencode(values), content_type=kind, headers=header)
        self.send("nothing", headers=header)
        many = urlencode([*self.fixed.items(), *((f"closed-{n}-first", "2026-01-01") for n in range(3000))])
        self.send("many", data=many, content_type="application/x-www-form-urlencoded")
        self.send("huge", data=self.values({"name": "x" * 9_000_000}))


class _Asked(ImmutableMultiDict):  # type: ignore[type-arg]
    """Arguments of an address that tell which of them a page looked at."""

    seen: set[str]

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        self.seen.add(key)
        return super().get(key, *args, **kwargs)


_NAMES = (
    *("q", "page", "before", "owner", "since", "until", "outcome", "direction", "interrupted", "state", "show"),
    *("of", "number", "caller", "date", "time", "week", "month", "name", "prefix", "first", "last", "employee", "then"),
    *("next", "size", "v"),
)


def _addresses(world: World, endpoint: str, browser: Browser) -> Iterator[str]:
    """Of a page with each odd text in each of its arguments, and in its path."""
    path = ROUTES[endpoint][0]
    bare = path.partition("?")[0]
    known = dict(pair.split("=") for pair in urlsplit(path).query.split("&") if pair)
    known |= {"date": "2026-11-21", "time": "12:00"} if endpoint == "numbers.show" else {}
    seen = set(known)
    asked = type("Asked", (_Asked,), {"seen": seen})
    plain = world.application.request_class
    world.application.request_class = type("Request", (plain,), {"parameter_storage_class": asked})
    browser.client.get(path)
    world.application.request_class = plain
    for name in sorted(seen):
        yield from (f"{bare}?{urlencode({**known, name: text})}" for text in TEXTS)
        yield from (f"{bare}?{name}={raw.decode('latin-1')}" for raw in RAW)
    yield from (f"{bare}?{urlencode(dict.fromkeys(_NAMES, text))}" for text in TEXTS)
    rule = next(rule.rule for rule in world.application.url_map.iter_rules() if rule.endpoint == endpoint)
    if "<" in rule:
        texts = [quote(text, safe="") for text in TEXTS if text.strip()] + [raw.decode("latin-1") for raw in RAW]
        yield from (re.sub("<[^>]*>", lambda _found: text, rule) for text in texts)  # noqa: B023


@pytest.mark.parametrize("endpoint", [name for name in ROUTES if not name.startswith("api.")])
def test_each_page(full: World, tmp_path: Path, endpoint: str):
    if _takes(full, endpoint, "GET"):
        for role in ("admin", "employee"):
            browser = full.browser(role, "de")
            addresses = [one for one in _addresses(full, endpoint, browser) if len(one) < 8000]  # the server's limit
            for address in some(endpoint, addresses, _MOST):
                timed(partial(browser.client.get, address, headers=browser.headers), f"GET {address[:200]}")
    if _takes(full, endpoint, "POST"):
        role = None if endpoint == "session.sign_in" else "employee" if endpoint.startswith("messages.") else "admin"
        sender = _Sender(full, ROUTES[endpoint][0], role)
        sender.other_kinds()
        sender.no_text()
        sender.all_at_once()
        sender.each_field()
        directory_is_sound(full.database, tmp_path)
