"""The command line from an empty directory to an exported company."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from callrouter.cli import doctor
from callrouter.cli.main import COMMANDS, main
from callrouter.resources import prompts_dir

MUSTER = prompts_dir().parent.parent / "simulator" / "muster.yaml"


#: What every run of the command line has in its environment.
ENVIRONMENT = {
    "CALLROUTER_FREESWITCH_SPOOL_DIR": "spool",
    "CALLROUTER_FREESWITCH_CONF_DIR": "conf",
    "CALLROUTER_FREESWITCH_EVENT_SOCKET": "127.0.0.1:1",
}


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path, cwd: Path, language: str = "C.UTF-8") -> Done:
    """Run the command line in this process, as the entry point does, in *cwd* and with an environment of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLROUTER_")}
    environment |= {"LC_ALL": language, **ENVIRONMENT}
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["callrouter", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def told(*arguments: str | Path, cwd: Path) -> str:
    done = run(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def company(tmp_path: Path) -> Path:
    told("init", cwd=tmp_path)
    told("import", MUSTER, cwd=tmp_path)
    return tmp_path


def test_init_makes_settings_spool_and_database_and_touches_nothing_again(tmp_path: Path):
    assert "Wrote callrouter.toml" in told("init", cwd=tmp_path)
    settings = tmp_path / "callrouter.toml"
    written = settings.read_text("utf-8")
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "callrouter.db").stat().st_mode) == 0o600
    assert (tmp_path / "spool" / "cdr").is_dir()
    again = run("init", cwd=tmp_path, language="de_DE.UTF-8")
    assert again.returncode == 0
    assert "gibt es schon" in again.stdout
    assert settings.read_text("utf-8") == written


def test_init_makes_the_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    named = tmp_path / "etc" / "own.toml"
    monkeypatch.setitem(ENVIRONMENT, "CALLROUTER_CONFIG", str(named))
    assert f"Wrote {named}" in told("init", cwd=tmp_path)
    assert named.exists()
    assert (named.parent / "callrouter.db").exists()
    assert not (tmp_path / "callrouter.toml").exists()


def test_only_init_makes_a_database(tmp_path: Path):
    told("init", cwd=tmp_path)
    (tmp_path / "callrouter.db").unlink()
    for command in ("export", "doctor"):
        refused = run(command, cwd=tmp_path)
        assert refused.returncode == 2
        assert "callrouter.db does not exist" in refused.stderr
    assert not (tmp_path / "callrouter.db").exists()


def test_a_database_url_that_cannot_be_read_is_told_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(ENVIRONMENT, "CALLROUTER_DATABASE_URL", "postgresql+psycopg://me:secret@host:port/x")
    refused = run("init", cwd=tmp_path)
    assert refused.returncode == 2
    assert "[database] url" in refused.stderr
    assert "secret" not in refused.stderr


def test_two_inits_have_different_secrets(tmp_path: Path):
    for name in ("one", "two"):
        told("init", "--dir", tmp_path / name, cwd=tmp_path)
    assert (tmp_path / "one/callrouter.toml").read_text() != (tmp_path / "two/callrouter.toml").read_text()
    assert (tmp_path / "one/callrouter.db").exists()


def test_a_company_goes_in_and_out_and_in_again(company: Path):
    told("export", "out.yaml", cwd=company)
    assert "sip_password" not in (company / "out.yaml").read_text("utf-8")
    assert "Nothing to change; version 1." in told("import", "out.yaml", cwd=company)
    told("export", "--with-secrets", "secret.yaml", cwd=company)
    assert stat.S_IMODE((company / "secret.yaml").stat().st_mode) == 0o600
    told("init", "--dir", "other", cwd=company)
    told("--config", "other/callrouter.toml", "import", "secret.yaml", cwd=company)
    copied = told("--config", "other/callrouter.toml", "export", "--with-secrets", cwd=company)
    assert copied == (company / "secret.yaml").read_text("utf-8")
    (company / "out.json").write_text(told("export", "--json", cwd=company), "utf-8")
    assert json.loads((company / "out.json").read_text("utf-8"))["company"]["name"] == "Muster GmbH"
    result = json.loads(told("import", "--json", "out.json", cwd=company))
    assert result["changed"] is False
    assert result["counts"]["employees"] == {"added": 0, "changed": 0, "unchanged": 2, "removed": 0}


def test_a_dry_run_and_what_needs_prune(company: Path):
    text = MUSTER.read_text("utf-8").split("blocked_callers:")[0]
    (company / "less.yaml").write_text(text, "utf-8")
    refused = run("import", "less.yaml", cwd=company)
    assert refused.returncode == 2
    assert "less.yaml:1: " in refused.stderr
    assert "blocked caller anonymous" in refused.stderr
    assert "Dry run" in told("import", "less.yaml", "--prune", "--dry-run", cwd=company)
    assert "blocked_callers" in told("export", cwd=company)
    assert "blocked callers: 2 removed" in told("import", "less.yaml", "--prune", cwd=company)
    assert "blocked_callers" not in told("export", cwd=company)


