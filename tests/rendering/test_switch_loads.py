"""The rendered configuration on the real FreeSWITCH: it loads, and says nothing against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.switch import DOMAIN, RenderedSwitch, rendered_switch, switch_settings

pytestmark = pytest.mark.freeswitch


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderedSwitch]:
    folder: Path = tmp_path_factory.mktemp("switch")
    settings = switch_settings(folder, core_db=str(folder / "core.db"))
    with rendered_switch(folder, settings=settings) as running:
        yield running


def test_loads_without_an_error_or_warning_of_ours(switch: RenderedSwitch) -> None:
    status = switch.api("sofia status")
    assert "trunk" in status
    assert "phones" in status
    assert status.count("RUNNING") == 2
    assert switch.trouble() == []


def test_the_core_database_lies_where_the_setting_says(switch: RenderedSwitch) -> None:
    assert switch.api("show channels count").strip() == "0 total."
    assert (switch.settings.base / "core.db").stat().st_size > 0


def test_reload_answers_ok(switch: RenderedSwitch) -> None:
    assert switch.api("reloadxml").strip() == "+OK [Success]"
    assert "+OK" in switch.api("reloadacl")
    assert "+OK" in switch.api("sofia profile phones rescan")
    assert switch.trouble() == []


def test_every_enabled_device_is_in_the_directory(switch: RenderedSwitch) -> None:
    assert switch.api(f"user_exists id anna-desk {DOMAIN}") == "true"
    assert switch.api(f"user_exists id nobody {DOMAIN}") == "false"


def test_api_commands_are_not_expanded(switch: RenderedSwitch) -> None:
    assert "freeswitch" not in switch.api("expand echo ${version}").lower()
