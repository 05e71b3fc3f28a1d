"""Which phones rang, from the log of applications and the two variables that FreeSWITCH keeps of legs."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.directory.database import Database
from callrouter.directory.timeline import call_detail
from callrouter.ledger.cdr import parse, without_caller
from callrouter.ledger.outcome import outcome
from callrouter.ledger.rings import MAX_LEGS, Leg, entries, legs
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import CALLER, NOW, START, UUID, cdr_dict, micros, put_cdr, uuid

RANG, OVER, ANSWERED, END = (START + dt.timedelta(seconds=n) for n in (1, 21, 9, 40))
DESK, SOFT = uuid(1), uuid(2)
STEP = ("multiset", f"^^|callrouter_caller={CALLER}|callrouter_step=1;ring;employee:anna", START)
BOTH = (
    f"[callrouter_device=anna-desk,origination_uuid={DESK},origination_callee_id_name=Anna Schmidt]"
    "sofia/phones/anna-desk%pbx.muster.example,"
    f"[callrouter_device=anna-soft,origination_uuid={SOFT}]sofia/phones/anna-soft%pbx.muster.example"
)
RING = ("bridge", BOTH, RANG)
AFTER = ("push", "callrouter_step=1;ring;employee:anna;busy", OVER)


def log(*applications: tuple[str, str, dt.datetime]) -> dict[str, Any]:
    return {
        "app_log": {
            "applications": [
                {"app_name": name, "app_data": data, "app_stamp": micros(at)} for name, data, at in applications
            ]
        }
    }


def told(*causes: str, after: bool = False, answered: dt.datetime | None = None) -> list[tuple[str, str, Any, Any]]:
    """Device, end and times of each phone, when the first so many of the two had *causes* and the others no leg."""
    uuids = [DESK, SOFT][: len(causes)]
    document = log(STEP, RING, *((AFTER,) if after else ()))
    found = legs(
        entries(document),
        "ARRAY::" + "|:".join(f"{one};Anna;10" for one in uuids),
        "ARRAY::" + "|:".join(f"{one};{cause}" for one, cause in zip(uuids, causes, strict=True) if cause),
        answered_at=answered,
        ended_at=END,
    )
    assert [leg.n for leg in found] == ["1", "1"]
    return [(leg.device.removeprefix("anna-"), leg.end.value, leg.rang_at, leg.ended_at) for leg in found]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            told("LOSE_RACE", "NONE", answered=ANSWERED),
            [("desk", "elsewhere", RANG, ANSWERED), ("soft", "answered", RANG, ANSWERED)],
        ),
        # answered before these phones rang (a transfer): when somebody answered them is not told
        (told("NONE", answered=START), [("desk", "answered", RANG, None), ("soft", "offline", None, None)]),
        (
            told("USER_BUSY", "NO_ANSWER", after=True),
            [("desk", "busy", RANG, None), ("soft", "no_answer", RANG, OVER)],
        ),
        (
            told("ORIGINATOR_CANCEL", "CALL_REJECTED"),
            [("desk", "abandoned", RANG, END), ("soft", "rejected", RANG, None)],
        ),
        (
            told("ORIGINATOR_CANCEL", "NO_ANSWER", after=True),
            [("desk", "rejected", RANG, None), ("soft", "no_answer", RANG, OVER)],
        ),
        (
            told("INCOMPATIBLE_DESTINATION", "NETWORK_OUT_OF_ORDER"),
            [("desk", "failed", RANG, None), ("soft", "failed", RANG, None)],
        ),
        (told("", "lower case"), [("desk", "unknown", RANG, None), ("soft", "unknown", RANG, None)]),
        (told(), [("desk", "offline", None, None), ("soft", "offline", None, None)]),
    ],
)
def test_what_each_phone_did(found: list[Any], expected: list[Any]) -> None:
    assert found == expected


def sequence() -> dict[str, Any]:
    """A pool that rings one phone after the other; then the call goes to Ben, and his phone is answered."""
    document = cdr_dict(
        *("1;ring;pool:sales", "1;ring;pool:sales;busy", "2;ring;pool:sales", "2;ring;pool:sales;no_answer"),
        "3;ring;employee:ben",
        answered=True,
        callrouter_device="ben-desk",
        originated_legs="ARRAY::" + "|:".join(f"{uuid(n)};X;10" for n in (1, 2, 3)),
        originate_causes=f"ARRAY::{uuid(1)};USER_BUSY|:{uuid(2)};NO_ANSWER|:{uuid(3)};NONE",
    )
    calls = []
    for n, (owner, device) in enumerate(
        (("pool:sales", "a"), ("pool:sales", "b"), ("employee:ben", "ben-desk")), start=1
    ):
        at = START + dt.timedelta(seconds=n)
        calls.append(("push", f"callrouter_step={n};ring;{owner}", at))
        calls.append(("bridge", f"[callrouter_device={device},origination_uuid={uuid(n)}]sofia/phones/{device}%x", at))
    return document | log(("set", f"callrouter_caller={CALLER}", START), *calls)


def test_each_part_has_its_own_phones() -> None:
    cdr = parse(json.dumps(sequence()).encode() + b"\n", f"a_{UUID}.cdr.json")
    parts = outcome(cdr, {}).parts
    assert [(part.owner, [(leg.device, leg.end.value) for leg in part.legs]) for part in parts] == [
        ("pool:sales", [("a", "busy"), ("b", "no_answer")]),
        ("employee:ben", [("ben-desk", "answered")]),
    ]


def test_the_phones_are_in_the_ledger_for_the_story_of_the_call(either_database: Database, settings: Settings) -> None:
    put_cdr(settings, json.dumps(sequence()).encode() + b"\n")
    assert Ledger(either_database, settings, clock=lambda: NOW).run_once() == 1
    with either_database.read() as session:
        steps = call_detail(session, UUID).steps
    assert [[(one.device, one.device_label, one.end) for one in step.phones] for step in steps] == [
        [("a", None, "busy"), ("b", None, "no_answer")],
        [("ben-desk", "Tischtelefon", "answered")],
    ]
    assert steps[1].phones[0].rang_at == START + dt.timedelta(seconds=3)
    assert steps[1].phones[0].ended_at == START + dt.timedelta(seconds=4)


def test_what_is_kept_of_a_private_caller_tells_the_same_of_the_phones() -> None:
    document = sequence()
    document["variables"]["callrouter_private"] = "true"
    data = json.dumps(document).encode() + b"\n"
    kept = without_caller(data)
    assert kept is not None
    assert CALLER[1:].encode() not in kept
    whole = parse(data, f"a_{UUID}.cdr.json").legs
    assert len(whole) == 3
    assert parse(kept, f"a_{UUID}.cdr.json").legs == whole


def test_outgoing_legs_are_no_phones_of_ours() -> None:
    dialled = ("bridge", f"[origination_caller_id_number={CALLER}]sofia/gateway/carrier/{CALLER}", RANG)
    [entry] = entries(log(dialled))
    assert entry["app_data"] == ""
    assert legs([entry], f"{DESK};X;1", f"{DESK};NONE", answered_at=None, ended_at=END) == ()


def test_a_flood_is_cut_off() -> None:
    many = log(*[RING] * 5_000)
    found = legs(entries(many), "x" * 10_000_000, "ARRAY::" + "|:" * 1_000_000, answered_at=None, ended_at=None)
    assert len(found) == MAX_LEGS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["app_name", "app_data", "app_stamp", "x"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(_JSON, st.text(), st.text())
def test_no_shape_stops_it(applications: Any, originated: str, causes: str) -> None:
    for document in (applications, {"app_log": applications}, {"app_log": {"applications": applications}}):
        assert legs(entries(document), originated, causes, answered_at=None, ended_at=None) == ()


@given(st.lists(st.sampled_from([STEP, RING, AFTER, ("bridge", "x", START), ("hangup", "", END)]), max_size=8))
def test_every_order_of_applications_can_be_told(applications: list[tuple[str, str, dt.datetime]]) -> None:
    found = legs(entries(log(*applications)), f"{DESK};A;1", f"{DESK};NONE", answered_at=None, ended_at=END)
    assert all(isinstance(leg, Leg) for leg in found)
    assert len(found) == 2 * applications.count(RING)
