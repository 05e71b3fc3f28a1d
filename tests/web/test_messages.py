"""Messages: heard, saved and deleted by those whose mailbox they are in; everybody else by role and by id."""

from __future__ import annotations

import datetime as dt
import io
import wave

import pytest
from sqlalchemy import func, select

from callrouter.directory import owners
from callrouter.directory.audit import AuditRow
from callrouter.directory.records import MessageRow
from tests.web.ended_calls import AT, put_call, tone
from tests.web.world import NOW, World

SOUND = tone(2)


@pytest.fixture
def ids(world: World) -> dict[str, int]:
    """A message for anna, one for ben, one for the team of both, one of nobody; the ids."""
    return {
        name: put_call(world, f"call-{name}", owner, message=SOUND, started_at=AT + dt.timedelta(minutes=n))
        for n, (name, owner) in enumerate(
            (("anna", "employee:anna"), ("ben", "employee:ben"), ("team", "pool:sales"), ("gone", "employee:dora"))
        )
    }


def heard_at(world: World, number: int) -> dt.datetime | None:
    with world.database.read() as session:
        return session.scalars(select(MessageRow.heard_at).where(MessageRow.id == number)).one()


#: What each role may hear.
OWN = {"employee": {"anna", "team"}, "other": {"ben", "team"}, "admin": set()}


@pytest.mark.parametrize("role", OWN)
def test_every_role_with_every_message(world: World, ids: dict[str, int], role: str):
    browser = world.browser(role)
    token = {"csrf_token": browser.get("/account").values("/sign-out")["csrf_token"]}
    refused = 403 if role == "admin" else 404
    for name, number in ids.items():
        own = name in OWN[role]
        for path in ("audio", "download", "delete"):
            answer = browser.client.get(f"/messages/{number}/{path}")
            assert answer.status_code == (200 if own else refused), (name, path)
            assert own or SOUND[44:60] not in answer.data
        for path in ("heard", "unheard", "delete"):
            assert browser.post(f"/messages/{number}/{path}", token).status == (303 if own else refused), (name, path)
    for path in ("audio", "download", "delete"):
        assert browser.get(f"/messages/99999/{path}").status == 404
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(MessageRow)) == len(ids) - len(OWN[role])


def test_lists_have_what_is_theirs_and_administrators_no_audio(world: World, ids: dict[str, int]):
    for role, own in OWN.items():
        page = world.browser(role).get("/messages")
        players = page.tree.xpath("//audio/@src")
        assert {f"/messages/{ids[name]}/audio" for name in own} == set(players)
        assert len(page.tree.xpath("//tbody/tr")) == (4 if role == "admin" else 2)
    anna = world.browser("employee")
    assert anna.get("/messages?owner=employee:ben").status == 403
    assert len(anna.get("/messages?owner=pool:sales").tree.xpath("//tbody/tr")) == 1
    assert len(world.browser("admin").get("/messages?owner=vertrieb").tree.xpath("//tbody/tr")) == 1


