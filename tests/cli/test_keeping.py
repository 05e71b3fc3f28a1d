"""``callrouter retention`` and ``callrouter case digest``: what is deleted, and who is told of callers that wait."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import select, update

from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow, OwnerRow
from callrouter.directory.records import CallRow, CaseRow, OutboxRow
from tests.cli.test_company import company, told  # noqa: F401 (a fixture)
from tests.cli.test_directory import as_json

LONG_AGO = dt.datetime.now(dt.UTC) - dt.timedelta(days=50)


def put(folder: Path, *rows: object, **values: object) -> None:
    database = Database(f"sqlite:///{folder}/callrouter.db")
    with database.write() as session:
        session.execute(update(CompanyRow).values(**values))
        session.add_all(rows)
    database.close()


def test_what_is_old_is_counted_and_deleted_when_that_is_wanted(company: Path):  # noqa: F811
    call = CallRow(uuid="c1", direction="inbound", caller="anonymous", outcome="missed", started_at=LONG_AGO)
    put(company, call, retention={"calls": 30})
    kept = {name: {"days": None, "to_delete": 0} for name in ("messages", "cases", "mails", "audit")}
    assert as_json("retention", cwd=company) == {"calls": {"days": 30, "to_delete": 1}} | kept
    assert "calls: kept for 30 days; 1 to delete\nmessages: kept for ever;" in told("retention", cwd=company)
    assert as_json("call", "list", cwd=company)["total"] == 1
    assert "calls: kept for 30 days; 1 deleted\n" in told("retention", "--delete", cwd=company)
    assert as_json("call", "list", cwd=company)["total"] == 0
    assert as_json("retention", "--delete", cwd=company)["calls"] == {"days": 30, "deleted": 0}


def test_who_would_be_told_of_whom(company: Path):  # noqa: F811
    assert told("case", "digest", cwd=company) == "Nobody is told of anybody.\n"
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.read() as session:
        owner = session.scalars(select(OwnerRow.id).where(OwnerRow.key == "sales")).one()
    database.close()
    case = CaseRow(
        owner_id=owner, caller_key="+4917604069001", caller="+4917604069001", opened_at=LONG_AGO, changed_at=LONG_AGO,
        root_message_id="<1@pbx.muster.example>",
    )  # fmt: skip
    put(company, case, cases={"escalate_to": "leitung@muster.example"})
    [address] = as_json("case", "digest", cwd=company)
    assert (address["recipient"], address["last"]) == ("leitung@muster.example", None)
    assert [(team["owner"], team["new"], team["told"]) for team in address["teams"]] == [("pool:sales", 1, 0)]
    shown = told("case", "digest", cwd=company)
    assert shown.startswith("leitung@muster.example: ")
    assert "    pool:sales: 1 new, 0 told before\n" in shown
    database = Database(f"sqlite:///{company}/callrouter.db")
    with database.read() as session:
        assert session.scalars(select(OutboxRow)).all() == []
    database.close()
