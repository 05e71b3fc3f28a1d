"""The mails about callers who wait too long, in both databases and at the far end of a real SMTP connection."""

from __future__ import annotations

import datetime as dt
import email.message
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from callrouter.cases import changes, digests
from callrouter.cases.rules import Change
from callrouter.directory.database import Database
from callrouter.directory.models import Base, CompanyRow, EmployeeRow, MailboxRow, OwnerRow, PoolRow
from callrouter.directory.records import TABLES, CaseRow, DigestRow, OutboxRow
from callrouter.mail.delivery import Delivery
from callrouter.settings import Settings, Smtp
from tests.mail.server import MailServer
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

#: A Friday, 12:00 in Berlin.
NOW = dt.datetime(2026, 11, 20, 11, 0, tzinfo=dt.UTC)
BOSS = "leitung@muster.example"
OFFICE = {"open": [{"days": "mon-fri", "from": "08:00", "to": "17:00"}]}
SALES, SUPPORT, NIGHT, ANNA = 1, 2, 3, 11


def prepared(url: str) -> Database:
    database = Database(url, pages="https://telefon.muster.example/")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        session.add_all(
            [
                CompanyRow(
                    id=1, name="Muster GmbH", language="de", timezone="Europe/Berlin", country="DE",
                    sip_domain="pbx.muster.example", cases={"escalate_minutes": 120, "escalate_to": BOSS},
                ),
                PoolRow(id=SALES, key="sales", name="Vertrieb", hours_rules=OFFICE, mailbox=MailboxRow()),
                PoolRow(id=SUPPORT, key="support", name="Support", hours_rules=OFFICE, notify_language="en",
                        notify_escalate_to="lead@muster.example", mailbox=MailboxRow()),
                PoolRow(id=NIGHT, key="night", name="Notdienst", mailbox=MailboxRow()),
                EmployeeRow(id=ANNA, key="anna", name="Anna Schmidt", mailbox=MailboxRow()),
            ]
        )  # fmt: skip
    return database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    postgresql = request.param == "postgresql"
    made = prepared(request.getfixturevalue("postgresql_url") if postgresql else f"sqlite:///{tmp_path / 'c.db'}")
    yield made
    made.close()


def case(database: Database, owner: int | None, minutes: float, number: int = 1, **more: object) -> int:
    """A case that was opened so many *minutes* before NOW."""
    at = NOW - dt.timedelta(minutes=minutes)
    caller = f"+4930231251{number:02}"
    values = {
        "owner_id": owner, "caller_key": caller, "caller": caller, "state": "open", "opened_at": at, "changed_at": at,
        "calls": 1, "root_message_id": "<1@x>", "subject": "Anruf",
    }  # fmt: skip
    with database.write() as session:
        row = CaseRow(**(values | more))
        session.add(row)
        session.flush()
        return row.id


def tell(database: Database, **later: float) -> list[OutboxRow]:
    """The mails that are made so much *later* than NOW."""
    before = {row.id for row in mails(database)}
    told = digests.tell(database, NOW + dt.timedelta(**later))
    new = [row for row in mails(database) if row.id not in before]
    assert len(new) == told
    return new


def mails(database: Database) -> list[OutboxRow]:
    with database.read() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def test_one_mail_to_each_address_tells_of_all(database: Database) -> None:
    case(database, SALES, 121, 1)
    case(database, SALES, 119, 2)
    case(database, SALES, 180, 3, state="closed")
    case(database, NIGHT, 600, 4)
    case(database, None, 700, 5)
    case(database, SUPPORT, 150, 6)
    case(database, ANNA, 9000, 7)
    lead, boss = sorted(tell(database), key=lambda row: row.recipient)
    assert (boss.recipient, boss.kind, boss.state) == (BOSS, "digest", "waiting")
    assert boss.subject == "3 Anrufer warten schon lange auf einen Rückruf"
    order = [boss.text.index(text) for text in ("Ohne Besitzer", "125105", "Notdienst", "125104", "Vertrieb", "125101")]
    assert order == sorted(order)
    assert all(text not in boss.text for text in ("125102", "125103", "125106", "125107"))
    assert (lead.recipient, lead.subject) == (
        "lead@muster.example", "1 caller has long been waiting to be called back",
    )  # fmt: skip
    assert "Support" in lead.text
    assert tell(database, minutes=1) == []


