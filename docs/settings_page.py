"""Makes docs/settings.md from callrouter/settings.py, so that no setting goes undocumented. Run it as ``make docs``."""

from __future__ import annotations

import dataclasses
import json

from callrouter.settings import Imap, Settings

HEAD = """# Settings

callrouter reads `callrouter.toml` in the working directory, or the file that `CALLROUTER_CONFIG` names. Each key can
also be set in the environment as `CALLROUTER_SECTION_KEY`, which wins over the file. Relative paths are relative to
the file. Keys of a mailbox that the file has as `[imap.NAME]` are `CALLROUTER_IMAP_NAME_KEY`.
An unknown section or key is an error. `callrouter init` writes a file with every key and random secrets.

This page is made from `callrouter/settings.py` by `make docs`.
"""


def page() -> str:
    """The whole text of docs/settings.md."""
    lines = [HEAD]
    defaults = Settings()
    for field in dataclasses.fields(Settings):
        if field.name in ("base", "file"):
            continue
        several = field.name == "imap"
        section = Imap() if several else getattr(defaults, field.name)
        lines += [f"## [{field.name}{'.NAME' if several else ''}]", "", " ".join((section.__doc__ or "").split()), ""]
        lines += ["| key | default | meaning |", "|---|---|---|"]
        for key in dataclasses.fields(section):
            secret = " Secret." if key.metadata["secret"] else ""
            lines.append(f"| `{key.name}` | `{json.dumps(key.default)}` | {key.metadata['doc']}{secret} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(page(), end="")
