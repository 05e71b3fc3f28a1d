"""Settings: every mistake is named with its place, and what ``init`` writes is what ``load`` reads."""

from __future__ import annotations

import dataclasses
import itertools
import tomllib
from pathlib import Path

import pytest

from callrouter.errors import SettingsError
from callrouter.settings import Settings, fresh_secrets, load, parse_address, render

MAILBOX = "[imap.sales]\nhost = 'imap.muster.example'\nusername = 'sales'\npassword = 'geheim'\n"


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> Path:
        file = tmp_path / "callrouter.toml"
        file.write_text(text, "utf-8")
        return file

    return _write


@pytest.mark.parametrize("key", ["spool_dir", "conf_dir"])
@pytest.mark.parametrize("folder", ["/srv/my calls", "calls\\there", "/srv/${x}", "/srv/a,b", "/srv/100%"])
def test_a_folder_that_freeswitch_would_not_take_as_it_is_is_refused(write, key: str, folder: str):
    """``record PATH LIMIT …`` is split at spaces: each message would be lost."""
    with pytest.raises(SettingsError, match=rf"\[freeswitch\] {key}: .* split or expand"):
        load(write(""), {f"CALLROUTER_FREESWITCH_{key.upper()}": folder})


def test_the_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings == Settings(base=tmp_path.resolve())
    assert settings.router.listen == "127.0.0.1:8084"


def test_what_is_rendered_is_read_back(write):
    chosen = {
        "smtp": {"host": 'mail "quoted" \\ host', "port": 2525, "verify": False},
        "freeswitch": {"spool_dir": "spool", **fresh_secrets()["freeswitch"]},
    }
    settings = load(write(render(chosen)), {})
    for section, keys in chosen.items():
        for key, value in keys.items():
            assert getattr(getattr(settings, section), key) == value
    assert dataclasses.replace(settings.smtp, host="127.0.0.1", port=25, verify=True) == Settings().smtp


def test_a_value_with_control_characters_is_read_back(write):
    text = "line\nbreak\ttab\x7f\x01"
    assert load(write(render({"smtp": {"password": text}})), {}).smtp.password == text


def test_every_rendered_key_is_commented():
    lines = render().splitlines()
    for before, line in itertools.pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert before.startswith("# "), line


def test_the_rendered_text_has_every_key_of_every_section():
    data = tomllib.loads(render())
    for field in dataclasses.fields(Settings):
        if field.name not in ("imap", "base", "file"):
            section = getattr(Settings(), field.name)
            assert list(data[field.name]) == [item.name for item in dataclasses.fields(section)]


def test_secrets_are_random_and_long():
    one, two = fresh_secrets(), fresh_secrets()
    for section, keys in one.items():
        for key, value in keys.items():
            assert len(value) == 32
            assert value != two[section][key]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rooter]\n", r"callrouter\.toml: \[rooter\] is no section; there are database, freeswitch,"),
        ("level = 1\n", r"\[level\] is no section"),
        ('[router]\nlissen = "x"\n', r"callrouter\.toml: \[router\] lissen: unknown key; \[router\] has listen,"),
        ('[smtp]\nport = "many"\n', r"\[smtp\] port: 'many' is not a whole number"),
        ("[smtp]\nport = 2.5\n", r"\[smtp\] port: 2.5 is not of type int"),
        ("[smtp]\nport = true\n", r"\[smtp\] port: True is not of type int"),
        ("[router]\nmax_calls = 0\n", r"\[router\] max_calls: 0 is less than 1"),
        ('[freeswitch]\nsip_ip = "hello world"\n', r"sip_ip and rtp_ip: write an IP address"),
        ('[smtp]\nsender = "nobody"\n', r"\[smtp\] sender: 'nobody' is no mail address"),
        ("[smtp]\nport = -1\n", r"\[smtp\] port: -1 is negative"),
        ("[smtp]\nport = 65536\n", r"\[smtp\] port: 65536 is more than 65535"),
        ("[freeswitch]\nrtp_end = 70000\n", r"\[freeswitch\] rtp_end: 70000 is more than 65535"),
        ("[smtp]\nhost = 1\n", r"\[smtp\] host: 1 is not of type str"),
        ('[smtp]\nverify = "maybe"\n', r"\[smtp\] verify: 'maybe' is neither true nor false"),
        ('[smtp]\nsecurity = "ssl"\n', r"\[smtp\] security: 'ssl' is none of none, starttls, tls"),
        ('[router]\nlisten = "8084"\n', r"\[router\] listen: '8084' is not HOST:PORT"),
        ('[web]\nlisten = "host:99999"\n', r"\[web\] listen: 'host:99999' is not HOST:PORT"),
        ("[imap]\nhost = 'x'\n", r"\[imap\.host\] is no section"),
        ("[imap.Sales]\n", r"write \[imap\.NAME\]"),
        ("imap = 1\n", r"write \[imap\.NAME\]"),
        ("[imap.sales]\n", r"\[imap\.sales\] host is missing"),
        ("[imap.sales]\npasswort = 'x'\n", r"\[imap\.sales\] passwort: unknown key; \[imap\.sales\] has host, port,"),
        (MAILBOX + "done = 'read'\n", r"\[imap\.sales\] done: 'read' is none of answered, flagged,"),
        (MAILBOX + "done = 'keyword:a b'\n", r"\[imap\.sales\] done: 'keyword:a b' is none of"),
        (MAILBOX + "done = 'folder:INBOX'\n", r"\[imap\.sales\] done: 'folder:INBOX' is none of"),
        ("[smtp\n", r"callrouter\.toml: .*line 1"),
        ('[database]\nurl = "mysql://x"\n', r"\[database\] url: write sqlite:///FILE or postgresql\+psycopg://"),
        ("[freeswitch]\nrtp_start = 40000\n", r"\[freeswitch\] rtp_start is above rtp_end"),
    ],
)
def test_a_mistake_in_the_file_is_named(write, text: str, message: str):
    with pytest.raises(SettingsError, match=message):
        load(write(text), {})


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path):
    file = tmp_path / "callrouter.toml"
    file.write_bytes(b'[smtp]\nhost = "\xff"\n')
    with pytest.raises(SettingsError, match=r"callrouter\.toml"):
        load(file, {})


