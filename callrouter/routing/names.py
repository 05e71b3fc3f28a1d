"""Names that a caller chose, made fit for a phone's display and harmless to FreeSWITCH on the way there."""

from __future__ import annotations

import re
import unicodedata

_MAX_NAME = 64
#: So much (characters) of a team's name stands before a caller's on a display that shows 20 or 30.
SHOWN_BEFORE = 20
#: Read no more than this of a name: what follows could not be shown anyway.
_MAX_READ = 256
_PLAIN = re.compile(r"(?! )[A-Za-zÄÖÜäöüß0-9.+-]*(?: [A-Za-zÄÖÜäöüß0-9.+-]+)*")
#: Look-alikes that are not in FreeSWITCH's grammar: O’Brien, Müller + Söhne, Vertrieb-Support.
_INSTEAD = {"'": "’", "`": "’", "´": "’", "&": "+", "/": "-"}
_KEPT = frozenset(".-+’")
#: Letters and marks that show nothing (Unicode: Default_Ignorable_Code_Point).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}


def clean_name(text: str) -> str:
    """Return *text* with letters of any script, digits, single spaces and ``. - + ’`` only; 64 characters at most.

    Everything else becomes a space; what cannot be seen (control, bidirectional and zero-width characters) and the
    U+FFFD of an undecodable name vanish. So nothing is left that FreeSWITCH expands, splits at or cuts a name at
    (``" $ { } [ ] < > , | ' \\ ^ % / : @``, line ends, and ``_`` for the sake of its ``_undef_``). In NFC.
    """
    text = text[:_MAX_READ]
    if not _PLAIN.fullmatch(text):
        kept = "".join(map(_kept, unicodedata.normalize("NFC", text)))
        text = unicodedata.normalize("NFC", " ".join(kept.split()))
    return text[:_MAX_NAME].rstrip()


def shown_before(team: str) -> str:
    """*team*'s name as phones show it before a caller's, at most SHOWN_BEFORE characters; see :func:`clean_name`."""
    return clean_name(team)[:SHOWN_BEFORE].rstrip()


def behind(team: str, caller: str) -> str:
    """What a display shows of a *caller* of *team*. Not ``:``, at which FreeSWITCH cuts names."""
    return f"{team} - {caller}" if team else caller


def _kept(char: str) -> str:
    char = _INSTEAD.get(char, char)
    if char in _KEPT:
        return char
    if char == "\ufffd" or char in _INVISIBLE:
        return ""
    category = unicodedata.category(char)
    if category[0] in "LM" or category == "Nd":
        return char
    if category[0] == "C" and char not in "\t\n\r\x85":
        return ""
    return " "
