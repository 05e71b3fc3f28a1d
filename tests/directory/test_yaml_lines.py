"""Values stay as written, every part has its line, and what a company file cannot hold is refused."""

from __future__ import annotations

import pytest

from callrouter.directory.yaml_lines import parse
from callrouter.errors import ImportFileError


def test_values_stay_as_they_were_written():
    data, _ = parse("from: 08:00\npin: 0047\nyes: no\nnumber: +493023125010\nempty:\nnull: 'null'\n", "f")
    assert data == {
        "from": "08:00",
        "pin": "0047",
        "yes": "no",
        "number": "+493023125010",
        "empty": None,
        "null": "null",
    }


def test_every_part_has_its_line():
    _, lines = parse("a:\n  - b: 1\n    c: [x,\n      y]\n  -\n    d: 2\n", "f")
    assert lines.line(("a", 0, "b")) == 2
    assert lines.line(("a", 0, "c", 1)) == 4
    assert lines.line(("a", 1, "d")) == 6
    assert lines.line(("a", 1, "missing", 3)) == 6
    assert lines.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\nb: 4\n", "f:3: a stands here again (first in line 1); remove one of them\nf:4: b stands"),
        ("a: &x 1\nb: *x\n", "f:1: anchors"),
        ("a:\n  b: *x\n", "f:2: aliases"),
        ("a: !!python/object/apply:os.system [x]\n", "f:1: anchors (&) and tags (!)"),
        ("a: 1\n---\nb: 1\n", "f:2: a second document"),
        ("a: 1\nb: [1, 2\n", "f:3: "),
        ("a: 1\nb: \x07\n", "f:2: character"),
        ("? [x]\n: 1\n", "f:1: a list or mapping cannot be a key"),
        ("a: " + "[" * 100_000, "f:1: more than 20 levels deep"),
        ("", "f:1: no company file"),
        ("- a\n", "f:1: no company file"),
        ("just text", "f:1: no company file"),
    ],
)
def test_bad_files_are_refused_with_their_line(text: str, told: str):
    with pytest.raises(ImportFileError) as caught:
        parse(text, "f")
    assert str(caught.value).startswith(told)


def test_a_file_of_unreasonable_size_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callrouter.directory.yaml_lines.MAX_CHARACTERS", 10)
    with pytest.raises(ImportFileError, match="larger than 10 characters"):
        parse("a: 1\nb: 22222222", "f")
