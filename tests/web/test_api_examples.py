"""The examples of docs/api.md run as they stand there, and their answers have what the page shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from callrouter.web.live import Live
from tests.web.api_server import WAV, put_call, serve
from tests.web.world import World

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
_BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> tuple[str, list[tuple[str, Any]]]:
    """What is set up first, then each example with what its last answer must have (None: nothing is said)."""
    found: list[tuple[str, Any]] = []
    for kind, text in _BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "sh":
            found.append((text, None))
        else:
            found[-1] = (found[-1][0], json.loads(text))
    return found[0][0], found[1:]


def has(answer: Any, shown: Any) -> bool:
    """Whether *answer* has everything that is *shown*."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(key in answer and has(answer[key], shown[key]) for key in shown)
    if isinstance(shown, list):
        return len(answer) == len(shown) and all(map(has, answer, shown))
    return bool(answer == shown)


@pytest.mark.curl
def test_the_examples_work(world: World, tmp_path: Path):
    with world.database.write() as session:
        assert put_call(session) == 1
    world.switch.now = Live()
    setup, blocks = examples()
    assert len(blocks) > 12
    with serve(world) as server:
        setup = re.sub(r"^API=.*$", f"API=http://127.0.0.1:{server.port}/api/v1", setup, flags=re.MULTILINE)
        environment = {"PATH": os.environ["PATH"], "TOKEN": server.token("read", "write", "messages")}
        for block, shown in blocks:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", f"{setup}\n{block}"],
                env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
            if shown is not None:
                answer, _ = last_of(done.stdout)
                assert has(answer, shown), f"{block}\n{done.stdout}"
    assert (tmp_path / "message-1.wav").read_bytes() == WAV


def last_of(text: str) -> tuple[Any, int]:
    """The last of the JSON answers in *text*, which stand one behind another."""
    decoder, place = json.JSONDecoder(), 0
    found: Any = None
    while place < len(text.rstrip()):
        found, place = decoder.raw_decode(text, place)
    return found, place


def test_every_scope_and_status_is_documented(world: World):
    page = PAGE.read_text("utf-8")
    document = world.application.test_client().get("/api/v1/openapi.json").json
    statuses = {status for path in document["paths"].values() for one in path.values() for status in one["responses"]}
    assert {status for status in statuses if status >= "400" and status not in page} == set()
    assert all(f"| `{scope}` |" in page for scope in ("read", "write", "messages"))
