"""Callers whom the dialplan turns away are those whom the router does, and no others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter import variables as v
from callrouter.directory.digits import digit_rules
from callrouter.routing.callers import blocked_by
from callrouter.routing.numbers import normalise
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings

RULES = frozenset({"+4917604069012", "+491760406902*", "+441*", "+43123*", "+49302*"})
_SPELLED = st.from_regex(
    r"\A(?:\+|00|0|)(?:49|)(?:0|)(?:17604069012|1760|1760406902|30123|302|441|43123)[0-9]{0,7}\Z"
) | st.from_regex(r"\A\+?[0-9]{1,20}\Z")


def files(path: Path, **company: Any) -> dict[str, bytes]:
    data = muster() | company
    return rendered(data, switch_settings(path), MappingProxyType[dt.date, str]({}))


@pytest.fixture(scope="module")
def blocking(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files(tmp_path_factory.mktemp("blocking"), blocked_callers=sorted(RULES))


def turned_away(files: dict[str, bytes], caller: str = "", callers: str = "any", **known: str) -> str | None:
    """The result in the mark that is left, if the caller is refused."""
    walk = Walk(files, {"caller_id_number": caller, v.DIRECTION: "inbound", v.TURN: "0"} | known)
    done = walk.execute(callers, "turned-away")
    if not done:
        return None
    assert done[-1] == ("hangup", "CALL_REJECTED")
    assert ("set", f"{v.FALLBACK}=true") in done
    [mark] = [data for name, data in done if name == "push"]
    return mark.removeprefix(f"{v.STEP}=f-refused;reject;;")


@given(_SPELLED)
def test_the_same_callers_are_blocked_as_by_the_router(blocking: dict[str, bytes], caller: str) -> None:
    number = normalise(caller, digit_rules("DE", "30"))
    expected = "blocked_caller" if number and blocked_by(number, RULES) else None
    assert turned_away(blocking, caller) == expected


@pytest.mark.parametrize(
    "known", [{v.DIRECTION: "internal"}, {v.TURN: "1"}, {v.STAGE: "ringing"}, {v.STAGE: "mailbox"}], ids=str
)
def test_nobody_is_turned_away_in_the_middle(blocking: dict[str, bytes], known: dict[str, str]) -> None:
    assert turned_away(blocking, "+4917604069012") == "blocked_caller"
    assert turned_away(blocking, "+4917604069012", **known) is None


def test_callers_without_a_number(tmp_path: Path, blocking: dict[str, bytes]) -> None:
    private = {v.PRIVATE: "true"}
    assert turned_away(blocking, "anonymous", **private) is None
    assert turned_away(blocking, "anonymous", "named", **private) == "anonymous_caller"
    assert turned_away(blocking, "+4917604069001", "named") is None
    everywhere = files(tmp_path, blocked_callers=["anonymous"])
    assert turned_away(everywhere, "anonymous", "named", **private) == "blocked_caller"
    assert turned_away(everywhere, "anonymous", **private) == "blocked_caller"
    assert turned_away(everywhere, "+4917604069001", "named") is None


def test_each_number_says_whether_it_takes_them(tmp_path: Path) -> None:
    found = files(tmp_path, reject_anonymous=["+493023125010"])["dialplan/numbers.xml"].decode()
    asked = [data["data"].split()[0] for data in _actions(found) if data["data"].endswith(" XML turned-away")]
    assert asked == ["any", "named", "any"]


def _actions(xml: str) -> list[dict[str, str]]:
    return [dict(action.attrib) for action in ElementTree.fromstring(xml).iter("action")]
