"""What the router believes of FreeSWITCH's channel data."""

from __future__ import annotations

import pytest

from callrouter.calls.incoming import incoming_call, steps_so_far

TRUNK = {
    "Unique-ID": "c2a5b2a6-1f0e-4b6e-9d57-3c8d6a2d7c11",
    "Caller-Destination-Number": "+493023125010",
    "Caller-Caller-ID-Number": "+4917604069001",
    "Caller-Caller-ID-Name": "Carla",
    "variable_callrouter_trunk": "carrier",
    "variable_sofia_profile_name": "trunk",
}


def test_a_trunk_call() -> None:
    call = incoming_call(TRUNK)
    assert (call.trunk, call.device, call.dialed) == ("carrier", None, "+493023125010")
    assert (call.caller_number, call.caller_name, call.private) == ("+4917604069001", "Carla", False)


def test_what_the_dialplan_read_as_the_dialled_number_wins() -> None:
    assert incoming_call(TRUNK | {"variable_callrouter_number": "+493023125011"}).dialed == "+493023125011"


@pytest.mark.parametrize(
    "more",
    [
        {"variable_sip_Privacy": "id"},
        {"variable_sip_Privacy": "user;id;critical"},
        {"variable_callrouter_private": "true"},
        {"Caller-Caller-ID-Number": "anonymous"},
        {"Caller-Caller-ID-Number": "Anonymous"},
        {"Caller-Caller-ID-Number": ""},
    ],
)
def test_a_private_caller_has_no_number_and_no_name(more: dict[str, str]) -> None:
    call = incoming_call(TRUNK | more)
    assert (call.private, call.caller_number, call.caller_name) == (True, None, "")


def test_privacy_none_is_no_privacy() -> None:
    assert not incoming_call(TRUNK | {"variable_sip_Privacy": "none"}).private


@pytest.mark.parametrize("number", ["${system(id)}", "49176,1", "a" * 5000, "+49\n1"])
def test_a_hostile_number_is_no_number(number: str) -> None:
    call = incoming_call(TRUNK | {"Caller-Caller-ID-Number": number})
    assert call.caller_number is None


def test_an_internal_caller_is_the_authenticated_account() -> None:
    call = incoming_call(
        {
            "Unique-ID": TRUNK["Unique-ID"],
            "Caller-Destination-Number": "11",
            "Caller-Caller-ID-Number": "somebody-else",
            "variable_sip_auth_username": "anna-desk",
            "variable_sofia_profile_name": "phones",
            "variable_callrouter_number": "+493023125011",
        }
    )
    assert (call.device, call.trunk, call.dialed) == ("anna-desk", None, "11")


def test_an_account_name_on_a_trunk_is_not_believed() -> None:
    assert incoming_call(TRUNK | {"variable_sip_auth_username": "anna-desk"}).device is None


def test_numbered_steps_go_on_where_they_stopped() -> None:
    assert steps_so_far({}) == (0, False)
    assert steps_so_far({"variable_callrouter_step": "1;ring;employee:anna"}) == (1, True)
    assert steps_so_far({"variable_callrouter_step": "f-7;ring;employee:anna"}) == (0, True)
    several = "ARRAY::1;ring;a|:was;anna-desk|:2;ring;b|:f-b;ring;b"
    assert steps_so_far({"variable_callrouter_step": several}) == (2, True)
