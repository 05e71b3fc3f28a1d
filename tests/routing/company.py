"""The example company as routing sees it, and calls to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from callrouter.routing.numbers import candidates
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import (
    DateRange,
    Device,
    DigitRules,
    Employee,
    Mailbox,
    Number,
    NumberBlock,
    NumberState,
    Pool,
    Schedule,
    Snapshot,
    Window,
    YearlyDate,
)

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = DigitRules(area_code="30")
SPAIN = DigitRules("34", "00", "", "", ("112",), frozenset({9}))
ITALY = DigitRules("39", "00", "", "06", ("112",), frozenset(range(6, 13)))
RUSSIA = DigitRules("7", "810", "8", "495", ("112",), frozenset({10}))
HUNGARY = DigitRules("36", "00", "06", "1", ("112",), frozenset({8, 9}))
AMERICA = DigitRules("1", "011", "1", "212", ("911",), frozenset({10}))
NORWAY = DigitRules("47", "00", "", "", ("110", "112", "113"), frozenset({5, 8}))

BLOCK = NumberBlock("+4930231250", "00", "99")
MON_FRI = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
OFFICE_HOURS = Schedule(
    "office hours",
    "Europe/Berlin",
    (Window(MON_FRI, 8 * 60, 17 * 60 + 30),),
    (YearlyDate(12, 24), DateRange(dt.date(2026, 12, 28), dt.date(2026, 12, 31), "company holidays")),
    {dt.date(2026, 12, 25): "Erster Weihnachtstag", dt.date(2026, 12, 26): "Zweiter Weihnachtstag"},
)
ANNA = Employee(
    "employee:anna",
    "Anna Schmidt",
    "10",
    "+493023125010",
    (Device("anna-desk", "Tischtelefon", "desk"), Device("anna-soft", "Laptop", "softclient")),
    Mailbox(enabled=True, answer_after=20, schedule=OFFICE_HOURS, active_when="closed"),
)
BEN = Employee("employee:ben", "Ben Yılmaz", "11", "+493023125011", (Device("ben-desk", "Tischtelefon", "desk"),))
CARA = Employee("employee:cara", "Cara", None, "+493023125012")
SALES = Pool(
    "pool:sales", "Vertrieb", "20", (ANNA, BEN), ring_seconds=40, mailbox=Mailbox(enabled=True, answer_after=30)
)
NUMBERS = {
    number.e164: number
    for number in (
        Number("+493023125000", NumberState.ACTIVE, "pool:sales"),
        Number("+493023125010", NumberState.ACTIVE, "employee:anna"),
        Number("+493023125011", NumberState.ACTIVE, "employee:ben"),
        Number("+493023125012", NumberState.ACTIVE, "employee:cara"),
        Number("+493023125013", NumberState.ACTIVE, None),
        Number("+493023125014", NumberState.INACTIVE, None),
    )
}
COMPANY = Snapshot(
    version=1,
    company="Muster GmbH",
    timezone="Europe/Berlin",
    language="de",
    sip_domain="pbx.muster.example",
    ring_seconds=25,
    digits=GERMANY,
    blocks=(BLOCK,),
    numbers=NUMBERS,
    extensions={"10": "employee:anna", "11": "employee:ben", "20": "pool:sales"},
    owners={owner.key: owner for owner in (ANNA, BEN, CARA, SALES)},
    devices={"anna-desk": ANNA, "anna-soft": ANNA, "ben-desk": BEN},
    blocked=frozenset({"+4917604069012"}),
    known_callers={"+4917604069001": "Frau Müller"},
)
#: A Wednesday in office hours, and the evening after it.
OFFICE_TIME = dt.datetime(2026, 11, 18, 10, 0, tzinfo=BERLIN)
EVENING = dt.datetime(2026, 11, 18, 20, 0, tzinfo=BERLIN)


def trunk_call(dialed: str, caller: str | None = "+4917604069002", name: str = "", private: bool = False):
    """A call from the public network."""
    return IncomingCall("u", dialed, trunk="carrier", caller_number=caller, caller_name=name, private=private)


def phone_call(dialed: str, device: str | None = "ben-desk", private: bool = False):
    """A call from one of the company's phones."""
    return IncomingCall("u", dialed, device=device, caller_number="999", caller_name="Forged", private=private)


def with_owner(*owners: Employee | Pool, **changed: object) -> Snapshot:
    """The company with *owners* in place of those of the same key."""
    return replace(COMPANY, owners={**COMPANY.owners, **{owner.key: owner for owner in owners}}, **changed)


def existing(dialed: str, digits: DigitRules, blocks: tuple[NumberBlock, ...], numbers: dict[str, Number]):
    """*numbers* as a snapshot holds them: those among the candidates."""
    return {e164: numbers[e164] for e164 in candidates(dialed, digits, blocks) if e164 in numbers}
