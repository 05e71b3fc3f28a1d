"""``callrouter call`` and ``case``: a call in words, one that is begun where nobody answers, and who calls back."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from pathlib import Path

from sqlalchemy import select

from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.directory.database import Database
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallLinkRow, CallRow, CallStepRow, CaseRow
from tests.cli.test_company import ENVIRONMENT, company, run, told  # noqa: F401 (a fixture)
from tests.cli.test_directory import as_json
from tests.esl.peer import Peer, reply, response

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def test_who_must_be_called_back_is_told_in_words(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        case = CaseRow(
            caller_key="+4917604069001", caller="+4917604069001", opened_at=AT, changed_at=AT, calls=2,
            root_message_id="<1@pbx.muster.example>",
        )  # fmt: skip
        called = CallRow(uuid="c1", direction="inbound", caller="+4917604069001", outcome="missed", started_at=AT)
        session.add_all([case, called])
        session.flush()
        session.add(
            CallStepRow(
                call_id=called.id, n="1", position=1, kind="ring", owner="employee:ben", started_at=AT,
                outcome="missed", case_id=case.id,
            )
        )  # fmt: skip
        out = CallRow(uuid="c0", direction="outbound", caller="10", number="+4917604069001", outcome="answered",
                      started_at=AT)  # fmt: skip
        session.add(out)
        session.flush()
        session.add_all([CallLinkRow(call_id=called.id, leg="leg"), CallLinkRow(call_id=out.id, leg="leg")])
    database.close()
    linked = "linked: 2026-11-23T09:00:00+00:00, inbound, +4917604069001, missed, employee:ben missed, c1\n"
    assert linked in told("call", "show", "c0", cwd=company)
    assert "\ncase: 1, open, 2026-11-23T09:00:00+00:00, 2\n" in told("call", "show", "c1", cwd=company)


def test_nobody_answers_the_phones_that_a_command_rings(company: Path, monkeypatch):  # noqa: F811
    asked: list[str] = []

    def switch(server: socket.socket) -> None:
        sock, _address = server.accept()
        with sock:
            peer = Peer(sock)
            peer.send("Content-Type: auth/request\n\n")
            peer.answer(reply("+OK accepted"))
            asked.append(peer.answer(response("-ERR NO_ANSWER\n")))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        thread = threading.Thread(target=switch, args=(server,))
        thread.start()
        monkeypatch.setitem(ENVIRONMENT, "CALLROUTER_FREESWITCH_EVENT_SOCKET", f"127.0.0.1:{server.getsockname()[1]}")
        done = run("call", "start", "ben", "017604069001", cwd=company)
        thread.join(30)
    assert asked[0].startswith("api originate ")
    assert done.returncode == 2
    assert done.stderr == "no phone of ben answered: NO_ANSWER\n"


def test_a_case_from_claim_to_reopening(company: Path):  # noqa: F811
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.write() as session:
        owner = session.scalars(select(OwnerRow.id).where(OwnerRow.key == "sales")).one()
        thread = Thread("<1@pbx.muster.example>", "Anruf")
        [case] = open_or_append(session, [Missed(owner, "+4917604069001", "u1", AT, 0, thread)])
    database.close()
    number = str(case.id)
    assert told("case", "claim", number, "--as", "anna", cwd=company) == f"case {number} is claimed\n"
    refused = run("case", "claim", number, "--as", "ben", cwd=company)
    assert refused.returncode == 2
    assert "Anna Schmidt is on it already" in refused.stderr
    told("case", "claim", number, "--as", "ben", "--take-over", cwd=company)
    assert [row["claimed_by"] for row in as_json("case", "list", cwd=company)["rows"]] == ["ben"]
    told("case", "note", number, "ruft um vier an", "--as", "ben", cwd=company)
    assert told("case", "close", number, "--note", "erledigt", cwd=company) == f"case {number} is closed\n"
    assert as_json("case", "list", cwd=company)["total"] == 0
    assert as_json("case", "list", "--closed", cwd=company)["total"] == 1
    told("case", "reopen", number, cwd=company)
    told("case", "claim", number, "--as", "anna", cwd=company)
    told("case", "release", number, cwd=company)
    shown = told("case", "show", number, cwd=company)
    assert "state: open\n" in shown
    assert "note, Ben Yılmaz, ruft um vier an\n" in shown
    events = as_json("case", "show", number, cwd=company)["events"]
    wanted = ["claim", "take_over", "note", "close", "reopen", "claim", "release"]
    assert [event["what"] for event in events] == wanted
