"""The one root of callrouter's own exceptions, so that edges can tell a told mistake from a bug."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any


class Saying(str):
    """A text for people with what it was made of, so that a page can say it in another language."""

    template: str
    values: Mapping[str, Any]


def say(template: str, **values: Any) -> Saying:
    """The English *template* (``%(name)s``) with its *values*; those may be sayings too, and aware times."""
    text = Saying(template % {name: _in_utc(value) for name, value in values.items()})
    text.template, text.values = template, values
    return text


def _in_utc(value: object) -> object:
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC" if isinstance(value, dt.datetime) else value


class CallrouterError(Exception):
    """Something from outside (setting, import, header, CDR, answer of the switch) is not usable.

    The message names what, where and what to do; it is shown to people as it is.
    """


class SettingsError(CallrouterError):
    """A setting is unknown, missing or out of range."""


class RuleError(CallrouterError):
    """A change would break a rule of the directory (who may own which number, and the like).

    ``problems`` has each mistake by itself, with the path of the field it is about (``mailbox.answer_after``; empty:
    the whole record), so that a form can show it beside its field.
    """

    def __init__(self, message: str, problems: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class UnknownError(RuleError):
    """What was named is not there."""


class StateError(RuleError):
    """What is to be changed is not in a state for that, mostly because somebody else was faster; nothing is wrong."""


class ConflictError(RuleError):
    """Somebody else changed the record since it was read, and nothing was written.

    ``version`` is the record's now (None: it is gone); ``changed_by`` and ``changed_at`` are from the audit log, None
    where it says nothing.
    """

    def __init__(
        self, message: str, *, version: int | None, changed_by: str | None, changed_at: dt.datetime | None
    ) -> None:
        super().__init__(message)
        self.version = version
        self.changed_by = changed_by
        self.changed_at = changed_at


class ImportFileError(CallrouterError):
    """A company file cannot be imported; the message starts with ``FILE:LINE:``."""


class SwitchError(CallrouterError):
    """FreeSWITCH is out of reach, refused a command, or did not answer in time."""


class SwitchTimeout(SwitchError):
    """A command had no answer within its time limit (seconds)."""


class ChannelGone(SwitchError):
    """The channel or its socket ended while a command was pending.

    ``hung_up`` is True when FreeSWITCH said so (a disconnect-notice: a CDR follows). It is False at a bare end of
    file: the switch died, or dropped us, and only a note in the spool may tell of the call; and with ``here``: we
    closed the socket ourselves, and the call goes on in its dialplan.
    """

    def __init__(self, message: str, *, hung_up: bool, here: bool = False) -> None:
        super().__init__(message)
        self.hung_up = hung_up
        self.here = here


class RecordError(CallrouterError):
    """A spool file (CDR, note, recording) is malformed; the file is put into quarantine."""


class RenderError(CallrouterError):
    """The FreeSWITCH configuration cannot be rendered or applied."""
