"""A team's mailbox on an IMAP server (RFC 3501, 6851 MOVE, 7162 CONDSTORE), by one connection that is kept open."""

from __future__ import annotations

import base64
import datetime as dt
import email.parser
import email.policy
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from imapclient.exceptions import IMAPClientError, LoginError

from callrouter.mail.imap_client import LimitedClient
from callrouter.mail.mailbox import Arrived, Cursor, Look, MailboxError, Mark, Signal
from callrouter.settings import Imap

#: So many mails are asked for by one command.
_BATCH = 500
#: UIDs are looked through in ranges of this width: an answer of more than a million bytes is refused.
_RANGE = 20_000
#: A mailbox is looked through no further back than so many UIDs.
_MOST = 1_000_000
#: RFC 3501, 2.3.1.1
_HIGHEST_UID = 2**32 - 1
#: Enough for a Message-ID of ours (bytes).
_ENOUGH = 1000
_HEADER = f"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]<0.{_ENOUGH}>"
_ANSWER = b"BODY[HEADER.FIELDS"
_LONGEST_ERROR = 300
_FLAGS = {"answered": "\\Answered", "flagged": "\\Flagged", "unflagged": "\\Flagged"}


class ImapMailbox:
    """Not for several threads at once."""

    def __init__(self, name: str, settings: Imap) -> None:
        self._name = name
        self._settings = settings
        kind, _, value = settings.done.partition(":")
        self._done_folder = value if kind == "folder" else ""
        self._flag = value if kind == "keyword" else _FLAGS.get(kind, "")
        unflagged = kind == "unflagged"
        self._flagged = Mark.FLAGGED if unflagged else Mark.COMPLETE
        self.signal = Signal(Mark.NONE, Mark.FLAGGED) if unflagged else Signal(Mark.COMPLETE, Mark.NONE)
        self._folders = [settings.folder, *([self._done_folder] if self._done_folder else [])]
        self._client: LimitedClient | None = None

    def check(self) -> None:
        self._connected()

    def look(self, cursor: Cursor, since: dt.date, known: Callable[[], Collection[str]]) -> Look:
        arrived: list[Arrived] = []
        changed: dict[str, Mark] = {}
        following: dict[str, Any] = {}
        more = False
        for folder in self._folders:
            validity, end, modseq = self._select(folder)
            before = cursor.get(folder)
            if not before or before[0] != validity:
                before = [validity, self._first(end, since), modseq]
            uids, next_uid = self._uids(before[1], end)
            for uid, data in self._fetch(uids, ["FLAGS", _HEADER]):
                arrived.append(Arrived(_place(validity, uid, folder), _mail_id(data), self._mark_of(folder, data)))
            if not self._done_folder and (not modseq or modseq > before[2]):
                old = [uid for where, its, uid in map(_parts, known()) if (where, its) == (folder, validity)]
                since_then = [f"CHANGEDSINCE {before[2]}"] if before[2] else None
                for uid, data in self._fetch([uid for uid in old if uid < before[1]], ["FLAGS"], since_then):
                    changed[_place(validity, uid, folder)] = self._mark_of(folder, data)
            following[folder] = [validity, next_uid, modseq]
            more = more or next_uid < end
        return Look(tuple(arrived), changed, following, more)

    def gone(self, places: Collection[str]) -> set[str]:
        there: set[str] = set()
        for folder, validity, uids in _by_folder(places):
            if self._select(folder)[0] == validity:
                there |= {_place(validity, uid, folder) for uid, _ in self._fetch(uids, ["FLAGS"])}
        return set(places) - there

    def mark(self, places: Collection[str], mark: Mark) -> None:
        target = self._done_folder if mark is Mark.COMPLETE else self._settings.folder
        for folder, validity, uids in _by_folder(places):
            if self._select(folder)[0] != validity:
                continue
            if not self._done_folder:
                store = "remove_flags" if mark is Mark.NONE else "add_flags"
                self._command(store, uids, [self._flag], silent=True)
            elif folder != target:
                self._command("move", uids, target)

    def close(self) -> None:
        if self._client is not None:
            with suppress(MailboxError):
                self._command("logout")
            self._drop()

    @property
    def _server(self) -> str:
        return f"mailbox {self._name} ({self._settings.username} on {self._settings.host}:{self._settings.port})"

    def _connected(self) -> LimitedClient:
        if self._client is None:
            try:
                self._client = self._open()
            except Exception as error:  # whatever a server's greeting makes of the parts we use
                raise self._error("cannot be used", error) from error
            try:
                self._sign_in(self._client)
                self._check()
            except Exception:
                self._drop()
                raise
        return self._client

    def _open(self) -> LimitedClient:
        settings = self._settings
        timeout = float(max(1, settings.timeout_seconds))
        context = self._context()
        tls = context if settings.security == "tls" else None
        client = LimitedClient(settings.host, settings.port, timeout, tls)
        if settings.security == "starttls":
            try:
                client.allow(timeout)
                client.starttls(context)
            except Exception:
                with suppress(OSError, IMAPClientError):
                    client.shutdown()
                raise
        return client

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self._settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _sign_in(self, client: LimitedClient) -> None:
        user, password = self._settings.username, self._settings.password
        # LOGIN knows ASCII alone; PLAIN is UTF-8 (RFC 4616).
        plain = self._command("has_capability", "AUTH=PLAIN")
        self._command("plain_login" if plain else "login", user, password)
        if self._command("has_capability", "CONDSTORE") and self._command("has_capability", "ENABLE"):
            self._command("enable", "CONDSTORE")

    def _check(self) -> None:
        if self._done_folder and not self._command("has_capability", "MOVE"):
            raise MailboxError(f"{self._server}: the server cannot move mails (RFC 6851); choose another `done`")
        for folder in self._folders:
            self._select(folder)

    def _select(self, folder: str) -> tuple[int, int, int]:
        """UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ (0: it has none) of *folder*, which further commands are about."""
        said: Mapping[bytes, Any] = self._command("select_folder", folder)
        if b"READ-ONLY" in said:
            raise MailboxError(f"{self._server}: {folder} can only be read; allow the user to change mails there")
        lasting = _flags(said.get(b"PERMANENTFLAGS"))
        wanted = self._flag.lower().encode()
        if wanted and lasting and wanted not in lasting and (b"\\*" not in lasting or wanted.startswith(b"\\")):
            raise MailboxError(f"{self._server}: {folder} does not keep {self._flag}; choose another `done`")
        if not said.get(b"UIDVALIDITY") or not 0 < said.get(b"UIDNEXT", 0) <= _HIGHEST_UID:
            raise MailboxError(f"{self._server}: the server does not number the mails in {folder}")
        return said[b"UIDVALIDITY"], said[b"UIDNEXT"], said.get(b"HIGHESTMODSEQ") or 0

    def _first(self, end: int, since: dt.date) -> int:
        """The first UID that came *since* that day; *end* if none did."""
        for low in range(max(1, end - _MOST), end, _RANGE):
            found = self._command("search", ["UID", f"{low}:{min(low + _RANGE, end) - 1}", "SINCE", since])
            if found:
                return int(min(found))
        return end

    def _uids(self, start: int, end: int) -> tuple[list[int], int]:
        """The first UIDs from *start* on, and the one to go on from."""
        for low in range(max(start, end - _MOST), end, _RANGE):
            high = min(low + _RANGE, end)
            found = sorted(uid for uid in self._command("search", f"UID {low}:{high - 1}") if low <= uid < high)
            if found:
                return found[:_BATCH], found[_BATCH] if len(found) > _BATCH else high
        return [], end

    def _fetch(self, uids: list[int], what: list[str], modifiers: list[str] | None = None) -> Iterator[tuple[int, Any]]:
        for start in range(0, len(uids), _BATCH):
            asked = uids[start : start + _BATCH]
            found = self._command("fetch", asked, what, modifiers)
            yield from ((uid, found[uid]) for uid in asked if uid in found)

    def _mark_of(self, folder: str, data: Mapping[bytes, Any]) -> Mark:
        if self._done_folder:
            return Mark.COMPLETE if folder == self._done_folder else Mark.NONE
        return self._flagged if self._flag.lower().encode() in _flags(data.get(b"FLAGS")) else Mark.NONE

    def _command(self, name: str, *arguments: Any, **options: Any) -> Any:
        """One command and its answer, within ``timeout_seconds``."""
        client = self._connected()
        try:
            client.allow(self._settings.timeout_seconds)
            return getattr(client, name)(*arguments, **options)
        except LoginError as error:
            self._drop()
            raise self._error("does not let us in; check user name and password", error) from error
        except Exception as error:  # whatever an answer makes of the parts we use: the next look begins anew
            self._drop()
            what = f"cannot open the folder {arguments[0]}" if name == "select_folder" else f"failed at {name}"
            raise self._error(what, error) from error

    def _error(self, what: str, error: Exception) -> MailboxError:
        said = str(error) or type(error).__name__
        for secret in self._secrets():  # a server may repeat what it was sent
            said = said.replace(secret, "***")
        shown = "".join(letter if letter.isprintable() else " " for letter in said)
        return MailboxError(f"{self._server} {what}: {' '.join(shown.split())[:_LONGEST_ERROR]}")

    def _secrets(self) -> Iterator[str]:
        """The password, as an error may show it."""
        user, password = self._settings.username, self._settings.password
        for written in (password, password.replace("\\", "\\\\").replace('"', '\\"')):
            yield from filter(None, (written, repr(written)[1:-1], repr(written.encode())[2:-1]))
        yield base64.b64encode(f"\0{user}\0{password}".encode()).decode()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, IMAPClientError):
                client.shutdown()


def _flags(said: Any) -> set[bytes]:
    return {flag.lower() for flag in said if isinstance(flag, bytes)} if isinstance(said, tuple) else set()


def _place(validity: int, uid: int, folder: str) -> str:
    return f"{validity}.{uid}.{folder}"


def _parts(place: str) -> tuple[str, int, int]:
    """Folder, UIDVALIDITY and UID."""
    validity, uid, folder = place.split(".", 2)
    return folder, int(validity), int(uid)


def _by_folder(places: Iterable[str]) -> list[tuple[str, int, list[int]]]:
    found: dict[tuple[str, int], list[int]] = {}
    for folder, validity, uid in map(_parts, places):
        found.setdefault((folder, validity), []).append(uid)
    return [(folder, validity, sorted(uids)) for (folder, validity), uids in found.items()]


def _mail_id(data: Mapping[bytes, Any]) -> str:
    """The Message-ID as it stands in the mail; empty if there is none that could be ours."""
    raw = next((value for key, value in data.items() if key.startswith(_ANSWER) and isinstance(value, bytes)), b"")
    header = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw[:_ENOUGH])
    text = "".join(str(header.get("Message-ID", "")).split())
    return text if text.isascii() and text.isprintable() else ""
