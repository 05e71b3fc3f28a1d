"""Reads a company file's YAML without guessing: every value stays the text that was written, with its line.

YAML 1.1 turns an unquoted 08:00 into 480, 0047 into 39, no into False and +4930… into a number. Here the document's
types decide instead, so quotes are never needed. Aliases, anchors and tags are refused: a company file needs none,
and they are how a small file becomes a huge one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from callrouter.errors import ImportFileError

MAX_CHARACTERS = 64 * 1024 * 1024
MAX_DEPTH = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Lines:
    """Where in a file each part of its data is: a path such as ``("employees", 0, "name")`` → line, from 1."""

    filename: str
    of: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of the deepest part of *path* that the file has."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path, 1)


class _Open:
    """A mapping or list that has not ended yet, and for a mapping the key that waits for its value."""

    def __init__(self, path: Path, data: dict[str, Any] | list[Any]) -> None:
        self.path = path
        self.data = data
        self.key: str | None = None

    def child(self) -> Path:
        return (*self.path, len(self.data) if self.key is None else self.key)

    def add(self, value: Any) -> None:
        if isinstance(self.data, list):
            self.data.append(value)
        elif self.key is not None:
            self.data[self.key] = value
            self.key = None


class _Reader:
    def __init__(self, filename: str) -> None:
        self.lines = Lines(filename)
        self.stack: list[_Open] = []
        self.errors: list[str] = []
        self.documents = 0
        self.root: Any = None

    def _refuse(self, line: int, text: str) -> None:
        self.errors.append(f"{self.lines.filename}:{line}: {text}")

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise ImportFileError(f"{self.lines.filename}:{line}: a second document (---); write one a file")
        elif isinstance(event, yaml.AliasEvent):
            raise ImportFileError(f"{self.lines.filename}:{line}: aliases (*{event.anchor}) are not read; write it out")
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self.stack.pop()
            self._place(done.data)
        elif isinstance(event, yaml.NodeEvent):
            self._start(event, line)

    def _start(self, event: Any, line: int) -> None:
        tag = None if event.tag == "!" else event.tag
        if event.anchor or tag:
            raise ImportFileError(f"{self.lines.filename}:{line}: anchors (&) and tags (!) are not read; remove it")
        top = self.stack[-1] if self.stack else None
        if isinstance(event, yaml.ScalarEvent):
            if top is not None and isinstance(top.data, dict) and top.key is None:
                if event.value in top.data:
                    first = self.lines.of[(*top.path, event.value)]
                    self._refuse(line, f"{event.value} stands here again (first in line {first}); remove one of them")
                top.key = event.value
                self.lines.of[top.child()] = line
                return
            if top is None or isinstance(top.data, list):
                self.lines.of[top.child() if top else ()] = line
            self._place(None if event.implicit[0] and event.value in _NULLS else event.value)
            return
        if top is not None and isinstance(top.data, dict) and top.key is None:
            raise ImportFileError(f"{self.lines.filename}:{line}: a list or mapping cannot be a key")
        if len(self.stack) >= MAX_DEPTH:
            raise ImportFileError(f"{self.lines.filename}:{line}: more than {MAX_DEPTH} levels deep")
        path = top.child() if top else ()
        self.lines.of.setdefault(path, line)
        self.stack.append(_Open(path, {} if isinstance(event, yaml.MappingStartEvent) else []))

    def _place(self, value: Any) -> None:
        if self.stack:
            self.stack[-1].add(value)
        else:
            self.root = value


def parse(text: str, filename: str) -> tuple[dict[str, Any], Lines]:
    """The mapping that *text* holds (scalars as str, null as None) and its lines.

    Raises ImportFileError, each line ``FILE:LINE: …``, for bad YAML, double keys, aliases, anchors, tags, or a file
    above 64 million characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise ImportFileError(f"{filename}:1: larger than {MAX_CHARACTERS} characters; this is no company file")
    reader = _Reader(filename)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ImportFileError(f"{filename}:{line}: character {error.character!r}: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ImportFileError(f"{filename}:{line}: {error.problem}") from error
    if reader.errors:
        raise ImportFileError("\n".join(reader.errors))
    if not isinstance(reader.root, dict):
        raise ImportFileError(f"{filename}:1: no company file: it starts with `company:`")
    return reader.root, reader.lines
