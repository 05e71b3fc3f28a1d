"""Who may show a pool's numbers: as a rule of the directory, told by explain, and after a migration."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from callrouter.directory import employees, numbers, people, pools, services
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.directory.importing import ImportFileError, import_company
from callrouter.errors import RuleError
from callrouter.resources import data_dir
from tests.directory.conftest import MUSTER
from tests.directory.test_migrations import to_revision

SALES, FREE = "+493023125000", "+493023125012"
NOON = dt.datetime(2026, 11, 23, 12, 0)


def _set(muster: Database, who: str, members: list[str], shown: dict[str, str | None]) -> None:
    with muster.write() as session:
        for employee in ("anna", "ben"):
            employees.change(session, employee, outgoing_number=None)
        pools.change(session, "sales", may_show=who, members=members, extension="20")
        for employee, number in shown.items():
            employees.change(session, employee, outgoing_number=number)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("nobody", "employee anna: nobody may show +493023125000, says pool sales"),
        ("members", "employee anna: members alone may show +493023125000, says pool sales"),
        ("everybody", ""),
    ],
)
def test_an_employee_shows_only_what_the_pool_lets(muster: Database, who: str, told: str) -> None:
    _set(muster, who, ["ben"], {})
    with muster.write() as session:
        if told:
            with pytest.raises(RuleError, match=re.escape(told)) as refused:
                employees.change(session, "anna", outgoing_number=SALES)
            assert [path for path, _ in refused.value.problems] == ["outgoing_number"]
        else:
            employees.change(session, "anna", outgoing_number=SALES)


def test_a_pool_does_not_forbid_what_somebody_shows(muster: Database) -> None:
    _set(muster, "members", ["anna", "ben"], {"anna": SALES})
    with muster.write() as session, pytest.raises(RuleError, match="employee anna: nobody may show"):
        pools.change(session, "sales", may_show="nobody")


@pytest.mark.parametrize(("who", "shown"), [("members", None), ("everybody", SALES)])
def test_whoever_leaves_a_pool_shows_its_number_no_more(muster: Database, who: str, shown: str | None) -> None:
    _set(muster, who, ["anna", "ben"], {"anna": SALES, "ben": SALES})
    with muster.write() as session:
        version = services.employee(session, "anna")[1]
        pools.set_members(session, "sales", ["ben"])
        assert services.employee(session, "ben")[0].outgoing_number == SALES
        assert services.employee(session, "anna")[0].outgoing_number == shown
        assert (services.employee(session, "anna")[1] > version) is (shown is None)


def test_a_number_that_somebody_shows_goes_to_a_pool_that_lets_them(muster: Database) -> None:
    _set(muster, "members", ["ben"], {"anna": FREE})
    with muster.write() as session, pytest.raises(RuleError, match="employee anna: members alone"):
        numbers.assign(session, FREE, "pool:sales")
    with muster.write() as session:
        pools.change(session, "sales", may_show="everybody")
        numbers.assign(session, FREE, "pool:sales")


def test_only_numbers_that_may_be_shown_are_offered(muster: Database) -> None:
    _set(muster, "members", ["anna"], {})
    with muster.write() as session:
        assert people.pool_numbers(session, "anna", limit=5) == [(SALES, "Vertrieb")]
        pools.change(session, "sales", may_show="nobody")
        assert people.pool_numbers(session, "anna", limit=5) == []


def test_a_file_is_refused_as_a_change_is(database: Database) -> None:
    file = MUSTER.replace("    strategy: simultaneous", "    may_show: nobody\n    strategy: simultaneous")
    with pytest.raises(ImportFileError, match="employee anna: nobody may show") as refused:
        import_company(database, file, "muster.yaml")
    assert str(refused.value).count("may show") == 1


@pytest.mark.parametrize(
    ("dialed", "device", "first", "why"),
    [
        ("*5020*03023125500", "anna-desk", "Call +493023125500", "Anna Schmidt calls for the pool Vertrieb"),
        ("*5020*03023125500", "anna-desk", "Call +493023125500", "+493023125000 is shown."),
        ("*5020*03023125500", "ben-desk", "Refused (403): the pool's number", "Members alone may show the numbers"),
        ("*5029*03023125500", "anna-desk", "Refused (403): the pool's number", "29 is the extension of no pool."),
        ("*5020*112", "anna-desk", "Emergency call", ""),
        ("*6120", "anna-desk", "Sign in to the pool Vertrieb", "signs in to the pool Vertrieb"),
    ],
)
def test_explain_tells_what_a_code_does(muster: Database, dialed: str, device: str, first: str, why: str) -> None:
    _set(muster, "members", ["anna"], {"anna": "anonymous"})
    told = Explainer(muster)(dialed, NOON, "en", device=device)
    assert first in told.steps[0]
    assert why in " ".join(told.why)
    assert told.refused is first.startswith("Refused")


_OLD = (
    "INSERT INTO owners (id, kind, key, name, notify_about, notify_internal, handled_mail) VALUES"
    " (1, 'employee', 'anna', 'Anna', 'none', false, false), (2, 'employee', 'ben', 'Ben', 'none', false, false),"
    " (3, 'pool', 'sales', 'Vertrieb', 'none', false, false), (4, 'pool', 'other', 'Lager', 'none', false, false)",
    f"INSERT INTO employees (id, role, outgoing_number) VALUES (1, 'employee', '{SALES}'), (2, 'employee', '{FREE}')",
    "INSERT INTO pools (id, strategy, ring_seconds) VALUES (3, 'simultaneous', 30), (4, 'simultaneous', 30)",
    "INSERT INTO pool_members (pool_id, employee_id, position) VALUES (3, 2, 0), (4, 2, 0)",
    "INSERT INTO numbers (id, e164, state, personal, owner_id) VALUES"
    f" (1, '{SALES}', 'active', false, 3), (2, '{FREE}', 'active', false, 4)",
)


def test_whoever_showed_a_pools_number_goes_on_doing_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    to_revision(url, ScriptDirectory(str(data_dir("migrations"))).get_revision("0021").down_revision)
    database = Database(url)
    with database.write() as session:
        for statement in _OLD:
            session.execute(text(statement))
    database.migrate()
    with database.read() as session:
        found = dict(session.execute(text("SELECT key, may_show FROM pools JOIN owners ON owners.id = pools.id")).all())
    assert found == {"sales": "everybody", "other": "members"}
    database.close()
