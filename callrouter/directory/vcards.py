"""Reads names and numbers out of vCard files: versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350).

One card that is broken is told with its line, and the others are read all the same; no library does both.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from callrouter.errors import say

_LINE = re.compile(r'(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":;])*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';((?:"[^"]*"|[^";])*)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED_SEMICOLON = re.compile(r"(?<!\\);")
#: Types of numbers in the words of people: German, English. The first that a number has is its label.
_WORDS = {
    "cell": ("mobil", "mobile"),
    "work": ("geschäftlich", "work"),
    "home": ("privat", "home"),
    "main": ("Zentrale", "main"),
}
#: What cannot call.
_NO_PHONES = frozenset(("fax", "pager", "bbs", "modem", "textphone"))


@dataclass(slots=True)
class Card:
    """A card; ``line`` is where it begins. ``problem`` says why it cannot be read."""

    line: int
    name: str = ""
    company: str = ""
    numbers: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Property:
    group: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    value: str

    def types(self) -> list[str]:
        """``TYPE=work,voice`` of version 3 and 4, ``;WORK;VOICE`` of 2.1."""
        texts = [value for name, value in self.parameters if name in ("", "type")]
        return [one.strip().lower() for text in texts for one in text.split(",")]


def read(text: str, language: str) -> Iterator[Card]:
    """The cards of *text*; *language* (de, en) is that of the labels."""
    card: Card | None = None
    found: list[_Property] = []
    for line, content in _unfolded(text):
        word = content.strip().upper()
        if word in ("BEGIN:VCARD", "END:VCARD"):
            if card is not None:
                unended = say("END:VCARD is missing")
                yield Card(card.line, problem=unended) if word[0] == "B" else _filled(card, found, language)
            card, found = (Card(line) if word[0] == "B" else None), []
        elif card is not None and (read_line := _property(content)):
            found.append(read_line)
    if card is not None:
        yield Card(card.line, problem=say("END:VCARD is missing"))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Whole lines with the numbers at which they begin: folded ones, and those that quoted-printable goes on with."""
    begun, parts = 1, list[str]()
    soft = False
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if parts and (soft or line[:1] in (" ", "\t")):
            parts.append(line if soft else line[1:])
        else:
            if parts:
                yield begun, "".join(parts)
            begun, parts = number, [line]
            soft = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
        if soft:
            soft = line.endswith("=")
            parts[-1] = line.removesuffix("=")
    if parts:
        yield begun, "".join(parts)


def _property(content: str) -> _Property | None:
    match = _LINE.fullmatch(content)
    if match is None:
        return None
    parameters = []
    for text in _PARAMETER.findall(match[3]):
        name, sign, value = text.partition("=")
        parameters.append((name.strip().lower(), value.strip('" ')) if sign else ("", text))
    value = match[4]
    kinds = {text.upper() for name, text in parameters if name in ("", "encoding")}
    if "QUOTED-PRINTABLE" in kinds:
        charset = next((text for name, text in parameters if name == "charset"), "utf-8")
        value = _decoded(quopri.decodestring(value.encode("utf-8", "replace")), charset)
    return _Property((match[1] or "").lower(), match[2].upper(), tuple(parameters), value)


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return data.decode("cp1252", "replace")


def _filled(card: Card, found: list[_Property], language: str) -> Card:
    first = {one.name: one.value for one in reversed(found)}
    labels = {one.group: one.value for one in found if one.group and one.name == "X-ABLABEL"}
    family, given, *_ = [*(_plain(part) for part in _UNESCAPED_SEMICOLON.split(first.get("N", ""))), "", ""]
    card.company = _plain(_UNESCAPED_SEMICOLON.split(first.get("ORG", ""))[0])
    card.name = _plain(first.get("FN", "")).strip() or f"{given} {family}".strip()
    card.note = _plain(first.get("NOTE", ""))
    for one in found:
        types = one.types()
        if one.name == "TEL" and not _NO_PHONES.intersection(types):
            number = one.value.removeprefix("tel:").partition(";")[0] if one.value.startswith("tel:") else one.value
            own = _plain(labels.get(one.group, "")).removeprefix("_$!<").removesuffix(">!$_")
            words = [_WORDS[kind][language != "de"] for kind in _WORDS if kind in types]
            card.numbers.append((_plain(number), own or next(iter(words), "")))
    return card


def _plain(text: str) -> str:
    """*text* with its escapes resolved (RFC 6350 section 3.4)."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)