def test_what_the_mail_says_at_the_far_end(database: Database) -> None:
    """Anna is on one whose name the last call had; the other was opened yesterday afternoon."""
    claimed = {"state": "claimed", "claimed_by": ANNA, "claimed_at": NOW}
    first = case(database, SALES, 20 * 60, 1, calls=3, messages=1, attempts=2, call_back=True, **claimed)
    case(database, SALES, 150, 2, caller="anonymous", caller_key="anonymous:u")
    tell(database)
    with MailServer() as server:
        smtp = Smtp(port=server.port, sender="telefon@muster.example", timeout_seconds=5)
        Delivery(database, Settings(smtp=smtp), clock=lambda: NOW).run_once()
        [mail] = server.taken
        assert server.recipients == [BOSS]
    assert mail["Subject"] == "2 Anrufer warten schon lange auf einen Rückruf"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = body(mail, "plain"), body(mail, "html")
    assert "\nVertrieb\n\n- 030 23125101 (neu)\n" in text
    assert "Wartet seit Donnerstag, 19. November 2026, 16:00 Uhr: 5 Std. Öffnungszeit\n" in text
    assert "3 Anrufe, 1 Nachricht, bittet um Rückruf, 2-mal vergeblich zurückgerufen\n" in text
    assert "Anna Schmidt kümmert sich darum\n  Zurückrufen: tel:+493023125101\n" in text
    assert f"Im Browser ansehen: https://telefon.muster.example/inbox/{first}\n" in text
    assert "- Rufnummer nicht übermittelt (neu)\n" in text
    assert "2 Std. 30 Min. Öffnungszeit\n  1 Anruf\n  Noch kümmert sich niemand darum\n" in text
    assert "wer länger als 2 Std. auf einen Rückruf wartet" in text
    assert 'href="tel:+493023125101"' in html
    assert f'href="https://telefon.muster.example/inbox/{first}"' in html
    assert "tel:anonymous" not in text + html


