from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.errors import RecordError
from callrouter.ledger.cdr import MAX_BYTES, from_recordings, parse, without_caller
from callrouter.variables import StepMark
from tests.ledger.company import ANNA, CALLER, CORE, START, UUID, cdr_bytes, cdr_dict

NAME = f"a_{UUID}.cdr.json"


def test_a_cdr_as_the_switch_writes_it() -> None:
    cdr = parse(cdr_bytes("1;ring;employee:anna", "1;ring;employee:anna;busy", answered=True), NAME)
    assert (cdr.uuid, cdr.core_uuid, cdr.node, cdr.source) == (UUID, CORE, "node-1", "cdr")
    assert (cdr.direction, cdr.leg, cdr.number, cdr.owner) == ("inbound", "inbound", ANNA, "employee:anna")
    assert (cdr.caller, cdr.caller_name, cdr.dialed, cdr.trunk) == (CALLER, "Kunde", "023125010", "carrier")
    assert cdr.steps == (StepMark("1", "ring", "employee:anna"), StepMark("1", "ring", "employee:anna", "busy"))
    assert (cdr.started_at, cdr.answered_at) == (START, START + dt.timedelta(seconds=4))
    assert cdr.ended_at == START + dt.timedelta(seconds=12)
    assert (cdr.cause, cdr.private, cdr.fallback, cdr.salvaged, cdr.ours) == (
        "ORIGINATOR_CANCEL",
        False,
        False,
        False,
        True,
    )


def test_a_single_step_is_bare_and_a_json_array_is_a_list_too() -> None:
    data = cdr_dict("1;ring;employee:anna")
    assert len(parse(json.dumps(data).encode(), NAME).steps) == 1
    data["variables"]["callrouter_step"] = ["1;ring;employee:anna", "1;ring;employee:anna;busy"]
    assert len(parse(json.dumps(data).encode(), NAME).steps) == 2


def test_a_latin_1_name_is_read_with_replacement() -> None:
    data = cdr_bytes(callrouter_caller_name="G@nther").replace(b"G@nther", b"G\xfcnther")
    assert parse(data, NAME).caller_name == "G�nther"


def test_text_is_cleaned_of_what_a_database_or_a_mail_would_choke_on() -> None:
    cdr = parse(cdr_bytes(callrouter_caller_name="a\0b\r\nBcc: x\ud800\u2028\u202e\u2066" + "c" * 5000), NAME)
    assert cdr.caller_name.startswith("abBcc: xc")
    assert len(cdr.caller_name) == 200


def test_marks_and_owners_that_cannot_be_ours_are_left_out() -> None:
    data = cdr_bytes("1;ring;employee:anna", "../x;voicemail;employee:anna", "nonsense", callrouter_owner="root:x")
    cdr = parse(data, NAME)
    assert (cdr.steps, cdr.owner) == ((StepMark("1", "ring", "employee:anna"),), None)


@pytest.mark.parametrize("value", ["0", "", "-5", "x", "9" * 30, "4102444800000001", "١٢"])
def test_a_time_that_is_none_is_none(value: str) -> None:
    assert parse(cdr_bytes(end_uepoch=value), NAME).ended_at is None


@pytest.mark.parametrize(
    "variables",
    [{"callrouter_private": "true"}, {"sip_Privacy": "id"}, {"sip_Privacy": "user;critical"}],
)
def test_a_private_caller_leaves_nothing_of_himself(variables: dict[str, str]) -> None:
    data = cdr_bytes("1;ring;employee:anna", sip_h_Diversion=CALLER, sip_auth_username=CALLER, **variables)
    cdr = parse(data, NAME)
    assert (cdr.private, cdr.caller, cdr.caller_name, cdr.account) == (True, "", "", "")
    kept = without_caller(data)
    assert kept is not None
    assert b"04069001" not in kept
    assert b"Kunde" not in kept
    again = parse(kept, NAME)
    assert (again.steps, again.owner, again.ended_at, again.private) == (cdr.steps, cdr.owner, cdr.ended_at, True)


