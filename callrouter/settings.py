"""All settings in one place: ``callrouter.toml``, each key also from the environment as ``CALLROUTER_SECTION_KEY``.

An unknown key is an error, so that a misspelt one is not silently the default.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import secrets
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callrouter.errors import SettingsError
from callrouter.spool import Spool

DEFAULT_FILE = "callrouter.toml"
FILE_VARIABLE = "CALLROUTER_CONFIG"
_PREFIX = "CALLROUTER_"
_ADDRESS = re.compile(r"auto|[0-9.]+|[0-9a-fA-F:]+")
_MAILBOX = re.compile(r"[^\s@<>]+@[A-Za-z0-9.-]+")
#: What a path that FreeSWITCH plays from or records to must not have: it splits at them, or expands them.
_NOT_IN_PATHS = re.compile(r"[\s${}\[\]<>,|'\"\\^%]")
#: The highest port number.
_PORT = 65535
#: The databases there are, by the beginning of their URLs.
_DATABASES = ("sqlite:///", "postgresql+psycopg://")
#: How a mailbox of ``[imap.NAME]`` is called, and what marks a mail in it as done.
_IMAP = "imap."
_IMAP_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_IMAP_DONE = re.compile(r"(answered|flagged|unflagged)|keyword:[\w$-][\w$.-]{0,59}|folder:\S(.{0,198}\S)?", re.ASCII)


def _key(
    default: Any,
    doc: str,
    *,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    least: int = 0,
    most: int | None = None,
) -> Any:
    metadata = {"doc": doc, "secret": secret, "choices": choices, "least": least, "most": most}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Database:
    """Where the directory, the ledger and the outbox live."""

    url: str = _key(
        "sqlite:///callrouter.db",
        "SQLite (relative to this file) on one node, or postgresql+psycopg://user:password@host/name for several.",
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class FreeSwitch:
    """The FreeSWITCH on this host. Both programs must see conf_dir and spool_dir at the same paths."""

    conf_dir: str = _key("/etc/freeswitch", "Where `callrouter config apply` writes FreeSWITCH's configuration.")
    spool_dir: str = _key(
        "/var/spool/callrouter", "CDRs and recordings; the switch and callrouter share a group on it."
    )
    event_socket: str = _key("127.0.0.1:8021", "FreeSWITCH's event socket, HOST:PORT; keep it on loopback.")
    password: str = _key("", "Password of the event socket.", secret=True)
    sip_ip: str = _key("auto", "Address FreeSWITCH's SIP profiles listen on; auto: the host's own.")
    trunk_port: int = _key(5080, "SIP port for trunks.", most=_PORT)
    phones_port: int = _key(5060, "SIP port for the company's phones.", most=_PORT)
    phones_tls_port: int = _key(5061, "Port for phones over TLS; 0: none.", most=_PORT)
    trunk_tls_port: int = _key(5081, "Port for trunks over TLS; only opened when there is one.", most=_PORT)
    tls_certificate: str = _key(
        "",
        "PEM file with the certificates shown over TLS; empty: one made here, callrouter-tls.pem beside this file.",
    )
    tls_key: str = _key("", "PEM file with its key; empty: in the same file.")
    tls_authorities: str = _key(
        "/etc/ssl/certs/ca-certificates.crt",
        "PEM file with the authorities whose certificates trunks over TLS must show; empty: any certificate will do.",
    )
    register_seconds: int = _key(120, "How long a phone's registration holds (seconds).", least=60, most=3600)
    ping_seconds: int = _key(
        30, "Seconds between two OPTIONS to a phone, which keep its way through NAT open and find it gone; 0: none."
    )
    srtp: str = _key(
        "off",
        "Calls to phones: off, or offered encrypted and plain, or required. Calls from phones are encrypted when "
        "the phone asks for it.",
        choices=("off", "offered", "required"),
    )
    rtp_ip: str = _key("auto", "Address for media; auto: the host's own.")
    rtp_start: int = _key(16384, "First UDP port for media.", most=_PORT)
    rtp_end: int = _key(32768, "Last UDP port for media.", most=_PORT)
    external_ip: str = _key("", "Public address told to trunks and phones when FreeSWITCH is behind NAT; empty: none.")
    core_db: str = _key(
        "",
        "File of FreeSWITCH's core database; on a RAM disk it costs calls less. Empty: FreeSWITCH's own place.",
    )
    max_sessions: int = _key(2000, "Most call legs at a time.", least=10)
    sessions_per_second: int = _key(200, "Most new inbound call legs per second.", least=1)


@dataclass(frozen=True, slots=True)
class Router:
    """The outbound event-socket server that FreeSWITCH asks for each call."""

    listen: str = _key("127.0.0.1:8084", "HOST:PORT that FreeSWITCH's dialplan connects to; keep it on loopback.")
    max_calls: int = _key(
        500, "Above this many calls at a time further ones go straight into the static fallback.", least=1
    )
    max_call_seconds: int = _key(14400, "Longest time one call is watched; the call itself goes on after it.", least=60)
    stop_seconds: int = _key(5, "On SIGTERM: how long calls being routed may take before they go into the fallback.")


@dataclass(frozen=True, slots=True)
class Worker:
    """Turns CDRs and recordings into calls, messages and mails."""

    archive_days: int = _key(90, "Days to keep archived files, at most as long as calls and messages; 0: so long.")


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Limits of recorded messages."""

    max_seconds: int = _key(180, "Longest message (seconds).", least=5)
    silence_seconds: int = _key(5, "So much silence ends a message (seconds).", least=2)
    min_seconds: int = _key(1, "Anything shorter is no message but a missed call (seconds).")


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server that takes our mails."""

    host: str = _key("127.0.0.1", "Host name of the mail server.")
    port: int = _key(25, "Its port: 25, 587 (starttls) or 465 (tls).", most=_PORT)
    security: str = _key("none", "none, starttls or tls.", choices=("none", "starttls", "tls"))
    verify: bool = _key(True, "Check the server's certificate.")
    username: str = _key("", "User name; empty: no authentication.")
    password: str = _key("", "Password.", secret=True)
    sender: str = _key("telefon@localhost.example", "From address of every mail.")
    timeout_seconds: int = _key(30, "Longest wait for the mail server, whole delivery (seconds).", least=1)


@dataclass(frozen=True, slots=True)
class Imap:
    """A team's mailbox on an IMAP server where mails are marked as done; there may be several, each with its NAME."""

    host: str = _key("", "Host name of the IMAP server.")
    port: int = _key(993, "Its port: 993 (tls) or 143 (starttls).", least=1, most=_PORT)
    security: str = _key("tls", "tls, starttls or none.", choices=("tls", "starttls", "none"))
    verify: bool = _key(True, "Check the server's certificate.")
    username: str = _key("", "User name.")
    password: str = _key("", "Password.", secret=True)
    folder: str = _key("INBOX", "The folder that our mails come into.")
    done: str = _key(
        "answered",
        "What marks a mail as done: answered, flagged, unflagged (no flag any more), keyword:NAME, folder:NAME.",
    )
    poll_seconds: int = _key(30, "Looks into it so often (seconds).", least=1, most=3600)
    timeout_seconds: int = _key(30, "Longest wait for an answer of the server (seconds).", least=1, most=300)


