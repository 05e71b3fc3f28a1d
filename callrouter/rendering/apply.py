"""Puts a rendered configuration into ``conf_dir``, whole or not at all, and has FreeSWITCH take it over."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from callrouter.errors import RenderError, SwitchError
from callrouter.rendering import changes
from callrouter.rendering.changes import Changes
from callrouter.rendering.reload import reload, restart_reasons
from callrouter.spool import write_whole

#: One API command to FreeSWITCH and its answer; raises SwitchError.
Api = Callable[[str], str]
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


class EditedError(RenderError):
    """Files were edited by somebody since the last apply; ``changes`` has them."""

    def __init__(self, found: Changes) -> None:
        super().__init__(
            f"not as callrouter wrote them, nothing was written: {', '.join(found.edited)}\n"
            "A change of your own belongs into a template ([rendering] site_templates). Where these are another "
            "configuration, such as the sample of FreeSWITCH, move it away, or use --force to take ours."
        )
        self.changes = found


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done: paths written and removed, whether FreeSWITCH took it over, what only its restart will do."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    reloaded: bool
    restart: tuple[str, ...]


def apply(files: Mapping[str, bytes], conf_dir: Path, version: int, *, api: Api | None, force: bool = False) -> Applied:
    """Write *files* into *conf_dir* and reload FreeSWITCH through *api* (None: only write).

    FreeSWITCH is also told of what was written before without it. Raises EditedError for files that somebody edited,
    unless *force*; RenderError when writing fails or FreeSWITCH refuses: then the old configuration is in place again.
    """
    conf_dir.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    with _alone(conf_dir):
        found = changes.compare(files, conf_dir)
        if found.edited and not force:
            raise EditedError(found)
        manifest = changes.manifest_text(files, version, found.to_tell)
        before = {**found.before, **_read(conf_dir, changes.MANIFEST)}
        wanted = replace(found, write={**found.write, changes.MANIFEST: manifest})
        _announce(conf_dir, found, before)
        _put(conf_dir, wanted.write, wanted.remove, before)
        if api is not None:
            try:
                reload(found, api)
            except SwitchError as error:
                _restore(conf_dir, [*wanted.write, *wanted.remove], before)
                raise RenderError(f"FreeSWITCH did not take the configuration, the old one is back: {error}") from error
            write_whole(conf_dir / changes.MANIFEST, changes.manifest_text(files, version), mode=_FILE_MODE, sync=True)
    return Applied(tuple(sorted(found.write)), found.remove, api is not None, tuple(restart_reasons(found)))


@contextmanager
def _alone(conf_dir: Path) -> Iterator[None]:
    """Only one apply at a time works on *conf_dir*; raises RenderError when another one does."""
    folder = os.open(conf_dir, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RenderError(f"{conf_dir}: another apply is at work; try again when it is done") from None
        yield
    finally:
        os.close(folder)


def _read(conf_dir: Path, path: str) -> dict[str, bytes]:
    return {path: (conf_dir / path).read_bytes()} if (conf_dir / path).is_file() else {}


def _announce(conf_dir: Path, found: Changes, before: Mapping[str, bytes]) -> None:
    """Note what is about to be written: a kill in the middle must not make our own files look edited."""
    if not found:
        return
    try:
        write_whole(conf_dir / changes.MANIFEST, changes.manifest_underway(found, before), mode=_FILE_MODE, sync=True)
    except OSError as error:
        raise RenderError(f"{conf_dir}: {error}; the old configuration is in place") from error


def _put(conf_dir: Path, write: Mapping[str, bytes], remove: tuple[str, ...], before: Mapping[str, bytes]) -> None:
    """All temporaries first (a full disk shows here), then the renames; on an error everything is as before."""
    temporaries = {path: (conf_dir / path).with_name(f".{Path(path).name}.callrouter") for path in write}
    done: list[str] = []
    try:
        for path, temporary in temporaries.items():
            for folder in reversed(Path(path).parents):
                (conf_dir / folder).mkdir(mode=_FOLDER_MODE, exist_ok=True)
            write_whole(temporary, write[path], mode=_FILE_MODE, sync=True)
        for path, temporary in temporaries.items():
            temporary.replace(conf_dir / path)
            done.append(path)
        for path in remove:
            (conf_dir / path).unlink()
            done.append(path)
    except OSError as error:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
        _restore(conf_dir, done, before)
        raise RenderError(f"{conf_dir}: {error}; the old configuration is in place") from error


def _restore(conf_dir: Path, paths: list[str], before: Mapping[str, bytes]) -> None:
    for path in paths:
        if path in before:
            write_whole(conf_dir / path, before[path], mode=_FILE_MODE)
        else:
            (conf_dir / path).unlink(missing_ok=True)
