"""FreeSWITCH loads what was rendered and nothing else, whatever lay in its folder before."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from callrouter import settings as settings_file
from tests.switch import DOMAIN, muster, rendered, rendered_switch, switch_settings

#: Files of the names that FreeSWITCH's sample configuration has, and what of it must not come to life.
STRANGERS = {
    "sip_profiles/internal.xml": '<profile name="internal"><settings/></profile>',
    "autoload_configs/stranger.conf.xml": "no XML at all <",
    "directory/default.xml": f'<domain name="{DOMAIN}"><user id="1000"/></domain>',
    "dialplan/default.xml": '<include><context name="public"/></include>',
}


def _included(files: dict[str, bytes]) -> set[str]:
    found = set()
    for name in ("freeswitch.xml", "autoload_configs/sofia.conf.xml"):
        folder = Path(name).parent
        for path in re.findall(r'cmd="include" data="([^"]+)"', files[name].decode()):
            found.add((folder / path).as_posix().replace("autoload_configs/../", ""))
    return found


def test_every_rendered_file_is_included_by_name(tmp_path: Path) -> None:
    site = tmp_path / "site/dialplan/door.xml"
    site.parent.mkdir(parents=True)
    site.write_text("<include/>\n", "utf-8")
    settings = dataclasses.replace(
        switch_settings(tmp_path), rendering=settings_file.Rendering(site_templates=str(tmp_path / "site"))
    )
    files = rendered(muster(), settings)
    assert "dialplan/door.xml" in files
    assert _included(files) == {name for name in files if name != "freeswitch.xml"}


@pytest.mark.freeswitch
def test_what_lay_there_before_is_not_loaded(tmp_path: Path) -> None:
    settings = switch_settings(tmp_path)
    for name, text in STRANGERS.items():
        path = settings.conf_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with rendered_switch(tmp_path, settings=settings) as switch:
        assert switch.api("sofia status").count("RUNNING") == 2
        assert switch.api(f"user_exists id anna-desk {DOMAIN}") == "true"
        assert switch.api(f"user_exists id 1000 {DOMAIN}") == "false"
        assert switch.trouble() == []
