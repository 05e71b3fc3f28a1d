"""The rendered rules of calls out are those of ``routing.outgoing``: walked through for any digits."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter import variables as v
from callrouter.directory.digits import digit_rules
from callrouter.routing import outgoing
from callrouter.routing.outgoing import Destination, NumberFormat
from callrouter.routing.snapshot import NumberBlock
from tests.rendering.dialplan import Walk
from tests.switch import DOMAIN, muster, rendered, switch_settings

BLOCKS = [NumberBlock("+4930231250", "00", "99")]


def _files(path: Path, trunks: Any = ({}, {}), **company: Any) -> dict[str, bytes]:
    data = muster()
    data["company"] |= company
    data["trunks"] = [
        {"name": "first", "proxy": "192.0.2.1"},
        {"name": "second", "proxy": "192.0.2.2", "number_format": "national"},
    ]
    data["trunks"] = [trunk | more for trunk, more in zip(data["trunks"], trunks, strict=True)]
    return rendered(data, switch_settings(path), MappingProxyType[dt.date, str]({}))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _files(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def with_zero(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _files(tmp_path_factory.mktemp("zero"), outside_line="0")


def _walk(files: dict[str, bytes], dialed: str, allowed: str = " ".join(Destination), **more: str) -> Any:
    known = {v.BY: "anna-desk", v.OF + v.DESTINATIONS: allowed, v.OF + v.EMPLOYEE: "anna", v.DIRECTION: "internal"}
    walk = Walk(files, known | {"limit_rate": "1"} | more, dead=True)
    walk.contexts["outgoing"].find("extension").find("condition")[0].attrib["data"] = "^^|x="  # the account is known
    return walk, walk.run(dialed, "outgoing")


def _leg(trunk: str, number: str, written: str, more: str = "", employee: str = "anna") -> str:
    count = "limit hash callrouter legs"
    more += f",execute_on_originate={count},execute_on_originate_2={count}-{employee},limit_ignore_transfer=true"
    return f"[{v.TAKEN}={trunk},{v.CALLER}={number}{more}]sofia/gateway/trunk-{trunk}/{written}"


def _check(files: dict[str, bytes], dialed: str, outside_line: str = "") -> None:
    rules = digit_rules("DE", "30", outside_line=outside_line)
    expected = outgoing.read(dialed, rules, BLOCKS)
    walk, last = _walk(files, dialed)
    if expected is None:
        assert last == ("hangup", "UNALLOCATED_NUMBER"), walk.done
    else:
        assert last == ("bridge", _leg("first", expected.number, expected.number, ",leg_progress_timeout=12"))
        assert ("transfer", f"{expected.kind.value} XML outgoing-allowed") in walk.done
        assert walk.variables[v.NUMBER] == expected.number


_DIALLED = st.one_of(
    st.from_regex(r"\A\+?[0-9]{1,20}\Z"),
    st.from_regex(r"\A(?:\+49|0049|0|00|\+|)(?:0|30|900|137|180|15|16|17|30231250|118|882)[0-9]{0,9}\Z"),
)


@given(_DIALLED)
@settings(max_examples=300)
def test_the_dialplan_reads_as_the_rules_do(files: dict[str, bytes], dialed: str) -> None:
    _check(files, dialed)


@given(_DIALLED.map(lambda dialed: dialed if dialed.startswith("+") else "0" + dialed) | _DIALLED)
@settings(max_examples=300)
def test_the_dialplan_reads_as_the_rules_do_behind_an_outside_line(with_zero: dict[str, bytes], dialed: str) -> None:
    _check(with_zero, dialed, "0")


@pytest.mark.parametrize("kind", Destination)
@pytest.mark.parametrize("allowed", ["", "national", "mobile premium", "international national mobile premium"])
def test_only_what_is_allowed_goes_out(files: dict[str, bytes], kind: Destination, allowed: str) -> None:
    dialed = {"national": "03023125500", "mobile": "017604069001", "international": "00441632960001"}
    walk, last = _walk(files, dialed.get(kind, "09001000000"), allowed)
    if kind in allowed.split():
        assert last[0] == "bridge"
    else:
        assert last == ("hangup", "OUTGOING_CALL_BARRED")
        assert ("push", f"{v.STEP}=d-refused;reject;employee:anna;not_allowed") in walk.done


def test_an_account_that_is_gone_calls_nobody(files: dict[str, bytes]) -> None:
    assert _walk(files, "03023125500", "")[1] == ("hangup", "OUTGOING_CALL_BARRED")


@pytest.mark.parametrize("closed", [[], ["national"], ["national", "mobile"]])
def test_while_the_schedule_is_closed(tmp_path: Path, closed: list[str]) -> None:
    files = _files(tmp_path, limits={"schedule": "office hours", "closed_destinations": closed})
    for dialed, kind in (("03023125500", "national"), ("017604069001", "mobile")):
        last = _walk(files, dialed, "national mobile", **{v.SCHEDULE: "closed"})[1]
        assert (last[0] == "bridge") == (kind in closed), (dialed, last)
        assert _walk(files, dialed, "national mobile", **{v.SCHEDULE: "open"})[1][0] == "bridge"


def test_the_second_trunk_gets_numbers_as_it_wants_them(files: dict[str, bytes]) -> None:
    walk = Walk(files, {v.OF + v.EMPLOYEE: "anna", v.OF + v.SHOWN: "+493023125000"})
    last = walk.run("+493023125500", "trunk-2")
    assert last == ("bridge", _leg("second", "+493023125500", "03023125500"))
    assert ("export", "nolocal:sip_h_P-Asserted-Identity=<sip:03023125000@192.0.2.2>") in walk.done
    country, *_others = outgoing.rewrites(digit_rules("DE", "30"), NumberFormat.NATIONAL)
    assert country("+493023125500") == "03023125500"


@pytest.mark.parametrize(
    ("disposition", "status", "next_one"),
    [
        ("NORMAL_TEMPORARY_FAILURE", "503", True),
        ("GATEWAY_DOWN", "", True),
        ("PROGRESS_TIMEOUT", "", True),
        ("CALL_REJECTED", "403", True),
        ("CALL_REJECTED", "603", False),
        ("CALL_REJECTED", "", False),
        ("USER_BUSY", "486", False),
        ("UNALLOCATED_NUMBER", "404", False),
        ("NO_USER_RESPONSE", "480", False),
    ],
)
def test_when_the_next_trunk_is_tried(files: dict[str, bytes], disposition: str, status: str, next_one: bool) -> None:
    walk = Walk(files, {"originate_disposition": disposition, "sip_invite_failure_status": status})
    last = walk.run("+493023125500", "trunk-1-refused")
    assert (last[0] == "bridge") == next_one, last


def test_an_emergency_is_tried_on_all_trunks(files: dict[str, bytes]) -> None:
    walk = Walk(files, {"originate_disposition": "USER_BUSY", v.DIRECTION: "emergency"})
    assert walk.run("112", "trunk-1-refused") == ("bridge", _leg("second", "112", "112", employee=""))


def test_a_provider_that_refuses_is_no_answer_of_who_is_called_where_the_next_trunk_is_for_emergencies(
    tmp_path: Path,
) -> None:
    files = _files(tmp_path, trunks=[{}, {"outgoing": False}])
    refused = {"originate_disposition": "CALL_REJECTED", "sip_invite_failure_status": "403"}
    assert Walk(files, refused).run("+493023125500", "trunk-1-refused") == ("hangup", "NORMAL_TEMPORARY_FAILURE")
    emergency = Walk(files, {**refused, v.DIRECTION: "emergency"}).run("112", "trunk-1-refused")
    assert emergency == ("bridge", _leg("second", "112", "112", employee=""))


@pytest.mark.parametrize("dialed", ["112", "110", "0112"])
@pytest.mark.parametrize("context", ["internal", "click"])
def test_whoever_is_transferred_or_clicks_reaches_an_emergency(
    with_zero: dict[str, bytes], dialed: str, context: str
) -> None:
    """From a trunk's leg, or one of ours: by the rights of nobody, and with the number of who acts."""
    walk = Walk(with_zero, {v.DEVICE: "anna-desk", "direction": "inbound", v.DIRECTION: "inbound"})
    application, leg = walk.run(dialed, context)
    assert (application, leg) == ("bridge", _leg("first", dialed[-3:], dialed[-3:], ",leg_progress_timeout=12", ""))
    assert walk.variables[v.DIRECTION] == "emergency"
    assert ("set_user", f"anna-desk@{DOMAIN} {v.OF}") in walk.done
