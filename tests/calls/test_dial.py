"""The exact texts given to FreeSWITCH, and what its answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.calls import dial
from callrouter.errors import SwitchError
from callrouter.routing.names import clean_name
from callrouter.routing.plan import Ring, RingResult, Target

ANNA = (
    Target("anna-desk", "employee:anna", "Anna Schmidt", "10"),
    Target("anna-soft", "employee:anna", "Anna Schmidt", None),
)
RING = Ring("employee:anna", ANNA, 20)


def test_bridge_rings_every_device_by_its_account() -> None:
    assert dial.bridge(RING, ANNA, "pbx.muster.example", ["uuid-1", "uuid-2"]) == (
        "[callrouter_device=anna-desk,origination_uuid=uuid-1,"
        "origination_callee_id_name=Anna Schmidt,origination_callee_id_number=10,presence_id=10@pbx.muster.example]"
        "sofia/phones/anna-desk%pbx.muster.example,"
        "[callrouter_device=anna-soft,origination_uuid=uuid-2,origination_callee_id_name=Anna Schmidt]"
        "sofia/phones/anna-soft%pbx.muster.example"
    )


def test_a_late_leg_and_one_that_counts_say_so() -> None:
    target = Target("anna-desk", "employee:anna", "Anna", None, delay=7, counted=True)
    assert dial.bridge(RING, [target], "pbx.muster.example", ["uuid-1"]) == (
        "[callrouter_device=anna-desk,origination_uuid=uuid-1,origination_callee_id_name=Anna,leg_delay_start=7,"
        "execute_on_originate=limit hash callrouter rings-anna-desk,"
        "api_on_answer=uuid_limit_release uuid-1 hash callrouter rings-anna-desk,"
        "limit_ignore_transfer=true,execute_on_answer=limit hash callrouter talks-anna]"
        "sofia/phones/anna-desk%pbx.muster.example"
    )


@pytest.mark.parametrize(("last", "counts"), [(False, "rings-anna-desk 1 !PRE_EMPTED"), (True, "rings-anna-desk")])
def test_in_turn_a_phone_rings_for_one_call_alone_unless_it_is_the_last_turn(last: bool, counts: str) -> None:
    ring = Ring("pool:sales", ANNA, 20, each=5)
    assert dial.bridge(ring, ANNA[:1], "pbx.muster.example", ["uuid-1"], last=last) == (
        "[callrouter_device=anna-desk,origination_uuid=uuid-1,origination_callee_id_name=Anna Schmidt,"
        "origination_callee_id_number=10,presence_id=10@pbx.muster.example,"
        f"execute_on_originate=limit hash callrouter {counts},"
        "api_on_answer=uuid_limit_release uuid-1 hash callrouter rings-anna-desk,limit_ignore_transfer=true]"
        "sofia/phones/anna-desk%pbx.muster.example"
    )


@pytest.mark.parametrize(
    ("causes", "stops", "result"),
    [
        (["NO_ANSWER", "CALL_REJECTED"], ["CALL_REJECTED"], RingResult.REJECTED),
        (["NO_ANSWER", "USER_BUSY"], ["CALL_REJECTED"], RingResult.NO_ANSWER),
        (["NO_ANSWER", "USER_BUSY"], ["CALL_REJECTED", "USER_BUSY"], RingResult.BUSY),
        (["NO_ANSWER", "CALL_REJECTED"], [], RingResult.NO_ANSWER),
    ],
)
def test_one_phone_ended_it_for_all(causes: list[str], stops: list[str], result: RingResult) -> None:
    assert dial.ring_result(["NO_ANSWER"], causes, stops) is result


def test_set_all() -> None:
    assert dial.set_all({"a": "1", "b": "two words"}) == "^^|a=1|b=two words"


@pytest.mark.parametrize("hostile", ["${system(id)}", "a|b=c", "x\ny", "[x]", "a,b", "%0A", "'", '"', "\\", "^^:"])
def test_nothing_that_freeswitch_interprets_is_sent(hostile: str) -> None:
    with pytest.raises(SwitchError):
        dial.set_all({"effective_caller_id_name": hostile})
    with pytest.raises(SwitchError):
        dial.bridge(RING, [Target("x", "employee:x", hostile, "1")], "pbx.muster.example", ["u"])


def test_legs_to_numbers_outside_are_the_dialplans() -> None:
    """Nothing but the member's id stands in what is sent."""
    there = Target("+4917604069007", "employee:anna", "Anna", None)
    ring = Ring("pool:sales", (there, ANNA[0]), 20, each=5)
    sent_to = dial.bridge(ring, ring.targets, "pbx.muster.example", ["u", "v"])
    assert sent_to.startswith("{local_var_clobber=true}${callrouter_member_anna},[callrouter_device=anna-desk,")
    sent = [str(one) for one in dial.outside(ring, ring.targets, last=False)]
    assert len(sent) == 2
    assert "callrouter_member_anna=error/OUTGOING_CALL_BARRED|callrouter_most=1" in sent[0]
    assert "pool-sales.anna XML members" in sent[1]
    assert "callrouter_most=-" in str(dial.outside(ring, ring.targets, last=True)[0])
    assert dial.outside(RING, ANNA, last=False) == []