def test_a_file_that_cannot_be_read_is_named(write, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path, _encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    file = write("")
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingsError, match=r"callrouter\.toml: .*Permission denied"):
        load(file, {})


def test_a_named_file_must_exist(tmp_path: Path):
    with pytest.raises(SettingsError, match="callrouter init"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(SettingsError, match="no such file"):
        load(environ={"CALLROUTER_CONFIG": str(tmp_path / "none.toml")})


def test_the_environment_wins_over_the_file(write):
    file = write('[smtp]\nhost = "a.example"\nport = 25\n')
    environ = {"CALLROUTER_SMTP_HOST": "b.example", "CALLROUTER_SMTP_VERIFY": "no", "CALLROUTER_CONFIG": str(file)}
    smtp = load(environ=environ).smtp
    assert (smtp.host, smtp.port, smtp.verify) == ("b.example", 25, False)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CALLROUTER_SMTP_HOSTNAME", "x", r"CALLROUTER_SMTP_HOSTNAME: unknown key; \[smtp\] has host,"),
        ("CALLROUTER_MAIL_HOST", "x", r"CALLROUTER_MAIL_HOST: there is no section \[mail\]"),
        ("CALLROUTER_SMTP_PORT", "x", r"CALLROUTER_SMTP_PORT: 'x' is not a whole number"),
        ("CALLROUTER_SMTP_PORT", "²", r"CALLROUTER_SMTP_PORT: '²' is not a whole number"),
        ("CALLROUTER_SMTP_PORT", "--5", r"CALLROUTER_SMTP_PORT: '--5' is not a whole number"),
    ],
)
def test_a_mistake_in_the_environment_is_named(write, variable: str, value: str, message: str):
    with pytest.raises(SettingsError, match=message):
        load(write(""), {variable: value})


def test_other_variables_are_left_alone(write):
    assert load(write(""), {"CALLROUTERS": "x", "PATH": "/bin"}) == Settings(base=load(write(""), {}).base)


def test_paths_are_relative_to_the_file(write, tmp_path: Path):
    file = write('[freeswitch]\nconf_dir = "conf"\nspool_dir = "/var/spool/x"\n')
    settings = load(file, {})
    assert settings.conf_dir == tmp_path.resolve() / "conf"
    assert settings.prompts_dir == tmp_path.resolve() / "conf" / "prompts"
    assert settings.spool.root == Path("/var/spool/x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///callrouter.db", "sqlite:///{base}/callrouter.db"),
        ("sqlite:////var/lib/callrouter.db", "sqlite:////var/lib/callrouter.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://u:p@h/n", "postgresql+psycopg://u:p@h/n"),
    ],
)
def test_a_relative_sqlite_path_is_relative_to_the_file(write, tmp_path: Path, url: str, expected: str):
    settings = load(write(f'[database]\nurl = "{url}"\n'), {})
    assert settings.database_url == expected.format(base=tmp_path.resolve())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8021", ("127.0.0.1", 8021)),
        ("[::1]:8021", ("::1", 8021)),
        ("pbx.muster.example:1", ("pbx.muster.example", 1)),
    ],
)
def test_an_address_is_split(text: str, expected: tuple[str, int]):
    assert parse_address(text, "x") == expected


@pytest.mark.parametrize("text", ["", ":8021", "host", "host:", "host:65536", "host:٣", "host:-1"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(SettingsError, match="what it is for: "):
        parse_address(text, "what it is for")


def test_mailboxes_have_names_and_the_environment_knows_them(write):
    file = write(MAILBOX + "done = 'folder:Erledigt'\n" + MAILBOX.replace("sales]", "support_2]"))
    imap = load(file, {"CALLROUTER_IMAP_SUPPORT_2_PASSWORD": "anders", "CALLROUTER_IMAP_SALES_POLL_SECONDS": "5"}).imap
    assert {name: (one.password, one.done, one.poll_seconds) for name, one in imap.items()} == {
        "sales": ("geheim", "folder:Erledigt", 5),
        "support_2": ("anders", "answered", 30),
    }
    with pytest.raises(SettingsError, match=r"CALLROUTER_IMAP_OTHER_PASSWORD: there is no section \[imap\.other\]"):
        load(file, {"CALLROUTER_IMAP_OTHER_PASSWORD": "x"})
