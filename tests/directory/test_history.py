"""The history is listed without gaps, found by what people type, and each call tells its story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from callrouter.directory import audit, employees, history, messages
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, CaseRow, MessageRow, OutboxRow
from callrouter.directory.timeline import call_detail
from callrouter.errors import RuleError
from tests.directory.conftest import MUSTER
from tests.postgresql import postgresql_server, postgresql_url  # noqa: F401

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def put(session: Any, n: int, **values: Any) -> CallRow:
    owners = {row.owner_key: row.id for row in session.scalars(select(OwnerRow))}
    given = {
        "uuid": f"call-{n}",
        "direction": "inbound",
        "number": "+493023125010",
        "caller": f"+4917604069{n:03}",
        "caller_name": "Carla Weiß" if n == 1 else "",
        "outcome": "missed",
        "started_at": AT + dt.timedelta(minutes=n // 2),
    }
    owner = values.pop("owner", "employee:anna")
    row = CallRow(**(given | values))
    for position in range(2):
        row.steps.append(
            CallStepRow(
                n=str(position), position=position, kind="ring", owner=owner, owner_id=owners[owner],
                started_at=row.started_at, outcome=row.outcome if position else "missed",
                device="anna-desk" if position and row.outcome == "answered" else None,
            )
        )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def calls(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Thirteen calls, two of them at each minute; on both databases."""
    if request.param == "sqlite":
        database = request.getfixturevalue("muster")
    else:
        database = Database(request.getfixturevalue("postgresql_url"))
        database.migrate()
        import_company(database, MUSTER, "muster.yaml")
    with database.write() as session:
        for n in range(10):
            put(session, n, interrupted=n == 4)
        put(session, 10, owner="pool:sales", outcome="answered", direction="internal", caller="11")
        put(session, 11, outcome="answered", caller="anonymous", interrupted=True)
        put(session, 12, owner="pool:sales", outcome="voicemail", number="+493023125000")
    yield database
    database.close()


def pages(database: Database, **wanted: Any) -> list[str]:
    found, before = [], ""
    with database.read() as session:
        while True:
            page = history.calls(session, **wanted, before=before, size=3)
            found += [row.uuid.removeprefix("call-") for row in page.rows]
            if page.next is None:
                return found
            before = page.next


def test_pages_have_every_call_once_the_latest_first(calls: Database):
    assert pages(calls) == [str(n) for n in range(12, -1, -1)]
    assert pages(calls, owner="employee:anna") == ["11", "9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]
    assert pages(calls, owner="pool:sales") == ["12", "10"]
    assert pages(calls, owners=["employee:anna", "pool:sales"]) == [str(n) for n in range(12, -1, -1)]


def test_a_call_that_came_to_two_of_the_owners_is_listed_once(calls: Database):
    with calls.write() as session:
        row = session.scalars(select(CallRow).where(CallRow.uuid == "call-7")).one()
        row.steps.append(
            CallStepRow(
                n="2", position=2, kind="ring", owner="pool:sales", started_at=row.started_at, outcome="answered"
            )
        )
    assert pages(calls, owners=["employee:anna", "pool:sales"]) == [str(n) for n in range(12, -1, -1)]
    assert pages(calls, owners=["pool:sales"]) == ["12", "10", "7"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"search": "0176 04069 003"}, ["3"]),
        ({"search": "69 003"}, ["3"]),
        ({"search": "23125-000"}, ["12"]),
        ({"search": "carla WEISS"}, []),
        ({"search": "carla WEIß"}, ["1"]),
        ({"search": "carla"}, ["1"]),
        ({"search": "anonym"}, ["11"]),
        ({"search": "%"}, []),
        ({"outcome": "answered"}, ["11", "10"]),
        ({"outcome": "answered", "owner": "pool:sales"}, ["10"]),
        ({"search": "11", "owner": "pool:sales"}, ["10"]),
        ({"direction": "internal"}, ["10"]),
        ({"since": AT + dt.timedelta(minutes=6)}, ["12"]),
        ({"until": AT + dt.timedelta(minutes=1)}, ["1", "0"]),
        ({"until": AT + dt.timedelta(minutes=1), "owner": "employee:anna"}, ["1", "0"]),
        ({"owner": "employee:nobody"}, []),
        ({"owners": ["employee:anna", "pool:sales"], "outcome": "answered"}, ["11", "10"]),
        ({"owners": ["pool:sales", "employee:nobody"]}, ["12", "10"]),
        ({"owners": ["pool:sales", "employee:anna"], "until": AT + dt.timedelta(minutes=1)}, ["1", "0"]),
        ({"owners": []}, []),
        ({"interrupted": True}, ["11", "4"]),
        ({"interrupted": True, "owners": ["employee:anna", "pool:sales"], "search": "anonymous"}, ["11"]),
    ],
)
def test_filters(calls: Database, wanted: dict[str, Any], found: list[str]):
    assert pages(calls, **wanted) == found
    with calls.read() as session:
        assert history.calls(session, **wanted).total == len(found)


@pytest.mark.parametrize("owners", [["employee:anna", "pool:sales"], ["pool:sales"], ["employee:nobody"]])
def test_calls_of_owners_are_the_same_looked_up_and_sifted(
    calls: Database, monkeypatch: pytest.MonkeyPatch, owners: list[str]
):
    filters: list[dict[str, Any]] = [
        {"search": search, "outcome": outcome, "interrupted": interrupted, "until": until, "owners": owners}
        for search in ("", "69 003", "0176", "anonym", "carla")
        for outcome in ("", "missed", "answered")
        for interrupted in (False, True)
        for until in (None, AT + dt.timedelta(minutes=3))
    ]

    def found() -> list[tuple[list[str], int]]:
        with calls.read() as session:
            return [(pages(calls, **wanted), history.calls(session, **wanted).total) for wanted in filters]

    looked_up = found()
    monkeypatch.setattr(history, "MOST_LOOKED_UP", 0)
    assert found() == looked_up
    assert looked_up[0][0] == [uuid for uuid in pages(calls) if uuid in pages(calls, owners=owners)]


