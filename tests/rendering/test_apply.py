"""Applying: whole or not at all, never over somebody's edit, back to the old one when FreeSWITCH refuses."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest

from callrouter.errors import RenderError, SwitchError
from callrouter.rendering.apply import EditedError, apply
from callrouter.rendering.changes import MANIFEST, compare, manifest_underway

OLD = {"freeswitch.xml": b"<a/>\n", "dialplan/x.xml": b"<x/>\n", "dialplan/y.xml": b"<y/>\n"}
NEW = {"freeswitch.xml": b"<a/>\n", "dialplan/x.xml": b"<x2/>\n", "dialplan/z.xml": b"<z/>\n"}


def _content(conf_dir: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(conf_dir).as_posix(): path.read_bytes()
        for path in conf_dir.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def test_writes_all_removes_what_is_ours_no_longer_and_leaves_foreign_files_alone(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    apply(OLD, conf, 1, api=None)
    (conf / "dialplan" / "foreign.xml").write_bytes(b"<foreign/>")
    done = apply(NEW, conf, 2, api=None)
    assert done.written == ("dialplan/x.xml", "dialplan/z.xml")
    assert done.removed == ("dialplan/y.xml",)
    assert _content(conf) == NEW | {"dialplan/foreign.xml": b"<foreign/>"}
    assert not compare(NEW, conf)


def test_files_are_not_for_everybody(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    for path in tmp_path.rglob("*.xml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_an_edited_file_stops_everything_and_is_shown(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    (tmp_path / "dialplan/x.xml").write_bytes(b"<mine/>\n")
    before = _content(tmp_path)
    with pytest.raises(EditedError, match=r"dialplan/x\.xml") as stopped:
        apply(NEW, tmp_path, 2, api=None)
    assert _content(tmp_path) == before
    assert "-<mine/>\n+<x2/>\n" in stopped.value.changes.diff(stopped.value.changes.edited)
    apply(NEW, tmp_path, 2, api=None, force=True)
    assert _content(tmp_path) == NEW


def test_an_edited_file_that_is_rendered_no_longer_is_kept(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    (tmp_path / "dialplan/y.xml").write_bytes(b"<mine/>\n")
    with pytest.raises(EditedError, match=r"dialplan/y\.xml"):
        apply(NEW, tmp_path, 2, api=None)


def test_a_file_edited_into_what_we_would_write_is_no_conflict(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    (tmp_path / "dialplan/x.xml").write_bytes(NEW["dialplan/x.xml"])
    apply(NEW, tmp_path, 2, api=None)
    assert _content(tmp_path) == NEW


def test_a_configuration_that_was_there_before_us_counts_as_edited(tmp_path: Path) -> None:
    (tmp_path / "freeswitch.xml").write_bytes(b"<vanilla/>\n")
    with pytest.raises(EditedError, match=r"freeswitch\.xml"):
        apply(OLD, tmp_path, 1, api=None)
    assert _content(tmp_path) == {"freeswitch.xml": b"<vanilla/>\n"}


def test_a_refused_reload_puts_the_old_configuration_back(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    manifest = (tmp_path / MANIFEST).read_bytes()

    def refuse(command: str) -> str:
        assert _content(tmp_path) == NEW, "the new files must be in place when FreeSWITCH reads them"
        raise SwitchError(f"{command}: -ERR syntax")

    with pytest.raises(RenderError, match="old one is back"):
        apply(NEW, tmp_path, 2, api=refuse)
    assert _content(tmp_path) == OLD
    assert (tmp_path / MANIFEST).read_bytes() == manifest


def test_an_answer_that_is_not_ok_counts_as_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="missing >"):
        apply(OLD, tmp_path, 1, api=lambda _: "+OK [[error near line 640]: missing >]")
    assert _content(tmp_path) == {}


def test_a_failing_write_leaves_the_old_configuration(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    (tmp_path / "dialplan/z.xml").mkdir()
    with pytest.raises(RenderError, match="old configuration is in place"):
        apply(NEW, tmp_path, 2, api=None)
    assert _content(tmp_path) == OLD
    assert not list(tmp_path.rglob("*.callrouter"))


class Switch:
    """Notes what it is asked, and takes everything; None for an answer: it refuses."""

    def __init__(self, answer: str | None = "+OK [Success]") -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, command: str) -> str:
        self.asked.append(command)
        if self.answer is None:
            raise SwitchError(f"{command}: -ERR")
        return self.answer


def test_nothing_changed_nothing_asked(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=Switch())
    switch = Switch()
    done = apply(OLD, tmp_path, 1, api=switch)
    assert (done.written, done.removed, switch.asked) == ((), (), [])


def test_what_was_written_without_freeswitch_is_told_the_next_time_and_once(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=Switch())
    apply(NEW, tmp_path, 2, api=None)
    apply(NEW, tmp_path, 2, api=None)
    with pytest.raises(RenderError, match="did not take"):
        apply(NEW, tmp_path, 2, api=Switch(None))
    assert not compare(NEW, tmp_path)
    told, after = Switch(), Switch()
    apply(NEW, tmp_path, 2, api=told)
    apply(NEW, tmp_path, 2, api=after)
    assert (told.asked, after.asked) == (["reloadxml"], [])


def test_all_trunks_begin_anew_where_nobody_knows_which_ones_freeswitch_has(tmp_path: Path) -> None:
    path = "sip_profiles/trunk.xml"
    one, two = (b'<profile><gateway name="trunk-%s"/></profile>' % name for name in (b"one", b"two"))
    apply({path: one}, tmp_path, 1, api=Switch())
    known, unknown = Switch(), Switch()
    apply({path: two}, tmp_path, 2, api=known)
    assert known.asked == ["reloadxml", "sofia profile trunk killgw trunk-one", "sofia profile trunk rescan"]
    apply({path: one}, tmp_path, 3, api=None)
    apply({path: two}, tmp_path, 4, api=unknown)
    assert unknown.asked == ["reloadxml", "sofia profile trunk killgw _all_", "sofia profile trunk rescan"]


def test_who_registered_with_an_old_password_rings_no_longer(tmp_path: Path) -> None:
    path = "directory/phones.xml"
    user = '<user id="{}"><params><param name="password" value="{}"/></params></user>'
    files = [
        {path: f'<domain name="pbx.example">{"".join(user.format(*one) for one in accounts)}</domain>'.encode()}
        for accounts in ((("desk", "1"), ("soft", "2"), ("gone", "3")), (("desk", "1"), ("soft", "4"), ("new", "5")))
    ]
    apply(files[0], tmp_path, 1, api=Switch())
    switch = Switch()
    apply(files[1], tmp_path, 2, api=switch)
    flush = "sofia profile phones flush_inbound_reg"
    assert switch.asked == ["reloadxml", f"{flush} soft@pbx.example", f"{flush} gone@pbx.example"]


def test_an_apply_killed_before_it_told_freeswitch_is_made_up_for(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=Switch())

    def killed(_command: str) -> str:
        os._exit(9)

    child = os.fork()
    if child == 0:
        apply(NEW, tmp_path, 2, api=killed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    switch = Switch()
    apply(NEW, tmp_path, 2, api=switch)
    assert switch.asked == ["reloadxml"]


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b"{")
    with pytest.raises(RenderError, match="damaged"):
        apply(OLD, tmp_path, 1, api=None)


def test_what_needs_a_restart_is_told(tmp_path: Path) -> None:
    profile = '<profile name="trunk"><settings><param name="sip-port" value="{}"/></settings></profile>'
    path, switch = "sip_profiles/trunk.xml", "autoload_configs/switch.conf.xml"
    first = apply({path: profile.format(5080).encode(), switch: b"<a/>"}, tmp_path, 1, api=None)
    assert first.restart == ()
    done = apply({path: profile.format(5081).encode(), switch: b"<b/>"}, tmp_path, 2, api=None)
    assert [reason.partition(":")[0] for reason in done.restart] == [switch, path]


@pytest.mark.parametrize("renames", range(1, 4))
def test_an_apply_killed_between_two_files_leaves_nothing_that_looks_edited(tmp_path: Path, renames: int) -> None:
    apply(OLD, tmp_path, 1, api=None)
    child = os.fork()
    if child == 0:
        left = [renames]
        replace = Path.replace

        def counted(self: Path, target: Path) -> Path:
            if self.name.endswith(".callrouter"):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
            return replace(self, target)

        with mock.patch.object(Path, "replace", counted):
            apply(NEW, tmp_path, 2, api=None)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, 9)
    newer = NEW | {"dialplan/x.xml": b"<x3/>\n", "dialplan/z.xml": b"<z3/>\n"}
    apply(newer, tmp_path, 3, api=None)
    assert _content(tmp_path).items() >= newer.items()
    assert not compare(newer, tmp_path)


def test_a_file_edited_after_a_killed_apply_is_still_somebody_s(tmp_path: Path) -> None:
    apply(OLD, tmp_path, 1, api=None)
    found = compare(NEW, tmp_path)
    (tmp_path / MANIFEST).write_bytes(manifest_underway(found, found.before))
    (tmp_path / "dialplan" / "x.xml").write_bytes(b"<mine/>\n")
    with pytest.raises(EditedError):
        apply(NEW, tmp_path, 2, api=None)
