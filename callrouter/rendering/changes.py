"""What applying a rendered configuration would change in ``conf_dir``, and which files somebody else has edited."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from callrouter.errors import RenderError

#: Checksums of what was applied last, inside ``conf_dir``.
MANIFEST = ".callrouter.json"


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between ``conf_dir`` and a rendered configuration, by relative path.

    ``write`` holds new content, ``remove`` our files that are rendered no longer, ``before`` what lies there now
    (absent: nothing), ``edited`` the paths among both that somebody changed since the last apply, or that were there
    before us. ``untold`` are paths that were written or removed before, of which FreeSWITCH has not been told yet.
    """

    write: Mapping[str, bytes]
    remove: tuple[str, ...]
    before: Mapping[str, bytes]
    edited: tuple[str, ...]
    untold: tuple[str, ...] = ()

    @property
    def to_tell(self) -> tuple[str, ...]:
        """What FreeSWITCH must be told of once all is written."""
        return tuple(sorted({*self.write, *self.remove, *self.untold}))

    def __bool__(self) -> bool:
        return bool(self.write or self.remove)

    def diff(self, only: tuple[str, ...] | None = None) -> str:
        """The changes as a unified diff (*only* these paths): from what lies there to what was rendered."""
        paths = sorted({*self.write, *self.remove}) if only is None else only
        return "".join(line for path in paths for line in self._diff(path))

    def _diff(self, path: str) -> Iterator[str]:
        before, after = self.before.get(path, b""), self.write.get(path, b"")
        try:
            old, new = before.decode("utf-8"), after.decode("utf-8")
        except UnicodeDecodeError:
            yield f"{path}: {len(before)} bytes become {len(after)}\n"
            return
        here, rendered = (f"{path} (in place)" if path in self.before else "/dev/null"), f"{path} (rendered)"
        for line in difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), here, rendered):
            yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def checksum(data: bytes) -> str:
    """The manifest's checksum of a file's content."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(conf_dir: Path) -> tuple[dict[str, set[str]], tuple[str, ...]]:
    """Checksums by path of what was applied last, and the paths of which FreeSWITCH has not been told.

    Both are empty before the first time. Where an apply was killed between two files, both the old and the new content
    of each count as ours. Raises RenderError if it is damaged.
    """
    path = conf_dir / MANIFEST
    if not path.is_file():
        return {}, ()
    try:
        manifest = json.loads(path.read_text("utf-8"))
        known: dict[str, set[str]] = {}
        for files in (manifest["files"], manifest.get("next", {})):
            for name, one in files.items():
                known.setdefault(str(name), set()).add(str(one))
        return known, tuple(map(str, manifest.get("untold", ())))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RenderError(f"{path}: damaged ({error}); remove it, then every file counts as edited") from error


def manifest_text(files: Mapping[str, bytes], version: int, untold: tuple[str, ...] = ()) -> bytes:
    """The manifest for *files* of configuration *version*; FreeSWITCH has not been told of *untold* yet."""
    return _text({"version": version, "files": _checksums(files), "untold": untold})


def manifest_underway(found: Changes, before: Mapping[str, bytes]) -> bytes:
    """The manifest while *found* is written over *before*: what is there, and what is coming."""
    there = {path: data for path, data in before.items() if path != MANIFEST and path not in found.edited}
    return _text({"version": 0, "files": _checksums(there), "next": _checksums(found.write), "untold": found.to_tell})


def _checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: checksum(data) for path, data in sorted(files.items())}


def _text(manifest: Mapping[str, object]) -> bytes:
    return (json.dumps(manifest, indent=1) + "\n").encode()


def compare(files: Mapping[str, bytes], conf_dir: Path) -> Changes:
    """Compare the rendered *files* with *conf_dir*. Files there that we never wrote are left out of account."""
    known, untold = read_manifest(conf_dir)
    before = {path: (conf_dir / path).read_bytes() for path in {*files, *known} if (conf_dir / path).is_file()}
    write = {path: data for path, data in files.items() if before.get(path) != data}
    remove = tuple(sorted(path for path in before if path not in files))
    edited = sorted(
        path for path in (*write, *remove) if path in before and checksum(before[path]) not in known.get(path, ())
    )
    return Changes(write, remove, before, tuple(edited), untold)
