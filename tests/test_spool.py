"""A file of the spool is there whole or not at all, whoever reads beside the writer and whatever goes wrong."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from callrouter.spool import CDR_NAME, NOTE_NAME, RECORDING_NAME, Spool, write_whole

UUID = "5f1d2a60-7a3b-4c57-9d7e-1b8f00c0ffee"


def test_the_directories_belong_to_a_shared_group(tmp_path: Path):
    spool = Spool(tmp_path / "spool")
    spool.create()
    spool.create()
    for path in (spool.root, spool.cdr, spool.recordings, spool.notes, spool.archive, spool.quarantine):
        assert stat.S_IMODE(path.stat().st_mode) == 0o2770


def test_names_are_recognised():
    spool = Spool(Path("/spool"))
    assert RECORDING_NAME.fullmatch(spool.recording(UUID, "2").name).groups() == (UUID, "2")
    assert RECORDING_NAME.fullmatch(spool.recording(UUID, "f-anna").name).groups() == (UUID, "f-anna")
    assert NOTE_NAME.fullmatch(spool.note(UUID).name).group(1) == UUID
    assert CDR_NAME.fullmatch(f"a_{UUID}.cdr.json").group(1) == UUID


@pytest.mark.parametrize("name", [f"b_{UUID}.cdr.json", f"a_{UUID}.cdr.json.tmp", "a_../../etc/passwd.cdr.json"])
def test_other_files_are_no_cdr(name: str):
    assert CDR_NAME.fullmatch(name) is None


def test_write_whole_replaces_and_leaves_nothing_beside_it(tmp_path: Path):
    target = tmp_path / "note.json"
    write_whole(target, b"first")
    write_whole(target, b"second", sync=True)
    assert target.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["note.json"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path):
    target = tmp_path / "big"
    contents = {bytes([letter]) * 2_000_000 for letter in b"ab"}
    write_whole(target, b"a" * 2_000_000)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(target.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        for content in sorted(contents):
            write_whole(target, content)
    done.set()
    reader.join(timeout=10)
    assert seen <= contents


def test_a_failed_write_keeps_the_old_file_and_cleans_up(tmp_path: Path):
    target = tmp_path / "note.json"
    write_whole(target, b"old")
    with pytest.raises(TypeError):
        write_whole(target, "not bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["note.json"]


def test_a_write_that_cannot_take_its_place_leaves_nothing(tmp_path: Path):
    target = tmp_path / "taken"
    target.mkdir()
    (target / "inside").touch()
    with pytest.raises(IsADirectoryError):
        write_whole(target, b"new")
    assert os.listdir(tmp_path) == ["taken"]
