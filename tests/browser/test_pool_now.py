"""A pool's page in a real browser beside a real FreeSWITCH: phones ring, and the page says so by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import gevent
import pytest
from playwright.sync_api import Page, expect

from callrouter.directory import pools
from callrouter.errors import SwitchError
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.phone import Phone
from callrouter.web.live import Live, read_live
from tests.browser.conftest import Desk
from tests.rendering.switch_world import PASSWORDS
from tests.switch import DOMAIN, RenderedSwitch, muster, rendered_switch

pytestmark = [pytest.mark.chromium, pytest.mark.freeswitch]


@dataclass
class Asked:
    """The switch, asked by each page anew."""

    switch: RenderedSwitch
    begun: list[str] = field(default_factory=list)

    def live(self) -> Live:
        try:
            return read_live(self.switch.api)
        except (SwitchError, OSError) as error:
            return Live(problem=str(error))

    def begin(self, command: str) -> None:
        self.begun.append(command)


class Office(threading.Thread):
    """Phones and a caller in a thread of their own: ben answers after some seconds, anna lets it ring.

    ``call`` lets the caller call, ``end`` hang up.
    """

    def __init__(self, switch: RenderedSwitch) -> None:
        super().__init__(daemon=True)
        self.switch = switch
        self.registered, self.call, self.end, self.over = (threading.Event() for _ in range(4))

    def run(self) -> None:
        settings = self.switch.settings.freeswitch
        server = ("127.0.0.1", settings.phones_port)
        behaviours = {"anna-desk": NoAnswer(), "ben-desk": Answer(after=4)}
        phones = [Phone(user, PASSWORDS[user], DOMAIN, server, behaviour=one) for user, one in behaviours.items()]
        caller = Phone("trunk", server=("127.0.0.1", settings.trunk_port))
        if [phone.register() for phone in phones] == [200, 200]:
            self.registered.set()
        self._wait(self.call)
        if not self.over.is_set():
            call = caller.call("+493023125000", "+4917604069001", "Carla Beispiel")
            self._wait(self.end)
            call.hangup()
        self._wait(self.over)
        for phone in phones:
            phone.unregister()
        for phone in (*phones, caller):
            phone.close()

    def _wait(self, event: threading.Event) -> None:
        with gevent.Timeout(60, False):
            while not event.is_set():
                gevent.sleep(0.02)


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Iterator[Office]:
    company = muster()
    company["trunks"] = [{"name": "carrier", "proxy": "127.0.0.1:5060", "peers": ["127.0.0.1"]}]
    with rendered_switch(tmp_path, company) as switch:
        desk.world.application.extensions["callrouter"] = replace(desk.world.parts, switch=Asked(switch))
        office = Office(switch)
        office.start()
        assert office.registered.wait(20)
        yield office
        for event in (office.over, office.call, office.end):
            event.set()
        office.join(20)


def _state(page: Page, name: str) -> object:
    return page.locator("[data-part=pool-members] tr", has_text=name).locator("td").nth(1)


def test_members_ring_talk_and_are_free_again(desk: Desk, office: Office) -> None:
    page = desk.open("employee", width=390, height=844)
    page.goto("/pools/sales")
    page.get_by_text("Live", exact=True).wait_for()
    anna, ben = _state(page, "Anna Schmidt"), _state(page, "Ben Yılmaz")
    expect(anna).to_have_text("frei")
    expect(ben).to_have_text("frei")
    office.call.set()
    calls = page.locator("[data-part=pool-calls]")
    expect(calls).to_contain_text("Carla Beispiel")
    expect(calls).to_contain_text("Anna Schmidt, Ben Yılmaz")
    expect(ben).to_have_text("klingelt")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(ben).to_have_text("telefoniert", timeout=10_000)
    expect(anna).to_have_text("frei")
    expect(calls).to_contain_text("Es klingelt und wartet kein Anruf.")
    with desk.world.database.write() as session:
        pools.sign(session, "sales", "anna", signed_in=False)
    expect(anna).to_have_text("abgemeldet")
    office.end.set()
    expect(ben).to_have_text("frei")
    office.over.set()
    office.join(20)
    expect(ben).to_have_text("kein Telefon registriert", timeout=10_000)
    office.switch.process.kill9()
    expect(ben).to_have_text("unbekannt", timeout=10_000)


def test_without_scripts_it_is_a_snapshot(desk: Desk, office: Office) -> None:
    page = desk.open("admin", scripts=False)
    page.goto("/pools/sales")
    expect(_state(page, "Ben Yılmaz")).to_have_text("frei")
    page.get_by_text("Laden Sie die Seite neu").wait_for()
    assert not page.get_by_text("Live", exact=True).is_visible()
