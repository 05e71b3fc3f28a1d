"""The codes that phones dial to change something: what each does, and what is said of it (the prompt of that name)."""

from __future__ import annotations

DND_ON, DND_OFF = "dnd_on", "dnd_off"
#: As on most private exchanges since the AT&T System 75; phones have them on keys.
CODES = {"*78": DND_ON, "*79": DND_OFF}
#: Said of a code that there is not, and of what could not be done now.
UNKNOWN, FAILED = "unknown_code", "not_now_possible"
