"""What is known of providers: files of a trunk's settings (``callrouter/providers``) that a trunk may name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from callrouter.resources import providers_dir


@cache
def names() -> tuple[str, ...]:
    """The providers that there are files of, by their names."""
    return tuple(sorted(path.stem for path in providers_dir().glob("*.yaml")))


@cache
def content(name: str) -> Mapping[str, Any]:
    """The file of that provider, one of ``names()``: ``title`` and ``note`` (by language), ``trunk``."""
    found: Mapping[str, Any] = yaml.safe_load((providers_dir() / f"{name}.yaml").read_text("utf-8"))
    return found


def defaults(name: str) -> dict[str, Any]:
    """The settings of a trunk of that provider, one of ``names()``, as a company file writes them."""
    return dict(content(name)["trunk"])
