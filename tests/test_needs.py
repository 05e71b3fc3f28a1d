"""A machine without the Debian packages is told what is missing, and its tests are skipped and counted for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callrouter.simulator.freeswitch import find_freeswitch
from tests import needs

pytest_plugins = ["pytester"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine where nothing is installed; returns the one directory on its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(needs.FREESWITCH_VARIABLE, raising=False)
    monkeypatch.setattr(needs, "_FREESWITCH_PLACES", ())
    monkeypatch.setattr(needs, "_DOVECOT_PLACES", (str(tmp_path), str(tmp_path / "imap-login")))
    monkeypatch.setattr(needs, "_POSTGRESQL_PLACES", str(tmp_path / "postgresql/*/bin"))
    return tmp_path


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_everything_missing_is_told(bare: Path, capsys: pytest.CaptureFixture[str]):
    assert needs.main([]) == 0
    told = capsys.readouterr().out
    assert "no sipp (apt-get install sip-tester): skipping calls on a real FreeSWITCH" in told
    assert "no FreeSWITCH (install it, or set FREESWITCH_BINARY)" in told
    assert len(told.splitlines()) == len(needs.NEEDS)


def test_what_is_there_is_not_missing(bare: Path):
    program(bare / "sipp")
    assert needs.missing("sipp") == ""
    assert needs.missing("sox") != ""


def test_a_freeswitch_named_by_the_environment_is_found(bare: Path, monkeypatch: pytest.MonkeyPatch):
    binary = program(bare / "elsewhere" / "fs")
    monkeypatch.setenv(needs.FREESWITCH_VARIABLE, str(binary))
    assert needs.find_freeswitch() == binary
    monkeypatch.setenv(needs.FREESWITCH_VARIABLE, str(bare / "nothing"))
    assert needs.find_freeswitch() is None


def test_the_program_looks_for_freeswitch_where_the_tests_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert find_freeswitch() == needs.find_freeswitch()
    monkeypatch.setenv(needs.FREESWITCH_VARIABLE, str(program(tmp_path / "fs")))
    assert find_freeswitch() == needs.find_freeswitch() == tmp_path / "fs"


def test_the_newest_postgresql_is_found(bare: Path):
    for version in ("9.6", "15", "17"):
        program(bare / "postgresql" / version / "bin" / "initdb")
    assert needs.find_postgresql() == bare / "postgresql" / "17" / "bin"


def test_packages_are_one_line_for_apt(capsys: pytest.CaptureFixture[str]):
    assert needs.main(["--packages"]) == 0
    assert "sip-tester" in capsys.readouterr().out.split()


def test_an_unknown_argument_is_refused():
    assert needs.main(["--help"]) == 2


def test_skipped_tests_are_counted_by_reason(bare: Path, pytester: pytest.Pytester):
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile("""
        import pytest

        @pytest.mark.sipp
        @pytest.mark.parametrize("n", [1, 2])
        def test_call(n):
            raise AssertionError("this needs sipp")

        def test_other():
            pass
    """)
    result = pytester.runpytest_inprocess("--strict-markers")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["2 tests skipped: no sipp (apt-get install sip-tester)"])
