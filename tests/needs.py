"""What the tests need beside Python, in one table: skip reasons, the report of ``make test`` and CI's package list.

``python -m tests.needs`` says what is missing and what is skipped for it; ``--packages`` prints Debian package names.
Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Environment variable that names a FreeSWITCH binary outside the usual places (CALLROUTER_… would be a setting).
FREESWITCH_VARIABLE = "FREESWITCH_BINARY"
_FREESWITCH_PLACES = ("/usr/local/freeswitch/bin/freeswitch", "/usr/bin/freeswitch")
_DOVECOT_PLACES = ("/usr/sbin", "/usr/lib/dovecot/imap-login")
_POSTGRESQL_PLACES = "/usr/lib/postgresql/*/bin"


def find_freeswitch() -> Path | None:
    """The FreeSWITCH binary: ``$FREESWITCH_BINARY``, else on PATH, else at a usual prefix."""
    named = os.environ.get(FREESWITCH_VARIABLE)
    candidates = [named] if named else [shutil.which("freeswitch"), *_FREESWITCH_PLACES]
    return next((Path(path) for path in candidates if path and os.access(path, os.X_OK)), None)


def find_postgresql() -> Path | None:
    """The directory with ``initdb`` and ``postgres``: the one on PATH, else Debian's newest version."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / "postgres").exists():
        return Path(on_path).resolve().parent
    found = [path for path in Path("/").glob(_POSTGRESQL_PLACES.lstrip("/")) if (path / "initdb").exists()]
    return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)], default=None)


def find_dovecot() -> Path | None:
    """The Dovecot server, if it can do IMAP; in sbin, which is not on every user's PATH."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:{_DOVECOT_PLACES[0]}")
    return Path(found) if found and Path(_DOVECOT_PLACES[1]).exists() else None


def _program(name: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        path = shutil.which(name)
        return Path(path) if path else None

    return find


@dataclass(frozen=True, slots=True)
class Need:
    """One thing a group of tests needs; ``package`` is Debian's name, empty where Debian has none."""

    what: str
    find: Callable[[], Path | None]
    package: str
    tests: str


NEEDS = {
    "freeswitch": Need("FreeSWITCH", find_freeswitch, "", "calls on a real FreeSWITCH"),
    "sipp": Need("sipp", _program("sipp"), "sip-tester", "calls on a real FreeSWITCH"),
    "baresip": Need("baresip", _program("baresip"), "baresip-core", "encrypted calls"),
    "sox": Need("sox", _program("sox"), "sox", "comparisons of recorded audio"),
    "postgresql": Need("PostgreSQL", find_postgresql, "postgresql", "the database tests on PostgreSQL"),
    "dovecot": Need("Dovecot", find_dovecot, "dovecot-imapd", "the sync of cases with a mailbox on a real IMAP server"),
    "chromium": Need("Chromium", _program("chromium"), "chromium", "the browser tests"),
    "zbarimg": Need("zbarimg", _program("zbarimg"), "zbar-tools", "the scan of a phone's QR code"),
    "curl": Need("curl", _program("curl"), "curl", "the examples of the REST API"),
    "shellcheck": Need("shellcheck", _program("shellcheck"), "shellcheck", "the check of the shell scripts"),
}


def missing(name: str) -> str:
    """Why tests that need *name* are skipped, or an empty string when it is there."""
    need = NEEDS[name]
    if need.find():
        return ""
    remedy = f"apt-get install {need.package}" if need.package else f"install it, or set {FREESWITCH_VARIABLE}"
    return f"no {need.what} ({remedy})"


def report() -> list[str]:
    """One line a missing need, in plain words; empty when nothing is missing."""
    return [f"{reason}: skipping {NEEDS[name].tests}" for name in NEEDS if (reason := missing(name))]


def main(arguments: list[str]) -> int:
    if arguments == ["--packages"]:
        print(" ".join(sorted({need.package for need in NEEDS.values() if need.package})))
        return 0
    if arguments:
        print("usage: python -m tests.needs [--packages]", file=sys.stderr)
        return 2
    lines = report()
    print("\n".join(lines) if lines else "Everything that the tests need is installed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