def test_internal_calls_show_the_employee_whatever_the_phone_asks_for() -> None:
    data = cdr_bytes(sip_Privacy="id", sip_auth_username="ben-desk", callrouter_trunk="")
    assert not parse(data, NAME).private
    assert without_caller(data) is None


@pytest.mark.parametrize("privacy", ["", "none"])
def test_a_caller_without_privacy_is_kept(privacy: str) -> None:
    assert without_caller(cdr_bytes(sip_Privacy=privacy)) is None


def test_a_damaged_private_cdr_keeps_nothing_of_the_caller_either() -> None:
    data = cdr_bytes("1;ring;employee:anna", sip_Privacy="id")
    kept = without_caller(data[: data.index(b'"app_log"')])
    assert kept is not None
    assert b"04069001" not in kept


def test_a_truncated_cdr_is_salvaged() -> None:
    data = cdr_bytes("1;ring;employee:anna")
    cdr = parse(data[: data.index(b'"callflow"') - 40], NAME)
    assert cdr.salvaged
    assert (cdr.uuid, cdr.number, cdr.owner, cdr.caller) == (UUID, ANNA, "employee:anna", CALLER)
    assert cdr.steps == (StepMark("1", "ring", "employee:anna"),)


def test_a_value_that_is_cut_off_is_not_half_believed() -> None:
    data = cdr_bytes("1;ring;employee:anna")
    cdr = parse(data[: data.index(b"1;ring;") + 12], NAME)
    assert (cdr.salvaged, cdr.number, cdr.steps) == (True, ANNA, ())


def test_every_truncation_is_salvaged_or_refused_by_name() -> None:
    data = cdr_bytes("1;ring;employee:anna", "1;ring;employee:anna;busy")
    for length in range(0, len(data) - 2, 7):
        try:
            cdr = parse(data[:length], NAME)
        except RecordError:
            assert b"023125010" not in data[:length]
        else:
            assert cdr.salvaged
            assert cdr.number or cdr.owner or cdr.dialed


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", NAME),
        (b"\xff\xfe\x00", NAME),
        (b"[]\n", NAME),
        (b'{"variables": 3}\n', NAME),
        (b"[" * 100_000, NAME),
        (b" " * (MAX_BYTES + 1), NAME),
        (cdr_bytes(), "a_x.cdr.json"),
        (cdr_bytes(), f"b_{UUID}.cdr.json"),
    ],
    ids=["empty", "bytes", "list", "variables", "deep", "huge", "no uuid", "b leg"],
)
def test_what_is_no_cdr_is_refused_by_name(data: bytes, name: str) -> None:
    with pytest.raises(RecordError, match=r"CDR .*\.cdr\.json"):
        parse(data, name)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(["callrouter_step", "callrouter_owner", "start_uepoch", "sip_Privacy", "callrouter_caller"])


@given(
    st.binary(max_size=300)
    | st.builds(
        lambda variables, callflow: json.dumps({"variables": variables, "callflow": callflow}).encode(),
        st.dictionaries(_keys, _json),
        _json,
    )
    | st.builds(
        lambda at, junk: cdr_bytes("1;ring;employee:anna")[:at] + junk + cdr_bytes("1;ring;employee:anna")[at:],
        st.integers(0, 1500),
        st.binary(max_size=8),
    )
)
def test_no_bytes_raise_anything_but_a_record_error(data: bytes) -> None:
    try:
        cdr = parse(data, NAME)
    except RecordError:
        return
    without_caller(data)
    cdr.caller_name.encode()


def test_recordings_alone_tell_their_call_and_in_the_fallback_their_owner() -> None:
    cdr = from_recordings(UUID, ["2", "f-anna"], START)
    assert cdr.steps == (StepMark("2", "voicemail"), StepMark("f-anna", "voicemail", "anna"))
    assert cdr.source == "note"
