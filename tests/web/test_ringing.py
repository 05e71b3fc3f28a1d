"""The page on which an employee chooses how the phones ring, and what follows when a phone's code changed it."""

from __future__ import annotations

from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from callrouter.directory import audit, document, services
from callrouter.spool import Spool
from callrouter.web.applying import follow
from tests.web.world import World

ADDRESS = "/employees/anna/ringing"


def _anna(world: World) -> document.Employee:
    with world.database.read() as session:
        return services.employee(session, "anna")[0]


def test_an_employee_changes_everything_at_once(world: World):
    browser = world.browser("employee")
    values = {"do_not_disturb": "y", "calls_at_once": "2", "declining": "all", "delays-0": "0", "delays-1": "12"}
    assert browser.send(ADDRESS, values).status == 303
    anna = _anna(world)
    assert anna.ringing == document.Ringing(do_not_disturb=True, calls_at_once=2, declining="all")
    assert [device.ring_delay for device in anna.devices] == [0, 12]
    assert world.parts.apply.state.pending
    assert browser.get(ADDRESS).values().items() >= values.items()
    assert browser.send(ADDRESS, {"do_not_disturb": None}).status == 303
    assert not _anna(world).ringing.do_not_disturb
    with world.database.read() as session:
        last = audit.listed(session).rows[0]
    assert (last.actor, last.changes) == ("web:anna", {"ringing.do_not_disturb": [True, False]})


def test_saved_as_it_is_it_stays_as_it_is(world: World):
    before = _anna(world)
    assert world.browser("admin").send(ADDRESS).status == 303
    assert _anna(world) == before


@pytest.mark.parametrize("most", ["0", "11", "-1", "x", "1.5"])
def test_so_many_calls_at_once_cannot_be_chosen(world: World, most: str):
    before = _anna(world)
    page = world.browser("employee").send(ADDRESS, {"do_not_disturb": "y", "calls_at_once": most})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert _anna(world) == before


@pytest.mark.parametrize("wrong", ["61", "-1", "late", ""])
def test_a_wrong_delay_is_told_beside_its_phone_and_nothing_is_changed(world: World, wrong: str):
    before = _anna(world)
    page = world.browser("employee").send(ADDRESS, {"do_not_disturb": "y", "delays-1": wrong})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert _anna(world) == before


def test_a_page_that_is_out_of_date_changes_nothing(world: World):
    browser = world.browser("admin")
    page = browser.get(ADDRESS)
    assert world.browser("employee").send(ADDRESS, {"delays-1": "5"}).status == 303
    late = browser.submit(page, {"do_not_disturb": "y"}, path=ADDRESS)
    assert late.status == 422
    assert late.texts("now")
    assert not _anna(world).ringing.do_not_disturb


def test_what_a_phone_changed_is_applied(tmp_path: Path):
    spool = Spool(tmp_path)
    spool.tell_changed()
    changed = Event()
    follower = gevent.spawn(follow, spool.changed, changed.set, 0.01)
    assert not changed.wait(0.05), "nothing was changed since"
    spool.tell_changed()
    assert changed.wait(5)
    follower.kill()
