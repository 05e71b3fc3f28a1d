"""Numbers that change hands, blocked callers, tokens, completion and the doctor, on the command line."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from callrouter.directory import tokens
from callrouter.directory.database import Database
from callrouter.directory.records import CallRow, OutboxRow
from tests.cli.test_company import company, run, told  # noqa: F401 (a fixture)
from tests.cli.test_directory import as_json

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def test_a_number_changes_hands(company: Path):  # noqa: F811
    told("number", "assign", "+493023125012", "pool:sales", cwd=company)
    assert as_json("pool", "list", "25 012", cwd=company)["rows"][0]["number_count"] == 2
    assert "belonged to pool sales" in told("number", "free", "+493023125012", cwd=company)
    told("number", "assign", "+493023125012", "employee:ben", cwd=company)
    assert as_json("employee", "show", "ben", cwd=company)["personal_number"] == "+493023125012"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["number", "assign", "+493023125010", "employee:ben"], "belongs to employee anna"),
        (["number", "assign", "+493023125012", "ben"], "is no owner"),
        (["number", "assign", "+493023125010", "pool:sales"], "callrouter number assign NUMBER pool:ID"),
        (["pool", "set", "sales", "--add-number", "+493023125010"], "a personal number always rings its employee"),
        (["pool", "add", "lager", "--name", "Lager", "--number", "+493023125010"], "callrouter number activate NUMBER"),
        (["pool", "next", "anna", "--busy", "pool:sales"], "anna is an employee and no pool: a personal number"),
        (["number", "free", "+493023125010"], "has devices but no personal_number"),
        (["number", "free", "+493023125012"], "belongs to nobody"),
        (["blocked", "add", "0176"], "is not a number as E.164"),
        (["employee", "forward", "ben", "--always", "mobile"], "before it, or a number outside as E.164"),
        (["token", "remove", "nothing"], "there is no token"),
        (["token", "add", " "], "needs a name"),
        (["call", "list", "--before", "x"], "is no page of this list"),
        (["message", "delete", "7", "--yes"], "there is no message 7"),
    ],
)
def test_a_mistake_is_told(company: Path, arguments: list[str], message: str):  # noqa: F811
    done = run(*arguments, cwd=company)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_week_of_a_number(company: Path):  # noqa: F811
    at = ("--at", "2026-11-23T00:00", "--language", "en")
    week = as_json("explain", "+493023125010", "--week", *at, cwd=company)
    assert [(span["kind"], span["start"][:16]) for span in week[:3]] == [
        ("rings_then_mailbox", "2026-11-23T00:00"), ("rings", "2026-11-23T08:00"),
        ("rings_then_mailbox", "2026-11-23T17:30"),
    ]  # fmt: skip
    assert all(span["steps"] and span["why"] for span in week)
    said = told("explain", "+493023125010", "--week", *at, cwd=company)
    assert "2026-11-23 08:00 – 2026-11-23 17:30  Rings at Anna Schmidt" in said
    assert run("explain", "+493023125010", "--week", "--device", "anna-desk", cwd=company).returncode == 2


def test_blocked_callers(company: Path):  # noqa: F811
    told("blocked", "add", "+49 176 04069 033", "--note", "Werbung", cwd=company)
    rows = as_json("blocked", "list", "werbung", cwd=company)["rows"]
    assert [(row["caller"], row["note"]) for row in rows] == [("+4917604069033", "Werbung")]
    assert run("explain", "+493023125010", "--from", "+4917604069033", cwd=company).returncode == 1
    told("blocked", "remove", "+4917604069033", cwd=company)
    assert as_json("blocked", "list", "werbung", cwd=company)["rows"] == []
    assert run("explain", "+493023125010", "--from", "+4917604069033", cwd=company).returncode == 0


def test_a_token_is_printed_once(company: Path):  # noqa: F811
    said = told("token", "add", "CRM", "--scope", "read", "--scope", "write", "--days", "30", cwd=company)
    text = said.split("shown this once: ")[1].strip()
    (row,) = as_json("token", "list", cwd=company)
    assert (row["name"], row["scopes"]) == ("CRM", ["read", "write"])
    assert text not in json.dumps(row)
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.read() as session:
        assert tokens.verify(session, text, dt.datetime.now(dt.UTC)) is not None
    database.close()
    assert "CRM" in told("token", "list", cwd=company)
    told("token", "remove", "CRM", cwd=company)
    assert as_json("token", "list", cwd=company) == []


def test_calls_go_on_by_cursor(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        for n in range(120):
            at = AT + dt.timedelta(minutes=n)
            session.add(CallRow(uuid=f"c{n}", direction="inbound", caller="anonymous", outcome="missed", started_at=at))
    database.close()
    seen, before = [], ""
    while True:
        page = as_json("call", "list", *(["--before", before] if before else []), cwd=company)
        seen += [row["uuid"] for row in page["rows"]]
        if "next" not in page:
            break
        before = page["next"]
    assert seen == [f"c{n}" for n in range(119, -1, -1)]
    assert "120 in all; --before " in told("call", "list", cwd=company)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_shells(tmp_path: Path, shell: str):
    assert "_CALLROUTER_COMPLETE" in told("completion", shell, cwd=tmp_path)


def test_commands_are_completed(tmp_path: Path):
    command = [sys.executable, "-c", "from callrouter.cli.main import main; main()"]
    words = {"_CALLROUTER_COMPLETE": "bash_complete", "COMP_WORDS": "callrouter number a", "COMP_CWORD": "2"}
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | words, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["plain,activate", "plain,anonymous", "plain,assign"]


def test_the_doctor_looks_around(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        session.add(
            OutboxRow(
                mail_id="<1@pbx.muster.example>", kind="missed", recipient="ben@muster.example", subject="Anruf",
                headers={}, text="", html="", created_at=AT, next_try_at=AT, state="dead", attempts=9, error="550 no",
            )
        )  # fmt: skip
    database.close()
    (company / "spool" / "quarantine" / "a.reason.txt").write_text("broken")
    mailbox = '[imap.sales]\nhost = "127.0.0.1"\nport = 1\nusername = "vertrieb"\npassword = "geheim"\n'
    with (company / "callrouter.toml").open("a") as settings:
        settings.write(mailbox)
    told("number", "port-away", "+493023125011", cwd=company)
    done = run("doctor", cwd=company)
    assert done.returncode == 1
    assert "employee ben: lost the personal number; give a new one: http://" in done.stdout
    assert "/employees/ben/numbers\n" in done.stdout
    assert "mail: 1 were given up" in done.stdout
    assert "spool 1 files in " in done.stdout
    assert "FreeSWITCH at 127.0.0.1:1: cannot connect" in done.stdout
    assert "mailbox sales (vertrieb on 127.0.0.1:1) cannot be used: " in done.stdout
    found = json.loads(run("doctor", "--json", cwd=company).stdout)
    assert found["switch"]
    assert len(found["mailboxes"]) == 1
    assert found["dead_mails"] == 1
    told("trunk", "remove", "carrier", cwd=company)
    assert "trunk list is empty" in run("doctor", "--offline", cwd=company).stdout


def test_the_doctor_without_a_database(tmp_path: Path):
    assert run("doctor", cwd=tmp_path).returncode == 2


def test_a_router_that_listens_is_well(company: Path):  # noqa: F811
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = company / "callrouter.toml"
        address = f"127.0.0.1:{server.getsockname()[1]}"
        settings.write_text(settings.read_text().replace('listen = "127.0.0.1:8084"', f'listen = "{address}"'))
        assert json.loads(run("doctor", "--json", cwd=company).stdout)["router"] == ""
    assert address in json.loads(run("doctor", "--json", cwd=company).stdout)["router"]


def test_tables_leave_nothing_out(company: Path, monkeypatch):  # noqa: F811
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "mon-fri 08:00–17:30" in told("schedule", "list", cwd=company)
    carrier = next(line for line in told("trunk", "list", cwd=company).splitlines() if "carrier" in line)
    assert as_json("trunk", "show", "carrier", cwd=company)["proxy"] in carrier
    told("number", "assign", "+493023125012", "pool:sales", cwd=company)
    assert "+493023125000, +493023125012" in told("pool", "list", cwd=company)
    monkeypatch.setenv("COLUMNS", "40")
    assert "…" not in told("pool", "list", cwd=company)


def test_an_employees_devices_are_listed_without_their_passwords(company: Path):  # noqa: F811
    assert "anna-soft" in told("device", "list", "anna", cwd=company)
    assert {one["sip_user"]: one["sip_password"] for one in as_json("device", "list", "anna", cwd=company)} == {
        "anna-desk": "set",
        "anna-soft": "set",
    }
    assert "no employee" in run("device", "list", "nobody", cwd=company).stderr


def test_the_phone_book(company: Path):  # noqa: F811
    said = told("phonebook", "add", "Erika Muster", "0176 04069001=mobil", "--note", "Kundin", cwd=company)
    entry = said.split("entry ")[1].split()[0]
    told("phonebook", "change", entry, "--name", "Erika Müller", cwd=company)
    (row,) = as_json("phonebook", "list", "müller", cwd=company)["rows"]
    assert row["numbers"] == [{"number": "+4917604069001", "label": "mobil"}]
    assert "Erika Müller" in told("explain", "+493023125010", "--from", "+4917604069001", cwd=company)
    (company / "more.csv").write_text("Name;Nummer\nMax;0176 04069002\nFalsch;0176 04069001\n", "utf-8")
    looked = told("phonebook", "import", "more.csv", "--dry-run", cwd=company)
    assert "more.csv:3: refused: Falsch: +4917604069001 is in the phone book already" in looked
    assert as_json("phonebook", "list", cwd=company)["total"] == 1
    assert "1 new, 0 changed, 0 same, 1 refused" in told("phonebook", "import", "more.csv", cwd=company)
    told("phonebook", "export", "all.csv", cwd=company)
    assert as_json("phonebook", "import", "all.csv", cwd=company)["counts"]["same"] == 2
    told("phonebook", "remove", entry, cwd=company)
    assert "Erika" not in told("phonebook", "export", cwd=company)
    assert run("phonebook", "import", "missing.csv", cwd=company).returncode == 2


def test_a_number_that_takes_no_anonymous_calls(company: Path):  # noqa: F811
    told("blocked", "remove", "anonymous", cwd=company)
    told("number", "anonymous", "+493023125010", "reject", cwd=company)
    assert "named XML turned-away" in (company / "conf" / "dialplan" / "numbers.xml").read_text()
    told("number", "anonymous", "+493023125010", "accept", cwd=company)
    assert "named XML turned-away" not in (company / "conf" / "dialplan" / "numbers.xml").read_text()
