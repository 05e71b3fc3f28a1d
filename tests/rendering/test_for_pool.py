"""Calling out for a pool: what is decided and what is rendered are one thing, whoever may show the pool's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from callrouter import variables as v
from callrouter.directory.digits import digit_rules
from callrouter.routing import features
from callrouter.routing.decide import decide
from callrouter.routing.for_pool import MayShow, may_show
from callrouter.routing.plan import Dial, IncomingCall, Reject, RejectReason
from callrouter.routing.reasons import text
from callrouter.routing.snapshot import Outside
from tests.rendering.dialplan import Walk
from tests.routing.company import ANNA, BEN, OFFICE_TIME, SALES, with_owner
from tests.switch import muster, rendered, switch_settings

NUMBER = "+493023125000"
OUTSIDE = Outside(("carrier",), ("national", "mobile"))


@cache
def _files(path: Path, who: str, numbers: tuple[str, ...]) -> Mapping[str, bytes]:
    data = muster()
    data["pools"][0] |= {"may_show": who, "extension": "20", "members": ["anna"], "numbers": list(numbers)}
    return rendered(data, switch_settings(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rendered")


@pytest.mark.parametrize(
    ("who", "member", "expected"),
    [
        ("nobody", False, False),
        ("nobody", True, False),
        ("members", False, False),
        ("members", True, True),
        ("everybody", False, True),
        ("everybody", True, True),
    ],
)
def test_who_may(who: str, member: bool, expected: bool) -> None:
    assert may_show(who, member=member) is expected


@pytest.mark.parametrize("who", MayShow)
@pytest.mark.parametrize("caller", [ANNA, BEN], ids=["a member", "another"])
@pytest.mark.parametrize("extension", ["20", "10", "21", "2"])
@pytest.mark.parametrize("numbers", [(NUMBER,), ()], ids=["a number", "none"])
def test_the_dialplan_shows_what_is_decided(folder: Path, who: str, caller, extension: str, numbers) -> None:
    dialed = f"*50{extension}*03023125500"
    shows, number = features.shows(dialed)
    pool = replace(SALES, members=(ANNA,), may_show=who, number=next(iter(numbers), None))
    known = with_owner(pool, digits=digit_rules("DE", "30"), outside=OUTSIDE, devices={"phone": caller})
    plan = decide(IncomingCall("u", number, device="phone", shows=shows), known, OFFICE_TIME)
    pools = {ANNA.key: "sales", BEN.key: "sales-2 presales"}[caller.key]
    walk = Walk(_files(folder, who, numbers), {"direction": "inbound", "sip_auth_username": "phone", v.POOLS: pools})
    walk.contexts["extensions"].clear()  # where the number goes like any other
    shown = next((data.partition("=")[2] for data in _set(walk, dialed) if data.startswith(f"{v.SHOWS}=+")), None)
    for one in plan.reasons:
        assert text(one, "de") != text(one, "en")
    if extension == "2":  # too short for a code
        assert (shows, shown) == ("", None)
    elif isinstance(plan.steps[0], Dial):
        assert plan.steps[0] == Dial("+493023125500", NUMBER, ("carrier",))
        assert shown == NUMBER
    else:
        assert plan.steps == (Reject(RejectReason.NOT_SHOWN),)
        assert ("transfer", "not_shown XML refused") in walk.done
        assert shown is None


def _set(walk: Walk, dialed: str) -> list[str]:
    try:
        walk.run(dialed, "internal")
    except AssertionError:
        assert ("transfer", "03023125500 XML extensions") in walk.done
    return [data for name, data in walk.done if name == "set"]


@pytest.mark.parametrize(("changed", "shown"), [({}, NUMBER), ({v.FORWARDS: "owner-employee-ben"}, "")])
def test_a_call_that_a_colleague_forwards_shows_what_that_one_shows(folder: Path, changed, shown: str) -> None:
    walk = Walk(_files(folder, "members", (NUMBER,)), {v.DIRECTION: "outbound", v.SHOWS: NUMBER, **changed})
    walk.run("+493023125500", "outgoing-trunks")
    assert walk.variables.get(v.OF + v.SHOWN, "") == shown


def test_emergencies_pass_whatever_stands_before_them(folder: Path) -> None:
    walk = Walk(_files(folder, "nobody", (NUMBER,)), {})
    walk.contexts["outgoing"].clear()
    with pytest.raises(AssertionError):
        walk.run("20*112", "for-pool")
    assert walk.done == [("transfer", "112 XML outgoing")]
