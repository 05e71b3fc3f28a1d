"""The directory's nouns on the command line: what an administrator does, and what a mistake ends with."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.directory.models import EmployeeRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow, OutboxRow
from callrouter.ledger.rings import End, Leg
from tests.cli.test_company import company, run, told  # noqa: F401 (a fixture)

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def as_json(*arguments: str, cwd: Path) -> object:
    return json.loads(told(*arguments, "--json", cwd=cwd))


def test_an_employee_from_the_first_day_to_the_last(company: Path):  # noqa: F811
    told("number", "activate", "+493023125013", cwd=company)
    told(
        "employee", "add", "cara", "--name", "Cara Weiß", "--number", "+493023125013", "--extension", "13", cwd=company
    )
    shown = told("device", "add", "cara", "cara-desk", "--label", "Tischtelefon", cwd=company)
    password = shown.split("shown this once: ")[1].split()[0]
    assert password in (company / "conf" / "directory" / "phones.xml").read_text()
    new = told("device", "password", "cara", "cara-desk", cwd=company).split("shown this once: ")[1].split()[0]
    phones = (company / "conf" / "directory" / "phones.xml").read_text()
    assert new in phones
    assert password not in phones
    shown = as_json("employee", "show", "cara", cwd=company)
    assert shown["devices"][0]["sip_password"] == "set"
    assert new not in json.dumps(shown)
    told("device", "set", "cara", "cara-desk", "--disabled", cwd=company)
    assert "cara-desk" not in (company / "conf" / "directory" / "phones.xml").read_text()
    told("employee", "set", "cara", "--name", "Cara Weiss", cwd=company)
    told("device", "remove", "cara", "cara-desk", cwd=company)
    told("employee", "remove", "cara", cwd=company)
    assert as_json("employee", "list", "cara", cwd=company) == {"total": 0, "rows": []}
    told("number", "deactivate", "+493023125013", cwd=company)


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
        (["pool", "sign-out", "sales", "cara"], "cara is no member"),
        (["pool", "set", "sales", "--delay", "cara", "5"], "cara is no member"),
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
def test_a_mistake_is_told_and_changes_nothing(company: Path, arguments: list[str], message: str):  # noqa: F811
    before = told("export", "--with-secrets", cwd=company)
    done = run(*arguments, cwd=company)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert told("export", "--with-secrets", cwd=company) == before


def test_a_mailbox_by_schedule_and_always(company: Path):  # noqa: F811
    told("mailbox", "set", "ben", "--enabled", "--after", "12", "--schedule", "nights", "--when", "closed", cwd=company)
    shown = as_json("mailbox", "show", "employee:ben", cwd=company)
    assert (shown["enabled"], shown["answer_after"]) == (True, 12)
    assert (shown["schedule"]["name"], shown["schedule"]["when"]) == ("nights", "closed")
    told("mailbox", "set", "ben", "--when", "open", cwd=company)
    assert as_json("mailbox", "show", "ben", cwd=company)["schedule"]["when"] == "open"
    told("mailbox", "set", "ben", "--always", "--pin", "1234", cwd=company)
    shown = as_json("mailbox", "show", "ben", cwd=company)
    assert (shown["schedule"], shown["pin"]) == (None, "set")


def test_a_pool_from_its_first_day_to_its_last(company: Path):  # noqa: F811
    told("number", "activate", "+493023125020", cwd=company)
    told("pool", "add", "support", "--name", "Support", "--number", "+493023125020", "--member", "anna", cwd=company)
    told("pool", "set", "support", "--add-member", "ben", "--drop-member", "anna", cwd=company)
    rows = as_json("pool", "list", "supp", cwd=company)["rows"]
    assert [(row["numbers"], row["members"]) for row in rows] == [(["+493023125020"], 1)]
    told("pool", "set", "support", "--strategy", "waves", "--delay", "ben", "10", cwd=company)
    told("pool", "sign-out", "support", "ben", cwd=company)
    shown = as_json("pool", "show", "support", cwd=company)
    assert (shown["strategy"], shown["delays"], shown["signed_out"]) == ("waves", {"ben": 10}, ["ben"])
    told("pool", "sign-in", "support", "ben", cwd=company)
    assert "signed_out" not in {key for key, value in as_json("pool", "show", "support", cwd=company).items() if value}
    told("pool", "waiting", "support", "--places", "3", cwd=company)
    told("pool", "waiting", "support", "--after", "0", cwd=company)
    assert as_json("pool", "show", "support", cwd=company)["waiting"] == {"after": 0, "at_most": 300, "places": 3}
    told("pool", "waiting", "support", "--off", cwd=company)
    assert as_json("pool", "show", "support", cwd=company)["waiting"] is None
    told("pool", "remove", "support", cwd=company)
    assert "+493023125020" in told("number", "list", "--free", cwd=company)


def test_schedules_and_trunks_from_a_file(company: Path):  # noqa: F811
    (company / "hours.yaml").write_text(
        "open:\n  - {days: mon-thu, from: 09:00, to: 16:00}\nclosed:\n  - {date: 12-24}\n"
    )
    told("schedule", "set", "reception", "hours.yaml", cwd=company)
    assert as_json("schedule", "show", "reception", cwd=company)["open"][0]["from"] == "09:00"
    told("schedule", "remove", "reception", cwd=company)
    (company / "trunk.yaml").write_text("proxy: sip.carrier.example\npeers: [192.0.2.7]\n")
    told("trunk", "set", "second", "trunk.yaml", cwd=company)
    trunks = as_json("trunk", "list", cwd=company)
    assert [(one["name"], one["proxy"], one["password"]) for one in trunks][1] == (
        "second",
        "sip.carrier.example",
        None,
    )
    assert [one["name"] for one in as_json("schedule", "list", cwd=company)] == ["office hours", "nights"]
    assert "192.0.2.7" in (company / "conf" / "directory" / "trunks.xml").read_text()
    told("trunk", "remove", "second", cwd=company)
    (company / "bad.yaml").write_text("proxies: x\n")
    done = run("trunk", "set", "third", "bad.yaml", cwd=company)
    assert done.returncode == 2
    assert "proxies" in done.stderr


def test_every_change_is_in_the_audit_log(company: Path):  # noqa: F811
    told("mailbox", "set", "anna", "--after", "15", cwd=company)
    entry = as_json("audit", "--noun", "employee", "--key", "anna", cwd=company)[0]
    assert entry["actor"].startswith("cli:")
    assert entry["changes"] == {"mailbox.answer_after": [20, 15]}


def test_calls_and_messages(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        anna = session.query(EmployeeRow).filter_by(key="anna").one()
        call = CallRow(
            uuid="c2a5b2a6-1f0e-4b6e-9d57-3c8d6a2d7c11", direction="inbound", number="+493023125010", trunk="carrier",
            caller="+4917604069001", caller_name="Carla", outcome="voicemail", started_at=AT,
        )  # fmt: skip
        session.add(call)
        session.flush()
        step = CallStepRow(
            n="1", position=0, kind="ring", owner_id=anna.id, owner="employee:anna", started_at=AT, outcome="voicemail",
            legs=[Leg("1", "anna-desk", End.NO_ANSWER, "NO_ANSWER", AT, AT + dt.timedelta(seconds=20)).as_json()],
        )  # fmt: skip
        call.steps.append(step)
        session.add(
            MessageRow(call_id=call.id, n="1", owner_id=anna.id, recorded_at=AT, milliseconds=4000, audio=b"RIFF")
        )
    database.close()
    assert as_json("call", "list", "04069001", "--owner", "employee:anna", cwd=company)["total"] == 1
    assert as_json("call", "list", "--owner", "employee:ben", cwd=company)["total"] == 0
    shown = told("call", "show", call.uuid, cwd=company)
    assert "employee:anna, voicemail" in shown
    assert "phone: employee:anna, anna-desk, Tischtelefon, Anna Schmidt, no_answer, NO_ANSWER, 20" in shown
    [phone] = as_json("call", "show", call.uuid, cwd=company)["phones"]
    assert (phone["device"], phone["end"], phone["rang_at"]) == ("anna-desk", "no_answer", AT.isoformat())
    assert as_json("message", "list", "--unheard", cwd=company)["total"] == 1
    told("message", "save", "1", "out.wav", cwd=company)
    assert (company / "out.wav").read_bytes() == b"RIFF"
    told("message", "heard", "1", cwd=company)
    assert as_json("message", "list", "--unheard", cwd=company)["total"] == 0
    told("message", "delete", "1", "--yes", cwd=company)
    assert as_json("message", "list", cwd=company)["total"] == 0
    assert [entry["action"] for entry in as_json("audit", "--noun", "message", cwd=company)] == [
        "remove",
        "change",
        "change",
    ]


def test_a_mail_that_was_given_up_is_shown_and_tried_again(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        session.add(
            OutboxRow(
                mail_id="<1@pbx.muster.example>", kind="missed", recipient="ben@muster.example", subject="Anruf",
                headers={}, text="", html="", created_at=AT, next_try_at=AT, state="dead", attempts=9, error="550 no",
            )
        )  # fmt: skip
    assert "550 no" in told("mail", "list", cwd=company)
    told("mail", "retry", "1", cwd=company)
    assert [mail["state"] for mail in as_json("mail", "list", cwd=company)] == ["waiting"]
    assert run("mail", "retry", "1", cwd=company).returncode == 2
    database.close()


def test_users(company: Path):  # noqa: F811
    shown = told("user", "add", "anna@muster.example", "--employee", "anna", cwd=company)
    assert "shown this once" in shown
    assert {row["login"]: row["role"] for row in as_json("user", "list", cwd=company)} == {
        "admin": "admin",
        "anna@muster.example": "employee",
    }
    told("user", "role", "anna@muster.example", "admin", cwd=company)
    told("user", "remove", "admin", cwd=company)
    told("user", "password", "anna@muster.example", cwd=company)


def test_lists_page_in_the_database(company: Path):  # noqa: F811
    first = as_json("number", "list", cwd=company)
    second = as_json("number", "list", "--page", "2", cwd=company)
    assert first["total"] == second["total"] == 100
    assert len(first["rows"]) == len(second["rows"]) == 50
    assert not {row["e164"] for row in first["rows"]} & {row["e164"] for row in second["rows"]}
    assert as_json("number", "list", "%", cwd=company)["total"] == 0


def test_how_phones_ring_and_where_calls_go(company: Path):  # noqa: F811
    told("employee", "ringing", "anna", "--calls-at-once", "2", cwd=company)
    told("employee", "ringing", "anna", "--do-not-disturb", "--declining", "all", cwd=company)
    told("device", "set", "anna", "anna-soft", "--ring-delay", "7", cwd=company)
    said = told("employee", "forward", "anna", "--busy", "pool:sales", "--offline", "mailbox:employee:ben", cwd=company)
    assert "The mailbox of Ben Yılmaz takes no calls" in said
    told("employee", "forward", "anna", "--offline", "none", "--after", "30", cwd=company)
    anna = as_json("employee", "show", "anna", cwd=company)
    assert anna["ringing"] == {"do_not_disturb": True, "calls_at_once": 2, "declining": "all"}
    assert [device["ring_delay"] for device in anna["devices"]] == [0, 7]
    assert anna["forwarding"] == {
        "always": None, "busy": "pool:sales", "no_answer": None, "offline": None, "after": 30,
    }  # fmt: skip
    told("employee", "forward", "anna", "--busy", "0176 04069007", cwd=company)
    assert as_json("employee", "show", "anna", cwd=company)["forwarding"]["busy"] == "+4917604069007"
    told("employee", "ringing", "anna", "--calls-at-once", "0", cwd=company)
    assert as_json("employee", "show", "anna", cwd=company)["ringing"]["calls_at_once"] is None
    for target, message in (
        ("ben", "is not employee:ID"),
        ("pool:none", "does not exist"),
        ("employee:anna", "itself"),
        ("+441632960001", "may not call"),
    ):
        refused = run("employee", "forward", "anna", "--always", target, cwd=company)
        assert refused.returncode == 2
        assert message in refused.stderr, refused.stderr


def test_what_a_pools_number_mails_and_its_phones_show(company: Path):  # noqa: F811
    sales = "+493023125000"
    assert told("number", "show", sales, cwd=company) == f"{sales}: all is as its owner says\n"
    wishes = ("--notify", "missed", "--email", "team@muster.example", "--salutation", "Liebes Team,")
    told("number", "set", sales, *wishes, cwd=company)
    told("number", "set", sales, "--notify", "owner", "--language", "en", cwd=company)
    assert as_json("number", "show", sales, cwd=company) == {
        "about": None, "email": "team@muster.example", "language": "en", "salutation": "Liebes Team,",
        "handled_mail": None,
    }  # fmt: skip
    told(
        "pool", "set", "sales", "--hide-name", "--members-outside", "--short-name", "VT", "--alert", "red", cwd=company
    )
    assert as_json("pool", "show", "sales", cwd=company)["members_outside"] is True
    told("pool", "set", "sales", "--members-inside", "--short-name", "", "--internal-alert", "blue", cwd=company)
    pool = as_json("pool", "show", "sales", cwd=company)
    shown = {name: pool[name] for name in ("show_name", "short_name", "alert", "internal_alert", "may_show")}
    assert shown == {
        "show_name": False, "short_name": None, "alert": "red", "internal_alert": "blue", "may_show": "members",
    }  # fmt: skip
    assert [(one["id"], one["state"], one["signed_in"]) for one in pool["now"]["members"]] == [
        ("anna", "unknown", True), ("ben", "unknown", True),
    ]  # fmt: skip
    assert pool["now"]["problem"]
    assert "state: unknown" in told("pool", "show", "sales", cwd=company)
    told("pool", "set", "sales", "--may-show", "everybody", cwd=company)
    assert as_json("pool", "show", "sales", cwd=company)["may_show"] == "everybody"
    for arguments, message in (
        (("number", "set", sales, "--email", "team"), "one mail address"),
        (("number", "set", "+493023125012", "--language", "de"), "belongs to nobody"),
        (("pool", "set", "sales", "--alert", "a b"), "the name of a ring"),
        (("pool", "set", "sales", "--may-show", "nobody"), "employee anna: nobody may show"),
    ):
        refused = run(*arguments, cwd=company)
        assert refused.returncode == 2
        assert message in refused.stderr, refused.stderr
