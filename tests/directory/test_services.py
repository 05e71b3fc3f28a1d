"""Single changes go by the same rules as an import, count the version up, and keep what they are not told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callrouter.directory import callers, document, numbers, services
from callrouter.directory.database import Database
from callrouter.directory.exporting import export_company, read_employees, read_pools
from callrouter.directory.models import CompanyRow, DeviceRow, OwnerRow
from callrouter.errors import RuleError

BLOCK = document.Block(prefix="+4930231250", first="00", last="99")


def change(database: Database, *changes: Callable[[Session], Any]) -> list[Any]:
    with database.write() as session:
        return [one(session) for one in changes]


def refused(database: Database, one: Callable[[Session], Any]) -> str:
    with database.read() as session:
        before = export_company(session), session.scalar(select(CompanyRow.version))
    with pytest.raises(RuleError) as caught:
        change(database, one)
    with database.read() as session:
        assert (export_company(session), session.scalar(select(CompanyRow.version))) == before
    return str(caught.value)


def company(database: Database) -> document.CompanyFile:
    with database.read() as session:
        return export_company(session)


def employee(key: str, **values: Any) -> document.Employee:
    return document.Employee.model_validate({"id": key, "name": key.title(), **values})


def test_every_change_counts_the_version_up(muster: Database):
    file = company(muster)
    changes: list[Callable[[Session], Any]] = [
        lambda s: services.save_company(s, file.company.model_copy(update={"name": "Neu GmbH"})),
        lambda s: services.save_trunk(s, document.Trunk(name="second", proxy="192.0.2.1")),
        lambda s: services.remove_trunk(s, "second"),
        lambda s: services.save_schedule(s, file.schedules[1].model_copy(update={"name": "mornings"})),
        lambda s: services.remove_schedule(s, "mornings"),
        lambda s: services.save_employee(s, employee("carla")),
        lambda s: services.remove_employee(s, "carla"),
        lambda s: services.save_pool(s, document.Pool(id="support", name="Support")),
        lambda s: services.remove_pool(s, "support"),
        lambda s: callers.block(s, "+4917604069001"),
        lambda s: callers.unblock(s, "+4917604069001"),
        lambda s: numbers.add_block(s, document.Block(prefix="+4930231251", first="00", last="09")),
        lambda s: numbers.remove_block(s, document.Block(prefix="+4930231251", first="00", last="09")),
        lambda s: numbers.activate(s, "+493023125013"),
        lambda s: numbers.deactivate(s, "+493023125013"),
        lambda s: numbers.activate(s, "+4917604069000"),
        lambda s: numbers.port_away(s, "+4917604069000"),
    ]
    for expected, one in enumerate(changes, start=2):
        change(muster, one)
        with muster.read() as session:
            assert session.scalar(select(CompanyRow.version)) == expected
    assert company(muster) == file.model_copy(update={"company": file.company.model_copy(update={"name": "Neu GmbH"})})


def test_a_change_of_an_employee_keeps_the_secrets_it_is_not_told(muster: Database):
    anna = company(muster).employees[0]
    said = document.Employee.model_validate(anna.model_dump(by_alias=True, exclude={"mailbox": {"pin"}}))
    for device in said.devices:
        device.sip_password = None
    said.devices.append(document.Device(label="Neu", sip_user="anna-new"))
    said.name = "Anna Muster"
    change(muster, lambda s: services.save_employee(s, said))
    found = company(muster).employees[0]
    assert found.name == "Anna Muster"
    assert found.mailbox == anna.mailbox
    assert [d.sip_password for d in found.devices[:2]] == [d.sip_password for d in anna.devices]
    assert len(found.devices[2].sip_password or "") == 32


def test_two_changes_in_one_transaction_see_each_other(muster: Database):
    def twice(session: Session) -> None:
        held = session.scalars(select(OwnerRow)).all()
        assert len(held) == 3
        for name in ("Eins", "Zwei"):
            (anna,) = read_employees(session, ["anna"])
            services.save_employee(session, anna.model_copy(update={"name": f"{anna.name} {name}"}))
            (sales,) = read_pools(session, ["sales"])
            services.save_pool(session, sales.model_copy(update={"name": f"{sales.name} {name}"}))

    change(muster, twice)
    assert company(muster).employees[0].name == "Anna Schmidt Eins Zwei"
    assert company(muster).pools[0].name == "Vertrieb Eins Zwei"


REFUSED: dict[str, tuple[Callable[[Session], Any], str]] = {
    "a number of two": (
        lambda s: services.save_employee(s, employee("carla", personal_number="+493023125010")),
        "employee carla: +493023125010 belongs to employee anna",
    ),
    "devices without number": (
        lambda s: services.save_employee(s, employee("carla", devices=[{"label": "x", "sip_user": "carla"}])),
        "employee carla: has devices but no personal_number",
    ),
    "the number taken back": (
        lambda s: services.save_employee(s, read_employees(s, ["ben"])[0].model_copy(update={"personal_number": None})),
        "employee ben: has devices but no personal_number",
    ),
    "an inactive number": (
        lambda s: services.save_employee(s, employee("carla", personal_number="+493023125050")),
        "employee carla: +493023125050 is inactive",
    ),
    "another's extension": (
        lambda s: services.save_pool(s, document.Pool(id="support", name="Support", extension="10")),
        "pool support: extension 10 is that of employee anna too",
    ),
    "another's sip_user": (
        lambda s: services.save_employee(
            s,
            employee("carla", personal_number="+493023125012", devices=[{"label": "x", "sip_user": "ben-desk"}]),
        ),
        "employee carla: sip_user ben-desk is a device of employee ben too",
    ),
    "a personal number on a pool": (
        lambda s: services.save_pool(s, document.Pool(id="sales", name="x", numbers=["+493023125010"])),
        "pool sales: +493023125010 belongs to employee anna",
    ),
    "an unknown member": (
        lambda s: services.save_pool(s, document.Pool(id="sales", name="x", members=["carla"])),
        "pool sales: there is no employee carla",
    ),
    "a pool's member removed": (lambda s: services.remove_employee(s, "ben"), "a member of pool sales"),
    "a used schedule removed": (
        lambda s: services.remove_schedule(s, "office hours"),
        "is used by employee anna",
    ),
    "a schedule of nothing": (
        lambda s: services.save_schedule(s, document.Schedule(name="empty")),
        "schedule 'empty': it has no open times",
    ),
    "holidays taken from under a schedule": (
        lambda s: services.save_company(s, document.Company(name="x", sip_domain="x.example")),
        "schedule 'office hours': closes on holidays",
    ),
    "an extension made an emergency number": (
        lambda s: services.save_company(
            s, document.Company(name="x", sip_domain="x.example", holidays="DE-BE", emergency=["11"])
        ),
        "employee ben has the extension 11, an emergency number",
    ),
    "a trunk that cannot register": (
        lambda s: services.save_trunk(
            s, document.Trunk.model_validate({"name": "carrier", "proxy": "192.0.2.1", "register": True})
        ),
        "trunk carrier: register needs",
    ),
    "an owned number deactivated": (
        lambda s: numbers.deactivate(s, "+493023125010"),
        "+493023125010 belongs to employee anna; give them another number first",
    ),
    "a pool's number deactivated": (lambda s: numbers.deactivate(s, "+493023125000"), "belongs to pool sales"),
    "overlapping blocks": (
        lambda s: numbers.add_block(s, document.Block(prefix="+49302312509", first="0", last="9")),
        "overlaps",
    ),
    "a block that is not there": (
        lambda s: numbers.remove_block(s, document.Block(prefix="+4930231250", first="00", last="98")),
        "there is no block +493023125000–98; there are: +493023125000–99",
    ),
    "a number that is none": (lambda s: numbers.activate(s, "030 23125"), "'030 23125' is not a number as E.164"),
    "a stranger's number ported": (lambda s: numbers.port_away(s, "+4917604069000"), "is no number of the company"),
    "a caller that is none": (lambda s: callers.block(s, "0176"), "is not a number as E.164"),
    "an unknown trunk": (lambda s: services.remove_trunk(s, "x"), "there is no trunk x"),
    "an unknown pool": (lambda s: services.remove_pool(s, "x"), "there is no pool x"),
    "an unknown employee": (lambda s: services.remove_employee(s, "x"), "there is no employee x"),
    "an unknown schedule": (lambda s: services.remove_schedule(s, "x"), "there is no schedule 'x'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(muster: Database, name: str):
    one, told = REFUSED[name]
    assert told in refused(muster, one)


def test_an_outgoing_number_is_not_deactivated(muster: Database):
    change(muster, lambda s: services.save_pool(s, company(muster).pools[0].model_copy(update={"numbers": []})))
    told = refused(muster, lambda s: numbers.deactivate(s, "+493023125000"))
    assert "the outgoing number of employee anna" in told


def test_before_the_first_company(database: Database):
    with pytest.raises(RuleError, match="there is no company yet"):
        change(database, lambda s: services.save_employee(s, employee("carla")))
    change(database, lambda s: services.save_company(s, document.Company(name="Neu", sip_domain="x.example")))
    assert company(database).company.name == "Neu"


def test_a_removed_employee_leaves_an_active_number_and_no_devices(muster: Database):
    sales = company(muster).pools[0].model_copy(update={"members": ["anna"]})
    change(muster, lambda s: services.save_pool(s, sales), lambda s: services.remove_employee(s, "ben"))
    with muster.read() as session:
        assert numbers.numbers_without_owner(session) == ["+493023125011", "+493023125012"]
        assert session.scalars(select(DeviceRow.sip_user)).all() == ["anna-desk", "anna-soft"]


def test_a_block_removed_with_used_numbers_is_flagged(muster: Database):
    (loss,) = change(muster, lambda s: numbers.remove_block(s, BLOCK))
    assert loss == numbers.Loss(("employee:anna", "employee:ben", "pool:sales"), ("employee:anna",))
    with muster.read() as session:
        assert numbers.employees_without_number(session) == ["anna", "ben"]
        assert numbers.numbers_without_owner(session) == []
        assert session.scalar(text("SELECT count(*) FROM numbers")) == 0
    assert company(muster).employees[0].outgoing_number is None


def test_who_lost_a_number_can_be_changed_and_given_a_new_one(muster: Database):
    change(muster, lambda s: numbers.port_away(s, "+493023125010"))
    anna = company(muster).employees[0]
    change(muster, lambda s: services.save_employee(s, anna.model_copy(update={"name": "Anna Neu"})))
    change(muster, lambda s: services.save_employee(s, anna.model_copy(update={"personal_number": "+493023125012"})))
    with muster.read() as session:
        assert numbers.employees_without_number(session) == []


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ("+493023125010", [("00", "09"), ("11", "99")]),
        ("+493023125000", [("01", "99")]),
        ("+493023125099", [("00", "98")]),
    ],
)
def test_a_number_ported_out_of_a_block_splits_it(muster: Database, gone: str, left: list[tuple[str, str]]):
    change(muster, lambda s: numbers.port_away(s, gone))
    assert [(block.first, block.last) for block in company(muster).number_blocks] == left
    assert company(muster).employees[1].personal_number == "+493023125011"
    with muster.read() as session:
        assert session.scalar(text("SELECT count(*) FROM numbers")) == 99


def test_the_number_of_emergency_calls_is_one_that_the_company_has(muster: Database):
    def shown(number: str | None) -> None:
        with muster.write() as session:
            company, _version = services.company(session)
            services.save_company(session, company.model_copy(update={"location_number": number}))

    for number in ("+493023125099", "+493023125999"):
        with pytest.raises(RuleError, match="none of the company's active numbers"):
            shown(number)
    shown("+493023125000")
    with muster.write() as session:
        numbers.port_away(session, "+493023125000")
    with muster.read() as session:
        assert services.company(session)[0].location_number is None