@dataclass(frozen=True, slots=True)
class Web:
    """The web role."""

    listen: str = _key("127.0.0.1:8080", "HOST:PORT of the web pages and of /health and /metrics.")
    base_url: str = _key(
        "http://127.0.0.1:8080",
        "Address under which people reach the web pages; used in mails. With https:// cookies are sent over TLS alone, "
        "and X-Forwarded-For of the one proxy in front is believed.",
    )
    secret_key: str = _key(
        "", "Signs sessions and links; empty: a new one at each start, which signs everybody out.", secret=True
    )


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the FreeSWITCH configuration is made."""

    site_templates: str = _key("", "Folder of your own templates; one of the same name wins over ours. Empty: none.")


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged."""

    level: str = _key("info", "debug, info, warning or error.", choices=("debug", "info", "warning", "error"))
    format: str = _key("text", "text or json.", choices=("text", "json"))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything ``callrouter.toml`` says. Paths in it are relative to ``base``, the directory of ``file``."""

    database: Database = field(default_factory=Database)
    freeswitch: FreeSwitch = field(default_factory=FreeSwitch)
    router: Router = field(default_factory=Router)
    worker: Worker = field(default_factory=Worker)
    voicemail: Voicemail = field(default_factory=Voicemail)
    smtp: Smtp = field(default_factory=Smtp)
    web: Web = field(default_factory=Web)
    rendering: Rendering = field(default_factory=Rendering)
    log: Log = field(default_factory=Log)
    imap: Mapping[str, Imap] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)
    file: Path | None = field(default=None, compare=False)

    @property
    def conf_dir(self) -> Path:
        return self.base / self.freeswitch.conf_dir

    @property
    def prompts_dir(self) -> Path:
        """Where ``config apply`` puts the prompts, so that FreeSWITCH can read them."""
        return self.conf_dir / "prompts"

    @property
    def spool(self) -> Spool:
        return Spool(self.base / self.freeswitch.spool_dir)

    @property
    def database_url(self) -> str:
        """The database's URL with a relative SQLite path made absolute."""
        prefix = "sqlite:///"
        url = self.database.url
        if url.startswith(prefix) and not url.startswith(prefix + "/") and url != prefix + ":memory:":
            return prefix + str((self.base / url[len(prefix) :]).resolve())
        return url


