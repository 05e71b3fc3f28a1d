"""Which calls out ask whether somebody else is on it, and what follows the answer: walked through."""

from __future__ import annotations

from pathlib import Path

import pytest

from callrouter import variables as v
from callrouter.cases import guard
from callrouter.resources import prompts_dir
from callrouter.routing.outgoing import Destination
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings

OUT = {
    v.DIRECTION: "internal",
    v.BY: "anna-desk",
    v.OF + v.EMPLOYEE: "anna",
    v.OF + v.DESTINATIONS: " ".join(Destination),
    "limit_rate": "1",
}


def _files(folder: Path, **cases: int) -> dict[str, bytes]:
    data = muster()
    data["company"]["cases"] = cases
    data["trunks"] = [{"name": "carrier", "proxy": "192.0.2.1"}]
    return rendered(data, switch_settings(folder))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _files(tmp_path_factory.mktemp("guard"))


def _walk(files: dict[str, bytes], dialed: str, context: str, *, dead: bool = False, **changed: str) -> Walk:
    walk = Walk(files, OUT | changed, dead=dead)
    walk.run(dialed, context)
    return walk


def test_a_call_that_an_employee_makes_asks_before_it_counts(files: dict[str, bytes]) -> None:
    walk = _walk(files, "017604069001", "outgoing-number")
    assert walk.done[-1][0] == "socket"
    assert (walk.variables[v.GUARD], walk.variables[v.OUT_NUMBER]) == (v.GUARD_ASKS, "+4917604069001")
    assert not any(application == "limit" for application, _ in walk.done)


@pytest.mark.parametrize(
    ("dialed", "context", "changed"),
    [
        ("+4917604069001", "outgoing-kind", {v.FORWARDS: "owner-employee-anna"}),
        ("+4917604069001", "guard", {v.DIRECTION: "outbound", v.FORWARDS: "owner-employee-anna"}),
        ("+4917604069001", "guard", {v.DIRECTION: "outbound", v.BACK: "anna-desk"}),
        ("+4917604069001", "guard", {v.DIRECTION: "inbound"}),
        ("116117", "outgoing-number", {}),
        ("112", "outgoing-number", {}),
    ],
)
def test_other_calls_do_not(files: dict[str, bytes], dialed: str, context: str, changed: dict[str, str]) -> None:
    assert _walk(files, dialed, context, **changed).done[-1][0] == "bridge"


def test_where_nobody_answers_it_goes_out(files: dict[str, bytes]) -> None:
    walk = _walk(files, "017604069001", "outgoing-number", dead=True)
    assert walk.done[-1][0] == "bridge"
    assert not {"answer", "play_and_get_digits"} & {application for application, _ in walk.done}
    assert walk.variables["ignore_early_media"] == ""


def test_without_a_guard_nothing_is_asked(tmp_path: Path) -> None:
    walk = _walk(_files(tmp_path, guard_minutes=0), "017604069001", "outgoing-number")
    assert walk.done[-1][0] == "bridge"
    assert not any(application == "socket" for application, _ in walk.done)


def test_a_warning_is_noted_and_said(files: dict[str, bytes]) -> None:
    warned = {
        v.GUARD: v.GUARD_WARNS,
        v.GUARD_SAYS: "a.wav!b.wav",
        v.GUARD_MARK: "guard;guard;employee:anna;claimed;ben@1",
    }
    walk = _walk(files, "+4917604069001", "guard-answer", **warned)
    said = dict(walk.done)
    assert said["push"] == f"{v.STEP}={warned[v.GUARD_MARK]}"
    assert "file_string://a.wav!b.wav" in said["play_and_get_digits"]
    assert walk.done[-1] == ("hangup", "NORMAL_CLEARING"), "no key, no call"


@pytest.mark.parametrize("key", ["", "2", "0", "*", "11"])
def test_any_other_key_gives_it_up(files: dict[str, bytes], key: str) -> None:
    walk = _walk(files, "+4917604069001", "guard-key", **{v.GUARD_KEY: key})
    assert [application for application, _ in walk.done] == ["playback", "hangup"]


def test_the_key_lets_it_out_and_an_answer_alone_connects_it(files: dict[str, bytes]) -> None:
    walk = _walk(files, "+4917604069001", "guard-key", **{v.GUARD_KEY: "1"})
    assert walk.done[-1][0] == "bridge"
    assert walk.variables["ignore_early_media"] == "true"


@pytest.mark.parametrize("cause", ["USER_BUSY", "NO_ANSWER", "CALL_REJECTED"])
def test_who_was_answered_to_be_warned_hears_a_tone_where_others_are_refused(
    files: dict[str, bytes], cause: str
) -> None:
    """A phone sounds what a call is refused by, but not why one ends that was answered."""
    tone = ("gentones", "%(480,480,425)|5")
    answered = {"endpoint_disposition": "ANSWER"}
    walk = _walk(files, cause, "unreached", **answered)
    assert tone in walk.done
    assert walk.done[-1] == ("hangup", cause)
    assert tone not in _walk(files, cause, "unreached").done
    assert tone not in _walk(files, cause, "unreached", **answered, **{v.BACK: "anna-desk"}).done, "it comes back"


def test_every_prompt_that_it_may_say_is_there() -> None:
    names = {f"guard_{what}" for what in guard.What} | {"guard_extension", "guard_press", "guard_ended"}
    names |= {f"ago_{step}" for step in guard._AGO} | {f"digit_{digit}" for digit in range(10)}
    for language in ("de", "en"):
        missing = {name for name in names if not (prompts_dir() / language / f"{name}.wav").is_file()}
        assert not missing
