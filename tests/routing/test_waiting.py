"""Callers who wait for a member of a pool: tables over decide()."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, in_short
from callrouter.routing.members import counters
from callrouter.routing.plan import Forward, Release, Ring, RingResult, RoutePlan, Voicemail, Wait
from callrouter.routing.reasons import text
from callrouter.routing.snapshot import Forwarding, Mailbox, Pool, Waiting
from callrouter.routing.waiting import ON
from tests.routing.company import ANNA, BEN, CARA, OFFICE_TIME, SALES, trunk_call, with_owner

NUMBER = "+493023125000"
A, B = (replace(member, calls_at_once=1, awaited=True) for member in (ANNA, BEN))
WAIT = Wait("pool:sales", 300, 5, False, ON)


def _pool(after: int = 15, **changed: Any) -> Pool:
    fields = {"members": (A, B), "mailbox": Mailbox(), "waiting": Waiting(after, 300, 5)}
    return replace(SALES, **(fields | changed))


def _plan(pool: Pool, **counts: int) -> RoutePlan:
    by_id = {name.replace("_", "-"): count for name, count in counts.items()}
    return decide(trunk_call(NUMBER), with_owner(pool, counts=by_id), OFFICE_TIME)


@pytest.mark.parametrize(
    ("pool", "counts", "seconds", "then"),
    [
        (_pool(), {}, 15, (WAIT, Release())),
        (_pool(), {"talks_anna": 1}, 15, (WAIT, Release())),
        (_pool(mailbox=Mailbox(enabled=True, answer_after=30)), {}, 15,
         (replace(WAIT, mailbox=True), Voicemail("pool:sales", "de"))),
        (_pool(mailbox=Mailbox(enabled=True, answer_calls=False)), {}, 15, (WAIT, Release())),
        (_pool(30, forwarding=Forwarding(after=40)), {}, 30, (WAIT, Release())),
        (_pool(0), {}, None, (replace(WAIT, on=()), Release())),
        (_pool(), {"waits_sales": 1}, None, (replace(WAIT, on=()), Release())),
        (_pool(), {"waits_other": 1}, 15, (WAIT, Release())),
    ],
)  # fmt: skip
def test_it_rings_first_but_where_others_wait(
    pool: Pool, counts: dict[str, int], seconds: int | None, then: tuple[Any, ...]
) -> None:
    steps = _plan(pool, **counts).steps
    if seconds is not None:
        assert isinstance(steps[0], Ring)
        assert (steps[0].seconds, bool(steps[0].targets)) == (seconds, True)
        steps = steps[1:]
    assert steps == then


def test_all_busy_waits_at_once() -> None:
    ring, wait, end = _plan(_pool(), talks_anna=1, talks_ben=1).steps
    assert isinstance(ring, Ring)
    assert (ring.targets, ring.nobody) == ((), RingResult.BUSY)
    assert (wait, end) == (WAIT, Release())


@pytest.mark.parametrize(
    "changed",
    [
        {"waiting": None},
        {"members": (CARA,)},
        {"members": tuple(replace(member, do_not_disturb=True) for member in (ANNA, BEN))},
        {"signed_out": frozenset({ANNA.key, BEN.key})},
        {"mailbox": Mailbox(enabled=True, answer_after=0)},
    ],
)
def test_nobody_waits_where_nobody_could_come(changed: dict[str, Any]) -> None:
    assert not any(isinstance(step, Wait) for step in _plan(_pool(**changed)).steps)


def test_what_comes_next_stands_behind_it() -> None:
    forwarding = Forwarding(busy="employee:cara", no_answer="mailbox:employee:anna", after=40)
    steps = _plan(_pool(forwarding=forwarding)).steps
    assert isinstance(steps[0], Ring)
    assert steps[0].seconds == 15
    assert steps[1] == WAIT
    assert [step.to for step in steps if isinstance(step, Forward)] == ["employee:cara", "employee:anna"]


def test_what_the_switch_counts_is_asked_for_it() -> None:
    assert "waits-sales" in counters(with_owner(_pool()))
    assert "waits-sales" not in counters(with_owner(_pool(waiting=None)))


def test_members_are_counted() -> None:
    member = replace(ANNA, awaited=True)
    ring = _plan(_pool(members=(member, BEN))).steps[0]
    assert isinstance(ring, Ring)
    assert [target.counted for target in ring.targets] == [True, True, False]


@pytest.mark.parametrize(
    ("pool", "kind", "said"),
    [
        (_pool(), "rings_then_waits", "Klingelt 15 s bei Vertrieb, danach wartet der Anrufer."),
        (_pool(0), "waits", "Der Anrufer wartet auf ein freies Mitglied von Vertrieb."),
    ],
)
def test_it_is_told(pool: Pool, kind: str, said: str) -> None:
    plan = _plan(pool)
    assert in_short(plan, "de") == (kind, said)
    step = next(line for line in describe(plan, "en") if "Wait, 300 s at most, in one of 5 places" in line)
    assert "2 asks to be called back" in step
    assert all(text(reason, language) for reason in plan.reasons for language in ("de", "en"))
