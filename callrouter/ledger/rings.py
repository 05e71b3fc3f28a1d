"""Which phones a call rang, when, and how each ended: read from FreeSWITCH's log of the applications it ran.

Each leg of a ``bridge`` names its device and its own UUID. ``originated_legs`` (``UUID;NAME;NUMBER``) lists the legs
that came to be, a phone that is not registered gets none; ``originate_causes`` (``UUID;CAUSE``) tells how they ended.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from callrouter import variables as v
from callrouter.routing import waiting
from callrouter.routing.plan import RING_CAUSES
from callrouter.routing.ringing import PASSED_OVER

#: No call rings more phones than this; what comes after them is left out.
MAX_LEGS = 200
#: Longer logs and dial strings (entries, characters) are none of ours from there on.
_MAX_ENTRIES, _MAX_DATA = 1_000, 60_000
_MARK = re.compile(rf"{v.STEP}=([A-Za-z0-9_-]{{1,64}});ring;")
#: Not those that the fallback left out, because their owner was talking.
_LEG = re.compile(rf"\[{v.DEVICE}=(\+?[A-Za-z0-9._-]{{1,64}}),{v.LEG}=([0-9a-f-]{{36}})[,\]](?![^\]]*\]error/)")
_CAUSE = re.compile(r"[A-Z0-9_]{1,60}")
_STAMP = re.compile(r"[0-9]{1,16}")
_LAST_TIME = 4_102_444_800_000_000  # the year 2100, microseconds


class End(StrEnum):
    """How the ringing of a phone ended; ``offline``: it was not registered; ``unknown``: the CDR does not say."""

    ANSWERED = "answered"
    ELSEWHERE = "elsewhere"
    ABANDONED = "abandoned"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    OFFLINE = "offline"
    FAILED = "failed"
    UNKNOWN = "unknown"


_ENDS = {cause: End(result) for result, causes in RING_CAUSES if result != "offline" for cause in causes} | {
    "NONE": End.ANSWERED,
    "LOSE_RACE": End.ELSEWHERE,
    "PICKED_OFF": End.ELSEWHERE,
    "ORIGINATOR_CANCEL": End.ABANDONED,
    "NORMAL_CLEARING": End.ABANDONED,
    "": End.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Leg:
    """A phone that was to ring, or a number outside: ``n`` is its step's mark, ``cause`` FreeSWITCH's (empty: none).

    Times are UTC, None where not known; a phone that was busy or declined leaves no time of that.
    """

    n: str
    device: str
    end: End
    cause: str = ""
    rang_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None

    def as_json(self) -> dict[str, str | None]:
        """As ``call_steps`` keeps it."""
        return {
            "device": self.device,
            "end": self.end.value,
            "cause": self.cause,
            "rang_at": self.rang_at.isoformat() if self.rang_at else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
        }


def entries(document: Any) -> list[dict[str, str]]:
    """Of a CDR's log of applications what :func:`legs` reads, and nothing else: marks, legs, times.

    Each entry keeps its name and time, so that this may stand in a CDR in place of the whole log.
    """
    log = document.get("app_log") if isinstance(document, dict) else None
    applications = log.get("applications") if isinstance(log, dict) else None
    if not isinstance(applications, list):
        return []
    return [_entry(one) for one in applications[:_MAX_ENTRIES] if isinstance(one, dict)]


def _entry(application: Mapping[str, Any]) -> dict[str, str]:
    name, data, stamp = (
        text if isinstance(text := application.get(key), str) else "" for key in ("app_name", "app_data", "app_stamp")
    )
    kept = ""
    if len(data) > _MAX_DATA:
        data = ""
    if name == "bridge":
        kept = ",".join(f"[{v.DEVICE}={device},{v.LEG}={uuid}]" for device, uuid in _LEG.findall(data))
    elif mark := _MARK.search(data):
        kept = mark[0]
    return {"app_name": name[:40], "app_data": kept, "app_stamp": stamp if _STAMP.fullmatch(stamp) else ""}


def _by_uuid(text: str) -> dict[str, str]:
    """The rest of each entry by its UUID."""
    pairs = (part.partition(";") for part in v.step_texts(text[: MAX_LEGS * 500])[:MAX_LEGS])
    return {uuid: rest for uuid, _, rest in pairs}


def legs(
    log: Sequence[Mapping[str, str]],
    originated: str,
    causes: str,
    *,
    answered_at: dt.datetime | None,
    ended_at: dt.datetime | None,
) -> tuple[Leg, ...]:
    """The phones in the order they were rung, from the *log*'s :func:`entries` and the two variables.

    *answered_at* and *ended_at* are the caller's: when somebody first answered, and the end of the call.
    """
    came, ended = _by_uuid(originated), _by_uuid(causes)
    found = list(_rung(log, came, ended, answered_at, ended_at))
    return tuple(found[:MAX_LEGS])


def _rung(
    log: Sequence[Mapping[str, str]],
    came: Mapping[str, str],
    ended: Mapping[str, str],
    answered_at: dt.datetime | None,
    ended_at: dt.datetime | None,
) -> Iterator[Leg]:
    n = ""
    for position, entry in enumerate(log):
        if mark := _MARK.match(entry["app_data"]):
            n = mark[1]
        if entry["app_name"] != "bridge":
            continue
        goes_on = position + 1 < len(log)
        rang_at = moment(entry["app_stamp"])
        over = moment(log[position + 1]["app_stamp"]) if goes_on else ended_at
        answer = answered_at if answered_at and rang_at and answered_at >= rang_at else None
        for device, uuid in _LEG.findall(entry["app_data"]):
            if uuid not in came:
                yield Leg(n, device, End.OFFLINE)
                continue
            cause = ended.get(uuid, "")
            cause = cause if _CAUSE.fullmatch(cause) else ""
            if cause == PASSED_OVER:
                continue
            end = _ENDS.get(cause, End.FAILED)
            if end is End.ABANDONED and goes_on and not n.startswith(waiting.MARK):
                # The phone itself said 487: the caller was still there, and no key ends ringing.
                end = End.REJECTED
            at = {End.ANSWERED: answer, End.ELSEWHERE: answer, End.NO_ANSWER: over, End.ABANDONED: over}.get(end)
            yield Leg(n, device, end, cause, rang_at, at)


def moment(text: str | None) -> dt.datetime | None:
    """The time that FreeSWITCH wrote as microseconds since 1970; None if there is none before the year 2100."""
    if not text or not _STAMP.fullmatch(text) or not 0 < int(text) < _LAST_TIME:
        return None
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=int(text))