def test_the_player_gets_the_recording_and_any_range_of_it(world: World, ids: dict[str, int]):
    client = world.browser("employee").client
    path = f"/messages/{ids['anna']}/audio"
    whole = client.get(path)
    assert (whole.status_code, whole.data, whole.mimetype) == (200, SOUND, "audio/wav")
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "no-store"
    size = len(SOUND)
    for asked, first, last in (
        ("0-0", 0, 0),
        ("100-199", 100, 199),
        ("30000-", 30000, size - 1),
        ("-44", size - 44, size - 1),
    ):
        part = client.get(path, headers={"Range": f"bytes={asked}"})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.data == SOUND[first : last + 1]
    again = client.get(path, headers={"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})
    assert (again.status_code, len(again.data)) == (206, 10)
    beyond = client.get(path, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{size}"
    for other in ("seconds=1-2", "bytes=0-1,4-5", "bytes=5-2", "nonsense"):
        answer = client.get(path, headers={"Range": other})
        assert (answer.status_code, answer.data) == (200, SOUND), other
    head = client.head(path)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(size))


@pytest.mark.parametrize(("kind", "ending"), [("mp3", "mp3"), ("wav", "wav"), ("none", "wav")])
def test_a_message_is_saved_as_its_mailbox_is_set(world: World, ids: dict[str, int], kind: str, ending: str):
    with world.database.write() as session:
        owners.set_mailbox(session, "employee:anna", audio=kind)
    answer = world.browser("employee", "de").client.get(
        f"/messages/{ids['anna']}/download", headers={"Accept-Language": "de"}
    )
    assert answer.headers["Content-Disposition"] == f"attachment; filename=Nachricht-2026-11-21-150203.{ending}"
    if ending == "mp3":
        assert answer.mimetype == "audio/mpeg"
        assert answer.data[:2] in (b"\xff\xf3", b"\xff\xe3")  # an MPEG frame of this rate
    else:
        with wave.open(io.BytesIO(answer.data)) as file:
            assert file.getnframes() == 16000


def test_reading_changes_nothing(world: World, ids: dict[str, int]):
    anna = world.browser("employee")
    with world.database.read() as session:
        before = session.scalar(select(func.count()).select_from(AuditRow))
    for path in ("audio", "download", "delete"):
        assert anna.client.get(f"/messages/{ids['anna']}/{path}").status_code == 200
    anna.get("/messages")
    anna.get("/calls/call-anna")
    for path in ("heard", "unheard"):
        assert anna.get(f"/messages/{ids['anna']}/{path}").status == 405
    assert heard_at(world, ids["anna"]) is None
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == before


def count_of_new(page) -> list[str]:
    return [one.strip() for one in page.tree.xpath("//nav[@class='side']//*[@class='unheard']//text()")]


def test_heard_and_new_again_by_button(world: World, ids: dict[str, int]):
    anna, number = world.browser("employee"), ids["anna"]
    path = "/messages?state=new"
    assert count_of_new(anna.get(path)) == ["2"]
    page = anna.send(path, action=f"/messages/{number}/heard")
    assert (page.status, page.location) == (303, path)
    assert heard_at(world, number) == NOW
    page = anna.get(path)
    assert count_of_new(page) == ["1"]
    assert len(page.tree.xpath("//tbody/tr")) == 1
    anna.send("/messages", action=f"/messages/{number}/unheard")
    assert heard_at(world, number) is None
    with world.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.noun == "message")).all()
        assert [(row.actor, row.changes) for row in rows] == [
            ("web:anna", {"heard": [False, True]}),
            ("web:anna", {"heard": [True, False]}),
        ]


def test_members_of_a_team_share_its_messages(world: World, ids: dict[str, int]):
    world.browser("other").send("/messages", action=f"/messages/{ids['team']}/heard")
    assert count_of_new(world.browser("employee").get("/messages")) == ["1"]
    assert count_of_new(world.browser("admin").get("/messages")) == []


def test_nobody_is_sent_elsewhere_afterwards(world: World, ids: dict[str, int]):
    page = world.browser("employee").send(
        "/messages", {"back": "https://evil.example/"}, action=f"/messages/{ids['anna']}/heard"
    )
    assert (page.status, page.location) == (303, "/")


def test_htmx_gets_the_new_state_and_the_count(world: World, ids: dict[str, int]):
    anna, number = world.browser("employee"), ids["anna"]
    anna.headers["HX-Request"] = "true"
    page = anna.send("/messages", action=f"/messages/{number}/heard")
    assert page.status == 200
    assert page.tree.xpath("//form/@action") == [f"/messages/{number}/unheard"]
    assert page.tree.xpath("string(//*[@hx-swap-oob='innerHTML:.unheard'])") == "1"
    assert "playing" not in page.text


def test_deleting_is_asked_for_and_written_down(world: World, ids: dict[str, int]):
    anna, number = world.browser("employee"), ids["team"]
    page = anna.get(f"/messages/{number}/delete")
    assert "for everybody whose mailbox it is in" in page.text
    assert anna.send(f"/messages/{number}/delete").location == "/messages"
    assert anna.get(f"/messages/{number}/audio").status == 404
    assert anna.get("/calls/call-team").status == 200
    with world.database.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.key == str(number))).one()
        assert (row.actor, row.action, row.changes["owner"]) == ("web:anna", "remove", ["pool:sales", None])


def test_there_may_be_no_message(world: World):
    for role in OWN:
        page = world.browser(role).get("/messages")
        assert "No messages yet" in page.text
    assert "No message is like that" in world.browser("employee").get("/messages?state=new").text
