"""One world for each end-to-end test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World


@pytest.fixture
def bare_world(tmp_path: Path) -> Iterator[World]:
    """A world whose company may still be changed; call ``create`` and ``scratch.start``."""
    with World(tmp_path) as world:
        yield world


@pytest.fixture
def world(bare_world: World) -> World:
    """A running world: switch, router, worker, mail catcher; no phone is registered yet."""
    bare_world.create()
    bare_world.scratch.start()
    return bare_world
