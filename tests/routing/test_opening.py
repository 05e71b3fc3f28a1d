"""Pools that open and close, by their hours and by hand: tables over decide() and the week."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from callrouter.directory.digits import digit_rules
from callrouter.routing import opening
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, in_short
from callrouter.routing.plan import Announce, Dial, Forward, Release, Ring, RingResult, RoutePlan, Voicemail
from callrouter.routing.reasons import text
from callrouter.routing.snapshot import Forwarding, Mailbox, Opening, Outside, Pool
from callrouter.routing.week import spans
from tests.routing.company import (
    BERLIN,
    EVENING,
    OFFICE_HOURS,
    OFFICE_TIME,
    SALES,
    trunk_call,
    with_owner,
)

SALES_NUMBER, MOBILE = "+493023125000", "+4917604069007"
SUPPORT = Pool("pool:support", "Support", "21", SALES.members, mailbox=Mailbox(enabled=True, answer_after=30))
QUIET = replace(SALES, mailbox=Mailbox())
LATER = OFFICE_TIME + dt.timedelta(hours=2)


def _plan(*pools: Pool, at: dt.datetime = EVENING) -> RoutePlan:
    snapshot = replace(
        with_owner(*pools),
        digits=digit_rules("DE", "30"),
        outside=Outside(("carrier",), ("national", "mobile")),
    )
    return decide(trunk_call(SALES_NUMBER), snapshot, at)


@pytest.mark.parametrize(
    ("when", "at", "is_open", "by_hand"),
    [
        (Opening(), EVENING, True, False),
        (Opening(OFFICE_HOURS), OFFICE_TIME, True, False),
        (Opening(OFFICE_HOURS), EVENING, False, False),
        (Opening(OFFICE_HOURS), dt.datetime(2026, 12, 24, 10, tzinfo=BERLIN), False, False),
        (Opening(OFFICE_HOURS, "open"), EVENING, True, True),
        (Opening(OFFICE_HOURS, "closed"), OFFICE_TIME, False, True),
        (Opening(None, "closed"), OFFICE_TIME, False, True),
        (Opening(OFFICE_HOURS, "closed", LATER), LATER - dt.timedelta(seconds=1), False, True),
        (Opening(OFFICE_HOURS, "closed", LATER), LATER, True, False),
        (Opening(OFFICE_HOURS, "closed", LATER), EVENING, False, False),
        (Opening(OFFICE_HOURS, "open", LATER), EVENING, False, False),
        (Opening(None, "closed", LATER), EVENING, True, False),
        (Opening(OFFICE_HOURS, "scheduled", LATER), OFFICE_TIME, True, False),
    ],
)
def test_hours_and_hand(when: Opening, at: dt.datetime, is_open: bool, by_hand: bool) -> None:
    found = opening.state(when, "Vertrieb", "Europe/Berlin", at)
    assert (found.open, found.by_hand) == (is_open, by_hand)
    rings = isinstance(_plan(replace(SALES, opening=when), at=at).steps[0], Ring)
    assert rings is is_open


@pytest.mark.parametrize(
    ("when", "german", "english"),
    [
        (Opening(None, "closed"), "Der Pool Vertrieb ist von Hand geschlossen.", "closed by hand."),
        (
            Opening(None, "closed", dt.datetime(2026, 12, 23, 13, tzinfo=dt.UTC)),
            "von Hand geschlossen bis 23. Dezember 2026, 14:00 Uhr.",
            "closed by hand until 23 December 2026, 14:00.",
        ),
        (Opening(OFFICE_HOURS), "am 24. Dezember 2026 ganztägig geschlossen", "closed all day on 24 December 2026"),
    ],
)
def test_why(when: Opening, german: str, english: str) -> None:
    christmas = dt.datetime(2026, 12, 24, 10, tzinfo=BERLIN)
    at = christmas if when.hours else dt.datetime(2026, 12, 23, 10, tzinfo=BERLIN)
    plan = _plan(replace(QUIET, opening=when), at=at)
    for language, said in (("de", german), ("en", english)):
        assert said in " ".join(text(reason, language) for reason in plan.reasons)


CLOSED = Opening(None, "closed")


def test_a_closed_pool_leaves_the_call_to_its_mailbox_else_says_so() -> None:
    assert _plan(replace(SALES, opening=CLOSED)).steps == (Voicemail("pool:sales", "de"),)
    plan = _plan(replace(QUIET, opening=CLOSED))
    assert plan.steps == (Announce("pool:sales", "closed", "de", closed=True),)
    assert describe(plan, "de") == ["1. Die Ansage „jetzt geschlossen“ hören; damit endet der Anruf."]
    assert in_short(plan, "en")[0] == "nobody"
    resting = Mailbox(enabled=True, schedule=OFFICE_HOURS, active_when="closed")
    in_day = replace(SALES, opening=CLOSED, mailbox=resting)
    assert isinstance(_plan(in_day, at=OFFICE_TIME).steps[0], Announce)
    assert isinstance(_plan(in_day, at=EVENING).steps[0], Voicemail)


def test_what_comes_next_when_closed_comes_first_and_nobody_of_the_pool_counts_as_rung() -> None:
    sales = replace(SALES, opening=CLOSED, forwarding=Forwarding(closed="pool:support"))
    plan = _plan(sales, SUPPORT)
    (forward,) = plan.steps
    assert isinstance(forward, Forward)
    assert (forward.to, forward.on, forward.why) == ("pool:support", (), "closed")
    ring = forward.steps[0]
    assert isinstance(ring, Ring)
    assert [target.sip_user for target in ring.targets] == ["anna-desk", "anna-soft", "ben-desk"]
    assert describe(plan, "de")[0] == "1. Da geschlossen ist, weiter bei Support:"
    open_again = _plan(replace(sales, opening=Opening()), SUPPORT)
    assert [type(step) for step in open_again.steps] == [Ring, Voicemail]


def test_a_closed_pool_may_be_what_comes_next() -> None:
    support = replace(SUPPORT, opening=CLOSED, forwarding=Forwarding(closed="mailbox:pool:sales"))
    (forward,) = _plan(replace(SALES, opening=CLOSED, forwarding=Forwarding(closed="pool:support")), support).steps
    assert isinstance(forward, Forward)
    (then,) = forward.steps
    assert isinstance(then, Forward)
    assert then.steps == (Voicemail("pool:sales", "de"),)


def test_a_number_outside_comes_back_to_the_mailbox_or_ends() -> None:
    sales = replace(SALES, opening=CLOSED, forwarding=Forwarding(closed=MOBILE), number=SALES_NUMBER)
    (forward,) = _plan(sales).steps
    assert isinstance(forward, Forward)
    assert forward.steps == (Dial(MOBILE, SALES_NUMBER, ("carrier",)), Voicemail("pool:sales", "de"))
    (forward,) = _plan(replace(sales, mailbox=Mailbox())).steps
    assert isinstance(forward, Forward)
    assert forward.steps[-1] == Release()


@pytest.mark.parametrize(
    ("field", "on"),
    [
        ("busy", (RingResult.BUSY, RingResult.REJECTED)),
        ("no_answer", (RingResult.NO_ANSWER,)),
        ("offline", (RingResult.OFFLINE, RingResult.FAILED)),
    ],
)
def test_an_announcement_comes_next_and_ends_the_call(field: str, on: tuple[RingResult, ...]) -> None:
    plan = _plan(replace(SALES, forwarding=Forwarding(**{field: "announcement:busy"}, after=40)))
    ring, forward, last = plan.steps
    assert isinstance(ring, Ring)
    assert ring.seconds == (40 if field == "no_answer" else 30)
    assert isinstance(forward, Forward)
    assert (forward.on, forward.announces) == (on, True)
    assert forward.steps == (Announce("pool:sales", "busy", "de"),)
    assert last == Voicemail("pool:sales", "de")
    assert "Ansage „alle im Gespräch, bitte später anrufen“" in " ".join(describe(plan, "de"))
    assert "announcement “all are talking" in " ".join(text(reason, "en") for reason in plan.reasons)


def test_an_announcement_when_closed() -> None:
    plan = _plan(replace(SALES, opening=CLOSED, forwarding=Forwarding(closed="announcement:nobody")))
    (forward,) = plan.steps
    assert isinstance(forward, Forward)
    assert forward.steps == (Announce("pool:sales", "nobody", "de", closed=True),)
    assert in_short(plan, "de") == (
        "nobody",
        "Es klingelt bei niemandem; die Ansage „niemand erreichbar“ ist zu hören.",
    )


def test_the_week_changes_with_the_hours_and_when_a_switch_ends() -> None:
    monday = dt.datetime(2026, 11, 23, tzinfo=BERLIN)
    noon = monday + dt.timedelta(hours=12)
    snapshot = with_owner(replace(QUIET, opening=Opening(OFFICE_HOURS, "closed", noon)))
    found = spans(trunk_call(SALES_NUMBER), snapshot, monday, monday + dt.timedelta(days=1))
    clocks = [f"{span.start.astimezone(BERLIN):%H:%M} {type(span.plan.steps[0]).__name__}" for span in found]
    assert clocks == ["00:00 Announce", "12:00 Ring", "17:30 Announce"]


def test_until_when_it_stays_so() -> None:
    week = OFFICE_TIME + dt.timedelta(days=7)
    closes = OFFICE_TIME.astimezone(BERLIN).replace(hour=17, minute=30)
    assert opening.until(Opening(), OFFICE_TIME, week) is None
    assert opening.until(Opening(OFFICE_HOURS), OFFICE_TIME, week) == closes
    assert opening.until(Opening(OFFICE_HOURS, "closed", LATER), OFFICE_TIME, week) == LATER
    assert opening.until(Opening(None, "closed"), OFFICE_TIME, week) is None