def test_sifted_calls_are_counted_up_to_a_bound_of_their_own(calls: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "MOST_LOOKED_UP", 0)
    monkeypatch.setattr(history, "MOST_SIFTED", 5)
    assert len(pages(calls, owner="employee:anna", outcome="missed")) == 10
    with calls.read() as session:
        page = history.calls(session, owner="employee:anna", outcome="missed", size=3)
        assert (page.total, page.capped) == (5, True)
        page = history.calls(session, owner="employee:anna", size=3)
        assert (page.total, page.capped) == (11, False)


def test_a_total_is_counted_up_to_a_bound(calls: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "MOST_COUNTED", 5)
    with calls.read() as session:
        page = history.calls(session, size=3)
        assert (page.total, page.capped) == (5, True)
        page = history.calls(session, owner="employee:anna", size=3)
        assert (page.total, page.capped) == (5, True)
        page = history.calls(session, outcome="answered", size=1)
        assert (page.total, page.capped) == (2, False)


@pytest.mark.parametrize("cursor", ["x", "1", "1-x", "9" * 40 + "-1", "1;DROP"])
def test_a_cursor_that_is_none_is_told(muster: Database, cursor: str):
    with muster.read() as session, pytest.raises(RuleError, match="is no page of this list"):
        history.calls(session, before=cursor)


def test_a_line_says_who_answered(calls: Database):
    with calls.read() as session:
        line = history.calls(session, search="anonymous").rows[0]
        assert (line.owner, line.owner_name, line.answered_by) == ("employee:anna", "Anna Schmidt", "Anna Schmidt")
        assert line.device == "Tischtelefon"
        assert history.calls(session, outcome="missed").rows[0].answered_by is None


def test_a_call_tells_its_story(calls: Database):
    with calls.write() as session:
        row = session.scalars(select(CallRow).where(CallRow.uuid == "call-12")).one()
        pool = session.scalars(select(OwnerRow).where(OwnerRow.key == "sales")).one()
        case = CaseRow(
            owner=pool, caller_key="k", caller=row.caller, opened_at=AT, changed_at=AT, calls=2, root_message_id="m"
        )
        session.add_all([case, MessageRow(call_id=row.id, n="1", recorded_at=AT, milliseconds=4000, audio=b"RIFF")])
        session.flush()
        row.steps[1].case_id = case.id
        session.add(
            OutboxRow(
                mail_id="m", kind="voicemail", recipient="a@muster.example", subject="Nachricht", headers={}, text="",
                html="", call_id=row.id, case_id=case.id, created_at=AT, next_try_at=AT, state="dead", error="550 no",
            )
        )  # fmt: skip
    with calls.read() as session:
        told = call_detail(session, "call-12")
        assert [(step.owner_name, step.outcome) for step in told.steps] == [
            ("Vertrieb", "missed"),
            ("Vertrieb", "voicemail"),
        ]
        assert [(message.milliseconds, message.owner) for message in told.messages] == [(4000, "")]
        assert [(mail.owner, mail.state, mail.error) for mail in told.mails] == [("pool:sales", "dead", "550 no")]
        assert [(case.owner_name, case.state, case.calls) for case in told.cases] == [("Vertrieb", "open", 2)]
        assert told.owners == {"pool:sales"}
        answered = call_detail(session, "call-11").steps[1]
        assert (answered.device_label, answered.answered_by) == ("Tischtelefon", "Anna Schmidt")
        with pytest.raises(RuleError, match="there is no call nothing"):
            call_detail(session, "nothing")
        line = messages.listed(session).rows[0]
        assert (line.uuid, line.owner) == ("call-12", "")


def test_messages_of_several_owners_and_how_many_are_new(calls: Database):
    with calls.write() as session:
        row = session.scalars(select(CallRow).where(CallRow.uuid == "call-12")).one()
        owners = {owner.owner_key: owner.id for owner in session.scalars(select(OwnerRow))}
        for n, key in enumerate(("employee:anna", "pool:sales", "employee:ben")):
            at = AT + dt.timedelta(minutes=n)
            session.add(
                MessageRow(
                    call_id=row.id, n=str(n), owner_id=owners[key], recorded_at=at, milliseconds=1000, audio=b"RIFF"
                )
            )
    with calls.read() as session:
        anna, ben = owners["employee:anna"], owners["employee:ben"]
        assert (messages.unheard(session, anna), messages.unheard(session, ben)) == (2, 2)
        own = messages.listed(session, owners=["employee:anna", "pool:sales"])
        assert [line.owner for line in own.rows] == ["pool:sales", "employee:anna"]
        assert messages.listed(session, owners=[]).total == 0
    with calls.write() as session:
        messages.mark(session, messages.listed(session, owner="pool:sales").rows[0].id, heard=True, at=AT)
        assert (messages.unheard(session, anna), messages.unheard(session, ben)) == (1, 1)


def test_the_audit_log_by_pages(muster: Database):
    with muster.write() as session:
        for n in range(7):
            employees.change(session, "anna", name=f"Anna {n}")
    with muster.read() as session:
        first = audit.listed(session, noun="employee", key="anna", size=4)
        second = audit.listed(session, noun="employee", key="anna", size=4, before=first.next or "")
        names = [row.changes["name"][1] for row in (*first.rows, *second.rows)]
        assert names == [f"Anna {n}" for n in range(6, -1, -1)]
        assert (first.total, second.next) == (7, None)
        assert audit.listed(session, actor="nobody").total == 0