def _sections() -> dict[str, type]:
    hints = typing.get_type_hints(Settings)
    return {f.name: hints[f.name] for f in dataclasses.fields(Settings) if f.name not in ("imap", "base", "file")}


def parse_address(text: str, what: str) -> tuple[str, int]:
    """Split ``HOST:PORT`` (``[v6]:PORT``); raises SettingsError naming *what*."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _PORT:
        raise SettingsError(f"{what}: {text!r} is not HOST:PORT, for example 127.0.0.1:8021")
    return host.strip("[]"), int(port)


def _convert(value: Any, kind: type, where: str, meta: Mapping[str, Any]) -> Any:
    choices, most = meta["choices"], meta["most"]
    if isinstance(value, str) and kind is int:
        try:
            value = int(value)
        except ValueError:
            raise SettingsError(f"{where}: {value!r} is not a whole number") from None
    if isinstance(value, str) and kind is bool:
        if value.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise SettingsError(f"{where}: {value!r} is neither true nor false")
        value = value.lower() in ("true", "1", "yes")
    if type(value) is not kind:
        raise SettingsError(f"{where}: {value!r} is not of type {kind.__name__}")
    if isinstance(value, int) and value < 0:
        raise SettingsError(f"{where}: {value} is negative")
    if isinstance(value, int) and value < meta["least"]:
        raise SettingsError(f"{where}: {value} is less than {meta['least']}")
    if isinstance(value, int) and most is not None and value > most:
        raise SettingsError(f"{where}: {value} is more than {most}")
    if choices and value not in choices:
        raise SettingsError(f"{where}: {value!r} is none of {', '.join(choices)}")
    return value


def _mailboxes(tables: Any, file: Path) -> dict[str, Any]:
    if not isinstance(tables, dict) or not all(_IMAP_NAME.fullmatch(name) for name in tables):
        raise SettingsError(f"{file}: write [imap.NAME]; NAME has lower-case letters, digits and _, as in [imap.sales]")
    return {_IMAP + name: keys for name, keys in tables.items()}


def _mailbox_key(key: str) -> tuple[str, str]:
    """``sales_poll_seconds`` is ``poll_seconds`` of the mailbox ``sales``."""
    found = next((f.name for f in dataclasses.fields(Imap) if key.endswith("_" + f.name)), "")
    return _IMAP + key.removesuffix("_" + found), found


def _checked(mailbox: Imap, where: str) -> Imap:
    for key in ("host", "username", "password", "folder"):
        if not getattr(mailbox, key):
            raise SettingsError(f"{where} {key} is missing")
    if not _IMAP_DONE.fullmatch(mailbox.done) or mailbox.done == f"folder:{mailbox.folder}":
        kinds = "answered, flagged, unflagged, keyword:NAME, folder:NAME"
        raise SettingsError(f"{where} done: {mailbox.done!r} is none of {kinds}")
    return mailbox


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from *path* (default: ``$CALLROUTER_CONFIG``, else ``callrouter.toml`` here, if it exists).

    Raises SettingsError for a missing named file, bad TOML, an unknown section or key, or a bad value.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    file = named or Path(DEFAULT_FILE)
    data: dict[str, Any] = {}
    if file.is_file():
        try:
            data = tomllib.loads(file.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
    elif named:
        raise SettingsError(f"{file}: no such file; `callrouter init` writes one")
    sections = _sections()
    data |= (mailboxes := _mailboxes(data.pop("imap", {}), file))
    sections |= dict.fromkeys(mailboxes, Imap)
    wanted: dict[str, dict[str, tuple[Any, str]]] = {name: {} for name in sections}
    for name, keys in data.items():
        if name not in sections or not isinstance(keys, dict):
            raise SettingsError(f"{file}: [{name}] is no section; there are {', '.join(sections)}, imap.NAME")
        for key, value in keys.items():
            wanted[name][key] = (value, f"{file}: [{name}] {key}")
    for variable, value in environ.items():
        if not variable.startswith(_PREFIX) or variable == FILE_VARIABLE:
            continue
        section, _, key = variable[len(_PREFIX) :].lower().partition("_")
        if section == "imap":
            section, key = _mailbox_key(key)
        if section not in sections:
            raise SettingsError(f"environment variable {variable}: there is no section [{section}]")
        wanted[section][key] = (value, f"environment variable {variable}")
    built: dict[str, Any] = {}
    for name, kind in sections.items():
        fields = {f.name: f for f in dataclasses.fields(kind)}
        hints = typing.get_type_hints(kind)
        values = {}
        for key, (value, where) in wanted[name].items():
            if key not in fields:
                raise SettingsError(f"{where}: unknown key; [{name}] has {', '.join(fields)}")
            values[key] = _convert(value, hints[key], where, fields[key].metadata)
        built[name] = kind(**values)
    imap = {name.removeprefix(_IMAP): _checked(built.pop(name), f"[{name}]") for name in mailboxes}
    file = file.resolve()
    settings = Settings(**built, imap=imap, base=file.parent, file=file if file.is_file() else None)
    for text, what in (
        (settings.freeswitch.event_socket, "[freeswitch] event_socket"),
        (settings.router.listen, "[router] listen"),
        (settings.web.listen, "[web] listen"),
    ):
        parse_address(text, what)
    for folder, what in ((settings.conf_dir, "[freeswitch] conf_dir"), (settings.spool.root, "[freeswitch] spool_dir")):
        if _NOT_IN_PATHS.search(str(folder)):
            raise SettingsError(
                f"{what}: FreeSWITCH would split or expand {str(folder)!r}; "
                "choose a folder without spaces and $ { } [ ] < > , | ' \" \\ ^ %"
            )
    if not settings.database.url.startswith(_DATABASES):
        raise SettingsError("[database] url: write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")
    if settings.freeswitch.rtp_start > settings.freeswitch.rtp_end:
        raise SettingsError("[freeswitch] rtp_start is above rtp_end; make it the lower one")
    if not _ADDRESS.fullmatch(settings.freeswitch.sip_ip) or not _ADDRESS.fullmatch(settings.freeswitch.rtp_ip):
        raise SettingsError("[freeswitch] sip_ip and rtp_ip: write an IP address, or auto for the host's own")
    if not _MAILBOX.fullmatch(settings.smtp.sender):
        raise SettingsError(f"[smtp] sender: {settings.smtp.sender!r} is no mail address")
    return settings


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def fresh_secrets() -> dict[str, dict[str, str]]:
    """Random values for the keys that must not have a default: 32 characters each."""
    return {
        "freeswitch": {"password": secrets.token_urlsafe(24)},
        "web": {"secret_key": secrets.token_urlsafe(24)},
    }


def render(values: Mapping[str, Mapping[str, Any]] = types.MappingProxyType({})) -> str:
    """The text of a commented ``callrouter.toml``: every key with its meaning, *values* in place of defaults."""
    lines = ["# callrouter's settings. Each key can also be set as CALLROUTER_SECTION_KEY in the environment."]
    for name, kind in _sections().items():
        doc = " ".join((kind.__doc__ or "").split())
        lines += ["", f"# {doc}", f"[{name}]"]
        for item in dataclasses.fields(kind):
            value = values.get(name, {}).get(item.name, item.default)
            lines += [f"# {item.metadata['doc']}", f"{item.name} = {_toml(value)}"]
    lines += ["", f"# {Imap.__doc__}", "# [imap.NAME]"]
    lines += [f"# {item.name} = {_toml(item.default)}" for item in dataclasses.fields(Imap)]
    return "\n".join(lines) + "\n"
