"""Changes reach FreeSWITCH in the background: together, again after a failure, and everybody sees how far it is."""

from __future__ import annotations

import datetime as dt

import gevent
import gevent.event

from callrouter.errors import RenderError
from callrouter.web import applying
from callrouter.web.applying import Applying
from tests.web.world import NOW, World


def test_what_was_asked_for_before_it_began_is_done_at_once():
    done: list[int] = []

    def put() -> tuple[str, ...]:
        done.append(1)
        return ("restart the profile",)

    work = Applying(put, lambda: NOW)
    work.once()
    assert done == []
    for _ in range(3):
        work.request()
    assert work.state.pending
    work.once()
    assert done == [1]
    assert work.state == applying.State(applied_at=NOW, restart=("restart the profile",))


def test_a_change_during_the_work_is_pending_after_it():
    def put() -> tuple[str, ...]:
        work.request()
        return ()

    work = Applying(put, lambda: NOW)
    work.request()
    work.once()
    assert work.state.pending


def test_a_failure_is_told_and_tried_again_by_itself(monkeypatch):
    monkeypatch.setattr(applying, "_GATHER", 0.0)
    monkeypatch.setattr(applying, "_FIRST_PAUSE", 0.01)
    failed, applied = gevent.event.Event(), gevent.event.Event()
    problems = iter([RenderError("FreeSWITCH cannot be told"), ZeroDivisionError("a bug")])

    def put() -> tuple[str, ...]:
        problem = next(problems, None)
        if problem:
            failed.set()
            raise problem
        applied.set()
        return ()

    work = Applying(put, lambda: NOW)
    work.start()
    try:
        work.request()
        assert failed.wait(5)
        assert applied.wait(5)
        gevent.sleep(0)
        assert (work.state.pending, work.state.problem, work.state.applied_at) == (False, "", NOW)
    finally:
        work.stop()


def test_a_failure_stands_on_every_page_of_an_administrator(world: World):
    def put() -> tuple[str, ...]:
        raise RenderError("the event socket is <closed>")

    work = world.parts.apply
    work._put = put
    work.request()
    admin = world.browser("admin")
    assert "is taking over" in admin.get("/users").text
    work.once()
    page = admin.get("/users")
    assert "&lt;closed&gt;" in page.text
    assert work.state.next_try == NOW + dt.timedelta(seconds=5)
    assert admin.send("/users", action="/applying").status == 303
    form = admin.get("/users").values("/applying")
    banner = admin.client.post("/applying", data=form, headers={"HX-Request": "true"})
    assert (banner.status_code, "&lt;closed&gt;" in banner.text, "<html" in banner.text) == (200, True, False)
    assert "closed" not in world.browser("employee").get("/account").text


def test_who_waited_for_it_is_told_that_it_is_done(world: World):
    world.parts.apply._put = lambda: ()
    admin = world.browser("admin")
    world.parts.apply.request()
    assert "is taking over" in admin.get("/applying").text
    world.parts.apply.once()
    assert "has taken over the last changes" in admin.get("/applying").text
    assert "has taken over the last changes" not in admin.get("/users").text
