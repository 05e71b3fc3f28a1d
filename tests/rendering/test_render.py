"""What is rendered, as text: names and secrets, tables of numbers, a site's own templates, refused results."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from callrouter import settings as settings_file
from callrouter import variables
from callrouter.errors import RenderError
from callrouter.rendering.harmless import harmless
from callrouter.settings import Settings
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return switch_settings(tmp_path)


def _dialplan(files: dict[str, bytes]) -> dict[str, etree._Element]:
    trees = [etree.fromstring(data) for name, data in files.items() if name.startswith("dialplan/")]
    return {context.get("name"): context for tree in trees for context in tree.iter("context")}


def _actions(context: etree._Element) -> list[tuple[str, str]]:
    return [(action.get("application"), action.get("data", "")) for action in context.iter("action")]


def test_same_input_same_bytes(settings: Settings) -> None:
    assert rendered(muster(), settings) == rendered(muster(), settings)


def test_every_file_is_there(settings: Settings) -> None:
    assert {name.partition("/")[0] for name in rendered(muster(), settings)} == {
        "freeswitch.xml",
        "autoload_configs",
        "dialplan",
        "directory",
        "sip_profiles",
    }


def test_number_owner_version_and_direction_are_set_before_the_router_is_asked(settings: Settings) -> None:
    contexts = _dialplan(rendered(muster(), settings))
    sockets = 0
    for context in contexts.values():
        for extension in context.iter("extension"):
            applications = [action.get("application") for action in extension.iter("action")]
            if "socket" not in applications:
                continue
            sockets += 1
            assert applications[-1] == "transfer", "the fallback must follow"
            before = [action.get("data") for action in extension.iter("action")][: applications.index("socket")]
            if context.get("name") == "numbers" and extension.get("name").startswith("+"):
                number, owner, *_ringing = before[0].removeprefix("^^|").split("|")
                assert number == f"{variables.NUMBER}={extension.get('name')}"
                assert owner.startswith(f"{variables.OWNER}=")
    assert sockets > 5
    for name in ("public", "internal"):
        every_call = [text for _, data in _actions(contexts[name]) for text in data.removeprefix("^^|").split("|")]
        for wanted in (
            f"{variables.VERSION}=7",
            "hangup_after_bridge=true",
            "continue_on_fail=true",
            "ignore_early_media=true",
            "sip_ignore_remote_cause=true",
            "sip_copy_custom_headers=false",
            "force_transfer_context=internal",
            f"import={variables.DEVICE}",
        ):
            assert wanted in every_call


def test_ring_ready_comes_right_before_every_bridge_to_phones(settings: Settings) -> None:
    for context in _dialplan(rendered(muster(), settings)).values():
        actions = _actions(context)
        for position, (application, data) in enumerate(actions):
            if application == "bridge" and "sofia/phones/" in data:
                assert actions[position - 1] == ("ring_ready", "")
                for leg in re.findall(r"\[([^]]*)\]", data):
                    uuid = r"\$\{uuid:0:24\}(?:\$\{" + variables.TURN + r"\}|9)[0-9a-f]{11}"
                    assert re.match(rf"{variables.DEVICE}=([a-z-]+|\$1),{variables.LEG}={uuid}", leg)
                    assert "origination_callee_id_number=" in leg or f"{variables.DEVICE}=$1" in leg


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Anna Schmidt", "Anna Schmidt"),
        ("Ben Yılmaz", "Ben Yılmaz"),
        ("O'Brien, Max", "O Brien Max"),
        ("${system(id)} $${domain} <b> --", "system(id) domain b"),
        ('a[b]c{d}e|f\\g^h%i"j', "a b c d e f g h i j"),
    ],
)
def test_names_lose_what_could_be_interpreted(name: str, cleaned: str, settings: Settings) -> None:
    assert harmless(name) == cleaned
    company = muster()
    company["employees"][0]["name"] = company["pools"][0]["name"] = name
    for data in rendered(company, settings).values():
        assert name == cleaned or name.encode() not in data


def test_a_device_that_is_off_or_has_no_password_has_no_account_and_never_rings(settings: Settings) -> None:
    company = muster()
    company["employees"][0]["devices"][0]["enabled"] = False
    del company["employees"][0]["devices"][1]["sip_password"]
    everything = b"".join(rendered(company, settings).values())
    assert b"anna-desk" not in everything
    assert b"anna-soft" not in everything
    assert b"ben-desk" in everything


def test_passwords_are_in_the_directory_alone(settings: Settings) -> None:
    for name, data in rendered(muster(), settings).items():
        assert (b"4f1bX2-desk" in data) == (name == "directory/phones.xml")


def test_no_event_socket_password_is_refused(settings: Settings) -> None:
    open_door = dataclasses.replace(settings, freeswitch=dataclasses.replace(settings.freeswitch, password=""))
    with pytest.raises(RenderError, match="password is empty"):
        rendered(muster(), open_door)


def test_ambiguous_short_numbers_are_left_out(settings: Settings) -> None:
    company = muster()
    company["number_blocks"].append({"prefix": "+4930231251", "first": "00", "last": "99"})
    company["numbers"].append("+493023125110")
    company["pools"][0]["numbers"].append("+493023125110")
    numbers = _dialplan(rendered(company, settings))["numbers"]
    patterns = {e.get("name"): e.find("condition").get("expression") for e in numbers.iter("extension")}
    assert not re.match(patterns["+493023125010"], "10")
    assert not re.match(patterns["+493023125110"], "10")
    assert re.match(patterns["+493023125011"], "11")


def test_many_numbers_are_split_by_their_ending_and_each_spelling_finds_its_own(settings: Settings) -> None:
    company = muster()
    company["number_blocks"] = [{"prefix": "+4930" + "23125", "first": "000", "last": "999"}]
    company["numbers"] = [f"+493023125{n:03}" for n in range(1000)]
    company["pools"][0]["numbers"] = [n for n in company["numbers"] if n not in ("+493023125010", "+493023125011")]
    contexts = _dialplan(rendered(company, settings))
    start = contexts["numbers"].find("extension/condition").get("expression")
    for number in company["numbers"][::37]:
        for spelling in (number, f"00{number[1:]}", f"0{number[3:]}", number[-8:], number[-3:]):
            ending = re.match(start, spelling)
            assert ending
            part = contexts[f"numbers-{ending[2]}"]
            found = [
                extension.get("name")
                for extension in part.iter("extension")
                if re.match(extension.find("condition").get("expression"), spelling)
            ]
            assert found[0] == number
    assert len(contexts["numbers"].findall("extension")) < 5


def test_holidays_and_ranges_are_rendered_as_dates(settings: Settings) -> None:
    schedules = rendered(muster(), settings, {dt.date(2026, 10, 3): "Tag der Deutschen Einheit"})
    text = schedules["dialplan/schedules.xml"].decode()
    assert 'year="2026" mon="10" mday="3-3"' in text
    assert 'year="2026" mon="12" mday="28-31"' in text
    assert 'mon="12" mday="24"' in text
    assert 'wday="mon,tue,wed,thu,fri" time-of-day="08:00:00-17:29:59"' in text


def _site(tmp_path: Path, settings: Settings, name: str, text: str) -> Settings:
    path = tmp_path / "site" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return dataclasses.replace(settings, rendering=settings_file.Rendering(site_templates="site"))


def test_a_sites_folder_that_is_not_there_is_told(settings: Settings) -> None:
    site = dataclasses.replace(settings, rendering=settings_file.Rendering(site_templates="nowhere"))
    with pytest.raises(RenderError, match=r"site_templates: .*nowhere is no folder"):
        rendered(muster(), site)


def test_a_sites_template_of_the_same_name_wins(tmp_path: Path, settings: Settings) -> None:
    site = _site(tmp_path, settings, "autoload_configs/timezones.conf.xml.j2", "<configuration name='own'/>\n")
    assert rendered(muster(), site)["autoload_configs/timezones.conf.xml"] == b"<configuration name='own'/>\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<include><context name='x'></include>", "no well-formed XML"),
        ("<include>$${domain}</include>", "preprocessor"),
        ("<include>{{ nothing_of_that_name }}</include>", "nothing_of_that_name"),
        ("<include><context name='x'><extension><condition>{}</condition></extension></context></include>", ""),
        ("<include><context name='numbers'/></include>", "two contexts 'numbers'"),
    ],
)
def test_a_wrong_template_is_refused_with_its_name(
    tmp_path: Path, settings: Settings, text: str, complaint: str
) -> None:
    site = _site(tmp_path, settings, "dialplan/own.xml.j2", text)
    if not complaint:
        rendered(muster(), site)
        return
    with pytest.raises(RenderError, match=re.escape(complaint)):
        rendered(muster(), site)


def test_where_calls_come_in_they_are_let_in(tmp_path: Path, settings: Settings) -> None:
    site = _site(tmp_path, settings, "dialplan/internal.xml.j2", "<include><context name='internal'/></include>")
    with pytest.raises(RenderError, match=r"'internal' must begin with takeover\.let_in"):
        rendered(muster(), site)


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ('application="transfer" data="x XML nowhere"', "'nowhere', which does not exist"),
        ('application="bridge" data="loopback/10"', "never loopback/"),
        ('application="bridge" data="user/anna-desk"', "never loopback/ or user/"),
        ('application="bridge" data="[callrouter_device=x]sofia/phones/x%y"', "ring_ready must come right before"),
        ('application="bridge" data="sofia/phones/x%y"', "must carry callrouter_device"),
        ('application="socket" data="127.0.0.1:8084 async full"', "synchronous"),
    ],
)
def test_a_dangerous_action_is_refused(tmp_path: Path, settings: Settings, action: str, complaint: str) -> None:
    extension = f"<extension><condition><action {action}/></condition></extension>"
    text = f"<include><context name='own'>{extension}</context></include>"
    with pytest.raises(RenderError, match=re.escape(complaint)):
        rendered(muster(), _site(tmp_path, settings, "dialplan/own.xml.j2", text))


def test_unknown_time_zones_and_peers_are_told(settings: Settings) -> None:
    company: dict[str, Any] = muster()
    company["company"]["timezone"] = "Europe/Nowhere"
    with pytest.raises(RenderError, match="Europe/Nowhere"):
        rendered(company, settings)
    company = muster()
    company["trunks"][0]["peers"] = ["sbc.carrier.example"]
    with pytest.raises(RenderError, match="trunk carrier: peer"):
        rendered(company, settings)


def test_the_last_day_of_all_can_be_rendered(settings: Settings) -> None:
    """An older version took any year: what lies in a database from then must not stop every change from now on."""
    company = muster()
    company["schedules"][0]["closed"] = [{"from": "9999-12-30", "to": "9999-12-31"}]
    text = rendered(company, settings)["dialplan/schedules.xml"].decode()
    assert 'mday="30-31"' in text


@pytest.mark.parametrize("pickup", ["pools", "everybody", "nobody"])
def test_a_mailbox_takes_its_own_call_from_the_pickers_and_does_nothing_else(pickup: str, settings: Settings) -> None:
    company = muster()
    company["company"]["pickup"] = pickup
    known = {variables.RINGING: "pool-sales", f"{variables.RINGING}_pool-sales": "1-2"}
    taken = [("set_global", f"{variables.RINGING}_pool-sales=")]
    files = rendered(company, settings)
    for uuid, done in (("1-2", taken), ("3-4", []), ("", [])):
        assert Walk(files, known | {"uuid": uuid}).execute("over", "pickup") == done


@pytest.mark.parametrize(("location", "shown"), [(None, "+493023125010"), ("+493023125000", "+493023125000")])
def test_emergency_calls_show_the_location_or_who_calls(location: str | None, shown: str, settings: Settings) -> None:
    company = muster()
    company["company"]["location_number"] = location
    users = etree.fromstring(rendered(company, settings)["directory/phones.xml"])
    [number] = users.xpath(f"//user[@id='anna-desk']//variable[@name='{variables.OWN_NUMBER}']/@value")
    assert number == shown
