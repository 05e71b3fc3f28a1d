"""Time zones as FreeSWITCH wants them: the POSIX rule at the end of each zone's file in the tz database."""

from __future__ import annotations

import re
from importlib import resources

from callrouter.errors import RenderError

_QUOTED = re.compile(r"<[^>]*>")
_BEFORE_MIDNIGHT = re.compile(r"/-[0-9:]+")


def posix_rule(name: str) -> str:
    """The POSIX TZ rule now in force in zone *name* (``Europe/Berlin``); raises RenderError for an unknown zone.

    RFC 9636: a version 2+ TZif file ends with the rule between two newlines. FreeSWITCH's reader knows no quoted
    abbreviations (``<+03>-3``), and the abbreviation means nothing in a condition: ``STD`` stands in for them. Nor
    does it know changes before midnight (Greenland, ``/-1``): they are one hour late there, at ``/0``.
    """
    path = resources.files("tzdata") / "zoneinfo"
    for part in name.split("/"):
        if not re.fullmatch(r"[A-Za-z0-9_+-]+", part):
            raise RenderError(f"time zone {name!r}: no such zone; write for example Europe/Berlin")
        path = path / part
    if not path.is_file() or not (data := path.read_bytes()).startswith(b"TZif"):
        raise RenderError(f"time zone {name!r}: no such zone; write for example Europe/Berlin")
    rule = data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")
    return _BEFORE_MIDNIGHT.sub("/0", _QUOTED.sub("STD", rule))
