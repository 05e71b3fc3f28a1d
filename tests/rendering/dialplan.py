"""Walks through a rendered dialplan as FreeSWITCH does, for what only reads and transfers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

#: Applications that end the walk.
_ENDS = frozenset({"bridge", "hangup", "socket"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _holds(attributes: Mapping[str, str], at: dt.datetime) -> bool:
    """Whether a condition's times hold at *at*, a local time: as switch_number_cmp and switch_tod_cmp read them."""
    for name, value in (("year", at.year), ("mon", at.month), ("mday", at.day)):
        first, _, last = attributes.get(name, str(value)).partition("-")
        if not int(first) <= value <= int(last or first):
            return False
    if _DAYS[at.weekday()] not in attributes.get("wday", ",".join(_DAYS)).split(","):
        return False
    start, _, end = attributes.get("time-of-day", "00:00:00-23:59:59").partition("-")
    return start <= f"{at:%H:%M:%S}" <= end


class Walk:
    """One call through the contexts of *files* from *context* on; ``done`` lists (application, data).

    ``counts`` are what the limits of FreeSWITCH count, by their ids. ``at`` is the moment (aware): times are looked at
    then, and contexts executed that tell of them. ``dead``: nobody is at the socket, and the dialplan goes on.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        variables: dict[str, str] | None = None,
        counts: Mapping[str, int] | None = None,
        at: dt.datetime | None = None,
        *,
        dead: bool = False,
    ) -> None:
        self.contexts = {
            context.attrib["name"]: context
            for name, data in files.items()
            if name.startswith("dialplan/")
            for context in ElementTree.fromstring(data).iter("context")
        }
        self.variables = dict(variables or {})
        self.counts = counts or {}
        self.at = at
        self.ends = _ENDS - {"socket"} if dead else _ENDS
        self.done: list[tuple[str, str]] = []

    def run(self, dialed: str, context: str) -> tuple[str, str]:
        """Walk until an application ends it; returns that one."""
        target: tuple[str, str] | None = (dialed, context)
        for _ in range(50):
            assert target, self.done
            dialed, context = target
            target = self._hunt(dialed, context)
            if self.done and self.done[-1][0] in self.ends:
                return self.done[-1]
        raise AssertionError(f"the walk does not end: {self.done[-5:]}")

    def _expand(self, text: str, dialed: str) -> str:
        def value(match: re.Match[str]) -> str:
            return dialed if match[1] == "destination_number" else self.variables.get(match[1], "")

        inner = re.compile(r"\$\{([^${}]*)\}")
        while inner.search(text):
            text = inner.sub(value, text)
        return text

    def execute(self, dialed: str, context: str) -> list[tuple[str, str]]:
        """What ``execute_extension`` does there."""
        return [(name, self._expand(argument, dialed)) for name, argument in self._found(dialed, context)]

    def _found(self, dialed: str, context: str) -> list[tuple[str, str]]:
        queued: list[tuple[str, str]] = []
        for extension in self.contexts[context]:
            passed = True
            for condition in extension.iter("condition"):
                match = self._match(condition, dialed)
                for action in condition:
                    if action.tag == ("action" if match else "anti-action"):
                        self._queue(action.attrib, match, dialed, queued)
                if not match:
                    passed = False
                    break
            if passed and extension.get("continue") != "true":
                break
        return queued

    def _hunt(self, dialed: str, context: str) -> tuple[str, str] | None:
        queued = self._found(dialed, context)
        for application, argument in queued:
            data = self._expand(argument, dialed)
            self.done.append((application, data))
            if application == "transfer":
                number, _, name = data.split(" ")
                return number, name
            self._apply(application, data)
            if application in self.ends:
                return None
        raise AssertionError(f"nothing more for {dialed} in {context}: {queued}")

    def _match(self, condition: ElementTree.Element, dialed: str) -> Any:
        if condition.get("regex") == "any":
            found = [self._one(part, dialed) for part in condition.iter("regex")]
            return next((match for match in found if match), None)
        if condition.get("field"):
            return self._one(condition, dialed)
        at = self.at and self.at.astimezone(ZoneInfo(self.variables.get("timezone", "UTC")))
        return re.fullmatch("", "") if at is None or _holds(condition.attrib, at) else None

    def _one(self, element: ElementTree.Element, dialed: str) -> Any:
        field = element.attrib["field"]
        plain = dialed if field == "destination_number" else self.variables.get(field, "")
        text = self._expand(field, dialed) if "$" in field else plain
        return re.search(element.attrib["expression"], text)

    def _queue(self, action: Mapping[str, str], match: Any, dialed: str, queued: list[tuple[str, str]]) -> None:
        data = action.get("data", "")
        if match and match.re.groups:
            data = re.sub(r"\$([0-9])", lambda n: match[int(n[1])] or "", data)
        if action.get("inline") == "true":
            self._apply(action["application"], self._expand(data, dialed))
        else:
            queued.append((action["application"], data))

    def _apply(self, application: str, data: str) -> None:
        if application == "unset":
            self.variables.pop(data, None)
        if application == "limit_execute":
            _, _, id, most, inner, rest = data.split(" ", 5)
            if self.counts.get(id, 0) < int(most.partition("/")[0]):
                self._apply(inner, rest)
        if application == "execute_extension" and self.at:
            dialed, _, context = data.split(" ")
            if context.startswith(("opening-", "schedule-")):
                for inner, rest in self._found(dialed, context):
                    self._apply(inner, self._expand(rest, dialed))
        pairs = data.removeprefix("^^|").split("|") if application == "multiset" else [data]
        if application in ("set", "multiset"):
            for pair in pairs:
                name, _, value = pair.partition("=")
                self.variables[name] = value
