"""The directory's nouns on the command line: what an administrator does, and what a mistake ends with."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.directory.models import EmployeeRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow
from tests.cli.test_company import company, run, told  # noqa: F401 (a fixture)

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def admin(company: Path) -> Path:  # noqa: F811
    """The example company, with a conf_dir that may be written to and no FreeSWITCH."""
    config = company / "callrouter.toml"
    text = config.read_text().replace('conf_dir = "/etc/freeswitch"', 'conf_dir = "conf"')
    config.write_text(text.replace("127.0.0.1:8021", "127.0.0.1:1"))
    return company


def as_json(*arguments: str, cwd: Path) -> object:
    return json.loads(told(*arguments, "--json", cwd=cwd))


def test_an_employee_from_the_first_day_to_the_last(admin: Path):
    told("number", "activate", "+493023125013", cwd=admin)
    told("employee", "add", "cara", "--name", "Cara Weiß", "--number", "+493023125013", "--extension", "13", cwd=admin)
    shown = told("device", "add", "cara", "cara-desk", "--label", "Tischtelefon", cwd=admin)
    password = shown.split("shown this once: ")[1].split()[0]
    assert password in (admin / "conf" / "directory" / "phones.xml").read_text()
    new = told("device", "password", "cara", "cara-desk", cwd=admin).split("shown this once: ")[1].split()[0]
    phones = (admin / "conf" / "directory" / "phones.xml").read_text()
    assert new in phones
    assert password not in phones
    shown = as_json("employee", "show", "cara", cwd=admin)
    assert shown["devices"][0]["sip_password"] == "set"
    assert new not in json.dumps(shown)
    told("device", "set", "cara", "cara-desk", "--disabled", cwd=admin)
    assert "cara-desk" not in (admin / "conf" / "directory" / "phones.xml").read_text()
    told("employee", "set", "cara", "--name", "Cara Weiss", cwd=admin)
    told("device", "remove", "cara", "cara-desk", cwd=admin)
    told("employee", "remove", "cara", cwd=admin)
    assert as_json("employee", "list", "cara", cwd=admin) == {"total": 0, "rows": []}
    told("number", "deactivate", "+493023125013", cwd=admin)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["employee", "show", "nobody"], "there is no employee nobody"),
        (["employee", "add", "anna", "--name", "Anna"], "already"),
        (["employee", "set", "ben", "--number", "+493023125010"], "anna"),
        (["employee", "set", "ben", "--number", "+493023125055"], "inactive"),
        (["employee", "set", "ben", "--extension", "110"], "emergency"),
        (["employee", "set", "ben", "--email", "a b@x"], "email"),
        (["employee", "remove", "ben"], "member of pool sales"),
        (["device", "add", "ben", "anna-desk", "--label", "x"], "anna-desk"),
        (["device", "remove", "ben", "nothing"], "has no device nothing"),
        (["mailbox", "set", "anna", "--schedule", "no such"], "no such"),
        (["mailbox", "set", "anna", "--after", "9999"], "answer_after"),
        (["mailbox", "set", "anna", "--always", "--schedule", "nights"], "exclude"),
        (["mailbox", "set", "ben", "--when", "open"], "has no schedule"),
        (["mailbox", "show", "team:sales"], "is no owner"),
        (["pool", "set", "sales", "--drop-member", "cara"], "has no member cara"),
        (["pool", "set", "sales", "--add-number", "+493023125010"], "+493023125010"),
        (["pool", "show", "nothing"], "there is no pool"),
        (["schedule", "remove", "office hours"], "is used by"),
        (["schedule", "show", "nothing"], "there is no schedule"),
        (["trunk", "remove", "nothing"], "there is no trunk"),
        (["number", "deactivate", "+493023125010"], "anna"),
        (["call", "show", "nothing"], "there is no call"),
        (["message", "heard", "99"], "there is no message 99"),
        (["user", "add", "x", "--employee", "nobody"], "there is no employee"),
        (["user", "remove", "admin"], "last administrator"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(admin: Path, arguments: list[str], message: str):
    before = told("export", "--with-secrets", cwd=admin)
    done = run(*arguments, cwd=admin)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert told("export", "--with-secrets", cwd=admin) == before


def test_a_mailbox_by_schedule_and_always(admin: Path):
    told("mailbox", "set", "ben", "--enabled", "--after", "12", "--schedule", "nights", "--when", "closed", cwd=admin)
    shown = as_json("mailbox", "show", "employee:ben", cwd=admin)
    assert (shown["enabled"], shown["answer_after"]) == (True, 12)
    assert (shown["schedule"]["name"], shown["schedule"]["when"]) == ("nights", "closed")
    told("mailbox", "set", "ben", "--when", "open", cwd=admin)
    assert as_json("mailbox", "show", "ben", cwd=admin)["schedule"]["when"] == "open"
    told("mailbox", "set", "ben", "--always", "--pin", "1234", cwd=admin)
    shown = as_json("mailbox", "show", "ben", cwd=admin)
    assert (shown["schedule"], shown["pin"]) == (None, "set")


def test_a_pool_from_its_first_day_to_its_last(admin: Path):
    told("number", "activate", "+493023125020", cwd=admin)
    told("pool", "add", "support", "--name", "Support", "--number", "+493023125020", "--member", "anna", cwd=admin)
    told("pool", "set", "support", "--add-member", "ben", "--drop-member", "anna", cwd=admin)
    rows = as_json("pool", "list", "supp", cwd=admin)["rows"]
    assert [(row["numbers"], row["members"]) for row in rows] == [(["+493023125020"], 1)]
    told("pool", "remove", "support", cwd=admin)
    assert "+493023125020" in told("number", "list", "--free", cwd=admin)


def test_schedules_and_trunks_from_a_file(admin: Path):
    (admin / "hours.yaml").write_text(
        "open:\n  - {days: mon-thu, from: 09:00, to: 16:00}\nclosed:\n  - {date: 12-24}\n"
    )
    told("schedule", "set", "reception", "hours.yaml", cwd=admin)
    assert as_json("schedule", "show", "reception", cwd=admin)["open"][0]["from"] == "09:00"
    told("schedule", "remove", "reception", cwd=admin)
    (admin / "trunk.yaml").write_text("proxy: sip.carrier.example\npeers: [192.0.2.7]\n")
    told("trunk", "set", "second", "trunk.yaml", cwd=admin)
    assert as_json("trunk", "list", cwd=admin) == ["carrier", "second"]
    assert "192.0.2.7" in (admin / "conf" / "autoload_configs" / "acl.conf.xml").read_text()
    told("trunk", "remove", "second", cwd=admin)
    (admin / "bad.yaml").write_text("proxies: x\n")
    done = run("trunk", "set", "third", "bad.yaml", cwd=admin)
    assert done.returncode == 2
    assert "proxies" in done.stderr


def test_every_change_is_in_the_audit_log(admin: Path):
    told("mailbox", "set", "anna", "--after", "15", cwd=admin)
    entry = as_json("audit", "--noun", "employee", "--key", "anna", cwd=admin)[0]
    assert entry["actor"].startswith("cli:")
    assert entry["changes"] == {"mailbox.answer_after": [20, 15]}


def test_calls_and_messages(admin: Path):
    database = Database(f"sqlite:///{admin}/callrouter.db")
    with database.write() as session:
        anna = session.query(EmployeeRow).filter_by(key="anna").one()
        call = CallRow(
            uuid="c2a5b2a6-1f0e-4b6e-9d57-3c8d6a2d7c11", direction="inbound", number="+493023125010", trunk="carrier",
            caller="+4917604069001", caller_name="Carla", outcome="voicemail", started_at=AT,
        )  # fmt: skip
        session.add(call)
        session.flush()
        step = CallStepRow(n="1", position=0, kind="ring", owner_id=anna.id, owner="employee:anna", outcome="voicemail")
        call.steps.append(step)
        session.add(
            MessageRow(call_id=call.id, n="1", owner_id=anna.id, recorded_at=AT, milliseconds=4000, audio=b"RIFF")
        )
    database.close()
    assert as_json("call", "list", "04069001", "--owner", "employee:anna", cwd=admin)["total"] == 1
    assert as_json("call", "list", "--owner", "employee:ben", cwd=admin)["total"] == 0
    assert "employee:anna, voicemail" in told("call", "show", call.uuid, cwd=admin)
    assert as_json("message", "list", "--unheard", cwd=admin)["total"] == 1
    told("message", "save", "1", "out.wav", cwd=admin)
    assert (admin / "out.wav").read_bytes() == b"RIFF"
    told("message", "heard", "1", cwd=admin)
    assert as_json("message", "list", "--unheard", cwd=admin)["total"] == 0
    told("message", "delete", "1", "--yes", cwd=admin)
    assert as_json("message", "list", cwd=admin)["total"] == 0
    assert [entry["action"] for entry in as_json("audit", "--noun", "message", cwd=admin)] == [
        "remove",
        "change",
        "change",
    ]


def test_users(admin: Path):
    shown = told("user", "add", "anna@muster.example", "--employee", "anna", cwd=admin)
    assert "shown this once" in shown
    assert {row["login"]: row["role"] for row in as_json("user", "list", cwd=admin)} == {
        "admin": "admin",
        "anna@muster.example": "employee",
    }
    told("user", "role", "anna@muster.example", "admin", cwd=admin)
    told("user", "remove", "admin", cwd=admin)
    told("user", "password", "anna@muster.example", cwd=admin)


def test_lists_page_in_the_database(admin: Path):
    first = as_json("number", "list", cwd=admin)
    second = as_json("number", "list", "--page", "2", cwd=admin)
    assert first["total"] == second["total"] == 100
    assert len(first["rows"]) == len(second["rows"]) == 50
    assert not {row["e164"] for row in first["rows"]} & {row["e164"] for row in second["rows"]}
    assert as_json("number", "list", "%", cwd=admin)["total"] == 0
