"""Where the files that ship with callrouter are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """The folder *name* (``dialplan_templates``, ``freeswitch_conf``, ``migrations``); raises FileNotFoundError."""
    for candidate in (_PACKAGE / "data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name} is missing beside {_PACKAGE}: reinstall callrouter")


def providers_dir() -> Path:
    """The folder of the provider files, ``NAME.yaml``."""
    return _PACKAGE / "providers"


def prompts_dir() -> Path:
    """The folder of the spoken prompts: ``de/NAME.wav``, ``en/NAME.wav`` and ``texts.yaml``."""
    return _PACKAGE / "voicemail" / "prompts"
