"""What the guard reads of the cases, in both databases: who may see which, and how each has ended."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from callrouter.cases import guarding
from callrouter.cases.guard import Known, Warn, What
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow, DeviceRow, OwnerRow
from tests.cases.test_cases import AT, CALLER, database, postgresql_server, postgresql_url
from tests.cases.test_changes import ANNA, BEN, IDS, do, missed, settled, talk, team

__all__ = ["database", "postgresql_server", "postgresql_url", "team"]


def seen(database: Database, employee: str = "anna", minutes: float = 0, number: str = CALLER) -> list[Known]:
    found = guarding.look(database, employee, number, AT + dt.timedelta(minutes=minutes))
    assert found is None or found.cases, "nothing is said of no case"
    return list(found.cases) if found else []


def test_a_case_is_seen_by_its_team_alone(team: Database) -> None:
    assert seen(team) == []
    missed(team)
    assert seen(team) == [Known(1, None)]
    assert seen(team, number="+4917604069099") == []
    assert seen(team, "carla") == []
    assert seen(team, "nobody") == []
    missed(team, owner=IDS["carla"])
    assert seen(team, "carla") == [Known(IDS["carla"], None)]
    assert seen(team) == [Known(1, None)]


def test_a_claim(team: Database) -> None:
    do(team, missed(team), "claim", BEN)
    assert seen(team) == [Known(1, What.CLAIMED, IDS["ben"], AT)]


@pytest.mark.parametrize(
    ("back", "what", "who"), [(True, What.CALLED_BACK, {}), (False, What.CALLED_AGAIN, {"owner": 1})]
)
def test_a_talk_counts_for_as_long_as_the_company_says(
    team: Database, back: bool, what: What, who: dict[str, int]
) -> None:
    missed(team)
    settled(team, talk(1, back=back, minute=5, employee=IDS["ben"], **who))
    ended = Known(1, what, IDS["ben"], AT + dt.timedelta(minutes=5))
    assert seen(team, minutes=6) == seen(team, minutes=20) == [ended]
    assert seen(team, minutes=20.1) == []
    with team.write() as session:
        session.execute(update(CompanyRow).values(cases={"guard_minutes": 60}))
    assert seen(team, minutes=64) == [ended]
    with team.write() as session:
        session.execute(update(CompanyRow).values(cases={"guard_minutes": 0}))
    assert seen(team, minutes=6) == []


def test_by_hand_the_last_end_counts_and_a_new_case_stands_beside_it(team: Database) -> None:
    case = missed(team)
    do(team, case, "close", ANNA)
    do(team, case, "reopen", BEN)
    do(team, case, "close", BEN)
    do(team, case, "note", ANNA, "ruft um vier an")
    assert seen(team, minutes=1) == [Known(1, What.CLOSED, IDS["ben"], AT)]
    missed(team, minute=1)
    assert seen(team, minutes=2) == [Known(1, None), Known(1, What.CLOSED, IDS["ben"], AT)]


def test_who_is_told_of(team: Database) -> None:
    with team.write() as session:
        session.execute(update(OwnerRow).where(OwnerRow.id == IDS["ben"]).values(extension="11"))
        for place, (key, row_id) in enumerate(IDS.items()):
            session.add(
                DeviceRow(employee_id=row_id, position=place, label="Telefon", sip_user=f"{key}-desk", sip_password="x")
            )
    do(team, missed(team), "claim", BEN)
    found = guarding.look(team, "anna", CALLER, AT)
    assert found is not None
    assert (found.caller, found.minutes, found.language) == (IDS["anna"], 15, "de")
    assert found.people[IDS["ben"]] == guarding.Person("ben", "Ben", "11")
    assert found.phones == {"anna-desk": IDS["anna"], "ben-desk": IDS["ben"]}, "Carla is not of that team"


def test_where_it_is_not_told_who_handles_what_nobody_is_named_but_the_claimer(team: Database) -> None:
    do(team, missed(team), "claim", BEN)
    hidden = {"employee": {"handlers": "hidden", "live": "hidden"}}
    for privacy, named in (({}, [True, True, True]), (hidden, [True, False, False])):
        with team.write() as session:
            session.execute(update(CompanyRow).values(privacy=privacy))
        found = guarding.look(team, "anna", CALLER, AT)
        assert found is not None
        said = [Warn(what, IDS["ben"]) for what in (What.CLAIMED, What.TALKING, What.CALLED_BACK)]
        assert [found.person(one) is not None for one in said] == named