def test_mistakes_are_one_message_and_exit_code_2(tmp_path: Path):
    assert "callrouter init" in run("export", cwd=tmp_path).stderr
    told("init", cwd=tmp_path)
    assert run("export", cwd=tmp_path).stderr == "there is no company yet; `callrouter import FILE` makes it\n"
    (tmp_path / "bad.yaml").write_text("company: {name: x, sip_domain: x.example}\npools: [1]\n", "utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"company:\n  name: M\xfcller\n")
    for arguments, message in (
        (("import", "bad.yaml"), "bad.yaml:2: "),
        (("import", "latin.yaml"), "latin.yaml:2: not UTF-8"),
        (("import", "none.yaml"), "none.yaml: No such file"),
        (("import", "."), ".: Is a directory"),
        (("--config", "none.toml", "export"), "none.toml: no such file"),
        (("number", "port-away", "+493023125010"), "no company"),
        (("block", "remove", "x", "0", "9"), "is no block"),
        (("unheard-of",), "No such command"),
        (("init", "--dir", "bad.yaml/x"), "Not a directory; choose a directory"),
    ):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_explain_knows_that_emergency_calls_need_no_router(company: Path):
    said = told("explain", "112", "--device", "ben-desk", "--language", "en", cwd=company)
    assert said.startswith("1. Emergency call: FreeSWITCH dials 112 straight over the trunks.\n")
    assert "The caller is 11" in said
    for arguments in (("112", "--device", "nobody"), ("112", "--from", "+4917604069001")):
        assert run("explain", *arguments, cwd=company).returncode == 1


def test_numbers_that_go_are_flagged_by_the_doctor(company: Path):
    before = run("doctor", "--offline", cwd=company)
    assert before.returncode == 0  # a free number is a stock
    assert "number +493023125012: active, but nobody's" in before.stdout
    assert "employee anna lost its number" in told("number", "port-away", "+493023125010", cwd=company)
    found = run("doctor", "--offline", "--json", cwd=company)
    assert found.returncode == 1
    assert json.loads(found.stdout) == {
        "employees_without_number": ["anna"],
        "numbers_without_owner": ["+493023125012"],
        "alarm": doctor.NO_ALARM,
        "pages": doctor.LINKS.format("http://127.0.0.1:8080"),
        "trunks": [],
        "dead_mails": 0,
    }
    lost = told("block", "remove", "+4930231250", "11", "99", cwd=company)
    assert "employee ben lost its number" in lost
    assert json.loads(run("doctor", "--offline", "--json", cwd=company).stdout)["employees_without_number"] == [
        "anna",
        "ben",
    ]


def test_a_sound_company_has_nothing_for_the_doctor(company: Path):
    text = MUSTER.read_text("utf-8").replace('  - "+493023125012"\n', "")
    text = text.replace("\ntrunks:", "\n  limits: {alarm_email: it@muster.example}\ntrunks:", 1)
    (company / "sound.yaml").write_text(text, "utf-8")
    told("import", "--prune", "sound.yaml", cwd=company)
    assert "mails link to [web] base_url http://127.0.0.1:8080, which leads" in told("doctor", "--offline", cwd=company)
    settings = company / "callrouter.toml"
    named = settings.read_text("utf-8").replace("http://127.0.0.1:8080", "https://telefon.muster.example")
    settings.write_text(named, "utf-8")
    assert told("doctor", "--offline", cwd=company) == "Nothing is wrong.\n"


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:8080", True), ("http://localhost:8080/", True), ("http://[::1]:8080", True),
        ("https://telefon.muster.example", False), ("http://192.0.2.7:8080", False), ("", False),
    ],
)  # fmt: skip
def test_which_pages_are_found_from_here_alone(address: str, here: bool):
    assert doctor._is_here(address) is here


def test_help_lists_every_command(tmp_path: Path):
    listed = told("--help", cwd=tmp_path)
    for name in COMMANDS:
        assert f"\n  {name} " in listed
    assert "..." not in listed.partition("Commands:")[2], "a summary is cut off"


def test_as_a_process_of_its_own(tmp_path: Path):
    command = [sys.executable, "-c", "from callrouter.cli.main import main; main()"]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert version.stdout.startswith("callrouter, version ")
    missing = tmp_path / "none.toml"
    refused = subprocess.run(
        [*command, "--config", str(missing), "export"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"{missing}: no such file; `callrouter init` writes one\n"