@given(st.text())
def test_every_cleaned_name_can_be_sent(name: str) -> None:
    assert dial.set_all({"n": clean_name(name)}).startswith("^^|n=")


@pytest.mark.parametrize(
    ("disposition", "causes", "result"),
    [
        ("NO_ANSWER", ["NO_ANSWER", "NO_ANSWER"], RingResult.NO_ANSWER),
        ("ALLOTTED_TIMEOUT", [], RingResult.NO_ANSWER),
        ("USER_BUSY", ["USER_BUSY"], RingResult.BUSY),
        ("USER_NOT_REGISTERED", ["USER_NOT_REGISTERED"], RingResult.OFFLINE),
        ("USER_NOT_REGISTERED", ["USER_BUSY", "USER_NOT_REGISTERED"], RingResult.BUSY),
        ("CALL_REJECTED", ["CALL_REJECTED", "USER_NOT_REGISTERED"], RingResult.REJECTED),
        ("SUBSCRIBER_ABSENT", [], RingResult.OFFLINE),
        ("DESTINATION_OUT_OF_ORDER", [], RingResult.FAILED),
        ("NORMAL_TEMPORARY_FAILURE", ["NORMAL_TEMPORARY_FAILURE", "USER_BUSY"], RingResult.BUSY),
        ("NORMAL_TEMPORARY_FAILURE", ["NORMAL_TEMPORARY_FAILURE"], RingResult.OFFLINE),
        ("ORIGINATOR_CANCEL", [], RingResult.REJECTED),
        ("", [], RingResult.FAILED),
    ],
)
def test_how_ringing_ended(disposition: str, causes: list[str], result: RingResult) -> None:
    assert dial.ring_result([disposition], causes) is result


def test_who_rang_to_the_limit_comes_before_those_who_were_busy_in_other_turns() -> None:
    causes = ["NO_ANSWER", "USER_BUSY"]
    assert dial.ring_result(["NO_ANSWER", "USER_BUSY", "SUBSCRIBER_ABSENT"], causes) is RingResult.NO_ANSWER
    assert dial.ring_result(["USER_BUSY", "SUBSCRIBER_ABSENT"], ["USER_BUSY"]) is RingResult.BUSY


def test_only_the_causes_of_these_legs_count() -> None:
    listed = "ARRAY::a;USER_BUSY|:b;NO_ANSWER|:c;CALL_REJECTED"
    assert dial.leg_causes(listed, ["b", "c", "d"], "") == ["NO_ANSWER", "CALL_REJECTED"]
    assert dial.leg_causes("b;NO_ANSWER", ["b"], "") == ["NO_ANSWER"]


def test_the_causes_of_legs_to_numbers_outside_count() -> None:
    begins = "0f0e0d0c-0b0a-4908-8706-"
    listed = f"ARRAY::{begins}0d0002002001;USER_BUSY|:{begins}000002000001;NO_ANSWER|:1{begins[1:]}0d0002002001;NONE"
    assert dial.leg_causes(listed, ["b"], f"{begins}050403020100") == ["USER_BUSY"]
    assert dial.leg_causes("", ["b"], "") == []


def test_a_pool_is_shown_before_the_caller_and_has_its_own_ring() -> None:
    ring = Ring("pool:sales", (Target("anna-desk", "employee:anna", "Anna", None),), 20, shown="Vertrieb", alert="blue")
    assert dial.bridge(ring, ring.targets, "pbx.muster.example", ["uuid-1"], "Erika Muster") == (
        "[callrouter_device=anna-desk,origination_uuid=uuid-1,origination_callee_id_name=Anna,"
        "origination_caller_id_name=Vertrieb - Erika Muster,sip_h_Alert-Info=<http://127.0.0.1>;info=blue]"
        "sofia/phones/anna-desk%pbx.muster.example"
    )


@pytest.mark.parametrize("field", ["shown", "alert"])
def test_a_ring_is_never_more_than_its_name(field: str) -> None:
    target = Target("anna-desk", "employee:anna", "Anna", None)
    for hostile in ("a,b=c", "a]b", "${x}", "a\r\nX: y", "a>b"):
        ring = Ring("pool:sales", (target,), 20, **{field: hostile})
        with pytest.raises(SwitchError):
            dial.bridge(ring, ring.targets, "pbx.muster.example", ["uuid-1"], "Erika")
