"""The router's note of a call: why it did what it did, and what the ledger needs should FreeSWITCH write no CDR.

The router writes it to ``Spool.note(uuid)`` and the ledger reads it; neither imports the other.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callrouter.errors import RecordError
from callrouter.spool import NOTE_NAME, UUID, read_at_most

#: Larger files are no note (bytes).
_MAX_NOTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Note:
    """One call as the router knows it. ``core_uuid`` names the run of FreeSWITCH (``Core-UUID`` of ``connect``).

    ``number`` is E.164, ``owner`` an owner key, ``caller`` E.164, an extension or ``anonymous``; ``started_at`` is
    aware; ``steps`` are texts of ``variables.StepMark``; ``version`` is that of the configuration. For a private
    caller ``caller`` is ``anonymous`` and ``caller_name`` empty. ``reasons``: code and fields of each of the plan's.
    """

    uuid: str
    core_uuid: str
    number: str | None
    owner: str | None
    caller: str
    caller_name: str
    private: bool
    direction: str
    trunk: str | None
    dialed: str
    started_at: dt.datetime
    version: int
    steps: tuple[str, ...] = ()
    reasons: tuple[tuple[str, dict[str, str]], ...] = ()

    def to_json(self) -> bytes:
        """The note's file, ending with LF; ``spool.write_whole`` puts it in place."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # asdict copies, slowly
        data["started_at"] = self.started_at.astimezone(dt.UTC).isoformat()
        return (json.dumps(data, ensure_ascii=False) + "\n").encode("utf-8", "replace")

    @classmethod
    def read(cls, path: Path) -> Note:
        """The note of the file *path*, which its call's UUID names. Raises OSError, and RecordError as `from_json`."""
        note = cls.from_json(read_at_most(path, _MAX_NOTE), path.name)
        if not NOTE_NAME.fullmatch(path.name) or path.stem != note.uuid:
            raise RecordError(f"note {path.name}: tells of another call, {note.uuid}")
        return note

    @classmethod
    def from_json(cls, data: bytes, name: str) -> Note:
        """Read a note back; *name* is its file's. Raises RecordError naming the file and what is wrong in it."""
        try:
            values = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise RecordError(f"note {name}: no JSON: {error}") from error
        if not isinstance(values, dict):
            raise RecordError(f"note {name}: holds no JSON object")
        kinds: dict[str, tuple[type, ...]] = {
            "uuid": (str,),
            "core_uuid": (str,),
            "number": (str, type(None)),
            "owner": (str, type(None)),
            "caller": (str,),
            "caller_name": (str,),
            "private": (bool,),
            "direction": (str,),
            "trunk": (str, type(None)),
            "dialed": (str,),
            "version": (int,),
        }
        checked: dict[str, Any] = {}
        for key, kind in kinds.items():
            if key not in values or type(values[key]) not in kind:
                raise RecordError(f"note {name}: {key!r} is missing or not of type {kind[0].__name__}")
            checked[key] = values[key]
        if not UUID.fullmatch(checked["uuid"]):
            raise RecordError(f"note {name}: {checked['uuid']!r} is no UUID")
        steps = values.get("steps", [])
        if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
            raise RecordError(f"note {name}: 'steps' is no list of texts")
        try:
            started = dt.datetime.fromisoformat(values["started_at"])
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"note {name}: 'started_at' is no ISO 8601 time") from error
        if started.tzinfo is None:
            raise RecordError(f"note {name}: 'started_at' has no time zone")
        told = values.get("reasons", [])
        if not isinstance(told, list):
            raise RecordError(f"note {name}: 'reasons' is no list")
        reasons = tuple(_reason(name, reason) for reason in told)
        return cls(**checked, started_at=started.astimezone(dt.UTC), steps=tuple(steps), reasons=reasons)


def _reason(name: str, reason: Any) -> tuple[str, dict[str, str]]:
    match reason:
        case [str(code), dict(fields)] if all(isinstance(value, str) for value in fields.values()):
            return code, fields
    raise RecordError(f"note {name}: 'reasons' has something that is none")
