"""Each rule of the directory: the file that breaks it, the words that say so, and that an import refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callrouter.directory.database import Database
from tests.directory.test_importing import edited, refused


def _anna(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["employees"][0].update(values)


def _ben(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["employees"][1].update(values)


def _sales(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["pools"][0].update(values)


def _mailbox(schedule: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    return _anna(mailbox={"enabled": True, "schedule": schedule})


def _company(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["company"].update(values)


def _trunk(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["trunks"][0].update(values)


def _schedule(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["schedules"][1].update(values)


def _blocks(*blocks: tuple[str, str, str]) -> Callable[[dict[str, Any]], Any]:
    found = [dict(zip(("prefix", "first", "last"), block, strict=True)) for block in blocks]
    return lambda data: data["number_blocks"].extend(found)


BROKEN = {
    "a personal number of two": (
        _ben(personal_number="+493023125010"),
        "employee ben: +493023125010 belongs to employee anna; a number has one owner",
    ),
    "a personal number on a pool": (
        _sales(numbers=["+493023125010"]),
        "pool sales: +493023125010 belongs to employee anna: a personal number always rings its employee and has no "
        "group, menu or schedule; activate a further number and give it to the pool",
    ),
    "a group under an employee": (
        _anna(members=["ben"], strategy="sequential"),
        "unknown key strategy: a personal number always rings its employee",
    ),
    "what comes next under an employee": (_anna(next={"busy": "pool:sales"}), "unknown key next: a personal number"),
    "a schedule of an employee": (_anna(schedule={"name": "nights"}), "unknown key schedule: a personal number"),
    "a schedule of an employee's forwarding": (
        _anna(forwarding={"schedule": {"name": "nights"}}),
        "unknown key schedule: a personal number",
    ),
    "a menu of a pool": (_sales(ivr={}), "unknown key ivr; remove it"),
    "a ring of an employee": (_anna(alert="Bellcore-dr2"), "unknown key alert; is it"),
    "devices without a number": (_ben(personal_number=None), "employee ben: has devices but no personal_number"),
    "an inactive number": (_ben(personal_number="+493023125050"), "employee ben: +493023125050 is inactive"),
    "a number from elsewhere": (_ben(personal_number="+493023125999"), "+493023125999 is no number of the company"),
    "a number twice": (lambda d: d["numbers"].append("+493023125010"), "number +493023125010 stands here again"),
    "a pool's number twice": (_sales(numbers=["+493023125000"] * 2), "pool sales: number +493023125000 stands here"),
    "overlapping blocks": (_blocks(("+493023125", "050", "150")), "overlaps"),
    "a block of no order": (_blocks(("+49302312", "99", "10")), "first before last"),
    "a block of two lengths": (_blocks(("+49302312", "1", "10")), "equally many digits"),
    "a block of too long numbers": (_blocks(("+493023125", "0000000", "0000009")), "E.164 allows 15"),
    "a block without end": (_blocks(("+49176040", "000000", "999999")), "more than 100000 numbers"),
    "an extension of two": (_ben(extension="10"), "employee ben: extension 10 is that of employee anna too"),
    "an extension of a pool too": (_sales(extension="10"), "pool sales: extension 10 is that of employee anna too"),
    "an emergency extension": (_sales(extension="110"), "pool sales: extension 110 is an emergency number"),
    "an own emergency number": (_company(emergency=["11"]), "employee ben: extension 11 is an emergency number"),
    "a sip_user of two": (
        _ben(devices=[{"label": "x", "sip_user": "anna-desk"}]),
        "employee ben: sip_user anna-desk is a device of employee anna too",
    ),
    "a sip_user twice": (
        _ben(devices=[{"label": "x", "sip_user": "b"}, {"label": "y", "sip_user": "b"}]),
        "employee ben: two devices have the sip_user b",
    ),
    "an id twice": (_ben(id="anna"), "employee anna stands here again"),
    "a stranger in a pool": (_sales(members=["anna", "carl"]), "pool sales: there is no employee carl"),
    "a member twice": (_sales(members=["anna", "anna"]), "pool sales: member anna stands here again"),
    "an unknown schedule": (
        _mailbox({"name": "lunch"}),
        "employee anna: mailbox schedule: there is no schedule 'lunch'",
    ),
    "a schedule of nothing": (_mailbox({"when": "closed"}), "would never be open"),
    "a schedule of two kinds": (
        _mailbox({"name": "nights", "open": [{"days": "mon", "from": "08:00", "to": "09:00"}]}),
        "has a name and times of its own",
    ),
    "an inline schedule's zone": (
        _mailbox({"timezone": "Mars", "open": [{"days": "mon", "from": "08:00", "to": "09:00"}]}),
        "employee anna: mailbox schedule: 'Mars' is no time zone",
    ),
    "a schedule twice": (_schedule(name="office hours"), "schedule office hours stands here again"),
    "a range backwards": (
        _schedule(closed=[{"from": "2026-12-31", "to": "2026-12-28"}]),
        "schedule 'nights': a range needs from and to, from not after to",
    ),
    "a range without end": (
        _schedule(closed=[{"from": "2026-12-31", "to": "9999-12-31"}]),
        "the year 9999 is out of reach; dates lie in 1970 to 2200",
    ),
    "a date long ago": (_schedule(closed=[{"date": "0001-01-01"}]), "the year 1 is out of reach"),
    "half a range": (_schedule(closed=[{"from": "2026-12-31"}]), "a range needs from and to"),
    "two kinds of closed": (_schedule(closed=[{"date": "12-24", "holidays": True}]), "write one of holidays: true"),
    "holidays of nowhere": (_company(holidays=None), "company.holidays says not which"),
    "a window from midnight to come": (
        _schedule(open=[{"days": "mon", "from": "24:00", "to": "06:00"}]),
        "nothing starts at 24:00",
    ),
    "an unknown zone": (_company(timezone="Europe/Muster"), "'Europe/Muster' is no time zone"),
    "an unknown country": (_company(country="XX"), "'XX' is no country with telephones"),
    "area code with its trunk prefix": (_company(area_code="030"), "area_code 030: write it without the 0"),
    "unknown holidays": (_company(holidays="DE-XX"), "no public holidays are known"),
    "a zone of this machine alone": (_company(timezone="posix/Europe/Berlin"), "is no time zone"),
    "a peer with a zone": (_trunk(peers=["fe80::%$${x}/64"]), "a zone behind % cannot stand here"),
    "a peer that is no address": (_trunk(peers=["carrier.example"]), "trunk carrier: peer 'carrier.example' is no"),
    "a network with host bits": (_trunk(peers=["192.0.2.1/24"]), "trunk carrier: peer '192.0.2.1/24' is no"),
    "the whole Internet": (_trunk(peers=["0.0.0.0/0"]), "lets anyone call in"),
    "a port too high": (_trunk(proxy="127.0.0.1:70000"), "70000 is no port"),
    "registering without account": (_trunk(register=True), "register needs username and password"),
    "mail to nobody": (_ben(notify={"about": "all"}), "employee ben: notify about all needs an email"),
    "a stranger's outgoing number": (
        _anna(outgoing_number="+4917604069000"),
        "employee anna: +4917604069000 is none of the company's active numbers",
    ),
    "an inactive outgoing number": (_anna(outgoing_number="+493023125050"), "none of the company's active numbers"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_import_refuses(muster: Database, name: str):
    edit, told = BROKEN[name]
    assert told in refused(muster, edited(edit))
