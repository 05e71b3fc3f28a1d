"""The dial string of ``bridge`` as far as the router writes it: ``{all}[leg]sofia/PROFILE/USER%DOMAIN,[leg]…``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LEG = re.compile(r"(\[[^\]]*\])?([^,\[\]{}]+)(?:,|$)")


@dataclass(frozen=True, slots=True)
class Leg:
    """One destination: ``user`` is what comes before ``%`` or ``@``, or the number behind a gateway."""

    address: str
    user: str
    variables: dict[str, str] = field(default_factory=dict)


def assignments(text: str) -> dict[str, str]:
    """Read ``a=b,c='d,e'``; ``^^X`` in front makes X the separator instead of the comma."""
    separator = ","
    if text.startswith("^^") and len(text) > 2:
        separator, text = text[2], text[3:]
    found: dict[str, str] = {}
    part, quoted, escaped = "", False, False
    for char in text + separator:
        if escaped or (char not in ("\\", "'") and (quoted or char != separator)):
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        elif char == "'":
            quoted = not quoted
        else:
            name, equals, value = part.partition("=")
            if equals:
                found[name.strip()] = value
            part = ""
    return found


def parse(text: str) -> tuple[dict[str, str], list[Leg]]:
    """The global variables and the legs; raises ValueError on what is no dial string."""
    shared: dict[str, str] = {}
    if text.startswith("{"):
        inner, closed, text = text[1:].partition("}")
        if not closed:
            raise ValueError("{ is never closed in the dial string")
        shared = assignments(inner)
    legs, at = [], 0
    while at < len(text):
        match = _LEG.match(text, at)
        if match is None:
            raise ValueError(f"no destination at {text[at : at + 40]!r}")
        address = match[2]
        user = re.split(r"[%@]", address.rsplit("/", 1)[-1])[0]
        legs.append(Leg(address, user, assignments((match[1] or "[]")[1:-1])))
        at = match.end()
    if not legs:
        raise ValueError("the dial string has no destination")
    return shared, legs
