"""Names of people, teams and schedules as FreeSWITCH and XML may see them."""

from __future__ import annotations

import re
import unicodedata

#: What a text must not contain where FreeSWITCH reads it: expansion, dial strings, display names, comments.
_HARMFUL = re.compile(r"""[^\w .()&!?#*+=-]|--+""")


def harmless(text: str) -> str:
    """*text* (a person's or a team's name) without anything that FreeSWITCH or XML could interpret."""
    return " ".join(_HARMFUL.sub(" ", unicodedata.normalize("NFC", text)).split())
