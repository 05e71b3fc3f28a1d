"""What other people wrote and we ship: unchanged, and with its licence beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from callrouter import web

VENDOR = Path(web.__file__).parent / "static" / "vendor"


def test_every_vendored_file_is_as_it_was_published():
    sums = dict(reversed(line.split()) for file in VENDOR.glob("*.sha256") for line in file.read_text().splitlines())
    assert set(sums) == {path.name for path in VENDOR.glob("*.js")}
    for name, expected in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == expected, name


def test_every_vendored_file_has_its_licence_beside_it():
    for path in VENDOR.glob("*.js"):
        assert (VENDOR / f"{path.name.split('.')[0]}.LICENSE.txt").read_text("utf-8").strip(), path.name