def body(mail: email.message.EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_names_are_no_html(database: Database) -> None:
    with database.write() as session:
        session.execute(update(OwnerRow).where(OwnerRow.id == SALES).values(name="<b>Vertrieb & Co</b>"))
    case(database, SALES, 150)
    [mail] = tell(database)
    assert "&lt;b&gt;Vertrieb &amp; Co&lt;/b&gt;" in mail.html


def test_new_ones_are_told_once_an_hour_and_all_of_them_every_day(database: Database) -> None:
    case(database, SALES, 150, 1)
    assert len(tell(database)) == 1
    case(database, SALES, 119, 2)
    assert tell(database, minutes=59) == []
    [mail] = tell(database, minutes=60)
    assert (mail.text.count("(neu)"), "Einer davon ist neu" in mail.text) == (1, True)
    assert mail.text.index("125101") < mail.text.index("125102 (neu)")
    assert tell(database, hours=4, minutes=59) == []
    assert tell(database, hours=20, minutes=1) == []  # Saturday
    [mail] = tell(database, days=2, hours=20, minutes=1)  # Monday, 8:01
    assert "(neu)" not in mail.text
    assert "davon" not in mail.text
    assert tell(database, days=2, hours=23) == []


def test_who_passes_the_limit_in_the_evening_is_told_of_in_the_morning(database: Database) -> None:
    case(database, SALES, -4 * 60)  # called at 16:00
    assert tell(database, hours=7) == []
    assert tell(database, days=2, hours=20, minutes=59) == []
    [mail] = tell(database, days=2, hours=21)  # Monday, 9:00
    assert "2 Std. Öffnungszeit" in mail.text


def test_a_case_that_is_reopened_waits_from_then_on(database: Database) -> None:
    number = case(database, SALES, 200, state="closed", closed_at=NOW)
    with database.write() as session:
        changes.change(session, number, Change.REOPEN, at=NOW)
    assert tell(database, minutes=119) == []
    [mail] = tell(database, minutes=120)
    assert "Wartet seit Freitag, 20. November 2026, 12:00 Uhr: 2 Std. Öffnungszeit" in mail.text
    with database.write() as session:
        changes.change(session, number, Change.CLOSE, at=NOW + dt.timedelta(minutes=130))
        changes.change(session, number, Change.REOPEN, at=NOW + dt.timedelta(minutes=140))
    assert tell(database, minutes=240) == []
    [mail] = tell(database, minutes=260)
    assert "(neu)" in mail.text


@pytest.mark.parametrize(
    "rules", [{"escalate_minutes": 0, "escalate_to": BOSS}, {"escalate_minutes": 120}, {"escalate_to": BOSS}, {}]
)
def test_nobody_is_told_where_nobody_is_to_be(database: Database, rules: dict[str, object]) -> None:
    with database.write() as session:
        session.execute(update(CompanyRow).values(cases=rules))
    case(database, SALES, 200)
    assert tell(database) == []


def test_an_employees_callers_are_told_where_they_say(database: Database) -> None:
    with database.write() as session:
        session.execute(update(OwnerRow).where(OwnerRow.id == ANNA).values(notify_escalate_to="anna@muster.example"))
    case(database, ANNA, 121)
    [mail] = tell(database)
    assert mail.recipient == "anna@muster.example"
    assert "2 Std. 1 Min.\n" in mail.text  # all of the time: an employee has no hours


def test_twenty_thousand_callers_make_one_mail_of_a_hundred(database: Database) -> None:
    rows = [
        {
            "owner_id": (SALES, NIGHT)[n % 2], "caller_key": f"x{n}", "caller": f"+4930231252{n % 100:02}",
            "state": "open", "opened_at": NOW - dt.timedelta(minutes=130 + n % 400), "changed_at": NOW, "calls": 1,
            "messages": 0, "root_message_id": "<1@x>", "subject": "Anruf",
        }
        for n in range(20_000)
    ]  # fmt: skip
    with database.write() as session:
        session.connection().execute(insert(TABLES["cases"]), rows)
    [mail] = tell(database)
    total = sum(1 for row in rows if row["owner_id"] == NIGHT or row["opened_at"] <= NOW - dt.timedelta(minutes=120))
    assert mail.subject == f"{total} Anrufer warten schon lange auf einen Rückruf"
    assert mail.text.count("Zurückrufen: tel:") == 100
    assert sum(int(line.split()[1]) for line in mail.text.splitlines() if line.startswith("Und ")) == total - 100
    assert len(mail.html) < 100_000
    with database.read() as session:
        assert session.scalar(select(CaseRow.id).where(CaseRow.escalated_at.is_(None)).limit(1)) is None


def test_of_two_workers_at_once_one_tells(database: Database) -> None:
    for number in range(1, 30):
        case(database, (SALES, SUPPORT)[number % 2], 150, number)
    for day in (0, 3, 4):
        start, told = threading.Barrier(4), []

        def work(start: threading.Barrier, told: list[int], now: dt.datetime) -> None:
            start.wait(20)
            told.append(digests.tell(database, now))

        at = NOW + dt.timedelta(days=day)
        threads = [threading.Thread(target=work, args=(start, told, at)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert (sum(told), len(told)) == (2, 4)
    assert len(mails(database)) == 6


def test_a_worker_process_sends_what_is_due(tmp_path: Path) -> None:
    """The program itself: nobody has to ask it. The pool has no hours, so it is open whenever this runs."""
    database = prepared(f"sqlite:///{tmp_path / 'callrouter.db'}")
    case(database, NIGHT, 0, opened_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=3))
    database.close()
    with MailServer() as server:
        environment = os.environ | {
            "CALLROUTER_DATABASE_URL": database.url,
            "CALLROUTER_FREESWITCH_SPOOL_DIR": str(tmp_path / "spool"),
            "CALLROUTER_FREESWITCH_EVENT_SOCKET": "127.0.0.1:1",
            "CALLROUTER_SMTP_HOST": "127.0.0.1",
            "CALLROUTER_SMTP_PORT": str(server.port),
            "CALLROUTER_SMTP_SECURITY": "none",
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "callrouter.cli.role", "worker"], env=environment, cwd=tmp_path
        )
        try:
            assert server.reached.wait(60)
        finally:
            worker.terminate()
            assert worker.wait(60) == 0
        assert server.recipients == [BOSS]
        assert server.taken[0]["Subject"] == "1 Anrufer wartet schon lange auf einen Rückruf"


_KILLED = """
import datetime as dt, os, sys
from callrouter.cases import digests
from callrouter.directory.database import Database
digests.outbox.add = lambda *a, _add=digests.outbox.add: (_add(*a), sys.stdout.flush(), os._exit(9))
digests.tell(Database(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2]))
"""


def test_a_worker_that_is_killed_has_told_nobody_and_the_next_one_does(database: Database) -> None:
    case(database, SALES, 150)
    run = subprocess.run([sys.executable, "-c", _KILLED, database.url, NOW.isoformat()], timeout=60, check=False)
    assert run.returncode == 9
    assert mails(database) == []
    with database.read() as session:
        assert session.scalars(select(DigestRow)).all() == []
    assert len(tell(database)) == 1
    assert tell(database) == []
